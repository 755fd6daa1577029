package runtime_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// real runs main on a loop with the real clock and two connected sockets.
func real(t *testing.T, main func(l *runtime.Loop, a, b int), opts ...runtime.Option) {
	t.Helper()
	a, b := sockets(t)
	defer closeAll(a, b)
	if err := runtime.Run(func() { main(runtime.Current(), a, b) }, opts...); err != nil {
		t.Error(err)
	}
}

// until lets the other tasks and the poller get on until the condition is true.
func until(condition func() bool) {
	for !condition() {
		task.Yield()
	}
}

// yields lets everything that is under way happen.
func yields() {
	for range 200 { // more than the 61 switches after which the poller is asked
		task.Yield()
	}
}

func reader(t *testing.T, l *runtime.Loop, fd int, f func()) *runtime.Handle {
	t.Helper()
	h, err := l.AddReader(fd, f)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// What the callback leaves behind is offered again, and only that.
func TestReaderIsCalledUntilDrained(t *testing.T) {
	real(t, func(l *runtime.Loop, a, b int) {
		got, calls := "", 0
		h := reader(t, l, a, func() { calls++; got += receive(a, 2) })
		yields()
		if calls != 0 {
			t.Errorf("called %d times with nothing to read", calls)
		}
		send(t, b, "abcdef")
		until(func() bool { return got == "abcdef" })
		yields()
		if calls > 4 {
			t.Errorf("called %d times for three reads", calls)
		}
		send(t, b, "gh")
		until(func() bool { return got == "abcdefgh" })
		h.Cancel()
		send(t, b, "ij")
		calls = 0
		yields()
		if calls != 0 {
			t.Error("called after Cancel")
		}
	})
}

// holds: 67, 73
func TestBusyDescriptorIsRefused(t *testing.T) {
	real(t, func(l *runtime.Loop, a, b int) {
		got := ""
		h := reader(t, l, a, func() { got += receive(a, 10) })
		if _, err := l.AddReader(a, func() { t.Error("the second reader was called") }); !errors.Is(err, runtime.ErrBusy) {
			t.Errorf("a second AddReader returned %v", err)
		}
		writable := 0
		w, err := l.AddWriter(a, func() { writable++ })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.AddWriter(a, func() {}); !errors.Is(err, runtime.ErrBusy) {
			t.Errorf("a second AddWriter returned %v", err)
		}
		send(t, b, "still there")
		until(func() bool { return got == "still there"[:len(got)] && got != "" && writable > 0 })
		h.Cancel()
		again := reader(t, l, a, func() { got += receive(a, 10) })
		again.Cancel()
		w.Cancel()
		if n := l.Stats().Descriptors; n != 0 {
			t.Errorf("%d descriptors are registered after all was cancelled", n)
		}
	})
}

// holds: 68
func TestHangupCallsReaderAndWriter(t *testing.T) {
	real(t, func(l *runtime.Loop, a, b int) {
		_ = unix.SetsockoptInt(a, unix.SOL_SOCKET, unix.SO_SNDBUF, 4096)
		for err := error(nil); err == nil; {
			_, err = unix.Write(a, make([]byte, 4096))
		}
		var read, write bool
		h := reader(t, l, a, func() { read = true })
		w, err := l.AddWriter(a, func() { write = true })
		if err != nil {
			t.Fatal(err)
		}
		yields()
		if read || write {
			t.Error("called before the hang-up")
		}
		closeAll(b)
		until(func() bool { return read && write })
		h.Cancel()
		w.Cancel()
	})
}

// holds: 65, 66
// The watched number is closed, used again for another socket and watched again:
// what was meant for the first does not reach the second.
func TestReusedNumberGetsNoOldEvents(t *testing.T) {
	real(t, func(l *runtime.Loop, a, b int) {
		c, d := sockets(t)
		old := reader(t, l, c, func() { t.Error("the old callback ran") })
		send(t, d, "for the old one")
		old.Cancel()
		closeAll(c, d)
		e, f := sockets(t)
		defer closeAll(e, f)
		if e != c {
			t.Errorf("the number %d is not used again, so that the test shows nothing", c)
		}
		h := reader(t, l, e, func() { t.Errorf("called with %q", receive(e, 100)) })
		yields()
		h.Cancel()
	})
}

// holds: 69
// Closed behind our back while a duplicate keeps the socket open: one report, and
// the loop does not spin.
func TestDescriptorClosedBehindOurBack(t *testing.T) {
	var reports []error
	real(t, func(l *runtime.Loop, a, b int) {
		c, d := sockets(t)
		dup, err := unix.Dup(c)
		if err != nil {
			t.Fatal(err)
		}
		calls, writes := 0, 0
		h := reader(t, l, c, func() { calls++ })
		w, err := l.AddWriter(c, func() { writes++ })
		if err != nil {
			t.Fatal(err)
		}
		closeAll(c)
		send(t, d, "x")
		yields()
		if calls > 1 || writes > 2 {
			t.Errorf("%d calls of the reader and %d of the writer, want at most one each for the event", calls, writes)
		}
		polls := l.Stats().Polls
		l.CallLater(time.Millisecond, func() {})
		task.Sleep(2 * time.Millisecond)
		if n := l.Stats().Polls - polls; n > 20 {
			t.Errorf("%d polls while idle: the loop spins", n)
		}
		h.Cancel()
		w.Cancel()
		closeAll(d, dup)
	}, runtime.WithErrorHandler(func(err error) { reports = append(reports, err) }))
	if len(reports) != 1 || !strings.Contains(reports[0].Error(), "was closed while a callback watched it") {
		t.Errorf("the reports are %v, want one", reports)
	}
}

// holds: 71
// Signals arrive during a wait with a deadline: it neither ends early nor late.
func TestSignalsDoNotDisturbAWait(t *testing.T) {
	real(t, func(l *runtime.Loop, a, b int) {
		signals := 0
		sh, err := l.AddSignalHandler(unix.SIGUSR1, func() { signals++ })
		if err != nil {
			t.Fatal(err)
		}
		h := reader(t, l, a, func() {})
		begin := time.Now()
		for time.Since(begin) < 20*time.Millisecond {
			each := time.Now()
			release := l.Hold()
			go func() {
				_ = unix.Kill(os.Getpid(), unix.SIGUSR1)
				release()
			}()
			task.Sleep(time.Millisecond)
			if d := time.Since(each); d < time.Millisecond {
				t.Errorf("a sleep of a millisecond ended after %v", d)
			}
		}
		until(func() bool { return signals > 0 })
		h.Cancel()
		sh.Cancel()
	})
}

// holds: 72
func TestRegularFileIsNotSupported(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		f, err := os.Open("reader_test.go")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := l.AddReader(int(f.Fd()), func() {}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("AddReader of a file returned %v", err)
		}
		if _, err := l.AddReader(1<<20, func() {}); err == nil {
			t.Error("AddReader of no descriptor returned nil")
		}
		if n := l.Stats().Descriptors; n != 0 {
			t.Errorf("%d descriptors are left", n)
		}
	})
}

func TestReaderThatPanicsStaysRegistered(t *testing.T) {
	reports := 0
	real(t, func(l *runtime.Loop, a, b int) {
		got := ""
		h := reader(t, l, a, func() {
			if got += receive(a, 1); got == "1" {
				panic("the first time")
			}
		})
		send(t, b, "12")
		until(func() bool { return got == "12" })
		h.Cancel()
	}, runtime.WithErrorHandler(func(error) { reports++ }))
	if reports != 1 {
		t.Errorf("%d reports, want one", reports)
	}
}

func TestCancelOfAReaderFromAnotherGoroutine(t *testing.T) {
	real(t, func(l *runtime.Loop, a, b int) {
		h := reader(t, l, a, func() { t.Error("called after Cancel") })
		elsewhere(l, func() {
			h.Cancel()
			send(t, b, "x")
		})
		yields()
		if n := l.Stats().Descriptors; n != 0 {
			t.Errorf("%d descriptors are left", n)
		}
	})
}
