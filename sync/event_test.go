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

// holds: 3, 22
func TestSetThenClearWakesAllWhoWaited(t *testing.T) {
	tasktest.Run(t, func() {
		var e sync.Event
		woke := 0
		var tasks []*task.Task
		for range 3 {
			tasks = append(tasks, task.Go(func() { e.Wait(); woke++ }))
		}
		tasks = append(tasks, task.Go(func() {
			if err := e.WaitTimeout(long); err != nil {
				t.Errorf("WaitTimeout returned %v", err)
			}
			woke++
		}))
		tasktest.WaitAllParked()
		e.Set()
		if woke != 0 || !e.IsSet() {
			t.Errorf("%d ran inside of Set; it is set: %v", woke, e.IsSet())
		}
		e.Clear()
		for _, t := range tasks {
			_ = t.Join()
		}
		if woke != 4 || e.IsSet() {
			t.Errorf("%d of 4 woke; it is set: %v", woke, e.IsSet())
		}
		if err := e.WaitTimeout(time.Second); !isTimeout(err, time.Second) {
			t.Errorf("WaitTimeout returned %v", err)
		}
		runtime.Current().CallSoon(e.Set) // a callback may
		e.Wait()
		tasktest.MustCheckpoint(t, e.Wait)
		tasktest.MustNotCheckpoint(t, e.Set)
		foreign(t, map[string]func(){
			"Set": e.Set, "Clear": e.Clear, "IsSet": func() { e.IsSet() }, "Wait": e.Wait,
			"WaitTimeout": func() { _ = e.WaitTimeout(0) },
		})
	})
}

func TestEventHeedsABlockThatIsOver(t *testing.T) {
	tasktest.Run(t, func() {
		var e sync.Event
		e.Set()
		var inner error
		err := timeout.Run(time.Second, func() error {
			task.Go(func() {}) // the block ends while the task runs
			defer func() { inner = e.WaitTimeout(long) }()
			task.Sleep(long)
			return nil
		})
		if !isTimeout(err, time.Second) || !isTimeout(inner, time.Second) {
			t.Errorf("the block returned %v, WaitTimeout of what has happened in it %v", err, inner)
		}
	})
}

// holds: 2, 10
func TestEventUnderCancelEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		var e sync.Event
		setter := s.Go(func() { task.Yield(); e.Set() })
		s.Go(e.Wait)
		s.Go(func() { _ = e.WaitTimeout(long) })
		task.Go(func() {
			_ = setter.Join()
			e.Set() // should it have been cancelled
		})
	})
}

func TestEventUnderManySeeds(t *testing.T) {
	explore(t, func() {
		var events [3]sync.Event
		step := func(me int) func() {
			return func() {
				for range 3 {
					events[me].Wait()
					events[me].Clear()
					events[(me+1)%3].Set()
				}
			}
		}
		events[0].Set()
		joined(step(0), step(1), step(2))
		if !events[0].IsSet() {
			t.Error("the token was lost")
		}
	})
}

// holds: 21
func TestBarrierRounds(t *testing.T) {
	explore(t, func() {
		come, rounds := 0, 0
		b := sync.NewBarrier(3, func() {
			if rounds++; come != 3*rounds {
				t.Errorf("round %d began when %d had come", rounds, come)
			}
		})
		numbers := make([]int, 3)
		step := func() {
			for round := range 3 {
				come++
				n, err := b.Wait()
				if err != nil || rounds != round+1 {
					t.Errorf("Wait returned %v in round %d of %d", err, round, rounds)
				}
				numbers[n]++
			}
		}
		joined(step, step, step)
		if rounds != 3 || numbers[0] != 3 || numbers[1] != 3 || numbers[2] != 3 || b.Broken() || b.Waiting() != 0 || b.Parties() != 3 {
			t.Errorf("%d rounds, numbers %v, broken %v, %d wait", rounds, numbers, b.Broken(), b.Waiting())
		}
	})
}

// waitAt starts tasks that wait at the barrier and counts how they fared.
func waitAt(b *sync.Barrier, n int, broken, other *int) []*task.Task {
	var tasks []*task.Task
	for range n {
		tasks = append(tasks, task.Go(func() {
			if _, err := b.Wait(); errors.Is(err, sync.ErrBroken) {
				*broken++
			} else {
				*other++
			}
		}))
	}
	tasktest.WaitAllParked()
	return tasks
}

