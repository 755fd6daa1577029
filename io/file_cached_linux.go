package io

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// cachedSize bounds what is copied out of the system's memory by the loop itself: in
// the time of the hand-over to a plain goroutine and back, about.
const cachedSize = 64 << 10

// cached reads what the system has in memory already, without waiting for the disk
// (preadv2(2) with RWF_NOWAIT): for that the way to a plain goroutine and back would
// take longer than the read. It returns the bytes read, and whether the call is
// done with that. Whatever goes wrong, also that there is nothing in memory, is left to
// the ordinary call.
//
// A Read moves the file's position, which has a lock in the system, held by the others
// who use it while they wait for the disk. So it must be the only call under way.
func (o *fileOp) cached() (done bool) {
	f := o.file
	if o.at < 0 || len(o.p) == 0 || len(o.p) > cachedSize || !f.cached.Load() || o.moves() && f.busy.Load() > 0 {
		return false
	}
	return f.raw.Control(o.try) == nil && o.tried
}

// moves tells whether the call reads from the position.
func (o *fileOp) moves() bool { return o.kind == fileRead }

// tryCached is the system call, with the descriptor kept from being closed.
func (o *fileOp) tryCached(fd uintptr) {
	o.tried = false
	at := int64(-1)
	if !o.moves() {
		at = o.at
	}
	o.vec.Base = &o.p[0]
	o.vec.SetLen(len(o.p))
	// Raw, as with every call that does not block: of an ordinary one the Go runtime is
	// told, and takes the processor away from a loop that it has seen run for long.
	low, high := uintptr(at), uintptr(uint64(at)>>(unix.SizeofLong*8-1)>>1)
	n, _, err := unix.RawSyscall6(unix.SYS_PREADV2, fd, uintptr(unsafe.Pointer(&o.vec)), 1, low, high, unix.RWF_NOWAIT)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
	case err != 0: // a file system that cannot say, or a mistake that os shall report
		o.file.cached.Store(false)
	case int(n) == len(o.p) || n > 0 && o.moves(): // the end of the file is for os to find
		o.n, o.tried = int64(n), true
	}
}

// keepRaw has the file remember how to get at its descriptor.
func (f *File) keepRaw() {
	if f.polled {
		return
	}
	raw, err := f.f.SyscallConn()
	f.raw = raw
	f.cached.Store(err == nil)
}

type fileVec = unix.Iovec
