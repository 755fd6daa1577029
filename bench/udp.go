//go:build linux

package main

import (
	stdnet "net"
	"net/netip"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// udpArea has our server from udp_evergreen.go.
var udpArea = &area{
	name: "udp", title: "UDP echo", peers: udpEchoers,
	metrics:  append([]*metric{lost}, requests...),
	about:    "As TCP echo, with one socket at the server. The load generator sends again what does not come back.",
	pictures: []picture{bars(cpu, "UDP echo of 64 bytes, server on one processor")},
	scenes: []scene{
		exchange("64 B x 1", load{conns: 1, size: 64, udp: true}),
		exchange("64 B x 100", load{conns: 100, size: 64, udp: true}),
	},
}

var udpEchoers = []peer{
	{name: "net", serve: func(j job, ready func(string)) error {
		c, err := stdnet.ListenUDP("udp4", &stdnet.UDPAddr{IP: stdnet.IPv4(127, 0, 0, 1)})
		if err != nil {
			return err
		}
		ready(c.LocalAddr().String())
		return echoPackets(c, j.buffer())
	}},
	{name: "epoll", serve: rawUDP},
}

// packetConn is the part of a UDP connection that an echo server needs.
type packetConn interface {
	ReadFromUDPAddrPort(p []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(p []byte, to netip.AddrPort) (int, error)
}

func echoPackets(c packetConn, size int) error {
	buf := make([]byte, size)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return err
		}
		if _, err := c.WriteToUDPAddrPort(buf[:n], from); err != nil {
			return err
		}
	}
}

// rawUDP is the floor: it reads until there is nothing, and then waits.
func rawUDP(j job, ready func(string)) error {
	fd, err := bindRaw(unix.SOCK_DGRAM)
	if err != nil {
		return err
	}
	addr, err := addrRaw(fd)
	if err != nil {
		return err
	}
	ready(addr)
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	buf := make([]byte, j.buffer())
	var from unix.RawSockaddrInet4
	for {
		size := uint32(unsafe.Sizeof(from))
		n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)),
			0, uintptr(unsafe.Pointer(&from)), uintptr(unsafe.Pointer(&size)))
		switch e {
		case 0:
			_, _, _ = unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&buf[0])), n,
				0, uintptr(unsafe.Pointer(&from)), uintptr(size))
		case unix.EAGAIN:
			if _, _, e := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&fds[0])), 1, 0, 0, 0, 0); e == unix.EINTR {
				runtime.Gosched() // see rawLoop.run
			}
		case unix.EINTR:
		default:
			return e
		}
	}
}
