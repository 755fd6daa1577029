package net_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
)

// socketOf tells which socket a number stands for, 0 for none.
func socketOf(fd uintptr) uint64 {
	var s unix.Stat_t
	if unix.Fstat(int(fd), &s) != nil {
		return 0
	}
	return s.Ino
}

// What SyscallConn's Control calls may call the connection in turn, also when the loop
// does not run. The number is its own until it returns.
func TestControlMayCloseWhereTheLoopDoesNotRun(t *testing.T) {
	loop, err := runtime.New()
	must(t, err)
	defer func() { must(t, loop.Close()) }()
	var c *net.TCPConn
	must(t, loop.Run(func() {
		var other net.Conn
		c, other = pair(t)
		must(t, other.Close())
	}))
	raw, err := c.SyscallConn()
	must(t, err)
	var number uintptr
	var socket, afterwards uint64
	over := make(chan error, 1)
	go func() {
		over <- raw.Control(func(fd uintptr) {
			number, socket = fd, socketOf(fd)
			if err := c.SetDeadline(time.Time{}); err != nil {
				t.Error(err)
			}
			if err := raw.Control(func(uintptr) {}); err != nil {
				t.Error(err)
			}
			if err := loop.Run(func() { // which locks that are held would keep from starting
				if _, err := c.Read(make([]byte, 1)); err == nil {
					t.Error("the end of the stream was not seen")
				}
			}); err != nil {
				t.Error(err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			afterwards = socketOf(fd)
		})
	}()
	select {
	case err := <-over:
		must(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("Control does not return")
	}
	if socket == 0 || afterwards != socket {
		t.Errorf("in Control the number stood for %d and, after Close, for %d", socket, afterwards)
	}
	if socketOf(number) == socket {
		t.Error("after Control the socket is still open")
	}
	if err := raw.Control(func(uintptr) { t.Error("it was called with a closed socket") }); err != net.ErrClosed {
		t.Errorf("Control of a closed socket returns %v", err)
	}
}
