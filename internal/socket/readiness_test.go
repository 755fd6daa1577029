//go:build unix

package socket_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/poller"
	"github.com/evergreen-go/evergreen/internal/socket"
)

const anything = poller.Read | poller.Write | poller.Hangup

// wait has a task wait for a direction as one that was told "would block", and
// returns how that ended so far.
func wait(d *kernel.Desc, m kernel.Mode) (t *kernel.Task, status func() kernel.Status) {
	const waiting = kernel.Status(99)
	s := waiting
	t = start(func() {
		me := kernel.Running()
		if s = d.Acquire(me, m); s != kernel.Ready {
			return
		}
		d.Blocked(m)
		s = waiting
		s = d.Wait(me, m)
		d.Release(m)
	})
	return t, func() kernel.Status { return s }
}

// holds: 65
func TestEventForAnOldRegistrationWakesNobody(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, m *meddler) {
		loop := kernel.CurrentLoop()
		x, y := numbers(t)
		old, err := loop.Register(x, "old")
		must(t, err)
		stale := m.tokens[x]
		old.Evict()
		must(t, unix.Close(x))
		again, z := numbers(t)
		if again != x {
			t.Fatalf("the system gave %d and not %d again", again, x)
		}
		d, err := loop.Register(again, "new")
		must(t, err)
		if m.tokens[again] == stale {
			t.Error("the new registration has the token of the old")
		}
		reader, status := wait(d, kernel.Read)
		kernel.Running().Yield()
		m.inject = append(m.inject, poller.Event{Token: stale, Mode: anything})
		settle()
		if len(m.inject) > 0 || status() == kernel.Ready {
			t.Errorf("an event for the old registration woke the reader of the new: %v", status())
		}
		_, err = unix.Write(z, []byte("x"))
		must(t, err)
		join(t, reader)
		if status() != kernel.Ready {
			t.Errorf("the wait ended as %v, want Ready", status())
		}
		d.Evict()
		for _, fd := range []int{again, y, z} {
			must(t, unix.Close(fd))
		}
	})
}

// An event may be in the same batch as the one that makes a task close the number.
//
// holds: 65
func TestTokenOutOfTheBlueIsPassedOver(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, m *meddler) {
		a, b := pair(t)
		reader := start(func() {
			if _, err := a.Read(make([]byte, 1)); err != nil {
				t.Error(err)
			}
		})
		settle()
		m.inject = append(m.inject,
			poller.Event{Token: 1 << 40, Mode: anything},
			poller.Event{Token: 12345, Mode: anything},
			poller.Event{Token: 0, Mode: anything})
		settle()
		_, err := b.Write([]byte("x"))
		must(t, err)
		join(t, reader)
		closeAll(t, a, b)
	})
}

// holds: 68
func TestHangupWakesBothDirections(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, _ *meddler) {
		x, y := numbers(t)
		d, err := kernel.CurrentLoop().Register(x, "one that hangs up")
		must(t, err)
		for { // until the writer has reason to wait
			if _, err := unix.Write(x, make([]byte, 1<<16)); err != nil {
				break
			}
		}
		reader, read := wait(d, kernel.Read)
		writer, written := wait(d, kernel.Write)
		settle()
		must(t, unix.Close(y))
		join(t, reader)
		join(t, writer)
		if read() != kernel.Ready || written() != kernel.Ready {
			t.Errorf("the reader's wait ended as %v, the writer's as %v, want Ready", read(), written())
		}
		d.Evict()
		must(t, unix.Close(x))
	})
}

// holds: 69
func TestNumberClosedBehindOurBackDoesNotSpin(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, m *meddler) {
		x, y := numbers(t)
		twin, err := unix.Dup(x)
		must(t, err)
		d, err := kernel.CurrentLoop().Register(x, "one closed behind our back")
		must(t, err)
		reader, status := wait(d, kernel.Read)
		settle()
		must(t, unix.Close(x))
		before := m.reported
		_, err = unix.Write(y, []byte("x")) // the file is open still, as twin
		must(t, err)
		settle()
		settle()
		if n := m.reported - before; n > 1 {
			t.Errorf("%d events for one byte, want at most one", n)
		}
		d.Evict()
		join(t, reader)
		before = m.reported
		for range 10 {
			_, err = unix.Write(y, []byte("x"))
			must(t, err)
			settle()
		}
		if n := m.reported - before; n > 10 {
			t.Errorf("after its end: %d events for 10 bytes, and nobody waits", n)
		}
		if s := status(); s != kernel.Ready && s != kernel.Closing {
			t.Errorf("the wait ended as %v", s)
		}
		must(t, unix.Close(y))
		must(t, unix.Close(twin))
	})
}

