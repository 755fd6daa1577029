//go:build unix

package socket

import (
	"io"
	"io/fs"
	"math"
	"syscall"
)

// How a copy finds out that both of its ends are ours.
//
// Packages net and io do not know each other, and a copy between a connection of the
// one and a pipe of the other should still stay inside the system. So each of them
// leaves a function here that recognises its own types. An interface would not do: a
// user's type that embeds a *net.TCPConn to count what it reads has all of its methods,
// and the copy would pass the counting by. Only the types themselves are what they seem,
// and the standard library, too, looks at nothing else.

// finders are what RecogniseEnds was given. It is written by init functions only.
var finders []func(v any) *FD

// RecogniseEnds has copies call find for the descriptor behind a reader or writer; it
// returns nil for what is not of its kind or cannot be copied by the system. It belongs
// in an init function. It is not a checkpoint.
func RecogniseEnds(find func(v any) *FD) { finders = append(finders, find) }

// EndOf returns the descriptor behind a connection or a file of this module, nil for
// anything else. It is not a checkpoint.
func EndOf(v any) *FD {
	for _, find := range finders {
		if f := find(v); f != nil {
			return f
		}
	}
	return nil
}

// regular is an *os.File, or what it hides behind in its WriteTo.
type regular interface {
	syscall.Conn
	Stat() (fs.FileInfo, error)
}

// CopyFrom has the system copy all that r has to f, if it can; where done is false
// nothing has happened. What comes from another descriptor of the loop or from a regular
// file it can copy on Linux, a limit (io.LimitedReader) included. It is a checkpoint.
func (f *FD) CopyFrom(r io.Reader) (n int64, done bool, err error) {
	remain := int64(math.MaxInt64)
	if limited, ok := r.(*io.LimitedReader); ok {
		if remain = limited.N; remain <= 0 {
			return 0, true, nil
		}
		r = limited.R
		defer func() { limited.N -= n }()
	}
	if from := EndOf(r); from != nil {
		return f.Splice(from, remain)
	}
	file, ok := r.(regular)
	if !ok {
		return 0, false, nil
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, false, nil
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, false, nil
	}
	return f.Sendfile(raw, remain)
}
