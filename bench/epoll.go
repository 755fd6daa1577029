//go:build linux

package main

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawLoop is the floor: the least that a single-threaded server in Go can do. One
// locked thread, level-triggered epoll, raw system calls, one table by descriptor.
type rawLoop struct {
	ep, listener int
	conns        []*rawConn // by descriptor
	ready        func(*rawLoop, *rawConn)
	opened       []func(*rawLoop, *rawConn)
}

// rawConn is a connection of a rawLoop.
type rawConn struct {
	fd     int
	unsent []byte   // what the peer has not taken yet; nothing is read meanwhile
	other  *rawConn // of a proxy: where to send what comes
	pipe   [2]int   // of a proxy: what is on the way to other
	held   int      // bytes in the pipe
	stuck  bool     // they wait for room in other
}

// rawStream accepts connections and calls ready whenever one can be read or, if it
// waits for that, written. opened, if given, is called with a new one first.
func rawStream(announce func(string), ready func(*rawLoop, *rawConn), opened ...func(*rawLoop, *rawConn)) error {
	fd, addr, err := listenRaw()
	if err != nil {
		return err
	}
	l, err := newRawLoop(fd)
	if err != nil {
		return err
	}
	l.ready, l.opened = ready, opened
	announce(addr)
	return l.run()
}

func newRawLoop(listener int) (*rawLoop, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	l := &rawLoop{ep: ep, listener: listener}
	if err == nil {
		err = l.control(unix.EPOLL_CTL_ADD, listener, unix.EPOLLIN)
	}
	return l, err
}

func (l *rawLoop) control(op, fd int, events uint32) error {
	return unix.EpollCtl(l.ep, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

// run is the loop.
func (l *rawLoop) run() error {
	runtime.LockOSThread()
	events := make([]unix.EpollEvent, 256)
	for {
		n, _, e := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(l.ep), uintptr(unsafe.Pointer(&events[0])),
			uintptr(len(events)), ^uintptr(0), 0, 0)
		if e == unix.EINTR {
			runtime.Gosched() // it may be Go's collector that wants us to stop: nothing else here would
			continue
		}
		if e != 0 {
			return e
		}
		for i := range events[:n] {
			fd := int(events[i].Fd)
			if fd == l.listener {
				l.accept()
			} else if c := l.conns[fd]; c != nil {
				l.ready(l, c)
			}
		}
	}
}

// accept takes one connection; if there are more, the next wait says so.
func (l *rawLoop) accept() {
	// Not unix.Accept4, which looks the peer's address up and asks for the protocol.
	fd, _, e := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(l.listener), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if e == 0 {
		c := l.add(int(fd))
		for _, f := range l.opened {
			f(l, c)
		}
	}
}

func (l *rawLoop) add(fd int) *rawConn {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	for len(l.conns) <= fd {
		l.conns = append(l.conns, nil)
	}
	c := &rawConn{fd: fd}
	l.conns[fd] = c
	_ = l.control(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN)
	return c
}

func (l *rawLoop) close(c *rawConn) {
	l.conns[c.fd] = nil
	_ = unix.Close(c.fd)
}

// echo sends back what has come.
func (l *rawLoop) echo(c *rawConn, buf []byte) {
	if len(c.unsent) > 0 {
		n, ok := l.write(c, c.unsent)
		if c.unsent = c.unsent[n:]; ok && len(c.unsent) == 0 {
			_ = l.control(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN)
		}
		return
	}
	n, _, e := unix.RawSyscall(unix.SYS_READ, uintptr(c.fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)))
	switch {
	case e == unix.EAGAIN || e == unix.EINTR:
	case e != 0 || n == 0:
		l.close(c)
	default:
		if k, ok := l.write(c, buf[:n]); ok && k < int(n) {
			c.unsent = append([]byte(nil), buf[k:n]...)
			_ = l.control(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLOUT)
		}
	}
}

// write writes what the peer takes; it returns false if the connection is over.
func (l *rawLoop) write(c *rawConn, p []byte) (int, bool) {
	n, _, e := unix.RawSyscall(unix.SYS_WRITE, uintptr(c.fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	switch e {
	case 0:
		return int(n), true
	case unix.EAGAIN, unix.EINTR:
		return 0, true
	}
	l.close(c)
	return 0, false
}

// listenRaw makes a listener at a free port.
func listenRaw() (fd int, addr string, err error) {
	fd, err = bindRaw(unix.SOCK_STREAM)
	if err == nil {
		err = unix.Listen(fd, 4096)
	}
	if err != nil {
		return -1, "", err
	}
	addr, err = addrRaw(fd)
	return fd, addr, err
}

func bindRaw(kind int) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	return fd, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
}

func addrRaw(fd int) (string, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("127.0.0.1:%d", sa.(*unix.SockaddrInet4).Port), nil
}
