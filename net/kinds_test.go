package net_test

import (
	"errors"
	stdnet "net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
)

// A kind is a way to connect two ends.
type kind struct {
	name string
	// pair makes the two ends. To be called in a task.
	pair func(t testing.TB) (a, b net.Conn)
}

var kinds = []kind{
	{"tcp", func(t testing.TB) (a, b net.Conn) { return pair(t) }},
	{"unix", func(t testing.TB) (a, b net.Conn) { return unixPair(t, "unix") }},
	{"unixpacket", func(t testing.TB) (a, b net.Conn) { return unixPair(t, "unixpacket") }},
	{"pipe", func(testing.TB) (a, b net.Conn) { return net.Pipe() }},
}

// unixPair makes the two ends of a Unix socket; it skips the test where the system has
// none of that kind. To be called in a task.
func unixPair(t testing.TB, network string) (dialed, accepted *net.UnixConn) {
	t.Helper()
	l, err := net.ListenUnix(network, &net.UnixAddr{Name: socketFile(t), Net: network})
	if errors.Is(err, syscall.EPROTONOSUPPORT) {
		t.Skip("the system has no " + network)
	}
	must(t, err)
	defer l.Close()
	c, err := net.Dial(network, l.Addr().String())
	must(t, err)
	s, err := l.AcceptUnix()
	must(t, err)
	return c.(*net.UnixConn), s
}

// datagramPair makes a socket for datagrams and one that is connected to it.
func datagramPair(t *testing.T, network string) (from net.Conn, to net.PacketConn) {
	t.Helper()
	address := apart() + ":0"
	if network == "unixgram" {
		address = socketFile(t)
	}
	to, err := net.ListenPacket(network, address)
	must(t, err)
	from, err = net.Dial(network, to.LocalAddr().String())
	must(t, err)
	return from, to
}

// socketFile is a path for a Unix socket. A path in the test's own directory, which has
// the test's name in it, may be longer than the system allows.
func socketFile(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "net")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "socket")
}

// ownLoop makes two ends on a loop that runs on a goroutine of its own until stop is
// called, which closes them first.
func ownLoop(t testing.TB, k kind) (loop *runtime.Loop, a, b stdnet.Conn, stop func(), err error) {
	loop, err = runtime.New()
	if err != nil {
		return nil, nil, nil, nil, err
	}
	over := make(chan error, 1)
	go func() { over <- loop.RunForever() }()
	err = loop.Do(func() error {
		a, b = k.pair(t)
		return nil
	})
	stop = func() {
		if a != nil {
			_, _ = a.Close(), b.Close() // the test may have done so
		}
		loop.Stop()
		if err := errors.Join(<-over, loop.Close()); err != nil {
			t.Error(err)
		}
	}
	if err != nil {
		stop()
		return nil, nil, nil, nil, err
	}
	return loop, a, b, stop, nil
}
