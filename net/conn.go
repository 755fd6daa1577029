//go:build unix

package net

import (
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// conn is what the connections of all networks have in common; they embed it. Its
// methods may be called from any goroutine.
type conn struct {
	// fd is nil in a zero value, whose methods fail with EINVAL as the standard
	// library's do.
	fd *socket.FD
	// network is what it was dialed or listened for, without a protocol: "tcp4", "ip".
	network string
	// family is the socket's, unix.AF_INET6 also where IPv4 addresses are spoken to.
	family int
	// local is this side's address, remote the peer's, nil where there is none.
	local, remote Addr
	// dialed tells that a dial has made it. An address to send to is refused then; for
	// other sockets with a peer that is left to the system, as in the standard library.
	dialed bool
}

// newConn wraps a socket and asks the system for the addresses that are not known.
func newConn(fd *socket.FD, network string, family int, local, remote Addr) conn {
	c := conn{fd: fd, network: network, family: family, local: local, remote: remote, dialed: local == nil && remote != nil}
	if local != nil && remote != nil && !unspecified(remote) {
		return c
	}
	_ = fd.Control(func(n int) error {
		if local == nil {
			if sa, err := unix.Getsockname(n); err == nil {
				c.local = toAddr(sa, network)
			}
		}
		if remote != nil && unspecified(remote) { // dialed so, and means this machine
			if sa, err := unix.Getpeername(n); err == nil {
				c.remote = toAddr(sa, network)
			}
		}
		return nil
	})
	return c
}

// fail wraps an error as the standard library does. The end of a stream is not
// wrapped, since everybody compares with io.EOF.
func (c *conn) fail(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &OpError{Op: op, Net: c.network, Source: c.local, Addr: c.remote, Err: err}
}

// failTo is fail for a call that names another address than the peer's.
func (c *conn) failTo(op string, to Addr, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: op, Net: c.network, Source: c.local, Addr: to, Err: err}
}

// wrap is fail for calls that the standard library wraps the end of a stream for, too:
// those that return the sender.
func (c *conn) wrap(op string, err error) error { return c.failTo(op, c.remote, err) }

// failHere is for what concerns this end alone: the standard library names only
// its address then.
func (c *conn) failHere(err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: "set", Net: c.network, Addr: c.local, Err: err}
}

// Read reads what there is, at most len(p) bytes, waiting until there is
// something. When the peer of a stream has closed its side it returns io.EOF. It is
// a checkpoint; nothing is lost when the task is cancelled.
func (c *conn) Read(p []byte) (int, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	n, err := c.fd.Read(p)
	if err != nil {
		err = c.fail("read", err)
	}
	return n, err
}

// Write writes all of p. When the peer does not read, it waits until it does:
// nothing is buffered on our side. It is a checkpoint; when it fails or the task
// is cancelled it returns how much was written.
func (c *conn) Write(p []byte) (int, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	n, err := c.fd.Write(p)
	if err != nil {
		err = c.fail("write", err)
	}
	return n, err
}

// Close closes the connection; calls that wait for it return [ErrClosed]. It is
// not a checkpoint.
func (c *conn) Close() error {
	if c.fd == nil {
		return syscall.EINVAL
	}
	return c.fail("close", c.fd.Close())
}

// LocalAddr returns this side's address. It is not a checkpoint.
func (c *conn) LocalAddr() Addr { return c.local }

// RemoteAddr returns the peer's address, nil where there is no peer. It is not a
// checkpoint.
func (c *conn) RemoteAddr() Addr { return c.remote }

// SetDeadline sets the time after which reads and writes fail with an error that
// wraps os.ErrDeadlineExceeded; the zero time means never. Calls that wait now are
// included. It is not a checkpoint.
func (c *conn) SetDeadline(t time.Time) error {
	return c.deadline(kernel.Read|kernel.Write, t)
}

// SetReadDeadline is SetDeadline for reads. It is not a checkpoint.
func (c *conn) SetReadDeadline(t time.Time) error { return c.deadline(kernel.Read, t) }

// SetWriteDeadline is SetDeadline for writes. It is not a checkpoint.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.deadline(kernel.Write, t) }

func (c *conn) deadline(m kernel.Mode, t time.Time) error {
	if c.fd == nil {
		return syscall.EINVAL
	}
	return c.failHere(c.fd.SetDeadline(m, t))
}

// SetReadBuffer sets the size in bytes of the system's buffer for what arrives.
// It is not a checkpoint.
func (c *conn) SetReadBuffer(bytes int) error {
	if c.fd == nil {
		return syscall.EINVAL
	}
	return c.failHere(c.setOption(unix.SOL_SOCKET, unix.SO_RCVBUF, bytes))
}

// SetWriteBuffer sets the size in bytes of the system's buffer for what is to be
// sent. It is not a checkpoint.
func (c *conn) SetWriteBuffer(bytes int) error {
	if c.fd == nil {
		return syscall.EINVAL
	}
	return c.failHere(c.setOption(unix.SOL_SOCKET, unix.SO_SNDBUF, bytes))
}

// File returns a duplicate of the connection's descriptor, which the caller closes.
// Both stand for the same socket: what is set on one counts for the other. It is
// not a checkpoint.
func (c *conn) File() (*os.File, error) {
	if c.fd == nil {
		return nil, syscall.EINVAL
	}
	f, err := duplicate(c.fd, c.network+":"+text(c.local)+"->"+text(c.remote))
	return f, c.fail("file", err)
}

// SyscallConn gives access to the descriptor. The Read and Write of what it returns
// are checkpoints; SyscallConn itself is not a checkpoint.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if c.fd == nil {
		return nil, syscall.EINVAL
	}
	return socket.RawConn{FD: c.fd}, nil
}

// writeBuffers is how [Buffers] are written.
func (c *conn) writeBuffers(v *Buffers) (int64, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	n, err := c.fd.Writev((*[][]byte)(v))
	return n, c.fail("writev", err)
}

func (c *conn) shutdown(how int) error {
	if c.fd == nil {
		return syscall.EINVAL
	}
	return c.fail("close", c.fd.Control(func(fd int) error {
		return os.NewSyscallError("shutdown", unix.Shutdown(fd, how))
	}))
}

func (c *conn) set(level, option, value int) error {
	if c.fd == nil {
		return syscall.EINVAL
	}
	return c.fail("set", c.setOption(level, option, value))
}

func (c *conn) setOption(level, option, value int) error {
	return c.fd.Control(func(fd int) error {
		return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, option, value))
	})
}

// duplicate makes a file of a copy of the descriptor.
func duplicate(fd *socket.FD, name string) (f *os.File, err error) {
	err = fd.Control(func(n int) error {
		twin, err := unix.FcntlInt(uintptr(n), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return os.NewSyscallError("fcntl", err)
		}
		f = os.NewFile(uintptr(twin), name)
		return nil
	})
	return f, err
}

// text is an address for a name; there may be none.
func text(a Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}

func toInt(on bool) int {
	if on {
		return 1
	}
	return 0
}
