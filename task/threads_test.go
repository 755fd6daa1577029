package task_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// A function that holds the only place of one purpose holds nothing else up.
func TestThreadsOfTheirOwnStarveNobody(t *testing.T) {
	run(t, func() {
		slow := task.NewThreads("slow", 1)
		release := make(chan struct{})
		busy := task.Go(func() {
			_, _ = task.OffloadTo(slow, func() (int, error) { <-release; return 0, nil })
		})
		task.Yield()
		second := task.Go(func() {
			_, _ = task.OffloadTo(slow, func() (int, error) { return 0, nil })
		})
		for i := range 10 {
			if n, err := task.Offload(func() (int, error) { return i, nil }); n != i || err != nil {
				t.Errorf("Offload returned %d, %v", n, err)
			}
		}
		if on := second.Waiting(); on != "a free goroutine of the slow pool (1 of 1 are taken; 1 wait)" {
			t.Errorf("the second waits for %q", on)
		}
		if on := busy.Waiting(); on != "a function on a plain goroutine (slow)" {
			t.Errorf("the first waits for %q", on)
		}
		close(release)
		_ = second.Join()
	}, runtime.WithOffloadLimit(1))
}

// holds: 92
// What has begun is waited for, whatever comes over its task: kill, timeout.
func TestOffloadFinishWaits(t *testing.T) {
	run(t, func() {
		threads := task.NewThreads("disk", 1)
		begun, release := make(chan struct{}), make(chan struct{})
		got, after := 0, false
		victim := task.Go(func() {
			got, _ = task.OffloadFinish(threads, func() (int, error) {
				close(begun)
				<-release
				return 42, nil
			})
			task.Yield()
			after = true
		})
		_, _ = task.Offload(func() (int, error) { <-begun; return 0, nil })
		victim.Kill()
		for range 5 {
			task.Yield()
		}
		if s := threads.Stats(); !victim.Alive() || s.Running != 1 || s.Abandoned != 0 {
			t.Errorf("the killed task is alive: %v; the pool says %+v", victim.Alive(), s)
		}
		close(release)
		if err := victim.Join(); err != task.ErrKilled || got != 42 || after {
			t.Errorf("it ended with %v, and had got %d; it went on after a checkpoint: %v", err, got, after)
		}

		begun, release = make(chan struct{}), make(chan struct{})
		g := task.NewGroup()
		g.Go(func() error {
			n, err := task.OffloadFinish(nil, func() (int, error) {
				close(begun)
				<-release
				return 7, nil
			})
			if n != 7 || err != nil {
				t.Errorf("in a cancelled group the offload returned %d, %v", n, err)
			}
			if _, err := task.OffloadFinish(nil, func() (int, error) { return 0, nil }); !errors.Is(err, task.ErrCanceled) {
				t.Errorf("the next offload returned %v", err)
			}
			return nil
		})
		_, _ = task.Offload(func() (int, error) { <-begun; return 0, nil })
		g.Cancel()
		for range 5 {
			task.Yield()
		}
		close(release)
		_ = g.Wait()
	})
}

// holds: 10, 92
// One that is cancelled while it waits for its turn leaves, and the function does not
// run.
func TestOffloadFinishLeavesTheQueue(t *testing.T) {
	run(t, func() {
		threads := task.NewThreads("disk", 1)
		release := make(chan struct{})
		first := task.Go(func() {
			_, _ = task.OffloadFinish(threads, func() (int, error) { <-release; return 0, nil })
		})
		task.Yield()
		ran := false
		second := task.Go(func() {
			_, _ = task.OffloadFinish(threads, func() (int, error) { ran = true; return 0, nil })
		})
		task.Yield()
		second.Kill()
		if err := second.Join(); err != task.ErrKilled || ran {
			t.Errorf("it ended with %v; the function ran: %v", err, ran)
		}
		s := threads.Stats()
		if s.Name != "disk" || s.Limit != 1 || s.Queued != 0 || s.Running != 1 || s.Total != 1 || s.Waited != 1 {
			t.Errorf("the pool says %+v", s)
		}
		close(release)
		_ = first.Join()
	})
}

// holds: 46
// A function that has ended before the cancellation came to its task has been called:
// its result counts.
func TestResultThatMeetsACancellationIsReturned(t *testing.T) {
	run(t, func() {
		ended, got := make(chan struct{}), 0
		victim := task.Go(func() {
			got, _ = task.Offload(func() (int, error) {
				defer close(ended)
				return 42, nil
			})
		})
		task.Yield()
		<-ended // the loop stands still; the report is on its way or there
		for victim.Waiting() != "" {
			task.Yield()
		}
		victim.Kill() // woken, and has not run
		if err := victim.Join(); err != nil || got != 42 {
			t.Errorf("it ended with %v, and had got %d", err, got)
		}
	})
}

func TestSetLimitLetsTheDifferenceBegin(t *testing.T) {
	run(t, func() {
		threads := task.NewThreads("wide", 1)
		gate := make(chan struct{})
		var all []*task.Task
		for range 6 {
			all = append(all, task.Go(func() {
				_, _ = task.OffloadTo(threads, func() (int, error) { <-gate; return 0, nil })
			}))
		}
		expect := func(running, queued int) {
			t.Helper()
			task.Yield()
			if s := threads.Stats(); s.Running != running || s.Queued != queued {
				t.Errorf("the pool says %+v, want %d that run and %d that wait", s, running, queued)
			}
		}
		expect(1, 5)
		threads.SetLimit(4)
		expect(4, 2)
		threads.SetLimit(1)
		expect(4, 2)
		for _, s := range task.OffloadStats() {
			if want := map[string]int{"offload": 0, "lookup": 0, "file": 0, "wide": 4}[s.Name]; s.Running != want {
				t.Errorf("%+v, want %d that run", s, want)
			}
		}
		if n := len(task.OffloadStats()); n != 4 {
			t.Errorf("%d pools are listed, want the three of the loop and the one at work", n)
		}
		close(gate)
		for _, one := range all {
			_ = one.Join()
		}
		expect(0, 0)
	})
}

