package tasktest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
)

// TestConn holds a pair of connected net.Conn to net's contract as tasks see it:
// bytes arrive once and in order in both directions at a time; Close and deadlines
// let nobody wait; whoever is cancelled leaves a connection that can be closed.
// newPair makes a pair and is called in a task; what it opens has to be closed by
// closing the two. It must not be called in a task, and is not a checkpoint.
//
// For use from plain goroutines see golang.org/x/net/nettest, whose test of the same
// name this one does not repeat.
func TestConn(t *testing.T, newPair func() (a, b net.Conn, err error)) {
	for name, test := range map[string]func(t testing.TB, a, b net.Conn){
		"BothWays":      bothWays,
		"CloseWakes":    closeWakes,
		"PeerCloses":    peerCloses,
		"PastDeadline":  pastDeadline,
		"LaterDeadline": laterDeadline,
	} {
		t.Run(name, func(t *testing.T) {
			Run(t, func() {
				a, b, err := newPair()
				if err != nil {
					t.Fatal(err)
				}
				defer b.Close()
				defer a.Close()
				test(t, a, b)
			})
		})
	}
	t.Run("CancelEverywhere", func(t *testing.T) {
		CancelEverywhere(t, func(s *Scene) { cancelledConn(t, s, newPair) })
	})
}

// bothWays sends different bytes in both directions at the same time.
func bothWays(t testing.TB, a, b net.Conn) {
	const size = 100_000
	random := rand.New(rand.NewPCG(1, 2))
	data := func() []byte {
		p := make([]byte, size)
		for i := range p {
			p[i] = byte(random.Uint32())
		}
		return p
	}
	there, back := data(), data()
	send := func(c net.Conn, p []byte) func() {
		return func() {
			for len(p) > 0 {
				n, err := c.Write(p[:min(len(p), 7001)])
				if err != nil {
					t.Errorf("Write returned %v", err)
					return
				}
				p = p[n:]
			}
		}
	}
	receive := func(c net.Conn, want []byte) func() {
		return func() {
			got := make([]byte, size)
			if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("what arrived is not what was sent (error %v)", err)
			}
		}
	}
	joinAll([]*task.Task{task.Go(send(a, there)), task.Go(send(b, back)), task.Go(receive(a, back)), task.Go(receive(b, there))})
}

// closeWakes closes an end while tasks wait to read from it.
func closeWakes(t testing.TB, a, _ net.Conn) {
	var tasks []*task.Task
	for range 2 {
		tasks = append(tasks, task.Go(func() {
			if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Read under a Close returned %v, want net.ErrClosed", err)
			}
		}))
	}
	WaitAllParked()
	if err := a.Close(); err != nil {
		t.Errorf("Close returned %v", err)
	}
	joinAll(tasks)
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write after Close returned %v, want net.ErrClosed", err)
	}
	if err := a.SetDeadline(time.Time{}); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Errorf("SetDeadline after Close returned %v", err)
	}
}

// peerCloses reads what was sent before the other end closed, and then the end.
func peerCloses(t testing.TB, a, b net.Conn) {
	if _, err := a.Write([]byte("last words")); err != nil {
		t.Errorf("Write returned %v", err)
	}
	_ = a.Close()
	if got, err := io.ReadAll(b); string(got) != "last words" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

// pastDeadline sets a deadline that has passed under a Read that waits.
func pastDeadline(t testing.TB, a, _ net.Conn) {
	reader := task.Go(func() {
		_, err := a.Read(make([]byte, 1))
		var ne net.Error
		if !errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && !ne.Timeout() {
			t.Errorf("Read past its deadline returned %v", err)
		}
	})
	WaitAllParked()
	_ = a.SetReadDeadline(time.Unix(1, 0))
	_ = reader.Join()
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read past its deadline returned %v", err)
	}
}

// laterDeadline takes a deadline back and sets one to come.
func laterDeadline(t testing.TB, a, b net.Conn) {
	_ = a.SetReadDeadline(time.Unix(1, 0))
	_ = a.SetReadDeadline(time.Time{})
	_, _ = b.Write([]byte("x"))
	if n, err := a.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("Read after its deadline was taken back returned %d, %v", n, err)
	}
	_ = a.SetReadDeadline(kernel.CurrentLoop().Time().Add(time.Hour))
	before := kernel.CurrentLoop().Time()
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read returned %v", err)
	}
	if waited := kernel.CurrentLoop().Time().Sub(before); waited < time.Hour || waited > time.Hour+time.Minute {
		t.Errorf("the deadline in an hour came after %v", waited)
	}
}

// cancelledConn is a question and its answer, of which one task will be cancelled.
func cancelledConn(t testing.TB, s *Scene, newPair func() (a, b net.Conn, err error)) {
	a, b, err := newPair()
	if err != nil {
		t.Fatal(err)
	}
	talk := func(c net.Conn, first bool) func() {
		return func() {
			buf := make([]byte, 5)
			if first {
				if _, err := c.Write([]byte("hello")); err != nil {
					return
				}
			}
			if _, err := io.ReadFull(c, buf); err != nil {
				return
			}
			if string(buf) != "hello" {
				t.Errorf("read %q", buf)
			}
			if !first {
				_, _ = c.Write(buf)
			}
		}
	}
	for _, c := range []net.Conn{a, b} {
		t := s.Go(talk(c, c == a))
		task.Go(func() { // not in the task itself, which may be killed before it starts
			_ = t.Join()
			_ = c.Close()
		})
	}
}
