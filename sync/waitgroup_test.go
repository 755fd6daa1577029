package sync_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestWaitGroupWaitsForAll(t *testing.T) {
	explore(t, func() {
		var g sync.WaitGroup
		done := 0
		for range 3 {
			g.Go(func() {
				for range 3 {
					task.Yield()
				}
				done++
			})
		}
		g.Wait()
		if done != 3 {
			t.Errorf("%d of 3 were done", done)
		}
	})
}

// A task that never ran, since it was killed before, is done as well.
//
// holds: 40
func TestWaitGroupCountsTasksThatNeverRan(t *testing.T) {
	tasktest.Run(t, func() {
		var g sync.WaitGroup
		for range 2 {
			g.Go(func() { t.Error("a task that was killed before its start ran") })
		}
		for other := range task.All() {
			if other != task.Current() {
				other.Kill()
			}
		}
		g.Wait()
		g.Wait() // at once
		tasktest.MustCheckpoint(t, g.Wait)
	})
}

// holds: 2, 10
func TestWaitGroupUnderCancelEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		var g sync.WaitGroup
		for range 2 {
			g.Add(1)
			worker := s.Go(task.Yield)
			task.Go(func() { _ = worker.Join(); g.Done() })
		}
		s.Go(g.Wait)
		s.Go(g.Wait)
		s.After(g.Wait)
	})
}

func TestWaitGroupMisuse(t *testing.T) {
	tasktest.Run(t, func() {
		var g sync.WaitGroup
		if text := panicText(g.Done); !strings.Contains(text, "became negative") {
			t.Errorf("Done said %q", text)
		}
		if text := panicText(func() { g.Go(nil) }); !strings.Contains(text, "called with nil") {
			t.Errorf("Go(nil) said %q", text)
		}
		foreign(t, map[string]func(){
			"Add": func() { g.Add(1) }, "Done": g.Done, "Wait": g.Wait, "Go": func() { g.Go(func() {}) },
		})
		g.Add(2)
		runtime.Current().CallSoon(func() { g.Add(-1); g.Done() }) // a callback may
		g.Wait()
	})
	err := runtime.Run(func() {
		var g sync.WaitGroup
		g.Add(3)
		g.Wait()
	})
	if err == nil || !strings.Contains(err.Error(), "a sync.WaitGroup with 3 things to be done") {
		t.Errorf("Run returned %v", err)
	}
}

// As the standard package's own test: two groups, one used again and again.
func TestWaitGroupIsUsedAgain(t *testing.T) {
	explore(t, func() {
		var arrived, leave sync.WaitGroup
		for range 2 {
			out := 0
			arrived.Add(3)
			leave.Add(1)
			for range 3 {
				task.Go(func() {
					arrived.Done()
					leave.Wait()
					out++
					arrived.Done()
				})
			}
			arrived.Wait()
			if out != 0 {
				t.Errorf("%d left before they were let go", out)
			}
			arrived.Add(3)
			leave.Done()
			arrived.Wait()
			if out != 3 {
				t.Errorf("%d of 3 have left", out)
			}
		}
	})
}

// All who wait go on, and none of them before the last is done.
func TestWaitGroupWakesAllWhoWait(t *testing.T) {
	explore(t, func() {
		var g sync.WaitGroup
		done, woken := 0, 0
		wait := func() {
			g.Wait()
			if woken++; done != 3 {
				t.Errorf("Wait returned when %d of 3 were done", done)
			}
		}
		g.Add(3)
		joined(wait, wait, func() {
			for range 3 {
				task.Yield()
				done++
				tasktest.MustNotCheckpoint(t, g.Done)
			}
		})
		if woken != 2 {
			t.Errorf("%d of 2 have woken", woken)
		}
	})
}

// Whichever of the tasks of Go is killed, at whatever moment and also before its
// first step, Wait returns when all have ended.
//
// holds: 40
func TestWaitGroupUnderKillsEverywhere(t *testing.T) {
	explore(t, func() {
		var g sync.WaitGroup
		ended := 0
		me := task.Current()
		for range 3 {
			g.Go(func() {
				defer func() { ended++ }()
				task.Yield()
				task.Yield()
			})
		}
		killer := task.Go(func() {
			task.Yield()
			for other := range task.All() {
				if other != me && other != task.Current() {
					other.Kill()
					task.Yield()
				}
			}
		})
		g.Wait()
		for other := range task.All() {
			if other != me && other != killer {
				t.Errorf("%s is alive when Wait returns, %d have ended", other.Name(), ended)
			}
		}
		_ = killer.Join()
	})
}

