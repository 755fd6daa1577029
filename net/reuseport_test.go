package net_test

import (
	"context"
	stdnet "net"
	"strings"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
)

// Sockets that were made with it share a port, ours and the standard library's; one
// that was not is kept out.
func TestReusePort(t *testing.T) {
	run(t, func() {
		ctx := context.Background()
		ours := net.ListenConfig{Control: net.ReusePort}
		theirs := stdnet.ListenConfig{Control: net.ReusePort}
		l, err := ours.Listen(ctx, "tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close()
		for range 2 {
			again, err := ours.Listen(ctx, "tcp", l.Addr().String())
			must(t, err)
			defer again.Close()
			std, err := theirs.Listen(ctx, "tcp", l.Addr().String())
			must(t, err)
			defer std.Close()
			if again.Addr().String() != l.Addr().String() || std.Addr().String() != l.Addr().String() {
				t.Errorf("they listen at %v and %v, want %v", again.Addr(), std.Addr(), l.Addr())
			}
		}
		if other, err := net.Listen("tcp", l.Addr().String()); err == nil {
			_ = other.Close()
			t.Error("a listener without it got the same port")
		}
		packets, err := ours.ListenPacket(ctx, "udp", "127.0.0.1:0")
		must(t, err)
		defer packets.Close()
		more, err := theirs.ListenPacket(ctx, "udp", packets.LocalAddr().String())
		must(t, err)
		defer more.Close()
	})
}

func TestReusePortRefusesSocketsWithoutPorts(t *testing.T) {
	run(t, func() {
		config := net.ListenConfig{Control: net.ReusePort}
		_, err := config.Listen(context.Background(), "unix", t.TempDir()+"/s")
		if err == nil || !strings.Contains(err.Error(), "leave it out") {
			t.Errorf("of a Unix socket it says %v", err)
		}
	})
}

// broken is a socket that nothing can be done with.
type broken struct{ syscall.RawConn }

func (broken) Control(func(fd uintptr)) error { return net.ErrClosed }

// descriptorless is a socket with a number that is none.
type descriptorless struct{ syscall.RawConn }

func (descriptorless) Control(f func(fd uintptr)) error {
	f(^uintptr(0))
	return nil
}

func TestReusePortTellsOfFailures(t *testing.T) {
	if err := net.ReusePort("tcp", "", broken{}); err != net.ErrClosed {
		t.Errorf("of a closed socket it says %v", err)
	}
	if err := net.ReusePort("tcp", "", descriptorless{}); err == nil || !strings.Contains(err.Error(), "setsockopt") {
		t.Errorf("of no socket at all it says %v", err)
	}
}
