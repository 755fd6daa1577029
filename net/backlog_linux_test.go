package net_test

import (
	stdnet "net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/net"
)

// backlog asks the system how many connections may wait to be accepted, which it tells
// of a listener in a field that means something else for connections.
func backlog(t *testing.T, l any) uint32 {
	t.Helper()
	raw, err := l.(syscall.Conn).SyscallConn()
	must(t, err)
	var info *unix.TCPInfo
	must(t, raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }))
	must(t, err)
	return info.Sacked
}

// As many connections may wait to be accepted as with the standard library, which takes
// what the system is set up for.
func TestBacklogIsThatOfTheStandardLibrary(t *testing.T) {
	std, err := stdnet.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer std.Close()
	want := backlog(t, std)
	run(t, func() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close()
		if got := backlog(t, l); got != want || want == 0 {
			t.Errorf("%d may wait, want %d", got, want)
		}
	})
}
