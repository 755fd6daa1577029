package sync_test

import (
	"errors"
	stdruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// anyQueue is what the three queues have in common.
type anyQueue interface {
	tasktest.Queue
	TryPut(int) error
	TryGet() (int, error)
	PutTimeout(int, time.Duration) error
	GetTimeout(time.Duration) (int, error)
	TaskDone()
	Join() error
}

func less(a, b int) bool { return a < b }

var queues = map[string]func(limit int) anyQueue{
	"Queue":         func(limit int) anyQueue { return sync.NewQueue[int](limit) },
	"LifoQueue":     func(limit int) anyQueue { return sync.NewLifoQueue[int](limit) },
	"PriorityQueue": func(limit int) anyQueue { return sync.NewPriorityQueue(limit, less) },
}

// holds: 2, 9, 24, 27, 46
func TestQueuesKeepTheContract(t *testing.T) {
	for name, newQueue := range queues {
		t.Run(name, func(t *testing.T) {
			tasktest.TestQueue(t, name == "Queue", func(limit int) tasktest.Queue { return newQueue(limit) })
		})
	}
}

func TestQueuesUnderManySeeds(t *testing.T) {
	for _, newQueue := range queues {
		explore(t, func() {
			q := newQueue(1)
			var got []int
			put := func(mark int) func() {
				return func() {
					for i := range 3 {
						_ = q.Put(mark + i)
					}
				}
			}
			joined(put(0), put(10), func() {
				for range 6 {
					i, _ := q.Get()
					got = append(got, i)
				}
			})
			slices.Sort(got)
			if !slices.Equal(got, []int{0, 1, 2, 10, 11, 12}) {
				t.Errorf("%v came out", got)
			}
		})
	}
}

// holds: 30
func TestOrderOfQueues(t *testing.T) {
	tasktest.Run(t, func() {
		type job struct{ priority, number int }
		q := sync.NewPriorityQueue(0, func(a, b job) bool { return a.priority < b.priority })
		for i := range 100 {
			_ = q.Put(job{i * 7 % 5, i})
		}
		last := job{-1, -1}
		for range 100 {
			j, err := q.TryGet()
			if err != nil || j.priority < last.priority || j.priority == last.priority && j.number < last.number {
				t.Fatalf("%v came after %v (%v)", j, last, err)
			}
			last = j
		}
		stack, line := sync.NewLifoQueue[int](0), sync.NewQueue[int](0)
		for round := range 3 { // through growth and around the ring
			for i := range 20 {
				_, _ = stack.Put(i), line.Put(i)
			}
			for i := range 20 {
				a, _ := stack.Get()
				b, _ := line.Get()
				if a != 19-i || b != i {
					t.Fatalf("round %d: %d and %d came as number %d", round, a, b, i)
				}
			}
		}
	})
}

// holds: 23
func TestQueueTimeoutsAreNeverEarly(t *testing.T) {
	for name, newQueue := range queues {
		tasktest.Run(t, func() {
			q := newQueue(1)
			begin := runtime.Current().Now()
			first := task.Go(func() { _, _ = q.Get() })
			tasktest.WaitAllParked()
			loser := task.Go(func() {
				_, err := q.GetTimeout(10 * time.Second)
				if took := runtime.Current().Now().Sub(begin); !isTimeout(err, 10*time.Second) || took != 10*time.Second {
					t.Errorf("%s: GetTimeout returned %v after %v", name, err, took)
				}
			})
			task.Sleep(time.Second)
			_ = q.TryPut(1) // the first one's
			_, _ = first.Join(), loser.Join()
			if err := q.PutTimeout(1, time.Second); err != nil {
				t.Errorf("%s: PutTimeout returned %v", name, err)
			}
			if err := q.PutTimeout(2, time.Second); !isTimeout(err, time.Second) || q.Len() != 1 {
				t.Errorf("%s: PutTimeout into a full queue returned %v, %d items", name, err, q.Len())
			}
			if err := q.TryPut(3); !errors.Is(err, sync.ErrFull) {
				t.Errorf("%s: TryPut returned %v", name, err)
			}
			if i, err := q.TryGet(); i != 1 || err != nil {
				t.Errorf("%s: TryGet returned %d, %v", name, i, err)
			}
			if _, err := q.TryGet(); !errors.Is(err, sync.ErrEmpty) {
				t.Errorf("%s: TryGet returned %v", name, err)
			}
		})
	}
}

// holds: 27
func TestShutdown(t *testing.T) {
	for name, newQueue := range queues {
		for _, immediate := range []bool{false, true} {
			tasktest.Run(t, func() {
				q := newQueue(2)
				_, _ = q.Put(1), q.Put(2)
				putter := task.Go(func() {
					if err := q.Put(3); !errors.Is(err, sync.ErrShutdown) {
						t.Errorf("%s: Put under a shutdown returned %v", name, err)
					}
				})
				done := false
				joiner := task.Go(func() { _ = q.Join(); done = true })
				tasktest.WaitAllParked()
				q.Shutdown(immediate)
				_ = putter.Join()
				tasktest.WaitAllParked()
				if done != immediate {
					t.Errorf("%s: immediate %v, and Join returned: %v", name, immediate, done)
				}
				got := 0
				for err := error(nil); err == nil; got++ {
					_, err = q.Get()
				}
				if want := map[bool]int{false: 2, true: 0}[immediate]; got-1 != want {
					t.Errorf("%s: immediate %v, %d items came out", name, immediate, got-1)
				}
				for range got - 1 {
					if done {
						t.Errorf("%s: Join returned before all was done", name)
					}
					q.TaskDone()
					tasktest.WaitAllParked()
				}
				_ = joiner.Join()
				if err := q.TryPut(1); !errors.Is(err, sync.ErrShutdown) {
					t.Errorf("%s: TryPut returned %v", name, err)
				}
				if _, err := q.TryGet(); !errors.Is(err, sync.ErrShutdown) {
					t.Errorf("%s: TryGet returned %v", name, err)
				}
			})
		}
	}
	tasktest.Run(t, func() { // those who wait for an item
		q := sync.NewQueue[int](0)
		getter := task.Go(func() {
			if _, err := q.Get(); !errors.Is(err, sync.ErrShutdown) {
				t.Errorf("Get under a shutdown returned %v", err)
			}
		})
		tasktest.WaitAllParked()
		q.Shutdown(false)
		_ = getter.Join()
	})
}

func TestJoinAndTaskDone(t *testing.T) {
	tasktest.Run(t, func() {
		q := sync.NewQueue[int](1)
		tasktest.MustCheckpoint(t, func() { _ = q.Join() })
		worker := task.Go(func() {
			for range q.All() {
				task.Sleep(time.Second)
				q.TaskDone()
			}
		})
		begin := runtime.Current().Now()
		for i := range 3 {
			_ = q.Put(i)
		}
		if err := q.Join(); err != nil || runtime.Current().Now().Sub(begin) != 3*time.Second {
			t.Errorf("Join returned %v after %v", err, runtime.Current().Now().Sub(begin))
		}
		if text := panicText(q.TaskDone); !strings.Contains(text, "more often than items were put") {
			t.Errorf("it said %q", text)
		}
		_ = q.Put(4)
		if err := timeout.Run(time.Millisecond, q.Join); !isTimeout(err, time.Millisecond) {
			t.Errorf("Join in a block returned %v", err)
		}
		runtime.Current().CallSoon(func() { q.Shutdown(false) }) // a callback may
		_ = worker.Join()
	})
}

// holds: 31
func TestIterationEndsWithTheQueue(t *testing.T) {
	explore(t, func() {
		q, sum := sync.NewQueue[int](1), 0
		joined(func() {
			for i := range 3 {
				_ = q.Put(i + 1)
			}
			q.Shutdown(false)
		}, func() {
			for i := range q.All() {
				sum += i
			}
		})
		if sum != 6 {
			t.Errorf("the sum is %d", sum)
		}
	})
	tasktest.Run(t, func() {
		q := sync.NewQueue[int](0)
		_ = q.Put(1)
		for range q.All() {
			break
		}
		err := timeout.Run(time.Second, func() error {
			for range q.All() {
				t.Error("an item came out of nowhere")
			}
			t.Error("the loop ended as if the queue had")
			return nil
		})
		if !isTimeout(err, time.Second) {
			t.Errorf("the block returned %v", err)
		}
	})
}

// holds: 94
func TestQueueMisuse(t *testing.T) {
	tasktest.Run(t, func() {
		q := sync.NewQueue[int](1)
		_ = q.Put(1)
		foreign(t, map[string]func(){
			"Put": func() { _ = q.Put(1) }, "PutTimeout": func() { _ = q.PutTimeout(1, 0) }, "TryPut": func() { _ = q.TryPut(1) },
			"Get": func() { _, _ = q.Get() }, "GetTimeout": func() { _, _ = q.GetTimeout(0) }, "TryGet": func() { _, _ = q.TryGet() },
			"TaskDone": q.TaskDone, "Join": func() { _ = q.Join() }, "Shutdown": func() { q.Shutdown(false) },
			"All": func() { q.All()(func(int) bool { return false }) },
		})
		for name, f := range map[string]func(){
			"NewQueue":         func() { sync.NewQueue[int](-1) },
			"NewLifoQueue":     func() { sync.NewLifoQueue[int](-1) },
			"NewPriorityQueue": func() { sync.NewPriorityQueue(-1, less) },
			"NewSharedQueue":   func() { sync.NewSharedQueue[int](-1) },
		} {
			if text := panicText(f); !strings.Contains(text, name+"(-1)") {
				t.Errorf("%s: it said %q", name, text)
			}
		}
		if text := panicText(func() { sync.NewPriorityQueue[int](0, nil) }); !strings.Contains(text, "orders the items") {
			t.Errorf("it said %q", text)
		}
		runtime.Current().CallSoon(func() { _, _ = q.TryGet(); q.TaskDone(); _ = q.TryPut(2) })
		task.Yield()
		task.Yield()
		if i, err := q.Get(); i != 2 || err != nil {
			t.Errorf("got %d, %v", i, err)
		}
	})
	for says, wait := range map[string]func(){
		"main waits for an item in a queue":          func() { _, _ = sync.NewQueue[int](0).Get() },
		"main waits for room in a queue for 1 items": func() { q := sync.NewQueue[int](1); _, _ = q.Put(1), q.Put(2) },
		"main waits for the items of a queue to be":  func() { q := sync.NewQueue[int](0); _, _ = q.Put(1), q.Join() },
	} {
		if err := runtime.Run(wait); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("Run returned %v, want %q", err, says)
		}
	}
}

