//go:build unix

package socket

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// maxIO bounds one system call: some systems refuse counts of 2 GiB and more.
const maxIO = 1 << 30

// Settings is what a socket is made of.
type Settings struct {
	Family   int           // unix.AF_INET, AF_INET6, AF_UNIX
	Kind     int           // unix.SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW
	Protocol int           // 0 for the usual one of the kind
	Name     string        // for reports: "tcp connection to 192.0.2.1:80"
	Local    unix.Sockaddr // to bind to, nil for none
	// Only6 keeps an IPv6 socket from taking IPv4 too.
	Only6 bool
	// Control, if set, is called with the new descriptor before it is bound.
	Control func(fd int) error
}

// make opens and binds a socket.
func (s *Settings) make() (int, error) {
	l, _ := kernel.MustLoop("opening a socket")
	if e := l.Fault("socket"); e != 0 {
		return -1, fail("socket", e)
	}
	fd, err := open(s.Family, s.Kind, s.Protocol)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	bound := false
	defer func() {
		if !bound { // for a panic in Control as well
			_ = unix.Close(fd)
		}
	}()
	if err := s.prepare(fd); err != nil {
		return -1, os.NewSyscallError("setsockopt", err)
	}
	if s.Control != nil {
		if err := s.Control(fd); err != nil {
			return -1, err
		}
	}
	if s.Local != nil {
		if e := l.Fault("bind"); e != 0 {
			return -1, fail("bind", e)
		}
		if err := unix.Bind(fd, s.Local); err != nil {
			return -1, os.NewSyscallError("bind", err)
		}
	}
	bound = true
	return fd, nil
}

// prepare sets what the standard library sets on each socket.
func (s *Settings) prepare(fd int) error {
	if s.Family == unix.AF_INET6 && s.Kind != unix.SOCK_RAW {
		only := 0
		if s.Only6 {
			only = 1
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only) // refused where there is no choice
	}
	if s.Family != unix.AF_UNIX && (s.Kind == unix.SOCK_DGRAM || s.Kind == unix.SOCK_RAW) {
		// Of IPv6 too: it may send to addresses of IPv4.
		return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
	}
	return nil
}

// Open makes a socket that is connected to nobody, for datagrams. It is not a
// checkpoint.
func Open(s Settings) (*FD, error) {
	fd, err := s.make()
	if err != nil {
		return nil, err
	}
	return s.adopt(fd)
}

// adopt is New for the socket that was made.
func (s *Settings) adopt(fd int) (*FD, error) {
	f, err := New(fd, s.Name, s.Kind)
	if err == nil {
		f.piecewise = s.Family == unix.AF_UNIX
	}
	return f, err
}

// Listen makes a socket that takes connections. It is not a checkpoint.
func Listen(s Settings, backlog int) (*FD, error) {
	control := s.Control
	s.Control = func(fd int) error {
		// A restarted server must get its port back while old connections time out.
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
		if control != nil {
			return control(fd)
		}
		return nil
	}
	fd, err := s.make()
	if err != nil {
		return nil, err
	}
	if err := listen(fd, backlog); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("listen", err)
	}
	f, err := s.adopt(fd)
	if err == nil {
		// Nobody can have come yet: the first Accept need not look.
		f.desc.Blocked(kernel.Read)
	}
	return f, err
}

// listen is the system call, or the fault that a test has in its place.
func listen(fd, backlog int) error {
	if e := kernel.CurrentLoop().Fault("listen"); e != 0 {
		return e
	}
	return unix.Listen(fd, backlog)
}

// connect is the system call, or the fault that a test has in its place.
func connect(l *kernel.Loop, fd int, to unix.Sockaddr) error {
	if e := l.Fault("connect"); e != 0 {
		return e
	}
	return unix.Connect(fd, to)
}

// Connect makes a socket and connects it to an address. If the task is interrupted
// the socket is closed. It is a checkpoint.
func Connect(s Settings, to unix.Sockaddr) (*FD, error) {
	t := kernel.MustTask("connecting a socket")
	if !t.Checkpoint() {
		return nil, t.Interrupted()
	}
	fd, err := s.make()
	if err != nil {
		return nil, err
	}
	err = connect(t.Loop(), fd, to)
	// An interrupted connect goes on in the background, like one in progress.
	under := err == unix.EINPROGRESS || err == unix.EINTR || err == unix.EALREADY
	if err != nil && !under {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("connect", err)
	}
	f, err := s.adopt(fd)
	if err != nil || !under {
		return f, err
	}
	status, err := f.connected(t)
	if status == kernel.Ready && err == nil {
		return f, nil
	}
	_ = f.Close() // before Interrupted, which does not return for a kill
	if status != kernel.Ready {
		return nil, failure(t, status)
	}
	return nil, err
}

// connected waits for the end of a connect.
func (f *FD) connected(t *kernel.Task) (kernel.Status, error) {
	d := f.desc
	if s := d.Acquire(t, kernel.Write); s != kernel.Ready {
		return s, nil
	}
	defer d.Release(kernel.Write)
	for {
		d.Blocked(kernel.Write)
		if s := d.Wait(t, kernel.Write); s != kernel.Ready {
			return s, nil
		}
		if e := d.Loop().Fault("getsockopt"); e != 0 {
			return kernel.Ready, os.NewSyscallError("getsockopt", e)
		}
		code, err := unix.GetsockoptInt(d.FD(), unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil {
			return kernel.Ready, os.NewSyscallError("getsockopt", err)
		}
		switch e := syscall.Errno(code); e {
		case 0, unix.EISCONN:
			// A report can come early; only a socket that has a peer is connected.
			if _, err := unix.Getpeername(d.FD()); err == nil {
				return kernel.Ready, nil
			}
		case unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
		default:
			return kernel.Ready, os.NewSyscallError("connect", e)
		}
	}
}

// Accept waits for a connection and calls setup with it and the peer's address, in
// a task of the listener's loop whoever calls; what names it in reports.
// Connections that were gone before they could be accepted are passed over. It is
// a checkpoint.
func (f *FD) Accept(what string, setup func(conn *FD, from unix.Sockaddr)) error {
	t := f.task()
	if t == nil {
		_, err := Carry(f.Loop(), func() (none struct{}, err error) { return none, f.Accept(what, setup) })
		return err
	}
	fd := -1
	var from unix.Sockaddr
	err := f.do(t, kernel.Read, acceptCall, func() syscall.Errno {
		var refused error
		fd, from, refused = accept(f.desc.FD())
		var e syscall.Errno
		if errors.As(refused, &e) && e == syscall.ECONNABORTED {
			return syscall.EINTR // the peer has given up: take the next
		}
		return e
	})
	if err != nil {
		return err
	}
	conn, err := New(fd, what, f.kind)
	if err != nil {
		return err
	}
	conn.piecewise = f.piecewise
	setup(conn, from)
	return nil
}
