package task_test

import (
	"errors"
	stdruntime "runtime"
	"slices"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// holds: 40
func TestKillBeforeStartNeverRuns(t *testing.T) {
	run(t, func() {
		for name, start := range map[string]func(f func()) *task.Task{
			"Go":      task.Go,
			"GoAfter": func(f func()) *task.Task { return task.GoAfter(long, f) },
		} {
			_ = task.Go(func() {}).Join() // so that a goroutine is at hand
			begin := now()
			victim := start(func() { t.Errorf("%s: a task killed before its start ran", name) })
			joined := 0
			for range 3 {
				task.Go(func() {
					if err := victim.Join(); errors.Is(err, task.ErrKilled) {
						joined++
					}
				})
			}
			if name == "GoAfter" {
				task.Yield()
			}
			victim.Kill()
			if err := victim.Join(); !errors.Is(err, task.ErrKilled) {
				t.Errorf("%s: Join returned %v", name, err)
			}
			task.Yield()
			if joined != 3 || victim.Alive() || since(begin) != 0 {
				t.Errorf("%s: %d of 3 joiners woke after %v", name, joined, since(begin))
			}
		}
	})
}

// holds: 41
func TestKillOfAnEndedTaskDoesNothing(t *testing.T) {
	run(t, func() {
		done := task.Go(func() {})
		_ = done.Join()
		done.Kill()
		if err := done.Join(); err != nil {
			t.Errorf("a kill after the end changed how the task ended: %v", err)
		}
	})
}

// holds: 41
func TestKillTwiceIsOneKill(t *testing.T) {
	run(t, func() {
		deferred, slept := 0, false
		victim := task.Go(func() {
			defer func() { deferred++ }()
			defer timeout.Shield(func() {
				task.Sleep(time.Second)
				slept = true
			})
			task.Sleep(long)
		})
		task.Yield()
		victim.Kill()
		victim.Kill()
		task.Yield() // it is in its cleanup now
		victim.Kill()
		if err := victim.Join(); !errors.Is(err, task.ErrKilled) || deferred != 1 || !slept {
			t.Errorf("ended with %v; the deferred call ran %d times; the cleanup ended: %v", err, deferred, slept)
		}
	})
}

// holds: 41
func TestSelfKillEndsAtOnce(t *testing.T) {
	run(t, func() {
		deferred := false
		victim := task.Go(func() {
			defer func() { deferred = true }()
			task.Current().Kill()
			t.Error("a task that killed itself went on")
		})
		if err := victim.Join(); !errors.Is(err, task.ErrKilled) || !deferred {
			t.Errorf("ended with %v; deferred calls ran: %v", err, deferred)
		}
		shielded := false
		victim = task.Go(func() {
			timeout.Shield(func() {
				task.Current().Kill()
				task.Sleep(time.Second)
				shielded = true
			})
			task.Yield()
			t.Error("the kill was not felt after the shield")
		})
		if err := victim.Join(); !errors.Is(err, task.ErrKilled) || !shielded {
			t.Errorf("ended with %v; the shield held: %v", err, shielded)
		}
	})
}

// waits are all the calls of this package that may wait.
func waits(other *task.Task) map[string]func() error {
	return map[string]func() error{
		"Sleep":       func() error { task.Sleep(long); return nil },
		"Sleep(0)":    func() error { task.Sleep(0); return nil },
		"Yield":       func() error { task.Yield(); return nil },
		"Join":        other.Join,
		"JoinTimeout": func() error { return other.JoinTimeout(long) },
		"Offload": func() error {
			_, err := task.Offload(func() (int, error) { return 0, nil })
			return err
		},
	}
}

// holds: 42, 44
// Every call that waits notices the kill, whether it was waiting or comes to it
// later; recover sees nothing and all deferred calls run.
func TestEveryWaitNoticesAKill(t *testing.T) {
	run(t, func() {
		other := task.Go(func() { task.Sleep(100 * long) })
		for name, wait := range waits(other) {
			var order []int
			victim := task.Go(func() {
				defer func() { order = append(order, 3) }()
				defer func() {
					if r := recover(); r != nil {
						t.Errorf("%s: recover saw %v", name, r)
					}
					order = append(order, 2)
				}()
				defer func() { order = append(order, 1) }()
				task.Current().Name()
				timeout.Shield(func() { task.Sleep(time.Second) }) // killed in here
				_ = wait()
				t.Errorf("%s returned in a killed task", name)
			})
			task.Yield()
			victim.Kill()
			if err := victim.Join(); !errors.Is(err, task.ErrKilled) || !slices.Equal(order, []int{1, 2, 3}) {
				t.Errorf("%s: ended with %v, deferred calls ran as %v", name, err, order)
			}
		}
		other.Kill()
	})
}

// holds: 42, 43, 45
// In deferred calls a wait that returns an error returns ErrKilled, again and
// again; one that cannot ends the deferred call. The others still run.
func TestWaitsInDeferredCallsFailAtOnce(t *testing.T) {
	run(t, func() {
		begin := now()
		other := task.Go(func() { task.Sleep(100 * long) })
		var returned, unwound, last int
		victim := task.Go(func() {
			defer func() { last++ }()
			for _, wait := range waits(other) {
				defer func() {
					unwound++
					if err := wait(); errors.Is(err, task.ErrKilled) && errors.Is(other.Join(), task.ErrKilled) {
						returned++
						unwound--
					}
				}()
			}
			task.Sleep(long)
		})
		task.Yield()
		victim.Kill()
		if err := victim.Join(); !errors.Is(err, task.ErrKilled) {
			t.Errorf("ended with %v", err)
		}
		if returned != 3 || unwound != 3 || last != 1 || since(begin) != 0 {
			t.Errorf("%d returned ErrKilled, %d ended the deferred call, %d came last, after %v", returned, unwound, last, since(begin))
		}
		other.Kill()
	})
}

// holds: 43
// A task whose cleanup refuses to end gives way like any other; the end of the
// run's grace ends it.
func TestStubbornCleanupGivesWay(t *testing.T) {
	rounds, others := 0, 0
	run(t, func() {
		victim := task.Go(func() {
			defer func() {
				for {
					_ = task.Current().Join() // fails at once, and is ignored
					rounds++
				}
			}()
			task.Sleep(long)
		})
		task.Yield()
		victim.Kill()
		for range 10 {
			task.Yield()
			others++
		}
		if rounds < 10*64 || rounds > 10*300 {
			t.Errorf("%d rounds in ten turns", rounds)
		}
		runtime.Current().Stop()
	}, runtime.WithGrace(0))
	if others != 10 {
		t.Errorf("the others had %d turns, want 10", others)
	}
}

// holds: 45
func TestShieldedCleanupAfterAKillMayWait(t *testing.T) {
	run(t, func() {
		begin := now()
		var took, limited time.Duration
		victim := task.Go(func() {
			defer timeout.ShieldFor(time.Minute, func() {
				start := now()
				defer func() { limited = since(start) }()
				task.Sleep(long)
				t.Error("the shield has no end")
			})
			defer timeout.Shield(func() {
				task.Sleep(long)
				took = since(begin)
			})
			task.Sleep(100 * long)
		})
		task.Yield()
		victim.Kill()
		if err := victim.Join(); !errors.Is(err, task.ErrKilled) || took != long || limited != time.Minute {
			t.Errorf("ended with %v; shielded %v, for at most %v", err, took, limited)
		}
	})
}

// holds: 50
func TestPanicInADeferredCallDuringAKill(t *testing.T) {
	last := false
	err := runtime.Run(func() {
		victim := task.Go(func() {
			defer func() { last = true }()
			defer func() { panic("in the cleanup") }()
			task.Sleep(long)
		})
		task.Yield()
		victim.Kill()
		_ = victim.Join()
	}, runtime.WithVirtualClock())
	var p *task.PanicError
	if !errors.As(err, &p) || p.Value != "in the cleanup" || !last {
		t.Errorf("Run returned %v; the other deferred call ran: %v", err, last)
	}
}

func TestRecoveredPanicDuringAKillDoesNotStopIt(t *testing.T) {
	run(t, func() {
		victim := task.Go(func() {
			defer func() {
				defer func() {
					if recover() != "in the cleanup" {
						t.Error("the panic was not recovered")
					}
				}()
				panic("in the cleanup")
			}()
			task.Sleep(long)
		})
		task.Yield()
		victim.Kill()
		if err := victim.Join(); !errors.Is(err, task.ErrKilled) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestKillInADeferredCall(t *testing.T) {
	run(t, func() {
		order := 0
		var second *task.Task
		first := task.Go(func() {
			defer func() { order = order*10 + 3 }()
			defer func() {
				order = order*10 + 1
				second.Kill()
				task.Current().Kill() // a second kill of itself, in its own cleanup
				order = order*10 + 2
			}()
			task.Sleep(long)
		})
		second = task.Go(func() { task.Sleep(long) })
		task.Yield()
		first.Kill()
		_ = first.Join()
		if err := second.Join(); !errors.Is(err, task.ErrKilled) {
			t.Errorf("the other ended with %v", err)
		}
		if order != 13 && order != 123 {
			t.Errorf("the deferred calls ran as %d", order)
		}
	})
}

// holds: 46
// The wait has ended well when the kill comes: its result counts, and the next wait
// feels the kill.
func TestKillThatMeetsACompletion(t *testing.T) {
	run(t, func() {
		got := 0
		ended := task.Go(func() {})
		victim := task.Go(func() {
			if err := ended.Join(); err == nil {
				got++
			}
			task.Sleep(long)
			t.Error("the kill was not felt at the next wait")
		})
		for victim.Alive() {
			task.Yield()
			if !ended.Alive() {
				victim.Kill()
			}
		}
		if got != 1 {
			t.Error("the result was lost")
		}
	})
}

// holds: 51
func TestGoexitOfATaskPassesTheBatonOn(t *testing.T) {
	run(t, func() {
		ended := 0
		for range 100 {
			task.Go(func() { task.Yield(); ended++ })
			exit := task.Go(func() {
				defer func() { ended++ }()
				task.Yield()
				stdruntime.Goexit()
			})
			task.Go(func() {
				if err := exit.Join(); !errors.Is(err, task.ErrGoexit) {
					t.Errorf("Join returned %v", err)
				}
			})
		}
		task.Sleep(time.Second)
		if ended != 200 {
			t.Errorf("%d of 200 tasks ended", ended)
		}
	})
}
