//go:build unix

package net

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// TCPConn is a TCP connection. It implements [Conn]; its methods may be called
// from any goroutine.
type TCPConn struct {
	fd            *socket.FD
	network       string // as given to Dial or Listen
	local, remote Addr
}

var _ Conn = (*TCPConn)(nil)

// newTCPConn wraps a connected socket and sets it up as the standard library
// does: no delay, and probes while it is idle.
func newTCPConn(fd *socket.FD, network string, remote Addr, keepAlive time.Duration, config KeepAliveConfig) *TCPConn {
	c := &TCPConn{fd: fd, network: network, remote: remote}
	_ = fd.Control(func(n int) error {
		if sa, err := unix.Getsockname(n); err == nil {
			c.local = fromSockaddr(sa)
		}
		if to, ok := remote.(*TCPAddr); ok && to.IP.IsUnspecified() { // dialed so, and means this machine
			if sa, err := unix.Getpeername(n); err == nil {
				c.remote = fromSockaddr(sa)
			}
		}
		_ = unix.SetsockoptInt(n, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		if config.Enable {
			return setKeepAlive(n, config)
		}
		if keepAlive >= 0 {
			return setKeepAlive(n, KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: keepAlive})
		}
		return nil
	})
	return c
}

// fail wraps an error as the standard library does. The end of a stream is not
// wrapped, since everybody compares with io.EOF.
func (c *TCPConn) fail(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &OpError{Op: op, Net: c.network, Source: c.local, Addr: c.remote, Err: err}
}

// failHere is for what concerns this end alone: the standard library names only
// its address then.
func (c *TCPConn) failHere(err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: "set", Net: c.network, Addr: c.local, Err: err}
}

// Read reads what there is, at most len(p) bytes, waiting until there is
// something. When the peer has closed its side it returns io.EOF. It is a
// checkpoint; nothing is lost when the task is cancelled.
func (c *TCPConn) Read(p []byte) (int, error) {
	n, err := c.fd.Read(p)
	if err != nil {
		err = c.fail("read", err)
	}
	return n, err
}

// Write writes all of p. When the peer does not read, it waits until it does:
// nothing is buffered on our side. It is a checkpoint; when it fails or the task
// is cancelled it returns how much was written.
func (c *TCPConn) Write(p []byte) (int, error) {
	n, err := c.fd.Write(p)
	if err != nil {
		err = c.fail("write", err)
	}
	return n, err
}

// Close closes the connection; calls that wait for it return [ErrClosed]. It is
// not a checkpoint.
func (c *TCPConn) Close() error { return c.fail("close", c.fd.Close()) }

// CloseRead ends the reading side. It is not a checkpoint.
func (c *TCPConn) CloseRead() error {
	return c.fail("close", c.shutdown(unix.SHUT_RD))
}

// CloseWrite ends the writing side: the peer reads to the end of what was written
// and then gets io.EOF, while this side can still read. It is not a checkpoint.
func (c *TCPConn) CloseWrite() error {
	return c.fail("close", c.shutdown(unix.SHUT_WR))
}

func (c *TCPConn) shutdown(how int) error {
	return c.fd.Control(func(fd int) error {
		return os.NewSyscallError("shutdown", unix.Shutdown(fd, how))
	})
}

// LocalAddr returns this side's address. It is not a checkpoint.
func (c *TCPConn) LocalAddr() Addr { return c.local }

// RemoteAddr returns the peer's address. It is not a checkpoint.
func (c *TCPConn) RemoteAddr() Addr { return c.remote }

// SetDeadline sets the time after which reads and writes fail with an error that
// wraps os.ErrDeadlineExceeded; the zero time means never. Calls that wait now are
// included. It is not a checkpoint.
func (c *TCPConn) SetDeadline(t time.Time) error {
	return c.failHere(c.fd.SetDeadline(kernel.Read|kernel.Write, t))
}

// SetReadDeadline is [TCPConn.SetDeadline] for reads. It is not a checkpoint.
func (c *TCPConn) SetReadDeadline(t time.Time) error {
	return c.failHere(c.fd.SetDeadline(kernel.Read, t))
}