// holds: 10
func TestWaitGroupWaiterThatGoesAwayLeavesNothing(t *testing.T) {
	tasktest.Run(t, func() {
		var g sync.WaitGroup
		g.Add(1)
		waits := func() { g.Wait(); t.Error("Wait returned, and nothing was done") }
		killed := task.Go(waits)
		late := task.Go(func() {
			if err := timeout.Run(time.Second, func() error { waits(); return nil }); !isTimeout(err, time.Second) {
				t.Errorf("the block returned %v", err)
			}
		})
		tasktest.WaitAllParked()
		killed.Kill()
		_, _ = killed.Join(), late.Join()
		g.Done()
		g.Wait()
	})
}

// holds: 42
func TestWaitGroupInACancelledBlock(t *testing.T) {
	tasktest.Run(t, func() {
		var g sync.WaitGroup
		for n := range 2 { // nothing to wait for, and something
			err := timeout.Run(time.Second, func() error {
				defer func() {
					g.Add(n)
					defer g.Add(-n)
					g.Wait()
					t.Errorf("Wait for %d returned in a block that is over", n)
				}()
				task.Sleep(long)
				return nil
			})
			if !isTimeout(err, time.Second) {
				t.Errorf("the block returned %v", err)
			}
		}
		g.Wait()
	})
}

func TestWaitGroupIsServedByCallbacks(t *testing.T) {
	explore(t, func() {
		var g sync.WaitGroup
		l, calls, ran := runtime.Current(), 0, 0
		waiter := task.Go(func() {
			tasktest.WaitAllParked()
			g.Wait()
		})
		g.Add(1)
		l.CallSoon(func() {
			g.Add(2)
			l.CallSoon(func() { calls++; g.Done() })
			l.CallSoon(func() { calls++; g.Done() })
			g.Go(func() { task.Yield(); ran++ })
			g.Done()
		})
		if g.Wait(); calls != 2 || ran != 1 {
			t.Errorf("Wait returned after %d of 2 callbacks and %d of 1 task", calls, ran)
		}
		_ = waiter.Join()
	})
}

// A panic in a task is counted as its end, and told of.
//
// holds: 50, 52
func TestWaitGroupCountsATaskThatPanics(t *testing.T) {
	err := runtime.Run(func() {
		var g sync.WaitGroup
		g.Go(func() { panic("in the task") })
		g.Wait()
	})
	var p *task.PanicError
	if !errors.As(err, &p) || p.Value != "in the task" {
		t.Errorf("Run returned %v", err)
	}
}

// The panic says what is wrong; it leaves nobody waiting for the number zero.
func TestWaitGroupThatBecameNegativeWakesAll(t *testing.T) {
	tasktest.Run(t, func() {
		var g sync.WaitGroup
		g.Add(1)
		waiter := task.Go(g.Wait)
		tasktest.WaitAllParked()
		if text := panicText(func() { g.Add(-2) }); !strings.Contains(text, "became negative") {
			t.Errorf("Add said %q", text)
		}
		_ = waiter.Join()
		g.Add(1) // it can be used all the same
		g.Done()
		g.Wait()
	})
}

// A Done in the function of Go is one too many. It is told of, as the standard
// library does, though it may let Wait return too early.
func TestWaitGroupTellsOfADoneInGo(t *testing.T) {
	for n := 1; n <= 3; n++ {
		err := runtime.Run(func() {
			var g sync.WaitGroup
			g.Go(g.Done)
			for range n - 1 {
				g.Go(task.Yield)
			}
			g.Wait()
		})
		if err == nil || !strings.Contains(err.Error(), "became negative") {
			t.Errorf("%d tasks: Run returned %v", n, err)
		}
	}
	tasktest.Run(t, func() { // the one who would tell is killed: no harm is done
		var g sync.WaitGroup
		g.Go(func() { g.Done(); task.Current().Kill() })
		tasktest.WaitAllParked()
		g.Wait()
	})
}