// holds: 21
func TestBarrierBreaksForAll(t *testing.T) {
	for name, spoil := range map[string]func(b *sync.Barrier){
		"timeout": func(b *sync.Barrier) {
			if _, err := b.WaitTimeout(time.Second); !isTimeout(err, time.Second) {
				t.Errorf("WaitTimeout returned %v", err)
			}
		},
		"kill": func(b *sync.Barrier) {
			victim := task.Go(func() { _, _ = b.Wait() })
			tasktest.WaitAllParked()
			victim.Kill()
			_ = victim.Join()
		},
		"block": func(b *sync.Barrier) {
			if err := timeout.Run(time.Second, func() error { _, err := b.Wait(); return err }); !isTimeout(err, time.Second) {
				t.Errorf("the block returned %v", err)
			}
		},
		"abort": (*sync.Barrier).Abort,
	} {
		t.Run(name, func(t *testing.T) {
			tasktest.Run(t, func() {
				b, broken, other := sync.NewBarrier(4, nil), 0, 0
				tasks := waitAt(b, 2, &broken, &other)
				spoil(b)
				for _, t := range tasks {
					_ = t.Join()
				}
				if _, err := b.Wait(); !errors.Is(err, sync.ErrBroken) || !b.Broken() || broken != 2 {
					t.Errorf("one who came later got %v; broken %v; %d of 2 were told", err, b.Broken(), broken)
				}
				b.Reset()
				tasks = waitAt(b, 4, &broken, &other) // the next generation is clean
				for _, t := range tasks {
					_ = t.Join()
				}
				if other != 4 || broken != 2 {
					t.Errorf("after the reset %d passed", other)
				}
			})
		})
	}
}

// holds: 21
func TestBarrierResetReleasesAll(t *testing.T) {
	tasktest.Run(t, func() {
		b, broken, other := sync.NewBarrier(3, nil), 0, 0
		tasks := waitAt(b, 2, &broken, &other)
		b.Reset()
		for _, t := range tasks {
			_ = t.Join()
		}
		if broken != 2 || b.Broken() {
			t.Errorf("%d of 2 were released, the barrier is broken: %v", broken, b.Broken())
		}
		foreign(t, map[string]func(){
			"Wait": func() { _, _ = b.Wait() }, "WaitTimeout": func() { _, _ = b.WaitTimeout(0) }, "Reset": b.Reset, "Abort": b.Abort,
		})
		if text := panicText(func() { sync.NewBarrier(0, nil) }); !strings.Contains(text, "at least one") {
			t.Errorf("a party of none: %q", text)
		}
	})
}

// An action that fails breaks the barrier for those who came, and for the next.
func TestBarrierWhoseActionFails(t *testing.T) {
	tasktest.Run(t, func() {
		b, broken, other := sync.NewBarrier(2, func() { panic("in the action") }), 0, 0
		tasks := waitAt(b, 1, &broken, &other)
		if text := panicText(func() { _, _ = b.Wait() }); text != "in the action" {
			t.Errorf("the last who came got %q", text)
		}
		_ = tasks[0].Join()
		if broken != 1 || !b.Broken() {
			t.Errorf("%d of 1 was told, broken %v", broken, b.Broken())
		}
	})
}

// A task that is cancelled at the barrier breaks it; nobody waits for ever.
//
// holds: 2, 21
func TestBarrierUnderCancelEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		b := sync.NewBarrier(3, func() { task.Yield() })
		for range 3 {
			member := s.Go(func() {
				for range 2 {
					if _, err := b.Wait(); err != nil {
						return
					}
				}
			})
			task.Go(func() {
				_ = member.Join()
				if s.Cancelled() {
					b.Abort() // it may have been cancelled on its way
				}
			})
		}
	})
}

// One whose block is over when it comes to the barrier will not be there.
//
// holds: 21
func TestBarrierReachedInACancelledBlock(t *testing.T) {
	tasktest.Run(t, func() {
		b, broken, other := sync.NewBarrier(2, nil), 0, 0
		tasks := waitAt(b, 1, &broken, &other)
		err := timeout.Run(time.Second, func() error {
			defer func() { _, _ = b.Wait() }()
			task.Sleep(long)
			return nil
		})
		_ = tasks[0].Join()
		if !isTimeout(err, time.Second) || broken != 1 {
			t.Errorf("the block returned %v, %d was told", err, broken)
		}
	})
}
