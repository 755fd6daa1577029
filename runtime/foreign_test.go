package runtime_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// holds: 56
func TestMillionForeignCalls(t *testing.T) {
	each := 125_000
	if testing.Short() {
		each = 10_000
	}
	run(t, func(l *runtime.Loop) {
		n := 0
		elsewhere(l, func() {
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range each {
						if _, err := l.CallThreadsafe(func() { n++ }); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
		})
		task.Yield()
		if n != 8*each {
			t.Errorf("%d of %d calls ran", n, 8*each)
		}
		if s := l.Stats(); s.Wakeups > s.Foreign/2 {
			t.Errorf("%d calls woke the loop %d times", s.Foreign, s.Wakeups)
		}
	})
}

// holds: 55
// A call is either accepted, and then has run when Run returns, or refused.
func TestAcceptedCallRunsBeforeRunReturns(t *testing.T) {
	for range 50 {
		l := newLoop(t)
		var ran, accepted atomic.Int64
		over := make(chan struct{})
		started := make(chan struct{})
		go func() {
			defer close(over)
			for {
				_, err := l.CallThreadsafe(func() { ran.Add(1) })
				if err != nil {
					if !errors.Is(err, runtime.ErrClosed) {
						t.Error(err)
					}
					return
				}
				if accepted.Add(1) == 1 {
					close(started)
				}
			}
		}()
		<-started
		if err := l.Run(func() { task.Yield() }); err != nil {
			t.Error(err)
		}
		atReturn := ran.Load()
		<-over
		if ran.Load() != accepted.Load() || atReturn != accepted.Load() {
			t.Fatalf("%d calls were accepted, %d had run when Run returned, %d in the end", accepted.Load(), atReturn, ran.Load())
		}
	}
}

// holds: 55
// Callbacks that call in again, without end, cannot keep the run from ending: one
// of them is refused.
func TestCallsWithoutEndAreRefused(t *testing.T) {
	l := newLoop(t)
	accepted, refused := 0, error(nil)
	var again func()
	again = func() {
		if accepted > 1000 {
			return
		}
		if _, refused = l.CallThreadsafe(again); refused == nil {
			accepted++
		}
	}
	if err := l.Run(again); err != nil {
		t.Error(err)
	}
	if !errors.Is(refused, runtime.ErrClosed) || accepted > 10 {
		t.Errorf("%d calls were accepted, the last one got %v", accepted, refused)
	}
}

func TestForeignCallBeforeTheRun(t *testing.T) {
	l := newLoop(t)
	ran, canceled := false, false
	if _, err := l.CallThreadsafe(func() { ran = true }); err != nil {
		t.Error(err)
	}
	h, err := l.CallThreadsafe(func() { canceled = true })
	if err != nil {
		t.Error(err)
	}
	h.Cancel()
	if err := l.Run(func() {}); err != nil || !ran || canceled {
		t.Errorf("Run returned %v; the call ran: %v; the cancelled one ran: %v", err, ran, canceled)
	}
}

// holds: 57
// Between falling asleep and the one call from outside nothing wakes the loop. The
// caller looks at no clock: it comes when the loop is asleep, which Stats cannot
// tell, so it gives the loop ample opportunity to wake up in vain.
func TestIdleLoopSleeps(t *testing.T) {
	if err := runtime.Run(func() {
		l := runtime.Current()
		a, b := sockets(t)
		h, err := l.AddReader(a, func() {})
		if err != nil {
			t.Error(err)
			return
		}
		for range 5 {
			task.Yield()
		}
		before := l.Stats()
		wait(busy(1000))
		after := l.Stats()
		if n := after.Wakeups - before.Wakeups; n > 1 {
			t.Errorf("the idle loop was woken %d times by one call", n)
		}
		if n := after.Polls - before.Polls; n > 4 {
			t.Errorf("the idle loop polled %d times", n)
		}
		h.Cancel()
		closeAll(a, b)
	}); err != nil {
		t.Error(err)
	}
}

// busy is closed after plain goroutines have had n turns.
func busy(n int) <-chan struct{} {
	done := make(chan struct{})
	there, back := make(chan struct{}), make(chan struct{})
	go func() {
		for range there {
			back <- struct{}{}
		}
	}()
	go func() {
		for range n {
			there <- struct{}{}
			<-back
		}
		close(there)
		close(done)
	}()
	return done
}

func TestDoFromAPlainGoroutine(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		elsewhere(l, func() {
			if err := l.Do(func() error {
				if task.Current() == nil || runtime.Current() != l {
					t.Error("Do does not run its function as a task of the loop")
				}
				task.Yield()
				return errBoom
			}); err != errBoom {
				t.Errorf("Do returned %v", err)
			}
			var p *runtime.PanicError
			if err := l.Do(func() error { explode(); return nil }); !errors.As(err, &p) || p.Value != errBoom {
				t.Errorf("Do of a panic returned %v", err)
			}
			if err := l.Do(func() error { task.Current().Kill(); return nil }); !errors.Is(err, task.ErrKilled) {
				t.Errorf("Do of a killed task returned %v", err)
			}
		})
	})
}

