package io

import (
	stdio "io"
	stdsync "sync"
)

// A block is what a copy moves at a time. With a quarter of a mebibyte the hand-over
// to the plain goroutine and back is lost in the time that the bytes take.
const blockSize = 256 << 10

var blocks = stdsync.Pool{New: func() any { return new([blockSize]byte) }}

// WriteTo writes what is left of the file to w, as Copy does, which calls it. It reads
// large blocks and writes them in the task, so that neither the disk nor a slow w holds
// up other tasks. It is a checkpoint; when it fails or the task is cancelled it returns
// how much was written.
func (f *File) WriteTo(w stdio.Writer) (n int64, err error) {
	block := blocks.Get().(*[blockSize]byte)
	for {
		got, err := f.Read(block[:])
		if got > 0 {
			put, werr := w.Write(block[:got])
			n += int64(min(max(put, 0), got))
			switch {
			case werr != nil:
				return n, werr
			case put != got:
				return n, stdio.ErrShortWrite
			}
		}
		switch {
		case err == stdio.EOF:
			blocks.Put(block) // elsewhere somebody may have kept it: a read that was given up
			return n, nil
		case err != nil:
			return n, err
		}
	}
}

// ReadFrom writes all that r has to the file, as Copy does, which calls it. What comes
// from another [File] does not pass through this process where the system can do that.
// It is a checkpoint; when it fails or the task is cancelled it returns how much was
// written.
func (f *File) ReadFrom(r stdio.Reader) (n int64, err error) {
	remain, limited := int64(-1), (*stdio.LimitedReader)(nil)
	from, ours := r.(*File)
	if l, ok := r.(*stdio.LimitedReader); ok {
		if from, ours = l.R.(*File); ours {
			limited, remain = l, l.N
		}
	}
	// From a pipe it would wait in a call that nobody could hurry up.
	if ours && f != nil && from != nil && !f.polled && !from.polled {
		n, err = f.copyFrom(from, remain)
		if limited != nil {
			limited.N -= n
		}
		return n, err
	}
	block := blocks.Get().(*[blockSize]byte)
	for {
		got, err := readBlock(r, block[:])
		if got > 0 {
			put, werr := f.Write(block[:got])
			if n += int64(put); werr != nil {
				return n, werr
			}
		}
		switch {
		case err == stdio.EOF:
			blocks.Put(block)
			return n, nil
		case err != nil:
			return n, err
		}
	}
}

// readBlock fills the block, or what of it there is before an error. A file is written
// in large pieces also if r comes in small ones.
func readBlock(r stdio.Reader, p []byte) (n int, err error) {
	for idle := 0; n < len(p) && err == nil; {
		var got int
		got, err = r.Read(p[n:])
		if got < 0 || got > len(p)-n {
			panic("evergreen: a Read returned a count that is not within its buffer")
		}
		if n += got; got > 0 {
			idle = 0
		} else if idle++; idle == 100 && err == nil {
			err = stdio.ErrNoProgress
		}
	}
	return n, err
}

// pieceSize bounds what is copied from file to file by one call, so that a
// cancellation is felt.
const pieceSize = 16 << 20

// copyFrom copies from file to file, all that is left where remain is negative. Package
// os has the system do it, if it can.
func (f *File) copyFrom(from *File, remain int64) (n int64, err error) {
	from.busy.Add(1) // its position moves
	defer from.busy.Add(-1)
	for remain < 0 || n < remain {
		piece := int64(pieceSize)
		if remain >= 0 {
			piece = min(piece, remain-n)
		}
		m, err := f.do(fileCall{"File.ReadFrom", "copy_file_range", ""}, fileOther, func(o *fileOp) {
			o.n, o.err = f.f.ReadFrom(&stdio.LimitedReader{R: from.f, N: piece})
		}, nil, 0, 0)
		n += m
		if err != nil || m < piece {
			return n, err
		}
	}
	return n, nil
}
