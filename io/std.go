package io

import stdio "io"

// The interfaces and what is made of them are the standard package's own, so that what
// is written for the one works with the other. What waits in them waits cooperatively:
// they call Read and Write, and where these are ours, they are checkpoints.
type (
	// ByteReader is that of the standard package io.
	ByteReader = stdio.ByteReader
	// ByteScanner is that of the standard package io.
	ByteScanner = stdio.ByteScanner
	// ByteWriter is that of the standard package io.
	ByteWriter = stdio.ByteWriter
	// Closer is that of the standard package io.
	Closer = stdio.Closer
	// LimitedReader is that of the standard package io.
	LimitedReader = stdio.LimitedReader
	// OffsetWriter is that of the standard package io.
	OffsetWriter = stdio.OffsetWriter
	// ReadCloser is that of the standard package io.
	ReadCloser = stdio.ReadCloser
	// ReadSeekCloser is that of the standard package io.
	ReadSeekCloser = stdio.ReadSeekCloser
	// ReadSeeker is that of the standard package io.
	ReadSeeker = stdio.ReadSeeker
	// ReadWriteCloser is that of the standard package io.
	ReadWriteCloser = stdio.ReadWriteCloser
	// ReadWriteSeeker is that of the standard package io.
	ReadWriteSeeker = stdio.ReadWriteSeeker
	// ReadWriter is that of the standard package io.
	ReadWriter = stdio.ReadWriter
	// Reader is that of the standard package io.
	Reader = stdio.Reader
	// ReaderAt is that of the standard package io.
	ReaderAt = stdio.ReaderAt
	// ReaderFrom is that of the standard package io.
	ReaderFrom = stdio.ReaderFrom
	// RuneReader is that of the standard package io.
	RuneReader = stdio.RuneReader
	// RuneScanner is that of the standard package io.
	RuneScanner = stdio.RuneScanner
	// SectionReader is that of the standard package io.
	SectionReader = stdio.SectionReader
	// Seeker is that of the standard package io.
	Seeker = stdio.Seeker
	// StringWriter is that of the standard package io.
	StringWriter = stdio.StringWriter
	// WriteCloser is that of the standard package io.
	WriteCloser = stdio.WriteCloser
	// WriteSeeker is that of the standard package io.
	WriteSeeker = stdio.WriteSeeker
	// Writer is that of the standard package io.
	Writer = stdio.Writer
	// WriterAt is that of the standard package io.
	WriterAt = stdio.WriterAt
	// WriterTo is that of the standard package io.
	WriterTo = stdio.WriterTo
)

// Seek whence values, those of the standard package io.
const (
	SeekStart   = stdio.SeekStart
	SeekCurrent = stdio.SeekCurrent
	SeekEnd     = stdio.SeekEnd
)

// The errors are those of the standard package io, so that a comparison with either
// finds them.
var (
	EOF              = stdio.EOF
	ErrClosedPipe    = stdio.ErrClosedPipe
	ErrNoProgress    = stdio.ErrNoProgress
	ErrShortBuffer   = stdio.ErrShortBuffer
	ErrShortWrite    = stdio.ErrShortWrite
	ErrUnexpectedEOF = stdio.ErrUnexpectedEOF
)

// Discard is that of the standard package io: writing to it does nothing and is not a
// checkpoint.
var Discard = stdio.Discard

// Copy copies from src to dst until the end of src or an error, and returns how many
// bytes were copied. It is a checkpoint if reading src or writing dst is one. Where one
// of the two can do the copy itself, as WriteTo or ReadFrom, it is asked to: between
// connections and descriptors of ours the bytes then stay inside the system, by
// splice(2), and never come into this process. When the task is cancelled the count
// says how much has arrived at dst.
//
// A bytes.Buffer copies itself: it is in the middle of that while the task waits for the
// other end, and what another task writes to it meanwhile is lost.
func Copy(dst Writer, src Reader) (written int64, err error) { return stdio.Copy(dst, src) }

// CopyN copies n bytes from src to dst, see [Copy]. Where it copies fewer it returns the
// reason, [EOF] at the end of src. It is a checkpoint if reading src or writing dst is
// one.
func CopyN(dst Writer, src Reader, n int64) (written int64, err error) {
	return stdio.CopyN(dst, src, n)
}

// CopyBuffer is [Copy] by way of buf, where a buffer is needed; nil has it make one. It
// panics if buf is empty and not nil. It is a checkpoint if reading src or writing dst
// is one.
func CopyBuffer(dst Writer, src Reader, buf []byte) (written int64, err error) {
	return stdio.CopyBuffer(dst, src, buf)
}

// ReadAll reads until the end of r and returns the data; the end is no error. Where it
// fails it returns what it has read. It is a checkpoint if reading r is one.
func ReadAll(r Reader) ([]byte, error) { return stdio.ReadAll(r) }

// ReadAtLeast reads until buf holds at least min bytes. It returns [ErrUnexpectedEOF]
// where the end comes before, [EOF] if nothing was read, and [ErrShortBuffer] if buf is
// shorter than min. It is a checkpoint if reading r is one; when the task is cancelled
// n says how much of buf was filled.
func ReadAtLeast(r Reader, buf []byte, min int) (n int, err error) {
	return stdio.ReadAtLeast(r, buf, min)
}

// ReadFull fills buf, see [ReadAtLeast]. It is a checkpoint if reading r is one.
func ReadFull(r Reader, buf []byte) (n int, err error) { return stdio.ReadFull(r, buf) }

// WriteString writes s to w, by w's own WriteString if it has one. It is a checkpoint if
// writing w is one.
func WriteString(w Writer, s string) (n int, err error) { return stdio.WriteString(w, s) }

// LimitReader returns a Reader that reads from r and finds the end after n bytes. It is
// not a checkpoint; reading is one if reading r is.
func LimitReader(r Reader, n int64) Reader { return stdio.LimitReader(r, n) }

// MultiReader returns the readers one after the other as one. It is not a checkpoint;
// reading is one if reading those is.
func MultiReader(readers ...Reader) Reader { return stdio.MultiReader(readers...) }

// MultiWriter returns a Writer that writes to all of writers, in order, and stops at the
// first error. It is not a checkpoint; writing is one if writing to those is.
func MultiWriter(writers ...Writer) Writer { return stdio.MultiWriter(writers...) }

// TeeReader returns a Reader that writes to w what it reads from r, before it returns
// it. It is not a checkpoint; reading is one if reading r or writing w is.
func TeeReader(r Reader, w Writer) Reader { return stdio.TeeReader(r, w) }

// NopCloser returns r with a Close that does nothing. It is not a checkpoint.
func NopCloser(r Reader) ReadCloser { return stdio.NopCloser(r) }

// NewSectionReader returns a reader of n bytes of r from off on. It is not a checkpoint;
// reading is one if reading r is.
func NewSectionReader(r ReaderAt, off int64, n int64) *SectionReader {
	return stdio.NewSectionReader(r, off, n)
}

// NewOffsetWriter returns a writer to w that begins at off. It is not a checkpoint;
// writing is one if writing w is.
func NewOffsetWriter(w WriterAt, off int64) *OffsetWriter { return stdio.NewOffsetWriter(w, off) }
