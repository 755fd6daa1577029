package net_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

func reset(t *testing.T, c *net.TCPConn) {
	t.Helper()
	must(t, c.SetLinger(0))
	must(t, c.Close())
}

func isReset(t *testing.T, op string, err error, want error) {
	t.Helper()
	var e *net.OpError
	if !errors.Is(err, want) || !errors.As(err, &e) || e.Op != op || e.Timeout() {
		t.Errorf("%v, want an OpError of a %s that wraps %v", err, op, want)
	}
}

func TestResetIsAnErrorOfTheNextCall(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, _ func(...func())) {
		reset(t, b)
		_, err := a.Read(make([]byte, 1))
		isReset(t, "read", err, syscall.ECONNRESET)
		_, err = a.Write(make([]byte, 1)) // told once, as by the system
		isReset(t, "write", err, syscall.EPIPE)
	})
}

// A hang-up and an error concern both directions.
//
// holds: 68
func TestResetWakesReaderAndWriter(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		failed := 0
		var waiting []*task.Task
		for _, c := range calls[:2] {
			waiting = append(waiting, task.Go(func() {
				if err := c.call(a); errors.Is(err, syscall.ECONNRESET) {
					failed++
				} else if !errors.Is(err, syscall.EPIPE) {
					t.Errorf("%s: %v", c.name, err)
				}
			}))
		}
		settle()
		reset(t, b)
		for _, w := range waiting {
			w.Join()
		}
		if failed == 0 {
			t.Error("nobody was told of the reset")
		}
	})
}

func TestWritingToAPeerThatHasGoneFails(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, _ func(...func())) {
		must(t, b.Close())
		var err error
		for err == nil { // the first may be taken: the answer to it is the reset
			_, err = a.Write(make([]byte, 1<<16))
		}
		if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v, want EPIPE or ECONNRESET", err)
		}
	})
}
