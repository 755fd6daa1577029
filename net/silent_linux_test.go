package net_test

import (
	"errors"
	stdnet "net"
	"strconv"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
)

// silent returns an address of this machine that does not answer: a listener whose
// queue is full, so that the system drops what comes.
func silent(t *testing.T) (address string) {
	t.Helper()
	return "127.0.0.1:" + silentPort(t, syscall.AF_INET, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
}

// silentIPv6 is silent for the IPv6 address of this machine, and returns the port. For
// IPv4 nobody listens there, and until the test ends nobody but the test will: it is held by
// a socket that does not listen.
func silentIPv6(t *testing.T) (port string) {
	t.Helper()
	for {
		port = silentPort(t, syscall.AF_INET6, &syscall.SockaddrInet6{Addr: [16]byte(net.IPv6loopback)})
		number, err := strconv.Atoi(port)
		must(t, err)
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
		must(t, err)
		t.Cleanup(func() { _ = syscall.Close(fd) })
		must(t, syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)) // shared with who listens, and asks for the number
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Port: number, Addr: [4]byte{127, 0, 0, 1}})
		if err == nil {
			return port
		}
		if err != syscall.EADDRINUSE { // somebody has it for IPv4: take another
			t.Fatal(err)
		}
	}
}

func silentPort(t *testing.T, family int, at syscall.Sockaddr) (port string) {
	t.Helper()
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if errors.Is(err, syscall.EAFNOSUPPORT) {
		t.Skip("the system has no such family")
	}
	must(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	must(t, syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)) // an earlier test's connections may linger
	if err = syscall.Bind(fd, at); errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Skip("this machine has no such address")
	}
	must(t, err)
	must(t, syscall.Listen(fd, 0))
	host := ""
	at, err = syscall.Getsockname(fd)
	must(t, err)
	switch at := at.(type) {
	case *syscall.SockaddrInet4:
		host, port = "127.0.0.1", strconv.Itoa(at.Port)
	case *syscall.SockaddrInet6:
		host, port = "::1", strconv.Itoa(at.Port)
	}
	c, err := stdnet.Dial("tcp", net.JoinHostPort(host, port))
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return port
}