// holds: 70
func TestSpuriousReadinessDoesNotMoveTheDeadline(t *testing.T) {
	everywhere(t, kernel.Config{Virtual: true}, func(t *testing.T, m *meddler) {
		loop := kernel.CurrentLoop()
		a, b := pair(t)
		must(t, a.SetDeadline(kernel.Read, loop.Time().Add(time.Hour)))
		begin := loop.Now()
		injected := 0
		for i := range 5 {
			loop.CallAt("test", loop.After(time.Duration(i+1)*10*time.Minute), func() {
				injected++
				for _, token := range m.tokens {
					m.inject = append(m.inject, poller.Event{Token: token, Mode: anything})
				}
			})
		}
		_, err := a.Read(make([]byte, 1))
		if took := time.Duration(loop.Now() - begin); !errors.Is(err, os.ErrDeadlineExceeded) || took != time.Hour {
			t.Errorf("%v after %v, want the deadline's error after 1h", err, took)
		}
		if injected != 5 || len(m.inject) > 0 {
			t.Errorf("%d of 5 spurious events, and %d were not reported", injected, len(m.inject))
		}
		closeAll(t, a, b)
	})
}

// holds: 62
func TestReadinessSeenBeforeTheWaitCounts(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, _ *meddler) {
		a, b := pair(t)
		for _, size := range []int{1, 2, 3, 4} { // 3 is exactly what comes: no sign of a drain
			_, err := b.Write([]byte("abc"))
			must(t, err)
			settle() // the report comes before anybody reads
			for got := 0; got < 3; {
				n, err := a.Read(make([]byte, size))
				must(t, err)
				got += n
			}
			reader := start(func() {
				if n, err := a.Read(make([]byte, size)); n != 1 || err != nil {
					t.Errorf("%d, %v; want 1, nil", n, err)
				}
			})
			settle()
			_, err = b.Write([]byte("d"))
			must(t, err)
			join(t, reader)
		}
		closeAll(t, a, b)
	})
}

func TestShortReadBeforeTheEndDoesNotHideIt(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, _ *meddler) {
		for _, early := range []bool{true, false} { // the report comes before the read, or after
			a, b := pair(t)
			_, err := b.Write([]byte("abc"))
			must(t, err)
			must(t, b.Close())
			if early {
				settle()
			}
			for _, want := range []int{3, 0} {
				if n, err := a.Read(make([]byte, 10)); n != want || (err != nil) != (want == 0) {
					t.Errorf("%d, %v; want %d", n, err, want)
				}
			}
			must(t, a.Close())
		}
	})
}

// holds: 67
func TestDirectionIsHandedOnInOrder(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, _ *meddler) {
		x, y := numbers(t)
		d, err := kernel.CurrentLoop().Register(x, "one in demand")
		must(t, err)
		me := kernel.Running()
		if s := d.Acquire(me, kernel.Read); s != kernel.Ready {
			t.Fatalf("the first Acquire ended as %v", s)
		}
		var order []int
		for i := range 5 {
			start(func() {
				me := kernel.Running()
				if s := d.Acquire(me, kernel.Read); s != kernel.Ready {
					t.Errorf("Acquire %d ended as %v", i, s)
				}
				order = append(order, i)
				me.Yield()
				d.Release(kernel.Read)
			})
		}
		settle()
		if s := d.Acquire(me, kernel.Write); s != kernel.Ready {
			t.Errorf("the other direction: %v", s)
		}
		d.Release(kernel.Write)
		d.Release(kernel.Read)
		// It has been handed over: who lets go of it cannot have it back at once.
		if s := d.Acquire(me, kernel.Read); s != kernel.Ready {
			t.Errorf("the last Acquire ended as %v", s)
		}
		if len(order) != 5 || order[0] != 0 || order[4] != 4 {
			t.Errorf("served in the order %v", order)
		}
		d.Release(kernel.Read)
		d.Evict()
		must(t, unix.Close(x))
		must(t, unix.Close(y))
	})
}

func TestBusyAndBadNumbersAreRefused(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, _ *meddler) {
		x, y := numbers(t)
		a, err := socket.New(x, "a test's stream", unix.SOCK_STREAM)
		must(t, err)
		if _, err := kernel.CurrentLoop().Register(x, "the same again"); !errors.Is(err, kernel.ErrBusy) {
			t.Errorf("%v, want kernel.ErrBusy", err)
		}
		file, err := os.Open(os.Args[0])
		must(t, err)
		if _, err := kernel.CurrentLoop().Register(int(file.Fd()), "a regular file"); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%v, want errors.ErrUnsupported", err)
		}
		must(t, file.Close())
		if n := kernel.CurrentLoop().Stats().Descriptors; n != 1 {
			t.Errorf("%d descriptors are registered, want 1", n)
		}
		must(t, a.Close())
		must(t, unix.Close(y))
	})
}
