//go:build unix

package net

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// FileConn makes a connection of a duplicate of the socket that f is, which the
// caller still closes. It belongs to the loop of the task that calls. It is not a
// checkpoint.
func FileConn(f *os.File) (Conn, error) {
	c, network, err := fromFile("net.FileConn", f)
	if err != nil {
		return nil, failFile(f, err)
	}
	switch network[0] {
	case 't':
		tcp := &TCPConn{c}
		tcp.prepare(0, KeepAliveConfig{})
		return tcp, nil
	case 'i':
		return &IPConn{c}, nil
	}
	if network == "udp" {
		return &UDPConn{c}, nil
	}
	return &UnixConn{c}, nil
}

// FilePacketConn is [FileConn] for a socket that receives datagrams. It is not a
// checkpoint.
func FilePacketConn(f *os.File) (PacketConn, error) {
	c, network, err := fromFile("net.FilePacketConn", f)
	if err != nil {
		return nil, failFile(f, err)
	}
	switch network {
	case "udp":
		return &UDPConn{c}, nil
	case "ip":
		return &IPConn{c}, nil
	case "unix", "unixgram", "unixpacket": // of any kind, as in the standard library
		return &UnixConn{c}, nil
	}
	_ = c.fd.Close()
	return nil, failFile(f, syscall.EINVAL)
}

// FileListener is [FileConn] for a socket that listens. It is not a checkpoint.
func FileListener(f *os.File) (Listener, error) {
	c, network, err := fromFile("net.FileListener", f)
	if err != nil {
		return nil, failFile(f, err)
	}
	l := newListener(c.fd, network, c.family, c.local)
	switch network {
	case "tcp":
		return &TCPListener{listener: l}, nil
	case "unix", "unixgram", "unixpacket":
		path := ""
		if a, ok := l.local.(*UnixAddr); ok {
			path = a.Name
		}
		return &UnixListener{listener: l, path: path}, nil // whoever made the file removes it
	}
	_ = c.fd.Close()
	return nil, failFile(f, syscall.EINVAL)
}

// fileAddr is the name of a file in an error.
type fileAddr string

func (fileAddr) Network() string  { return "file+net" }
func (a fileAddr) String() string { return string(a) }

func failFile(f *os.File, err error) error {
	return &OpError{Op: "file", Net: "file+net", Addr: fileAddr(f.Name()), Err: err}
}

// fromFile duplicates a socket and finds out what it is.
func fromFile(call string, f *os.File) (c conn, network string, err error) {
	kernel.MustLoop(call)
	raw, err := f.SyscallConn() // not Fd, which has the file block from then on
	if err != nil {
		return conn{}, "", err
	}
	twin := -1
	var refused error
	err = raw.Control(func(fd uintptr) { twin, refused = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	if err != nil {
		return conn{}, "", os.ErrClosed // what it is, in a form that can be compared with
	}
	if refused != nil {
		return conn{}, "", os.NewSyscallError("fcntl", refused)
	}
	network, family, kind, local, err := identify(twin)
	if err == nil {
		err = os.NewSyscallError("setnonblock", unix.SetNonblock(twin, true))
	}
	if err != nil {
		_ = unix.Close(twin)
		return conn{}, "", err
	}
	var remote Addr
	if sa, err := unix.Getpeername(twin); err == nil {
		remote = toAddr(sa, network)
	}
	fd, err := socket.New(twin, network+" socket of the file "+f.Name(), kind)
	if err != nil {
		return conn{}, "", err
	}
	if family == unix.AF_UNIX {
		fd.Piecewise()
	}
	return conn{fd: fd, network: network, family: family, local: local, remote: remote}, network, nil
}

// identify finds out what a socket is.
func identify(fd int) (network string, family, kind int, local Addr, err error) {
	kind, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return "", 0, 0, nil, os.NewSyscallError("getsockopt", err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return "", 0, 0, nil, os.NewSyscallError("getsockname", err)
	}
	switch sa.(type) {
	case *unix.SockaddrInet4:
		family = unix.AF_INET
	case *unix.SockaddrInet6:
		family = unix.AF_INET6
	case *unix.SockaddrUnix:
		for _, network := range []string{"unix", "unixgram", "unixpacket"} {
			if unixKind(network) == kind {
				return network, unix.AF_UNIX, kind, toAddr(sa, network), nil
			}
		}
		return "", 0, 0, nil, syscall.EPROTONOSUPPORT
	default:
		return "", 0, 0, nil, syscall.EPROTONOSUPPORT
	}
	switch kind {
	case unix.SOCK_STREAM:
		network = "tcp"
	case unix.SOCK_DGRAM:
		network = "udp"
	case unix.SOCK_RAW:
		network = "ip"
	default:
		return "", 0, 0, nil, syscall.EPROTONOSUPPORT
	}
	return network, family, kind, toAddr(sa, network), nil
}
