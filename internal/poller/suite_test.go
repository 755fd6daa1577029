//go:build unix

package poller

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// eachBackend runs a test of the suite over every backend.
func eachBackend(t *testing.T, test func(*fixture)) {
	for name, newPoller := range backends {
		t.Run(name, func(t *testing.T) {
			p, err := newPoller()
			if err != nil {
				t.Fatal(err)
			}
			f := &fixture{T: t, p: p}
			t.Cleanup(func() { p.Close() }) // some tests have closed it
			test(f)
		})
	}
}

// fixture is a poller under test and what is needed to use it in one line.
type fixture struct {
	*testing.T
	p Poller
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// pipe returns the two ends of a non-blocking pipe. The test may close them itself, with f.close.
func (f *fixture) pipe() (r, w int) {
	f.Helper()
	var fds [2]int
	f.must(unix.Pipe(fds[:]))
	return f.own(fds[0]), f.own(fds[1])
}

// pair returns two connected non-blocking stream sockets.
func (f *fixture) pair() (a, b int) {
	f.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	f.must(err)
	return f.own(fds[0]), f.own(fds[1])
}

// own makes fd non-blocking and closes it at the end of the test, unless f.close has.
func (f *fixture) own(fd int) int {
	f.Helper()
	f.must(unix.SetNonblock(fd, true))
	owned[fd] = true
	f.Cleanup(func() {
		if owned[fd] {
			f.close(fd)
		}
	})
	return fd
}

// owned are the descriptors that tests have open. Tests of this package do not run in parallel.
var owned = map[int]bool{}

func (f *fixture) close(fd int) {
	f.Helper()
	delete(owned, fd)
	f.must(unix.Close(fd))
}

func (f *fixture) write(fd int, s string) {
	f.Helper()
	_, err := unix.Write(fd, []byte(s))
	f.must(err)
}

// drain reads fd until EAGAIN or the end.
func (f *fixture) drain(fd int) {
	f.Helper()
	var buf [4096]byte
	for {
		n, err := unix.Read(fd, buf[:])
		if err == unix.EAGAIN || err == nil && n == 0 {
			return
		}
		f.must(err)
	}
}

// fill writes to fd until EAGAIN.
func (f *fixture) fill(fd int) {
	f.Helper()
	buf := make([]byte, 64<<10)
	for {
		if _, err := unix.Write(fd, buf); err == unix.EAGAIN {
			return
		} else {
			f.must(err)
		}
	}
}

// add registers fd and sees off the events of its state at that moment.
func (f *fixture) add(fd int, token uint64) {
	f.Helper()
	f.must(f.p.Add(fd, token))
	f.wait(0)
}

func (f *fixture) arm(fd int, m Mode) {
	f.Helper()
	f.must(f.p.Arm(fd, m))
}

// wait returns the events of one Wait, by token.
func (f *fixture) wait(timeout time.Duration) []Event {
	f.Helper()
	events := make([]Event, 64)
	n, err := f.p.Wait(events, timeout)
	f.must(err)
	events = events[:n]
	slices.SortFunc(events, func(a, b Event) int { return int(a.Token) - int(b.Token) })
	return events
}

// expect waits for events: one for each token, with at least the given mode.
func (f *fixture) expect(m Mode, tokens ...uint64) {
	f.Helper()
	events := f.wait(10 * time.Second)
	if len(events) != len(tokens) {
		f.Fatalf("got the events %v, want the tokens %d", events, tokens)
	}
	for i, e := range events {
		if e.Token != tokens[i] || e.Mode&m != m {
			f.Fatalf("got the event %v, want token %d with at least %v", e, tokens[i], m)
		}
	}
}

// quiet fails if there is any event.
func (f *fixture) quiet() {
	f.Helper()
	if events := f.wait(0); len(events) > 0 {
		f.Fatalf("got the events %v, want none", events)
	}
}