// The longest wait for a place is told, by the loop's clock.
func TestStatsTellTheLongestWait(t *testing.T) {
	if err := runtime.Run(func() {
		threads := task.NewThreads("one", 1)
		gate := make(chan struct{})
		holder := task.Go(func() { _, _ = task.OffloadTo(threads, func() (int, error) { <-gate; return 0, nil }) })
		task.Yield()
		holder.Kill()
		_ = holder.Join()
		waits := task.Go(func() { _, _ = task.OffloadTo(threads, func() (int, error) { return 0, nil }) })
		task.Yield()
		if on := waits.Waiting(); on != "a free goroutine of the one pool (1 of 1 are taken, 1 of them by functions that were given up; 1 wait)" {
			t.Errorf("it waits for %q", on)
		}
		if s := threads.Stats(); s.Abandoned != 1 || s.Longest != 0 {
			t.Errorf("the pool says %+v", s)
		}
		close(gate)
		_ = waits.Join()
		if s := threads.Stats(); s.Abandoned != 0 || s.Waited != 1 || s.Longest <= 0 {
			t.Errorf("the pool says %+v", s)
		}
	}); err != nil {
		t.Error(err)
	}
}

// holds: 91
// Functions that do not return, waited for or not, hold Run up for the grace and no
// longer; Run says of what kind they are.
func TestRunDoesNotWaitForeverForOffloads(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	err := runtime.Run(func() {
		disk, tape := task.NewThreads("disk", 2), task.NewThreads("tape", 1)
		hang := func() (int, error) { <-never; return 0, nil }
		victims := []*task.Task{
			task.Go(func() { _, _ = task.OffloadFinish(disk, hang) }),
			task.Go(func() { _, _ = task.OffloadTo(disk, hang) }),
			task.Go(func() { timeout.Shield(func() { _, _ = task.OffloadTo(tape, hang) }) }),
		}
		task.Yield()
		for _, v := range victims {
			v.Kill()
		}
		runtime.Current().Stop()
	}, runtime.WithGrace(time.Millisecond))
	if err == nil || !strings.Contains(err.Error(), "3 offloaded functions did not return") || !strings.Contains(err.Error(), "(2 of the disk pool, 1 of the tape pool)") {
		t.Errorf("Run returned %v", err)
	}
}

// A bound outlives the run: what that gave up has no place in the next.
func TestThreadsServeOneRunAfterTheOther(t *testing.T) {
	threads := task.NewThreads("kept", 1)
	never := make(chan struct{})
	defer close(never)
	err := runtime.Run(func() {
		victim := task.Go(func() { _, _ = task.OffloadTo(threads, func() (int, error) { <-never; return 0, nil }) })
		task.Yield()
		victim.Kill()
	}, runtime.WithGrace(0))
	if err == nil {
		t.Error("Run did not say that a function was given up")
	}
	for range 2 {
		run(t, func() {
			if n, err := task.OffloadTo(threads, func() (int, error) { return 1, nil }); n != 1 || err != nil {
				t.Errorf("OffloadTo returned %d, %v", n, err)
			}
		})
	}
	if s := threads.Stats(); s.Total != 3 || s.Running != 0 {
		t.Errorf("the pool says %+v", s)
	}
	run(t, func() {
		p := panicOf(func() {
			release := runtime.Current().Hold()
			defer release()
			other := make(chan any, 1)
			_, _ = task.OffloadTo(threads, func() (int, error) { return 0, nil }) // it is this loop's now
			go func() {
				_ = runtime.Run(func() {
					other <- panicOf(func() { _, _ = task.OffloadTo(threads, func() (int, error) { return 0, nil }) })
				})
			}()
			panic(<-other)
		})
		if s, ok := p.(string); !ok || !strings.Contains(s, "the kept pool was called in another loop") {
			t.Errorf("the use in another loop ended with %v", p)
		}
	})
}

func TestThreadsNeedAPlace(t *testing.T) {
	for _, f := range []func(){
		func() { task.NewThreads("none", 0) },
		func() { task.NewThreads("one", 1).SetLimit(-1) },
	} {
		if s, ok := panicOf(f).(string); !ok || !strings.Contains(s, "give at least 1") {
			t.Errorf("panicked with %q", s)
		}
	}
}

// No goroutines of their own are those of all, and a value that nobody made is refused
// before it waits.
func TestOffloadToNothing(t *testing.T) {
	run(t, func() {
		if n, err := task.OffloadTo(nil, func() (int, error) { return 1, nil }); n != 1 || err != nil {
			t.Errorf("OffloadTo returned %d, %v", n, err)
		}
		defer func() {
			if text, _ := recover().(string); !strings.Contains(text, "make them with task.NewThreads") {
				t.Errorf("a zero Threads said %q", text)
			}
		}()
		_, _ = task.OffloadTo(new(task.Threads), func() (int, error) { return 0, nil })
		t.Error("a zero Threads has run something")
	})
}
