package net_test

import (
	"fmt"
	stdnet "net"
	"syscall"
	"testing"
)

// silent returns an address of this machine that does not answer: a listener whose
// queue is full, so that the system drops what comes.
func silent(t *testing.T) (address string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	must(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(t, syscall.Listen(fd, 0))
	sa, err := syscall.Getsockname(fd)
	must(t, err)
	address = fmt.Sprintf("127.0.0.1:%d", sa.(*syscall.SockaddrInet4).Port)
	c, err := stdnet.Dial("tcp", address)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return address
}
