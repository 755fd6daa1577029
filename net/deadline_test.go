package net_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

var (
	longAgo = time.Unix(1, 0)
	never   time.Time
	inAYear = time.Now().AddDate(1, 0, 0)
)

func expired(t *testing.T, op string, err error) {
	t.Helper()
	var e *net.OpError
	if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &e) || e.Op != op || !e.Timeout() {
		t.Errorf("%v, want an OpError of a %s that timed out", err, op)
	}
}

// holds: 87
func TestPastDeadlineWakesWhoeverWaits(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		for _, c := range []struct {
			op   string
			set  func(time.Time) error
			call func(*net.TCPConn) error
		}{
			{"read", a.SetReadDeadline, calls[0].call},
			{"write", a.SetWriteDeadline, calls[1].call},
			{"read", a.SetDeadline, calls[0].call},
			{"write", a.SetDeadline, calls[1].call},
		} {
			must(t, c.set(never))
			var waiting []*task.Task
			for range 3 { // one waits for the socket, the others for their turn
				waiting = append(waiting, task.Go(func() { expired(t, c.op, c.call(a)) }))
			}
			settle()
			must(t, c.set(longAgo))
			for _, w := range waiting {
				must(t, w.Join())
			}
		}
	})
}

// holds: 87
func TestPastDeadlineWakesAccept(t *testing.T) {
	run(t, func() {
		l := listen(t)
		defer l.Close()
		acceptor := task.Go(func() {
			_, err := l.Accept()
			expired(t, "accept", err)
		})
		settle()
		must(t, l.SetDeadline(longAgo))
		must(t, acceptor.Join())
		_, err := l.Accept()
		expired(t, "accept", err)
		must(t, l.SetDeadline(never))
		c, err := net.Dial("tcp", l.Addr().String())
		must(t, err)
		defer c.Close()
		s, err := l.Accept()
		must(t, err)
		must(t, s.Close())
	})
}

// holds: 87
func TestDeadlineFromAGoroutineWakesATask(t *testing.T) {
	loop := start(t)
	a, b := pairOf(t, loop)
	defer a.Close()
	defer b.Close()
	ended := make(chan error, 1)
	go func() { ended <- loop.Do(func() error { return calls[0].call(a) }) }()
	inside(loop, 1)
	must(t, a.SetReadDeadline(longAgo))
	expired(t, "read", <-ended)
}

// holds: 87
func TestDeadlineFromATaskWakesAGoroutine(t *testing.T) {
	loop := start(t)
	a, b := pairOf(t, loop)
	defer a.Close()
	defer b.Close()
	ended := make(chan error, 1)
	go func() { ended <- calls[1].call(a) }()
	inside(loop, 1)
	must(t, loop.Do(func() error { return a.SetWriteDeadline(longAgo) }))
	expired(t, "write", <-ended)
}

// holds: 87
func TestLaterDeadlineRearms(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
		buf := make([]byte, 1)
		must(t, a.SetReadDeadline(longAgo))
		_, err := a.Read(buf)
		expired(t, "read", err)
		must(t, a.SetReadDeadline(inAYear))
		together(
			func() {
				if _, err := a.Read(buf); err != nil {
					t.Error(err)
				}
			},
			func() {
				if _, err := b.Write(buf); err != nil {
					t.Error(err)
				}
			},
		)
		must(t, a.SetReadDeadline(longAgo))
		_, err = a.Read(buf)
		expired(t, "read", err)
	})
}

func TestPastDeadlineFailsReadsOfWhatIsThere(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, _ func(...func())) {
		buf := make([]byte, 1)
		_, err := b.Write(buf)
		must(t, err)
		must(t, a.SetReadDeadline(longAgo))
		_, err = a.Read(buf)
		expired(t, "read", err)
		must(t, a.SetReadDeadline(never))
		_, err = a.Read(buf) // it was not lost
		must(t, err)
	})
}

func TestDeadlineIsOfOneDirection(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, _ func(...func())) {
		buf := make([]byte, 1)
		must(t, a.SetReadDeadline(longAgo))
		must(t, b.SetWriteDeadline(longAgo))
		_, err := a.Write(buf)
		must(t, err)
		_, err = b.Read(buf)
		must(t, err)
		_, err = b.Write(buf)
		expired(t, "write", err)
	})
}

func TestDeadlineIsNeverEarly(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		loop := runtime.Current()
		end := loop.Now().Add(time.Hour)
		must(t, a.SetReadDeadline(end))
		_, err := a.Read(make([]byte, 1))
		expired(t, "read", err)
		if now := loop.Now(); !now.Equal(end) {
			t.Errorf("the read ended %v after the deadline", now.Sub(end))
		}
	}, runtime.WithVirtualClock())
}

func TestDeadlineMovesWhileSomebodyWaits(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		loop := runtime.Current()
		begin := loop.Now()
		must(t, a.SetReadDeadline(begin.Add(time.Minute)))
		task.GoAfter(time.Second, func() { must(t, a.SetReadDeadline(begin.Add(time.Hour))) })
		task.GoAfter(2*time.Minute, func() { must(t, a.SetReadDeadline(begin.Add(3*time.Minute))) })
		read := func() {
			_, err := a.Read(make([]byte, 1))
			expired(t, "read", err)
			if took := loop.Now().Sub(begin); took != 3*time.Minute {
				t.Errorf("the read ended after %v, want 3m", took)
			}
		}
		tasks(read, read, read) // one waits for the socket, the others for their turn
	}, runtime.WithVirtualClock())
}

func TestExpiredWriteTellsHowMuchWasWritten(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
		written := 0
		together(
			func() {
				var err error
				written, err = a.Write(lots)
				expired(t, "write", err)
				must(t, a.CloseWrite())
			},
			func() {
				if _, err := b.Read(make([]byte, 1)); err != nil { // it has begun
					t.Error(err)
				}
				must(t, a.SetWriteDeadline(longAgo))
			},
		)
		if rest := drain(t, b); written == 0 || rest+1 != written {
			t.Errorf("Write says %d bytes, the peer received %d", written, rest+1)
		}
	})
}

// drain reads to the end and returns how much that was.
func drain(t *testing.T, c net.Conn) (total int) {
	t.Helper()
	buf := make([]byte, 1<<16)
	for {
		n, err := c.Read(buf)
		total += n
		if err != nil {
			return total
		}
	}
}
