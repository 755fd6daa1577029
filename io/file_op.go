package io

import (
	"errors"
	"io/fs"
	"os"
	stdsync "sync"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// fileOp is one call on an open file: what the plain goroutine does, with what, and
// what came of it. They are used again, so that a Read takes no memory.
type fileOp struct {
	file *File
	// kind says which call, and how makes it; run is how on this op, as a function, and
	// try is tryCached.
	kind fileKind
	how  func(*fileOp)
	run  func()
	try  func(uintptr)

	// vec is p for the system, where it was tried.
	vec    fileVec
	p      []byte
	at     int64
	whence int
	n      int64
	err    error

	// begun tells that the call was under way when its task was cancelled, and hurried
	// that it was told to end; tried, that the system had in memory what it was to read.
	begun, hurried, tried bool
}

// fileKind is what a call does.
type fileKind uint8

const (
	fileRead fileKind = iota
	fileReadAt
	fileWrite
	fileOther
)

// way is the direction in which the call waits.
func (o *fileOp) way() int {
	if o.kind <= fileReadAt {
		return fileReads
	}
	return fileWrites
}

var fileOps = stdsync.Pool{New: func() any {
	o := new(fileOp)
	o.run = func() { o.how(o) }
	o.try = o.tryCached
	return o
}}

// Hurry implements kernel.Hurrier.
func (o *fileOp) Hurry() { o.begun, o.hurried = true, o.file.beginHurry(o.way()) }

// The calls.
func opRead(o *fileOp)     { n, err := o.file.f.Read(o.p); o.n, o.err = int64(n), err }
func opReadAt(o *fileOp)   { n, err := o.file.f.ReadAt(o.p, o.at); o.n, o.err = int64(n), err }
func opWrite(o *fileOp)    { n, err := o.file.f.Write(o.p); o.n, o.err = int64(n), err }
func opWriteAt(o *fileOp)  { n, err := o.file.f.WriteAt(o.p, o.at); o.n, o.err = int64(n), err }
func opSeek(o *fileOp)     { o.n, o.err = o.file.f.Seek(o.at, o.whence) }
func opSync(o *fileOp)     { o.err = o.file.f.Sync() }
func opTruncate(o *fileOp) { o.err = o.file.f.Truncate(o.at) }

// do makes a call on the file: how with p, at and whence. It returns what that gave,
// and where the task is cancelled before anything was done, the error of the block.
func (f *File) do(c fileCall, kind fileKind, how func(*fileOp), p []byte, at int64, whence int) (int64, error) {
	if f == nil {
		return 0, fs.ErrInvalid
	}
	o := fileOps.Get().(*fileOp)
	o.file, o.kind, o.how, o.p, o.at, o.whence, o.n, o.err = f, kind, how, p, at, whence, 0, nil
	o.begun, o.hurried, o.tried = false, false, false
	t := c.task()
	if t == nil {
		f.busy.Add(1)
		defer f.busy.Add(-1)
		for done := int64(0); ; {
			o.run()
			if done += o.n; !o.again() {
				return o.result(done)
			}
		}
	}
	if err := c.fault(t); err != nil {
		err.(*fs.PathError).Path = f.f.Name()
		return 0, err
	}
	if kind <= fileReadAt {
		if !t.Checkpoint() {
			return 0, t.Interrupted()
		}
		if o.cached() {
			return o.result(o.n)
		}
	}
	return o.offload(t)
}

// offload makes the call on a plain goroutine, until it is done.
func (o *fileOp) offload(t *kernel.Task) (done int64, err error) {
	f := o.file
	for {
		f.busy.Add(1)
		end, failure := t.Loop().Files().Finish(t, o.run, o)
		switch {
		case failure != nil:
			panic(failure)
		case end == kernel.Canceled && !o.begun:
			f.busy.Add(-1)
			o.put()
			return done, t.Interrupted()
		case end == kernel.Canceled:
			return done, t.Interrupted() // it is still under way: o is not used again
		case o.hurried:
			f.endHurry(o.way())
		}
		f.busy.Add(-1)
		done += o.n
		if o.hurried && errors.Is(o.err, os.ErrDeadlineExceeded) && !f.expired(o.way()) {
			o.put()
			return done, t.Interrupted()
		}
		if !o.again() {
			return o.result(done)
		}
	}
}

// again tells whether the call ended because another one, of a task that was
// cancelled, was told to hurry. The rest is still to do.
func (o *fileOp) again() bool {
	if o.err == nil || o.hurried || !errors.Is(o.err, os.ErrDeadlineExceeded) || o.file.expired(o.way()) {
		return false
	}
	o.p, o.at, o.n, o.err = o.p[o.n:], o.at+o.n, 0, nil
	return true
}

func (o *fileOp) result(done int64) (int64, error) {
	err := o.err
	o.put()
	return done, err
}

func (o *fileOp) put() {
	o.file, o.how, o.p, o.err, o.vec = nil, nil, nil, nil, fileVec{}
	fileOps.Put(o)
}

// Read reads up to len(p) bytes from the file's position on, which moves, see
// os.File.Read; at the end it returns 0 and [EOF]. It is a checkpoint.
func (f *File) Read(p []byte) (int, error) {
	n, err := f.do(fileCall{"File.Read", "read", ""}, fileRead, opRead, p, 0, 0)
	return int(n), err
}

// ReadAt reads len(p) bytes from the offset on, and returns an error if there are
// fewer; the position stays. It is a checkpoint.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.do(fileCall{"File.ReadAt", "pread", ""}, fileReadAt, opReadAt, p, off, 0)
	return int(n), err
}

// Write writes p at the file's position, which moves, and returns how many bytes it
// has written, with an error if that is not all. It is a checkpoint.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.do(fileCall{"File.Write", "write", ""}, fileWrite, opWrite, p, 0, 0)
	return int(n), err
}

// WriteString is [File.Write] for a string. It is a checkpoint.
func (f *File) WriteString(s string) (int, error) { return f.Write([]byte(s)) }

// WriteAt writes p from the offset on; the position stays. It returns an error for a
// file opened with os.O_APPEND. It is a checkpoint.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.do(fileCall{"File.WriteAt", "pwrite", ""}, fileWrite, opWriteAt, p, off, 0)
	return int(n), err
}

// Seek moves the file's position, counted from its start, from where it is or from the
// end ([SeekStart], [SeekCurrent], [SeekEnd]), and returns it. It is a checkpoint.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	return f.do(fileCall{"File.Seek", "seek", ""}, fileOther, opSeek, nil, offset, whence)
}

// Sync has the system write to the disk what it still holds in memory. It is a
// checkpoint.
func (f *File) Sync() error {
	_, err := f.do(fileCall{"File.Sync", "sync", ""}, fileOther, opSync, nil, 0, 0)
	return err
}

// Truncate changes the file's size; the position stays. It is a checkpoint.
func (f *File) Truncate(size int64) error {
	_, err := f.do(fileCall{"File.Truncate", "truncate", ""}, fileOther, opTruncate, nil, size, 0)
	return err
}
