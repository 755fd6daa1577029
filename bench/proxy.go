//go:build linux

package main

import (
	"io"
	stdnet "net"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// proxyArea sends messages through a server to a backend, which is the load
// generator too: a message is over when all of it has arrived there.
var proxyArea = &area{
	name: "proxy", title: "Copy between two sockets", metrics: requests,
	about:    "Each connection is relayed to one of its own, both ways, by `io.Copy`, which finds splice in net and in ours.",
	pictures: []picture{bars(cpu, "Proxy, one processor")},
	peers: []peer{
		{name: "net", serve: func(j job, ready func(string)) error {
			return stdStream(ready, func(c stdnet.Conn) {
				relay(c, func() (stdnet.Conn, error) { return stdnet.Dial("tcp", j.Backend) }, func(f func()) { go f() })
			})
		}},
		{name: us, serve: func(j job, ready func(string)) error {
			return ourStream(ready, func(c stdnet.Conn) {
				relay(c, func() (stdnet.Conn, error) { return net.Dial("tcp", j.Backend) }, func(f func()) { task.Go(f) })
			})
		}},
		{name: "epoll", serve: rawProxy},
	},
	scenes: []scene{
		exchange("64 B x 100", load{conns: 100, size: 64, backend: true}),
		exchange("64 KiB x 100", load{conns: 100, size: 64 << 10, backend: true}),
	},
}

// relay copies both ways between a connection and one to the backend.
func relay(c stdnet.Conn, dial func() (stdnet.Conn, error), spawn func(func())) {
	defer c.Close()
	to, err := dial()
	if err != nil {
		return
	}
	defer to.Close()
	spawn(func() {
		_, _ = io.Copy(c, to)
		_ = c.Close()
	})
	_, _ = io.Copy(to, c)
}

// rawProxy is the floor: it moves data from socket to socket by way of a pipe, and
// never sees it.
func rawProxy(j job, ready func(string)) error {
	backend, err := stdnet.ResolveTCPAddr("tcp4", j.Backend)
	if err != nil {
		return err
	}
	to := &unix.SockaddrInet4{Port: backend.Port, Addr: [4]byte(backend.IP.To4())}
	return rawStream(ready, (*rawLoop).forward, func(l *rawLoop, c *rawConn) {
		if !l.pair(c, to) {
			l.close(c)
		}
	})
}

// pair connects a connection to the backend.
func (l *rawLoop) pair(c *rawConn, to unix.Sockaddr) bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	if unix.Connect(fd, to) != nil || unix.SetNonblock(fd, true) != nil {
		_ = unix.Close(fd)
		return false
	}
	other := l.add(fd)
	c.other, other.other = other, c
	for _, one := range []*rawConn{c, other} {
		if unix.Pipe2(one.pipe[:], unix.O_NONBLOCK|unix.O_CLOEXEC) != nil {
			return false
		}
	}
	return true
}

// forward moves what has come on c to the other connection. While the other takes no
// more, c is not read; the other is watched for room instead.
func (l *rawLoop) forward(c *rawConn) {
	const most = 1 << 20
	if back := c.other; back.held > 0 {
		l.drain(back) // c has room again
	}
	if c.held > 0 {
		return
	}
	n, err := unix.Splice(c.fd, nil, c.pipe[1], nil, most, spliceFlags)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
	case err != nil || n == 0:
		l.close(c)
		if l.conns[c.other.fd] == c.other {
			l.close(c.other)
		}
	default:
		c.held += int(n)
		l.drain(c)
	}
}

const spliceFlags = unix.SPLICE_F_NONBLOCK | unix.SPLICE_F_MOVE

// drain moves what is in the pipe on.
func (l *rawLoop) drain(c *rawConn) {
	n, err := unix.Splice(c.pipe[0], nil, c.other.fd, nil, c.held, spliceFlags)
	if err == nil {
		c.held -= int(n)
	}
	switch {
	case c.held > 0 && !c.stuck:
		c.stuck = true
		_ = l.control(unix.EPOLL_CTL_MOD, c.fd, 0)
		_ = l.control(unix.EPOLL_CTL_MOD, c.other.fd, unix.EPOLLIN|unix.EPOLLOUT)
	case c.held == 0 && c.stuck:
		c.stuck = false
		_ = l.control(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN)
		_ = l.control(unix.EPOLL_CTL_MOD, c.other.fd, unix.EPOLLIN)
	}
}
