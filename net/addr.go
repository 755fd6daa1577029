//go:build unix

package net

import (
	stdnet "net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/socket"
)

// A *TCPAddr stands for an address of any protocol over IP in here: a UDPAddr has the
// same fields, and an IPAddr is one without a port.

// ofUDP and ofIP are that address for others; nil for nil.
func ofUDP(a *UDPAddr) *TCPAddr { return (*TCPAddr)(a) }

func ofIP(a *IPAddr) *TCPAddr {
	if a == nil {
		return nil
	}
	return &TCPAddr{IP: a.IP, Zone: a.Zone}
}

// toSockaddr converts an address for the system. Where family is AF_INET6 an IPv4
// address is mapped; without an address it is the wildcard.
func toSockaddr(a *TCPAddr, family int) (unix.Sockaddr, error) {
	if family == unix.AF_INET {
		ip := a.IP.To4()
		if len(a.IP) == 0 {
			ip = stdnet.IPv4zero.To4()
		}
		if ip == nil {
			return nil, &AddrError{Err: "non-IPv4 address", Addr: a.IP.String()}
		}
		return &unix.SockaddrInet4{Port: a.Port, Addr: [4]byte(ip)}, nil
	}
	ip := a.IP.To16()
	if len(a.IP) == 0 || a.IP.Equal(stdnet.IPv4zero) {
		ip = stdnet.IPv6zero
	}
	if ip == nil {
		return nil, &AddrError{Err: "non-IPv6 address", Addr: a.IP.String()}
	}
	return &unix.SockaddrInet6{Port: a.Port, Addr: [16]byte(ip), ZoneId: zoneID(a.Zone)}, nil
}

// toPeer is toSockaddr for datagrams.
func toPeer(a *TCPAddr, family int) (socket.Peer, error) {
	sa, err := toSockaddr(a, family)
	if err != nil {
		return socket.Peer{}, err
	}
	if a.Port < 0 || a.Port > 1<<16-1 {
		return socket.Peer{}, os.NewSyscallError("sendto", syscall.EINVAL)
	}
	if sa, ok := sa.(*unix.SockaddrInet6); ok {
		return socket.Peer{IP: netip.AddrFrom16(sa.Addr), Port: uint16(a.Port), Zone: sa.ZoneId}, nil
	}
	return socket.Peer{IP: netip.AddrFrom4(sa.(*unix.SockaddrInet4).Addr), Port: uint16(a.Port)}, nil
}

// peerOf is toPeer for an address of the other kind, and allocates nothing.
func peerOf(a netip.AddrPort, family int) (socket.Peer, error) {
	ip := a.Addr()
	if family == unix.AF_INET {
		if !ip.Is4() && !ip.Is4In6() {
			return socket.Peer{}, &AddrError{Err: "non-IPv4 address", Addr: ip.String()}
		}
		return socket.Peer{IP: ip.Unmap(), Port: a.Port()}, nil
	}
	return socket.Peer{IP: netip.AddrFrom16(ip.As16()), Port: a.Port(), Zone: zoneID(ip.Zone())}, nil
}

// sockaddrOf is an address of that kind for the system.
func sockaddrOf(p socket.Peer) unix.Sockaddr {
	if p.IP.Is4() {
		return &unix.SockaddrInet4{Port: int(p.Port), Addr: p.IP.As4()}
	}
	return &unix.SockaddrInet6{Port: int(p.Port), Addr: p.IP.As16(), ZoneId: p.Zone}
}

// addrPort is the way back.
func addrPort(p socket.Peer) netip.AddrPort {
	ip := p.IP
	if p.Zone != 0 {
		ip = ip.WithZone(zoneName(p.Zone))
	}
	return netip.AddrPortFrom(ip, p.Port)
}

// toAddr is the way back from the system, for a socket of the network; nil for what
// is no address.
func toAddr(sa unix.Sockaddr, network string) Addr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return inetAddr(network, TCPAddr{IP: sa.Addr[:], Port: sa.Port})
	case *unix.SockaddrInet6:
		return inetAddr(network, TCPAddr{IP: sa.Addr[:], Port: sa.Port, Zone: zoneName(sa.ZoneId)})
	case *unix.SockaddrUnix:
		return &UnixAddr{Name: sa.Name, Net: network}
	}
	return nil
}

// orNil makes a nil pointer a nil interface.
func orNil[T any, P interface {
	*T
	Addr
}](a P) Addr {
	if a == nil {
		return nil
	}
	return a
}

// familyOf tells the address family for a connection to a, or from a.
func familyOf(a *TCPAddr) int {
	if a != nil && a.IP.To4() == nil && len(a.IP) > IPv4len {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

// ipv6 tells whether the system has IPv6. It is found out once.
var ipv6 = func() bool {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrInet6{Addr: [16]byte(stdnet.IPv6loopback)}) == nil
}()

// backlog is how many connections the system keeps ready for Accept: its own
// maximum where it tells, as in the standard library.
var backlog = func() int {
	text, err := os.ReadFile("/proc/sys/net/core/somaxconn")
	if err != nil {
		return unix.SOMAXCONN
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || n <= 0 {
		return unix.SOMAXCONN
	}
	return min(n, 1<<16-1)
}()
