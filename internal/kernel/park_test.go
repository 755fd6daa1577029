package kernel

import (
	"runtime"
	"testing"
	"time"
)

// holds: 1
func TestOldWakeDoesNothing(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		parks := 0
		sleeper := spawn(l, nil, func(me *Task) {
			for me.Park(Plain("a wake"), 0) == Woken {
				parks++
			}
		})
		settle(me)
		old := sleeper.park
		if !sleeper.Wake(old) {
			t.Error("the wake for the present park was refused")
		}
		if sleeper.Wake(old) {
			t.Error("a second wake for the same park was taken")
		}
		settle(me)
		if sleeper.Wake(old) || sleeper.Wake(old+2) {
			t.Error("a wake with another park's number was taken")
		}
		if parks != 1 {
			t.Errorf("the task was woken %d times, want once", parks)
		}
		sleeper.Kill()
	})
}

// holds: 2, 36
// Whatever comes first ends the park, all else finds it ended, and nothing is left
// behind for the next one.
func TestOneCauseEndsAPark(t *testing.T) {
	ends := map[string]func(l *Loop, s *Task, ticket uint64){
		"wake":   func(_ *Loop, s *Task, ticket uint64) { s.Wake(ticket) },
		"timer":  func(_ *Loop, s *Task, _ uint64) { s.loop.timers.Remove(&s.timer); s.Fire() },
		"cancel": func(_ *Loop, s *Task, _ uint64) { s.scope.Cancel(ErrClosed) },
	}
	want := map[string]Outcome{"wake": Woken, "timer": TimedOut, "cancel": Canceled}
	for first, end := range ends {
		t.Run(first, func(t *testing.T) {
			run(t, func(l *Loop, me *Task) {
				var got, after Outcome
				s := spawn(l, nil, func(me *Task) {
					scope := me.Enter(0, nil)
					got = me.Park(Plain("anything"), l.After(time.Hour))
					scope.Leave()
					after = me.Park(Plain("nothing"), l.After(time.Second))
				})
				settle(me)
				ticket := s.park
				end(l, s, ticket)
				for _, other := range ends {
					other(l, s, ticket)
				}
				if n := l.timers.Len(); n != 0 {
					t.Errorf("%d timers are left", n)
				}
				s.Join(me, 0)
				if got != want[first] {
					t.Errorf("the park ended with %v, want %v", got, want[first])
				}
				if after != TimedOut {
					t.Errorf("the next park ended with %v, want its own timeout", after)
				}
			})
		})
	}
}

// holds: 3
func TestWakerGoesOnFirst(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		woken := false
		for range 10 {
			spawn(l, nil, func(me *Task) {
				list.Wait(me, Plain("the list"), 0)
				woken = true
			})
		}
		settle(me)
		if n := list.WakeAll(); n != 10 {
			t.Errorf("%d were woken, want 10", n)
		}
		if woken {
			t.Error("a woken task ran before its waker had gone on")
		}
		me.Yield()
		if !woken {
			t.Error("the woken tasks did not run in the next turn")
		}
	})
}

// holds: 4
// The wake comes after the decision to wait and before the park: the callback that
// the task gives its ticket to runs on another goroutine.
func TestWakeBeforeParkIsNotLost(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		for range 1000 {
			o := me.Outside(Plain("an answer"), func(done func()) {
				answered := make(chan struct{})
				go func() {
					done()
					close(answered)
				}()
				<-answered // the wake is under way, and the task has not parked yet
			})
			if o != Woken {
				t.Errorf("the park ended with %v", o)
			}
		}
	})
}

// holds: 5
func TestSleepIsNotCutShort(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		woke := time.Time{}
		begin := l.Time()
		s := spawn(l, nil, func(me *Task) {
			var list WaitList
			list.Wait(me, Plain("nothing"), l.After(time.Second)) // leaves an old ticket about
			me.Sleep(time.Hour)
			woke = l.Time()
		})
		for range 1000 {
			s.Wake(s.park - 1)
			me.Sleep(5 * time.Second)
		}
		s.Join(me, 0)
		if got := woke.Sub(begin); got != time.Hour+time.Second {
			t.Errorf("slept until %v, want 1h0m1s", got)
		}
	})
}

func TestDeadlineOfAParkMoves(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		begin := l.Time()
		var o Outcome
		s := spawn(l, nil, func(me *Task) { o = me.Park(Plain("a deadline"), l.After(time.Second)) })
		settle(me)
		s.Deadline(s.park+1, l.After(0)) // not this park
		s.Deadline(s.park, l.After(time.Minute))
		s.Join(me, 0)
		if got := l.Time().Sub(begin); o != TimedOut || got != time.Minute {
			t.Errorf("the park ended with %v after %v, want a timeout after a minute", o, got)
		}
		s = spawn(l, nil, func(me *Task) { o = me.Park(Plain("a deadline"), l.After(time.Second)) })
		settle(me)
		s.Deadline(s.park, 0)
		me.Sleep(time.Hour)
		if !s.Wake(s.park) {
			t.Error("the park ended though its deadline was taken away")
		}
	})
}

// holds: 61
// A task that never has to wait gives way all the same after its budget.
func TestSliceBudget(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		steps, seen := 0, 0
		spawn(l, nil, func(me *Task) { seen = steps })
		for seen == 0 && steps < 10*sliceBudget {
			me.Checkpoint()
			steps++
		}
		if seen == 0 || seen > sliceBudget {
			t.Errorf("the other task ran after %d operations, want at most %d", seen, sliceBudget)
		}
	})
}

// holds: 43
// A cancelled task that ignores every error gives way like any other.
func TestStubbornTaskGivesWay(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		rounds := 0
		s := spawn(l, nil, func(me *Task) {
			defer me.Enter(0, nil).Leave()
			me.scope.Cancel(ErrClosed)
			for rounds < 10_000 {
				if me.Park(Plain("anything"), 0) != Canceled {
					t.Error("a park in a cancelled scope succeeded")
				}
				rounds++
			}
		})
		for last := -1; !s.Ended(); last = rounds {
			if d := rounds - last; d > 2*sliceBudget {
				t.Errorf("the task had %d rounds in one go", d)
			}
			me.Yield()
		}
	})
}

// holds: 32
// The memory is compared after a first round has grown what grows once.
func TestMillionCanceledDeadlinesLeaveNothing(t *testing.T) {
	rounds := 500_000 // of two deadlines each
	if testing.Short() {
		rounds = 50_000
	}
	run(t, func(l *Loop, me *Task) {
		round := func(n int) {
			for range n {
				me.Enter(l.After(time.Hour), nil).Leave()
				l.CallAt("test", l.After(time.Hour), func() {}).Cancel()
			}
			sleepers := make([]*Task, 100)
			for range n / 1000 {
				for i := range sleepers {
					sleepers[i] = spawn(l, nil, func(me *Task) { me.Sleep(time.Hour) })
				}
				settle(me)
				if got := l.timers.Len(); got != len(sleepers) {
					t.Fatalf("%d timers for %d sleepers", got, len(sleepers))
				}
				for _, s := range sleepers {
					s.Wake(s.park)
					s.Join(me, 0)
				}
			}
		}
		round(10_000)
		before := heap()
		round(rounds)
		if n := l.timers.Len(); n != 0 {
			t.Errorf("%d timers are left", n)
		}
		if grown := int64(heap()) - int64(before); grown > 1<<20 {
			t.Errorf("the heap grew by %d bytes", grown)
		}
	})
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
