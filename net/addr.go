//go:build unix

package net

import (
	stdnet "net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

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
	zone, err := zoneID(a.Zone)
	return &unix.SockaddrInet6{Port: a.Port, Addr: [16]byte(ip), ZoneId: zone}, err
}

// fromSockaddr is the way back; nil for what is no TCP address.
func fromSockaddr(sa unix.Sockaddr) Addr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return &TCPAddr{IP: stdnet.IP(sa.Addr[:]), Port: sa.Port}
	case *unix.SockaddrInet6:
		return &TCPAddr{IP: stdnet.IP(sa.Addr[:]), Port: sa.Port, Zone: zoneName(sa.ZoneId)}
	}
	return nil
}

// zoneID finds the number of a zone, which is an interface's name or a number.
func zoneID(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	ifi, err := stdnet.InterfaceByName(zone)
	if err != nil {
		return 0, err
	}
	return uint32(ifi.Index), nil
}

func zoneName(id uint32) string {
	if id == 0 {
		return ""
	}
	if ifi, err := stdnet.InterfaceByIndex(int(id)); err == nil {
		return ifi.Name
	}
	return strconv.FormatUint(uint64(id), 10)
}

// familyOf tells the address family for a connection to a, or from a.
func familyOf(a *TCPAddr) int {
	if a != nil && a.IP.To4() == nil && len(a.IP) > 0 {
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
