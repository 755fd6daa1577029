package net_test

import (
	"bytes"
	"errors"
	"io"
	stdnet "net"
	"os"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// calls wait on a connection whose peer is silent and does not read.
var calls = []struct {
	name string
	call func(c *net.TCPConn) error
}{
	{"Read", func(c *net.TCPConn) error { _, err := c.Read(make([]byte, 1)); return err }},
	{"Write", func(c *net.TCPConn) error { _, err := c.Write(lots); return err }},
	{"RawConn.Read", func(c *net.TCPConn) error {
		raw, err := c.SyscallConn()
		if err != nil {
			return err
		}
		return raw.Read(func(uintptr) bool { return false })
	}},
}

// holds: 64
func TestCloseEndsWhatWaits(t *testing.T) {
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			run(t, func() {
				a, b := pair(t)
				defer b.Close()
				for range 3 { // the first waits for the socket, the others for their turn
					task.Go(func() {
						if err := c.call(a); !errors.Is(err, net.ErrClosed) {
							t.Errorf("%v, want net.ErrClosed", err)
						}
					})
				}
				settle()
				must(t, a.Close())
			})
		})
	}
}

// holds: 64
func TestCloseEndsAccept(t *testing.T) {
	run(t, func() {
		l := listen(t)
		for range 3 {
			task.Go(func() {
				if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("%v, want net.ErrClosed", err)
				}
			})
		}
		settle()
		must(t, l.Close())
	})
}

// holds: 64
func TestCloseFromAGoroutineEndsATask(t *testing.T) {
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			loop := start(t)
			a, b := pairOf(t, loop)
			ended := make(chan error, 1)
			go func() { ended <- loop.Do(func() error { return c.call(a) }) }()
			inside(loop, 1)
			must(t, a.Close())
			if err := <-ended; !errors.Is(err, net.ErrClosed) {
				t.Errorf("%v, want net.ErrClosed", err)
			}
			must(t, b.Close())
		})
	}
}

// holds: 64
func TestCloseInATaskEndsAGoroutine(t *testing.T) {
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			loop := start(t)
			a, b := pairOf(t, loop)
			ended := make(chan error, 1)
			go func() { ended <- c.call(a) }()
			inside(loop, 1)
			must(t, loop.Do(a.Close))
			if err := <-ended; !errors.Is(err, net.ErrClosed) {
				t.Errorf("%v, want net.ErrClosed", err)
			}
			must(t, b.Close())
		})
	}
}

// holds: 64
func TestCloseEndsATaskOfAnotherLoop(t *testing.T) {
	loop := start(t)
	a, b := pairOf(t, loop)
	defer b.Close()
	run(t, func() {
		reader := task.Go(func() {
			if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%v, want net.ErrClosed", err)
			}
		})
		settle()
		must(t, a.Close())
		must(t, reader.Join())
	})
}

// holds: 66
func TestBytesOfAClosedConnectionDoNotReachItsSuccessor(t *testing.T) {
	run(t, func() {
		const rounds = 20
		again := 0
		old := bytes.Repeat([]byte("old"), 1<<22)
		for range rounds {
			a, b := pair(t)
			number := descriptor(t, a)
			writer := task.Go(func() { _, _ = a.Write(old) })
			settle() // the writer waits with much left
			must(t, a.Close())
			// This gets the number if it is the lowest that is free: nearly always, but files
			// come and go on other goroutines.
			c, d := pair(t)
			if descriptor(t, c) == number || descriptor(t, d) == number {
				again++
			}
			must(t, writer.Join())
			_, err := c.Write([]byte("new"))
			must(t, err)
			must(t, c.Close())
			got, err := io.ReadAll(d)
			must(t, err)
			if string(got) != "new" {
				t.Errorf("the successor received %d bytes, want the 3 of its own", len(got))
			}
			must(t, d.Close())
			must(t, b.Close())
		}
		if again == 0 {
			t.Errorf("in %d rounds no number was used again", rounds)
		}
	})
}

func descriptor(t *testing.T, c *net.TCPConn) (number int) {
	t.Helper()
	raw, err := c.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) { number = int(fd) }))
	return number
}

func TestSecondCloseSaysSo(t *testing.T) {
	everywhere(t, func(t *testing.T, a, _ *net.TCPConn, _ func(...func())) {
		must(t, a.Close())
		if err := a.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v, want net.ErrClosed", err)
		}
	})
}

func TestOfManyClosersOneIsTheFirst(t *testing.T) {
	everywhere(t, func(t *testing.T, a, _ *net.TCPConn, together func(...func())) {
		results := make([]error, 20)
		var closers []func()
		for i := range results {
			closers = append(closers, func() { results[i] = a.Close() })
		}
		together(closers...)
		first := 0
		for _, err := range results {
			if err == nil {
				first++
			} else if !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
		if first != 1 {
			t.Errorf("%d of %d closers were told that they closed it, want 1", first, len(results))
		}
	})
}

// Close must not hold the loop up where the system waits in close for a peer that
// does not read.
func TestCloseOfALingeringConnectionDoesNotWait(t *testing.T) {
	run(t, func() {
		l, err := stdnet.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close()
		a, err := net.Dial("tcp", l.Addr().String())
		must(t, err)
		peer, err := l.Accept()
		must(t, err)
		must(t, a.(*net.TCPConn).SetLinger(1000))
		writer := task.Go(func() { _, _ = a.Write(lots) })
		settle()
		must(t, a.Close()) // returns though the peer has not read a byte
		must(t, writer.Join())
		must(t, peer.(*stdnet.TCPConn).SetLinger(0))
		must(t, peer.Close()) // which ends the system's wait
	})
}

func TestEveryCallOnAClosedConnectionFails(t *testing.T) {
	everywhere(t, func(t *testing.T, a, _ *net.TCPConn, _ func(...func())) {
		must(t, a.Close())
		raw, err := a.SyscallConn()
		must(t, err)
		_, read := a.Read(make([]byte, 1))
		_, write := a.Write(make([]byte, 1))
		for name, err := range map[string]error{
			"Read":            read,
			"Write":           write,
			"CloseRead":       a.CloseRead(),
			"CloseWrite":      a.CloseWrite(),
			"SetDeadline":     a.SetDeadline(longAgo),
			"SetNoDelay":      a.SetNoDelay(true),
			"SetLinger":       a.SetLinger(0),
			"SetReadBuffer":   a.SetReadBuffer(1),
			"RawConn.Control": raw.Control(func(uintptr) { t.Error("Control called its function") }),
			"RawConn.Read":    raw.Read(func(uintptr) bool { t.Error("Read called its function"); return true }),
		} {
			if !errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: %v, want net.ErrClosed", name, err)
			}
		}
	})
}
