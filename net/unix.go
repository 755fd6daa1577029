//go:build unix

package net

import (
	"context"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/socket"
)

// UnixConn is a Unix socket: a stream, one for datagrams, or a stream of packets. It
// implements [Conn] and [PacketConn]; its methods may be called from any goroutine.
type UnixConn struct{ conn }

var (
	_ Conn       = (*UnixConn)(nil)
	_ PacketConn = (*UnixConn)(nil)
)

// unixKind is the kind of socket of a network, 0 for a network of another family.
func unixKind(network string) int {
	switch network {
	case "unix":
		return unix.SOCK_STREAM
	case "unixgram":
		return unix.SOCK_DGRAM
	case "unixpacket":
		return unix.SOCK_SEQPACKET
	}
	return 0
}

// unixSettings describes a Unix socket.
func unixSettings(network string, local *UnixAddr, name string) socket.Settings {
	s := socket.Settings{Family: unix.AF_UNIX, Kind: unixKind(network), Name: name}
	if local != nil {
		s.Local = &unix.SockaddrUnix{Name: local.Name}
	}
	return s
}

// unix connects to an address. A socket for datagrams need not have a peer.
func (d *Dialer) unix(ctx context.Context, network string, local, remote *UnixAddr) (*UnixConn, error) {
	if local != nil && local.Name == "" {
		local = nil
	}
	if remote != nil && remote.Name == "" {
		remote = nil
	}
	control := hookOf(d.Control, d.ControlContext)
	if remote == nil {
		if local == nil || network != "unixgram" {
			return nil, errMissingAddress
		}
		return unixBound(network, local, control.on(ctx, network, unix.AF_UNIX, local.String()))
	}
	s := unixSettings(network, local, network+" connection to "+remote.Name)
	s.Control = control.on(ctx, network, s.Family, remote.String())
	fd, err := socket.Connect(s, &unix.SockaddrUnix{Name: remote.Name})
	if err != nil {
		return nil, err
	}
	return &UnixConn{newConn(fd, network, s.Family, nil, remote)}, nil
}

// unixgram receives at an address.
func (lc *ListenConfig) unixgram(ctx context.Context, network string, local *UnixAddr) (*UnixConn, error) {
	return unixBound(network, local, hookOf(lc.Control, nil).on(ctx, network, unix.AF_UNIX, local.String()))
}

func unixBound(network string, local *UnixAddr, control func(fd int) error) (*UnixConn, error) {
	s := unixSettings(network, local, network+" socket at "+local.Name)
	s.Control = control
	fd, err := socket.Open(s)
	if err != nil {
		return nil, err
	}
	return &UnixConn{newConn(fd, network, s.Family, nil, nil)}, nil
}

// CloseRead ends the reading side. It is not a checkpoint.
func (c *UnixConn) CloseRead() error { return c.shutdown(unix.SHUT_RD) }

// CloseWrite ends the writing side: the peer reads to the end of what was written
// and then gets io.EOF, while this side can still read. It is not a checkpoint.
func (c *UnixConn) CloseWrite() error { return c.shutdown(unix.SHUT_WR) }

// ReadFromUnix takes a datagram, or what a stream has, and returns the sender, nil
// where it has no address. It is a checkpoint; nothing is lost when the task is
// cancelled.
func (c *UnixConn) ReadFromUnix(p []byte) (int, *UnixAddr, error) {
	if c.fd == nil {
		return 0, nil, syscall.EINVAL
	}
	m, err := c.fd.RecvMsg(p, nil, false)
	return m.N, c.sender(m), c.wrap("read", renamed(err, "recvfrom"))
}

// sender is who has sent a message, nil for nobody with a name.
func (c *UnixConn) sender(m socket.Message) *UnixAddr {
	if sa, ok := m.From.(*unix.SockaddrUnix); ok && sa.Name != "" {
		return &UnixAddr{Name: sa.Name, Net: c.network}
	}
	return nil
}

// ReadFrom is [UnixConn.ReadFromUnix] for a [PacketConn]. It is a checkpoint.
func (c *UnixConn) ReadFrom(p []byte) (int, Addr, error) {
	n, from, err := c.ReadFromUnix(p)
	return n, orNil(from), err
}

// ReadMsgUnix is [UnixConn.ReadFromUnix] with what came beside the data in oob, such as
// descriptors, which syscall.ParseSocketControlMessage reads and which then belong to
// the caller; flags are the system's. It is a checkpoint.
func (c *UnixConn) ReadMsgUnix(p, oob []byte) (n, oobn, flags int, from *UnixAddr, err error) {
	if c.fd == nil {
		return 0, 0, 0, nil, syscall.EINVAL
	}
	m, err := c.fd.RecvMsg(p, oob, true)
	return m.N, m.OOBN, m.Flags, c.sender(m), c.wrap("read", err)
}

// WriteToUnix sends a datagram to an address. On a connected socket it fails with
// [ErrWriteToConnected]. It is a checkpoint.
func (c *UnixConn) WriteToUnix(p []byte, to *UnixAddr) (int, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	n, err := c.sendTo(p, to)
	return n, c.failTo("write", orNil(to), err)
}

func (c *UnixConn) sendTo(p []byte, to *UnixAddr) (int, error) {
	switch {
	case c.dialed:
		return 0, ErrWriteToConnected
	case to == nil:
		return 0, errMissingAddress
	case to.Net != c.network:
		return 0, syscall.EAFNOSUPPORT
	}
	n, err := c.fd.SendMsg(p, nil, &unix.SockaddrUnix{Name: to.Name})
	return n, renamed(err, "sendto")
}

// renamed has an error of the system tell of the call that the standard library makes.
func renamed(err error, call string) error {
	if e, ok := err.(*os.SyscallError); ok {
		return os.NewSyscallError(call, e.Err)
	}
	return err
}

// WriteTo is [UnixConn.WriteToUnix] for a [PacketConn]. It is a checkpoint.
func (c *UnixConn) WriteTo(p []byte, to Addr) (int, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	a, ok := to.(*UnixAddr)
	if !ok {
		return 0, c.failTo("write", to, syscall.EINVAL)
	}
	return c.WriteToUnix(p, a)
}

// WriteMsgUnix sends data with what is to go beside it in oob, such as descriptors made
// into a message by syscall.UnixRights; to is nil on a connected socket. It returns
// how much of both was sent. It is a checkpoint.
func (c *UnixConn) WriteMsgUnix(p, oob []byte, to *UnixAddr) (n, oobn int, err error) {
	if c.fd == nil {
		return 0, 0, syscall.EINVAL
	}
	n, err = c.sendUnix(p, oob, to)
	if err != nil {
		return n, 0, c.failTo("write", orNil(to), err)
	}
	return n, len(oob), nil
}

func (c *UnixConn) sendUnix(p, oob []byte, to *UnixAddr) (int, error) {
	if c.network == "unixgram" && c.dialed {
		return 0, ErrWriteToConnected
	}
	if to == nil {
		return c.fd.SendMsg(p, oob, nil)
	}
	if to.Net != c.network {
		return 0, syscall.EAFNOSUPPORT
	}
	return c.fd.SendMsg(p, oob, &unix.SockaddrUnix{Name: to.Name})
}
