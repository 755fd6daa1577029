//go:build linux

package main

import (
	"fmt"
	"io"
	stdnet "net"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// echoServers are the peers. Each listens on a free port of the loopback address,
// prints the address, and serves until it is killed.
var echoServers = map[string]func() error{
	"evergreen": evergreenEcho,
	"net":       netEcho,
	"epoll":     epollEcho,
}

// echoNames is the order of the peers; the first is what the others are compared
// with.
var echoNames = []string{"net", "evergreen", "epoll"}

func evergreenEcho() error {
	return runtime.Run(func() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		fmt.Println(l.Addr())
		for {
			c, err := l.Accept()
			if err != nil {
				panic(err)
			}
			task.Go(func() { echoConn(c) })
		}
	})
}

func netEcho() error {
	l, err := stdnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go echoConn(c)
	}
}

func echoConn(c stdnet.Conn) {
	defer c.Close()
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

// epollEcho is the floor: the least that a single-threaded server in Go can do.
func epollEcho() error {
	l, port, err := listenRaw()
	if err != nil {
		return err
	}
	ep, err := unix.EpollCreate1(0)
	if err != nil {
		return err
	}
	add := func(fd int) error {
		return unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
	}
	if err := add(l); err != nil {
		return err
	}
	fmt.Printf("127.0.0.1:%d\n", port)
	events := make([]unix.EpollEvent, 256)
	buf := make([]byte, 4096)
	for {
		n, err := unix.EpollWait(ep, events, -1)
		if err != nil && err != unix.EINTR {
			return err
		}
		for i := range max(n, 0) {
			fd := int(events[i].Fd)
			if fd == l {
				if c, _, err := unix.Accept4(l, unix.SOCK_NONBLOCK); err == nil {
					_ = unix.SetsockoptInt(c, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
					_ = add(c)
				}
				continue
			}
			if got, err := unix.Read(fd, buf); err == nil && got > 0 {
				_, err = unix.Write(fd, buf[:got])
				if err == nil {
					continue
				}
			} else if err == unix.EAGAIN {
				continue
			}
			_ = unix.Close(fd)
		}
	}
}

func listenRaw() (fd, port int, err error) {
	if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0); err != nil {
		return 0, 0, err
	}
	if err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, 0, err
	}
	if err = unix.Listen(fd, 4096); err != nil {
		return 0, 0, err
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return 0, 0, err
	}
	return fd, sa.(*unix.SockaddrInet4).Port, nil
}

// echo runs the area and prints its table.
func echo(w io.Writer, rounds int, l load) error {
	all := map[string][]result{}
	for range rounds {
		for _, name := range echoNames {
			r, err := measure(name, l)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			all[name] = append(all[name], r)
		}
	}
	fmt.Fprintf(w, "## TCP echo, %d bytes, %d connections, %d rounds of %v\n\n", l.size, l.conns, rounds, l.length)
	fmt.Fprintln(w, "Ratios to Go's net: median (smallest to largest). The rest are medians.")
	fmt.Fprintln(w)
	fmt.Fprintln(w, "| server | requests/s | CPU us/request | p50 us | p99 us | requests/s, ratio | CPU, ratio | p99, ratio |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|")
	for _, name := range echoNames {
		var v [7]spread
		for i, r := range all[name] {
			base := all[echoNames[0]][i]
			for j, x := range []float64{r.rate, r.cpu, r.p50, r.p99, r.rate / base.rate, r.cpu / base.cpu, r.p99 / base.p99} {
				v[j] = append(v[j], x)
			}
		}
		fmt.Fprintf(w, "| %s | %.0f | %.2f | %.0f | %.0f | %v | %v | %v |\n",
			name, v[0].median(), v[1].median(), v[2].median(), v[3].median(), v[4], v[5], v[6])
	}
	return nil
}
