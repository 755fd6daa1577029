package kernel

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/poller"
)

// counting is a poller that tells when it is asked.
type counting struct {
	poller.Poller
	asked func(timeout time.Duration)
}

func (c *counting) Wait(events []poller.Event, timeout time.Duration) (int, error) {
	c.asked(timeout)
	return c.Poller.Wait(events, timeout)
}

// withPoller is a loop on the real clock that tells when it polls.
func withPoller(t *testing.T, asked func(timeout time.Duration)) *Loop {
	t.Helper()
	return New(Config{Grace: time.Second, NewPoller: func() (poller.Poller, error) {
		p, err := poller.New()
		if err != nil {
			return nil, err
		}
		return &counting{p, asked}, nil
	}})
}

// holds: 53
// Each task spawns the next: none of them runs in the turn in which it was spawned.
func TestNewWorkRunsNextTurn(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		last := l.stats.Turns
		var chain func(n int)
		chain = func(n int) {
			spawn(l, nil, func(me *Task) {
				if l.stats.Turns == last {
					t.Errorf("step %d ran in the turn in which it became ready", n)
				}
				last = l.stats.Turns
				if n < 10 {
					chain(n + 1)
				}
			})
		}
		chain(0)
	})
}

// holds: 53, 61, 63
// However busy the tasks keep the queue, the poller is asked every 61 switches,
// and without being allowed to wait.
func TestBusyQueuePollsInBetween(t *testing.T) {
	var l *Loop
	var gaps []uint64
	var last uint64
	l = withPoller(t, func(timeout time.Duration) {
		if l.ready.len() > 0 && timeout != 0 {
			t.Errorf("the poller may wait %v while tasks are ready", timeout)
		}
		gaps = append(gaps, l.stats.Switches-last)
		last = l.stats.Switches
	})
	if err := start(t, l, func(me *Task) {
		r, w := pipe(t)
		h, err := l.Watch(r, Read, func() {})
		if err != nil {
			t.Error(err)
			return
		}
		last, gaps = l.stats.Switches, nil
		for range 100 {
			spawn(l, nil, func(me *Task) {
				for range 100 {
					me.Yield()
				}
			})
		}
		for range 100 {
			me.Yield()
		}
		h.Cancel()
		closeAll(r, w)
	}); err != nil {
		t.Error(err)
	}
	if len(gaps) < 100 {
		t.Errorf("the poller was asked %d times in ten thousand switches", len(gaps))
	}
	if m := slices.Max(gaps); m > maxTurn+1 {
		t.Errorf("%d switches passed without a poll, want at most %d", m, maxTurn)
	}
}

// holds: 35, 61
// A timer re-armed at zero and a task that yields forever: both, and a third task
// that sleeps, get on.
func TestZeroTimerStarvesNobody(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		fired, yields, over := 0, 0, false
		var h *Handle
		var again func()
		again = func() {
			fired++
			h = l.CallAt("test", l.After(0), again)
		}
		again()
		spawn(l, nil, func(me *Task) {
			for !over {
				yields++
				me.Yield()
			}
		})
		o := me.Outside(Plain("a goroutine"), func(done func()) { go done() })
		over = true
		h.Cancel()
		if o != Woken || fired == 0 || yields == 0 {
			t.Errorf("outcome %v, %d timers, %d yields", o, fired, yields)
		}
	})
}

// holds: 105
func TestQuietComesBeforeTheClockJumps(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		begin := l.Now()
		steps := 0
		spawn(l, nil, func(me *Task) {
			for range 500 {
				steps++
				me.Yield()
			}
			me.Outside(Plain("a goroutine"), func(done func()) { go done() })
			steps++
			me.Sleep(time.Second)
			steps++
		})
		if l.WaitQuiet(me) != Woken || steps != 501 || l.Now() != begin {
			t.Errorf("quiet after %d steps at %v, want 501 at the beginning", steps, time.Duration(l.Now()-begin))
		}
	})
}

// holds: 34, 38
// However far the deadline, one wait is bounded; and a loop that waits for a timer
// asks the poller once, not again and again just before it.
func TestWaitsAreClampedAndDoNotSpin(t *testing.T) {
	var waits []time.Duration
	l := withPoller(t, func(timeout time.Duration) {
		if timeout != 0 {
			waits = append(waits, timeout)
		}
	})
	if err := start(t, l, func(me *Task) {
		r, w := pipe(t)
		h, err := l.Watch(r, Read, func() {})
		if err != nil {
			t.Error(err)
			return
		}
		me.Sleep(700 * time.Microsecond)
		if n := len(waits); n != 1 {
			t.Errorf("a sleep of 700 microseconds took %d waits: %v", n, waits)
		}
		waits = nil
		distant := l.CallAt("test", l.After(1<<63-1), func() {})
		me.Outside(Plain("a goroutine"), func(done func()) { go done() })
		distant.Cancel()
		h.Cancel()
		closeAll(r, w)
	}); err != nil {
		t.Error(err)
	}
	for _, w := range waits {
		if w > maxWait {
			t.Errorf("the poller was to wait %v, more than %v", w, maxWait)
		}
	}
}

// A function that picks and panics takes nobody's place: the run ends with its
// panic, and no task is lost on the way.
func TestPickThatPanicsEndsTheRun(t *testing.T) {
	asked := 0
	l := New(Config{Virtual: true, Hooks: Hooks{Pick: func(n int) int {
		if asked++; asked == 5 {
			panic("no idea")
		}
		return n - 1
	}}})
	deferred := 0
	err := start(t, l, func(me *Task) {
		for range 10 {
			spawn(l, nil, func(me *Task) {
				defer func() { deferred++ }()
				for me.Yield() {
				}
			})
		}
		for me.Yield() {
		}
	})
	if err == nil || errors.Is(err, ErrKilled) {
		t.Errorf("Run returned %v, want the panic", err)
	}
	if asked != 5 || deferred == 0 {
		t.Errorf("asked %d times, %d deferred calls", asked, deferred)
	}
}