// SetWriteDeadline is [TCPConn.SetDeadline] for writes. It is not a checkpoint.
func (c *TCPConn) SetWriteDeadline(t time.Time) error {
	return c.failHere(c.fd.SetDeadline(kernel.Write, t))
}

// SetNoDelay tells whether small writes are sent at once (the default) or
// gathered. It is not a checkpoint.
func (c *TCPConn) SetNoDelay(on bool) error {
	return c.set(unix.IPPROTO_TCP, unix.TCP_NODELAY, toInt(on))
}

// SetLinger says what Close does with data that is not sent yet: a negative
// number of seconds leaves it to the system to send it, 0 drops it and resets the
// connection, more has the system try for so long and then drop it; Close does not
// wait for that. It is not a checkpoint.
func (c *TCPConn) SetLinger(sec int) error {
	c.fd.Linger(sec > 0)
	return c.fail("set", c.fd.Control(func(fd int) error {
		linger := unix.Linger{Onoff: int32(toInt(sec >= 0)), Linger: int32(max(0, sec))}
		return os.NewSyscallError("setsockopt", unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &linger))
	}))
}

// SetKeepAlive tells whether an idle connection is probed. It is not a checkpoint.
func (c *TCPConn) SetKeepAlive(on bool) error {
	return c.set(unix.SOL_SOCKET, unix.SO_KEEPALIVE, toInt(on))
}

// SetKeepAlivePeriod sets the time before the first probe and between probes. It
// is not a checkpoint.
func (c *TCPConn) SetKeepAlivePeriod(d time.Duration) error {
	return c.SetKeepAliveConfig(KeepAliveConfig{Enable: true, Idle: d, Interval: d, Count: -1})
}

// SetKeepAliveConfig says how an idle connection is probed. It is not a
// checkpoint.
func (c *TCPConn) SetKeepAliveConfig(config KeepAliveConfig) error {
	return c.fail("set", c.fd.Control(func(fd int) error { return setKeepAlive(fd, config) }))
}

// SetReadBuffer sets the size in bytes of the system's buffer for what arrives.
// It is not a checkpoint.
func (c *TCPConn) SetReadBuffer(bytes int) error {
	return c.failHere(c.setOption(unix.SOL_SOCKET, unix.SO_RCVBUF, bytes))
}

// SetWriteBuffer sets the size in bytes of the system's buffer for what is to be
// sent. It is not a checkpoint.
func (c *TCPConn) SetWriteBuffer(bytes int) error {
	return c.failHere(c.setOption(unix.SOL_SOCKET, unix.SO_SNDBUF, bytes))
}

// SyscallConn gives access to the descriptor. Its Read and Write are checkpoints;
// SyscallConn itself is not a checkpoint.
func (c *TCPConn) SyscallConn() (syscall.RawConn, error) { return rawConn{c.fd}, nil }

func (c *TCPConn) set(level, option, value int) error {
	return c.fail("set", c.setOption(level, option, value))
}

func (c *TCPConn) setOption(level, option, value int) error {
	return c.fd.Control(func(fd int) error {
		return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, option, value))
	})
}

func toInt(on bool) int {
	if on {
		return 1
	}
	return 0
}

// setKeepAlive follows the standard library: 0 means its defaults of 15 seconds
// and 9 probes, a negative value leaves the system's.
func setKeepAlive(fd int, c KeepAliveConfig) error {
	err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, toInt(c.Enable))
	if err != nil || !c.Enable {
		return os.NewSyscallError("setsockopt", err)
	}
	seconds := func(d time.Duration) int {
		if d == 0 {
			d = 15 * time.Second
		}
		return int((d + time.Second - 1) / time.Second)
	}
	if c.Count == 0 {
		c.Count = 9
	}
	var errs []error
	for _, o := range []struct {
		option, value int
		leave         bool
	}{
		{keepIdle, seconds(c.Idle), c.Idle < 0},
		{unix.TCP_KEEPINTVL, seconds(c.Interval), c.Interval < 0},
		{unix.TCP_KEEPCNT, c.Count, c.Count < 0},
	} {
		if !o.leave {
			errs = append(errs, os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.IPPROTO_TCP, o.option, o.value)))
		}
	}
	return errors.Join(errs...)
}
