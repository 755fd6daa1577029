package net_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// unixStreams makes the two ends of a connection. To be called in a task.
func unixStreams(t testing.TB) (dialed, accepted net.Conn) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	must(t, err)
	defer l.Close()
	dialed, err = net.Dial("unix", l.Addr().String())
	must(t, err)
	accepted, err = l.Accept()
	must(t, err)
	return dialed, accepted
}

// Whoever copies, and whichever loops the two connections belong to, all of it comes,
// and the limit is counted down.
func TestCopiesFromElsewhere(t *testing.T) {
	const size = 5<<18 + 5 // more than goes at once
	data := noise(size)
	home, abroad := start(t), start(t)
	streams := map[string]func(testing.TB) (net.Conn, net.Conn){
		"tcp":  func(t testing.TB) (net.Conn, net.Conn) { return pair(t) },
		"unix": unixStreams,
	}
	for _, kinds := range [][2]string{{"tcp", "tcp"}, {"tcp", "unix"}, {"unix", "tcp"}} {
		for loops, sourceLoop := range map[string]interface{ Do(func() error) error }{"one loop": home, "two loops": abroad} {
			copying := func(t *testing.T, together func(...func())) {
				var source, from, to, sink net.Conn
				must(t, sourceLoop.Do(func() error { source, from = streams[kinds[0]](t); return nil }))
				must(t, home.Do(func() error { to, sink = streams[kinds[1]](t); return nil }))
				limited := &io.LimitedReader{R: from, N: size - 100}
				together(
					func() {
						if n, err := source.Write(data); n != size || err != nil {
							t.Errorf("Write: %d, %v", n, err)
						}
						_ = source.Close()
					},
					func() {
						if n, err := io.Copy(to, limited); n != size-100 || err != nil || limited.N != 0 {
							t.Errorf("Copy with a limit: %d, %v, and %d are left", n, err, limited.N)
						}
						if n, err := io.Copy(to, from); n != 100 || err != nil {
							t.Errorf("Copy: %d, %v", n, err)
						}
						_, _ = from.Close(), to.Close()
					},
					func() {
						if got, err := io.ReadAll(sink); err != nil || !bytes.Equal(got, data) {
							t.Errorf("%d bytes came, %v, want %d", len(got), err, size)
						}
						_ = sink.Close()
					},
				)
			}
			name := kinds[0] + " to " + kinds[1] + " of " + loops
			t.Run("goroutines, "+name, func(t *testing.T) { copying(t, goroutines) })
			t.Run("tasks, "+name, func(t *testing.T) { run(t, func() { copying(t, tasks) }) })
			t.Run("its tasks, "+name, func(t *testing.T) {
				must(t, home.Do(func() error { return nil })) // the loop is there
				done := make(chan struct{})
				_, err := home.CallThreadsafe(func() {
					task.Go(func() {
						defer close(done)
						if loops == "one loop" {
							copyHere(t, streams[kinds[0]], streams[kinds[1]], data)
						}
					})
				})
				must(t, err)
				<-done
			})
		}
	}
}

// copyHere copies in the loop that all ends belong to.
func copyHere(t *testing.T, first, second func(testing.TB) (net.Conn, net.Conn), data []byte) {
	t.Helper()
	source, from := first(t)
	to, sink := second(t)
	tasks(
		func() {
			_, err := source.Write(data)
			must(t, err)
			must(t, source.Close())
		},
		func() {
			if n, err := io.Copy(to, from); n != int64(len(data)) || err != nil {
				t.Errorf("%d, %v; want %d", n, err, len(data))
			}
			_, _ = from.Close(), to.Close()
		},
		func() {
			if got, err := io.ReadAll(sink); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes came, %v, want %d", len(got), err, len(data))
			}
			must(t, sink.Close())
		},
	)
}

// What a copy that is cancelled says to have sent is what arrives.
//
// holds: 46, 85
func TestCancelledCopyOfAFileTellsHowMuchWasSent(t *testing.T) {
	run(t, func() {
		for name, open := range map[string]func() io.Reader{
			"file": func() io.Reader {
				f := fileOf(t, nil)
				must(t, f.Truncate(1<<30)) // a hole
				return f
			},
			"connection": func() io.Reader {
				from, source := pair(t)
				task.Go(func() { _, _ = source.Write(lots) })
				return from
			},
		} {
			a, b := pair(t)
			r := open()
			var n int64
			copier := task.Go(func() { n, _ = a.ReadFrom(r) })
			settle()
			must(t, a.SetWriteDeadline(longAgo))
			must(t, copier.Join())
			must(t, a.Close())
			if came := drain(t, b); n == 0 || int64(came) != n {
				t.Errorf("%s: %d bytes were sent, it says, and %d came", name, n, came)
			}
			must(t, b.Close())
			if c, ok := r.(net.Conn); ok {
				must(t, c.Close())
			}
		}
	})
}

// The ends of a pipe outlive their loop, and do nothing any more.
func TestPipeOfAClosedLoop(t *testing.T) {
	var a, b net.Conn
	run(t, func() { a, b = net.Pipe() })
	calls := func() {
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read: %v, want ErrClosed", err)
		}
		if _, err := b.Write(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write: %v, want ErrClosed", err)
		}
		_ = a.SetDeadline(longAgo)
		_, _ = a.Close(), b.Close()
	}
	calls()
	run(t, calls)
}