// holds: 42
func TestCancelledQueueCallsFail(t *testing.T) {
	tasktest.Run(t, func() {
		q := sync.NewQueue[int](0)
		var errs []error
		err := timeout.Run(time.Second, func() error {
			defer func() {
				_, err := q.Get()
				errs = append(errs, q.Put(1), err, q.Join())
			}()
			task.Sleep(long)
			return nil
		})
		for _, e := range append(errs, err) {
			if !isTimeout(e, time.Second) {
				t.Errorf("a call returned %v", e)
			}
		}
		if q.Len() != 0 || len(errs) != 3 {
			t.Errorf("%d items were put in a block that is over", q.Len())
		}
	})
}

// A kill, and the end of a block, reach whoever waits in a call.
//
// holds: 10, 24
func TestEveryQueueWaitCanBeEnded(t *testing.T) {
	for name, wait := range map[string]func(full, empty anyQueue){
		"Put":        func(full, _ anyQueue) { _ = full.Put(1) },
		"PutTimeout": func(full, _ anyQueue) { _ = full.PutTimeout(1, long) },
		"Get":        func(_, empty anyQueue) { _, _ = empty.Get() },
		"GetTimeout": func(_, empty anyQueue) { _, _ = empty.GetTimeout(long) },
		"Join":       func(full, _ anyQueue) { _ = full.Join() },
	} {
		for kind, newQueue := range queues {
			tasktest.Run(t, func() {
				full, empty := newQueue(1), newQueue(1)
				_ = full.Put(7)
				victim := task.Go(func() { wait(full, empty) })
				tasktest.WaitAllParked()
				victim.Kill()
				_, _ = full.TryGet() // though the victim has not run yet
				_, _ = full.TryPut(7), empty.TryPut(8)
				if err := victim.Join(); !errors.Is(err, task.ErrKilled) || full.Len() != 1 || empty.Len() != 1 {
					t.Errorf("%s.%s: %v, and %d and %d items", kind, name, err, full.Len(), empty.Len())
				}
				_, _ = empty.TryGet()
				begin := runtime.Current().Now()
				err := timeout.Run(time.Second, func() error { wait(full, empty); task.Yield(); return sync.ErrFull })
				if took := runtime.Current().Now().Sub(begin); took != time.Second || err == nil || full.Len() != 1 || empty.Len() != 0 {
					t.Errorf("%s.%s: the block returned %v after %v", kind, name, err, took)
				}
			})
		}
	}
}

// Items that go through allocate nothing, whether somebody waits or not.
func TestNoAllocationsOfQueues(t *testing.T) {
	if goroutine.Race || goroutine.Portable {
		t.Skip("skipped: the race detector, and the portable way to tell goroutines apart, allocate")
	}
	for name, newQueue := range queues {
		tasktest.Run(t, func() {
			const rounds = 10_000
			q := newQueue(2)
			putter := task.Go(func() {
				for i := range 2 * rounds {
					_ = q.Put(i)
				}
			})
			var before, after stdruntime.MemStats
			for i := range 2 * rounds {
				if i == rounds { // what is made once has been made
					stdruntime.ReadMemStats(&before)
				}
				_, _ = q.Get()
			}
			stdruntime.ReadMemStats(&after)
			_ = putter.Join()
			if n := after.Mallocs - before.Mallocs; n >= 100 {
				t.Errorf("%s: %d allocations in %d rounds", name, n, rounds)
			}
		})
	}
}
