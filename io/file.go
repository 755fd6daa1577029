package io

import (
	"errors"
	"io/fs"
	"os"
	stdsync "sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// File is an open file whose calls wait cooperatively: the disk is waited for on a
// plain goroutine, and the other tasks go on. It has the methods of an [*os.File],
// and may like that be used by several tasks and goroutines at once.
//
// Each call costs a hand-over to the other goroutine and back, about a microsecond:
// who reads or writes little at a time does it through a bufio.Reader or Writer, or a
// [Stream]. (On Linux what the system has in memory is read without that.)
// [File.WriteTo] and [File.ReadFrom], which Copy uses, move large blocks.
//
// A call that is under way when its task is cancelled is waited for, so that the
// caller's buffer, the position and the number of bytes are what they are said to be;
// the cancellation is seen at the next checkpoint. Pipes, terminals and sockets that
// were opened by [Open] are told to hurry up: their Read ends with the error of the
// block that ended, and takes nothing. Should a disk not answer at all, its tasks
// wait, and a run that ends gives up on them after the loop's grace; only then can a
// buffer be written to after its task has ended. What blocks holds a place of the file
// pool, so for pipes and terminals prefer [OSPipe] and the like, which have the poller
// wait.
//
// There is no SyscallConn: it is there for those who make system calls on the
// descriptor themselves, which would stop the loop while the disk is busy. [File.OS]
// has it.
type File struct {
	f *os.File
	// polled tells that it is a pipe or the like, for which the Go runtime has its poller
	// wait, on the goroutine that blocks.
	polled bool
	// raw lends the descriptor, for reads of what the system has in memory; cached tells
	// that it can be asked for that. busy counts the calls that are under way otherwise.
	raw    syscall.RawConn
	cached atomic.Bool
	busy   atomic.Int32
	// hurry is how calls on what is not a disk are made to end.
	hurry [2]hurry
}

// hurry is a direction of a file in which calls can be given a deadline.
type hurry struct {
	mu stdsync.Mutex
	// deadline is the user's; calls counts those that are to end at once.
	deadline time.Time
	calls    int
}

// Directions of a file.
const (
	fileReads = iota
	fileWrites
)

// NewOSFile makes a File of an open file of package os, which belongs to it from now
// on. It is not a checkpoint.
func NewOSFile(f *os.File) *File {
	if f == nil {
		return nil
	}
	file := &File{f: f, polled: f.SetDeadline(time.Time{}) == nil}
	file.keepRaw()
	return file
}

// OS returns the file of package os that the File is made of, to be handed to code
// that wants one; its methods block. It is not a checkpoint.
func (f *File) OS() *os.File {
	if f == nil {
		return nil
	}
	return f.f
}

// Name returns the name that the file was opened by. It is not a checkpoint.
func (f *File) Name() string { return f.OS().Name() }

// Fd returns the number of the descriptor, see os.File.Fd. It is not a checkpoint.
func (f *File) Fd() uintptr { return f.OS().Fd() }

// Close closes the file. Calls that are under way on a pipe or terminal end with
// [fs.ErrClosed]; a call that waits for the disk goes on to its end. It waits
// cooperatively, in a task that was killed too, so that a deferred Close does its work.
// It is a checkpoint in that others go on meanwhile, but no cancellation is noticed.
func (f *File) Close() error {
	c := fileCall{"File.Close", "close", ""}
	t := c.task()
	if f == nil || t == nil {
		return f.OS().Close()
	}
	s := t.EnterShield(0)
	defer s.Leave()
	fault := t.Loop().Fault("close")
	err, begun := error(nil), false
	o, failure := t.Loop().Files().Finish(t, func() { err = f.f.Close() }, began(&begun))
	switch {
	case failure != nil:
		panic(failure)
	case o == kernel.Canceled && begun:
		return t.Interrupted()
	case o == kernel.Canceled:
		go f.f.Close() // the grace is over: nobody waits for anything any more
		return t.Interrupted()
	case fault != 0 && err == nil: // as close(2) fails: the descriptor is gone
		return &fs.PathError{Op: "close", Path: f.f.Name(), Err: fault}
	}
	return err
}

// began is a Hurrier that notes that there was something to hurry.
func began(flag *bool) kernel.Hurrier { return (*beginning)(flag) }

type beginning bool

func (b *beginning) Hurry() { *b = true }

// SetDeadline sets the deadlines of reads and writes, see os.File.SetDeadline. Files
// on a disk have none: the error is os.ErrNoDeadline. It is not a checkpoint.
func (f *File) SetDeadline(t time.Time) error {
	return errors.Join(f.SetReadDeadline(t), f.SetWriteDeadline(t))
}

// SetReadDeadline sets the deadline of reads, see [File.SetDeadline]. It is not a
// checkpoint.
func (f *File) SetReadDeadline(t time.Time) error { return f.setDeadline(fileReads, t) }

// SetWriteDeadline sets the deadline of writes, see [File.SetDeadline]. It is not a
// checkpoint.
func (f *File) SetWriteDeadline(t time.Time) error { return f.setDeadline(fileWrites, t) }

func (f *File) setDeadline(way int, t time.Time) error {
	if f == nil {
		return fs.ErrInvalid
	}
	h := &f.hurry[way]
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.calls > 0 { // the end of the hurry sets it
		h.deadline = t
		return nil
	}
	err := f.deadline(way, t)
	if err == nil {
		h.deadline = t
	}
	return err
}

func (f *File) deadline(way int, t time.Time) error {
	if way == fileReads {
		return f.f.SetReadDeadline(t)
	}
	return f.f.SetWriteDeadline(t)
}

// beginHurry has the calls in a direction end at once, and returns whether it can.
func (f *File) beginHurry(way int) bool {
	h := &f.hurry[way]
	h.mu.Lock()
	defer h.mu.Unlock()
	if !f.polled || f.deadline(way, time.Unix(1, 0)) != nil {
		return false
	}
	h.calls++
	return true
}

// endHurry undoes beginHurry when the call has ended.
func (f *File) endHurry(way int) {
	h := &f.hurry[way]
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.calls--; h.calls == 0 {
		_ = f.deadline(way, h.deadline)
	}
}

// expired tells whether the user's deadline has passed, as opposed to one that was
// set to hurry another call up.
func (f *File) expired(way int) bool {
	h := &f.hurry[way]
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.deadline.IsZero() && !time.Now().Before(h.deadline)
}
