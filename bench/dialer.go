//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// perAddress is how many connections go out from one address. It has some 28,000
// ports; the loopback network has many addresses.
const perAddress = 20_000

// dialer makes connections to a server, and takes those that a proxy makes.
type dialer struct {
	to       netip.AddrPort
	kind     int // unix.SOCK_STREAM, unix.SOCK_DGRAM
	arrivals int // a listener to which a proxy connects
	checked  int64
}

// dial makes the connection with that index.
func (d *dialer) dial(i int) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, d.kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	if d.kind == unix.SOCK_STREAM {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if from := i / perAddress; from > 0 {
		// The port is chosen by connect, where it must be unlike others of the same peer
		// only.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(1 + from)}}); err != nil {
			_ = unix.Close(fd)
			return -1, fmt.Errorf("bind: %w", err)
		}
	}
	err = unix.Connect(fd, &unix.SockaddrInet4{Addr: d.to.Addr().As4(), Port: int(d.to.Port())})
	if err == unix.EINPROGRESS { // the server's queue is full, or it is slow
		err = await(fd, unix.POLLOUT)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("connect: %w", err)
	}
	return fd, nil
}

// await waits for a descriptor, at most 10 seconds.
func await(fd int, events int16) error {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, int(10*time.Second/time.Millisecond))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		case n == 0:
			return errors.New("nothing happened for 10 seconds")
		default:
			return nil
		}
	}
}

// arrival takes the connection that a proxy makes for the one just dialed.
func (d *dialer) arrival() (int, error) {
	if err := await(d.arrivals, unix.POLLIN); err != nil {
		return -1, fmt.Errorf("the proxy does not connect: %w", err)
	}
	fd, _, err := unix.Accept4(d.arrivals, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	return fd, err
}

// hangUp ends a connection by a reset, which leaves nothing behind on either side;
// after an orderly end the port would be taken for a minute.
func hangUp(fd int) {
	_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	_ = unix.Close(fd)
}
