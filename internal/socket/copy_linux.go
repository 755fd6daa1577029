package socket

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// pieceOf bounds what is moved inside the system by one call. The loop stands still
// meanwhile, and for a file the disk may be part of that.
const pieceOf = 1 << 20

// moved is the outcome of a copy inside the system. Where it is not done, the system
// cannot do it for these two, and nothing has happened.
type moved struct {
	n    int64
	done bool
}

// Splice moves at most remain bytes from one stream to another until the source ends:
// by way of a pipe inside the system, unless one of the two is a pipe itself. done
// tells whether the two are such that the system can do it; where it is false nothing
// was moved. It is a checkpoint. What was taken from the source when it is interrupted
// and not yet given to f is lost, as with a copy through a buffer; where one of the two
// is a pipe, nothing is.
func (f *FD) Splice(from *FD, remain int64) (n int64, done bool, err error) {
	if from.Loop() != f.Loop() || !f.stream || !from.stream || f.guest || from.guest {
		return 0, false, nil
	}
	t := f.task()
	if t == nil {
		m, err := Carry(f.Loop(), func() (m moved, err error) {
			m.n, m.done, err = f.Splice(from, remain)
			return m, err
		})
		return m.n, m.done, err
	}
	if f.pipe || from.pipe {
		return f.pour(t, from, remain)
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return 0, false, nil // too many files: a buffer needs none
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	_, _ = unix.FcntlInt(uintptr(pipe[1]), unix.F_SETPIPE_SZ, pieceOf) // a smaller one does too
	for remain > 0 {
		held, err := from.fill(t, pipe[1], int(min(remain, pieceOf)))
		if n == 0 && isNotSupported(err) {
			return 0, false, nil
		}
		if err != nil || held == 0 {
			return n, true, err
		}
		remain -= int64(held)
		err = f.parts(t, "splice", func() (bool, syscall.Errno) {
			gone, e := splice(pipe[0], f.desc.FD(), held)
			held -= gone
			n += int64(gone)
			return held > 0, e
		})
		if err != nil {
			return n, true, err
		}
	}
	return n, true, nil
}

// isNotSupported tells that an error is about what kind of files the two are.
func isNotSupported(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP)
}

// fill moves what there is to read into a pipe, which is empty.
func (f *FD) fill(t *kernel.Task, pipe, limit int) (n int, err error) {
	err = f.do(t, kernel.Read, "splice", func() (e syscall.Errno) {
		n, e = splice(f.desc.FD(), pipe, limit)
		return e
	})
	return n, err
}

// Sendfile sends at most remain bytes of a regular file, from where it stands, which
// moves. done tells whether the system can do that with the two; where it is false
// nothing was sent. It is a checkpoint. While the disk is read the loop stands still,
// for a mebibyte at most at a time.
func (f *FD) Sendfile(file syscall.RawConn, remain int64) (n int64, done bool, err error) {
	if f.guest {
		return 0, false, nil
	}
	t := f.task()
	if t == nil {
		m, err := Carry(f.Loop(), func() (m moved, err error) {
			m.n, m.done, err = f.Sendfile(file, remain)
			return m, err
		})
		return m.n, m.done, err
	}
	var noFile error
	err = f.parts(t, "sendfile", func() (bool, syscall.Errno) {
		sent, e := 0, syscall.Errno(0)
		noFile = file.Control(func(fd uintptr) {
			piece := int(min(remain, pieceOf))
			if f.pipe { // of which sendfile knows in newer systems only
				sent, e = splice(int(fd), f.desc.FD(), piece)
				return
			}
			var err error
			sent, err = unix.Sendfile(f.desc.FD(), int(fd), nil, piece)
			e = errnoOf(err)
		})
		if e != 0 || noFile != nil {
			return false, e
		}
		n += int64(sent)
		remain -= int64(sent)
		return sent > 0 && remain > 0, 0
	})
	if noFile != nil && err == nil {
		return n, true, noFile
	}
	if n == 0 && isNotSupported(err) {
		return 0, false, nil
	}
	return n, true, err
}