// Two loops, each on its own goroutine: a task of the one waits in the other.
func TestDoFromATaskOfAnotherLoop(t *testing.T) {
	other := newLoop(t)
	over := make(chan error)
	go func() { over <- other.RunForever() }()
	run(t, func(l *runtime.Loop) {
		ticks := 0
		ticker := task.Go(func() {
			for {
				ticks++
				task.Yield()
			}
		})
		if err := other.Do(func() error {
			if runtime.Current() != other {
				t.Error("the function runs on the wrong loop")
			}
			return errBoom
		}); err != errBoom {
			t.Errorf("Do returned %v", err)
		}
		if ticks == 0 {
			t.Error("the loop stood still during Do")
		}
		ticker.Kill()
		waiting := task.Go(func() {
			_ = other.Do(func() error {
				task.Sleep(1 << 62)
				return nil
			})
			t.Error("a killed task came back from Do")
		})
		task.Yield()
		waiting.Kill()
		if err := waiting.Join(); !errors.Is(err, task.ErrKilled) {
			t.Errorf("the task that waits in Do ended with %v", err)
		}
	})
	other.Stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
	run(t, func(l *runtime.Loop) {
		if err := other.Do(func() error { return nil }); !errors.Is(err, runtime.ErrClosed) {
			t.Errorf("Do on a loop that has ended returned %v", err)
		}
	})
}

func TestDoInATaskOfTheSameLoopJustCalls(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		me, before := task.Current(), l.Stats()
		if err := l.Do(func() error {
			if task.Current() != me {
				t.Error("another task runs the function")
			}
			return errBoom
		}); err != errBoom || l.Stats().Switches != before.Switches {
			t.Errorf("Do returned %v after %d switches", err, l.Stats().Switches-before.Switches)
		}
	})
}

// The loop is stopped while a plain goroutine waits in Do.
func TestDoOnALoopThatIsStopped(t *testing.T) {
	l := newLoop(t)
	started, result := make(chan struct{}), make(chan error)
	go func() {
		result <- l.Do(func() error {
			close(started)
			task.Sleep(long)
			return nil
		})
	}()
	go func() {
		<-started
		l.Stop()
	}()
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	if err := <-result; !errors.Is(err, task.ErrKilled) {
		t.Errorf("Do returned %v", err)
	}
}

// holds: 94
// Two loops at once, each with tasks that spawn, wait and ask who they are; plain
// goroutines are nobody.
func TestTwoLoopsAreNotMixedUp(t *testing.T) {
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			run(t, func(l *runtime.Loop) {
				for range 50 {
					task.Go(func() {
						me := task.Current()
						for range 100 {
							if runtime.Current() != l || task.Current() != me {
								t.Error("a task was taken for another")
							}
							task.Yield()
						}
						done := make(chan struct{})
						go func() {
							defer close(done)
							if runtime.Current() != nil || task.Current() != nil {
								t.Error("a plain goroutine was taken for a task")
							}
						}()
						wait(done)
					})
				}
				l.CallSoon(func() {
					if runtime.Current() != l || task.Current() != nil {
						t.Error("a callback has a loop and no task")
					}
				})
			})
		})
	}
	wg.Wait()
	if runtime.Current() != nil || task.Current() != nil {
		t.Error("the test's goroutine was taken for a task")
	}
}
