//go:build unix

package net

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/socket"
)

// TCPConn is a TCP connection. It implements [Conn]; its methods may be called
// from any goroutine.
type TCPConn struct{ conn }

var _ Conn = (*TCPConn)(nil)

// tcp connects to an address.
func (d *Dialer) tcp(ctx context.Context, network string, local, remote *TCPAddr) (*TCPConn, error) {
	if d.multipath {
		if c, err := d.tcpOver(ctx, network, protoMPTCP, local, remote); err == nil {
			return c, nil
		}
		// The system may not have it: the standard library tries plain TCP then too.
	}
	return d.tcpOver(ctx, network, 0, local, remote)
}

func (d *Dialer) tcpOver(ctx context.Context, network string, proto int, local, remote *TCPAddr) (*TCPConn, error) {
	address := remote.String()
	if len(remote.IP) == 0 { // no host means this machine
		remote = thisMachine(network, local, remote.Port)
	}
	s, err := inetSettings(network, proto, local, remote, false)
	if err != nil {
		return nil, err
	}
	s.Name = "tcp connection to " + remote.String()
	s.Control = hookOf(d.Control, d.ControlContext).on(ctx, network, s.Family, address)
	sa, err := toSockaddr(remote, s.Family)
	if err != nil {
		return nil, err
	}
	for again := 2; ; again-- {
		if local != nil && local.Port != 0 {
			again = 0
		}
		fd, err := socket.Connect(s, sa)
		if err != nil {
			if again > 0 && errors.Is(err, unix.EADDRNOTAVAIL) {
				continue
			}
			return nil, err
		}
		c := &TCPConn{newConn(fd, network, s.Family, nil, toAddr(sa, network))}
		c.prepare(d.KeepAlive, d.KeepAliveConfig)
		if again > 0 && c.toItself() {
			_ = c.Close()
			continue
		}
		return c, nil
	}
}

// prepare sets a new connection up as the standard library does: no delay, and
// probes while it is idle.
func (c *TCPConn) prepare(keepAlive time.Duration, config KeepAliveConfig) {
	_ = c.fd.Control(func(fd int) error { return prepareTCP(fd, keepAlive, config) })
}

func prepareTCP(fd int, keepAlive time.Duration, config KeepAliveConfig) error {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if config.Enable {
		return setKeepAlive(fd, config)
	}
	if keepAlive >= 0 {
		return setKeepAlive(fd, KeepAliveConfig{Enable: true, Idle: keepAlive})
	}
	return nil
}

// toItself tells whether both ends are the same socket. A dial to a port of this
// machine where nobody listens can find that very port given to itself, and TCP
// then connects the socket to itself.
func (c *TCPConn) toItself() bool {
	local, ok := c.local.(*TCPAddr)
	remote := c.remote.(*TCPAddr)
	return ok && local.Port == remote.Port && local.IP.Equal(remote.IP)
}

// CloseRead ends the reading side. It is not a checkpoint.
func (c *TCPConn) CloseRead() error {
	return c.shutdown(unix.SHUT_RD)
}

// CloseWrite ends the writing side: the peer reads to the end of what was written
// and then gets io.EOF, while this side can still read. It is not a checkpoint.
func (c *TCPConn) CloseWrite() error {
	return c.shutdown(unix.SHUT_WR)
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
	if c.fd == nil {
		return syscall.EINVAL
	}
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
	if c.fd == nil {
		return syscall.EINVAL
	}
	return c.fail("set", c.fd.Control(func(fd int) error { return setKeepAlive(fd, config) }))
}

// setKeepAlive follows the standard library: 0 means its defaults of 15 seconds
// and 9 probes, a negative value leaves the system's. Also where probes are not enabled
// the options are set, for whoever enables them later.
func setKeepAlive(fd int, c KeepAliveConfig) error {
	err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, toInt(c.Enable))
	if err != nil {
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
