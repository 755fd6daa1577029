package task_test

import (
	"errors"
	stdruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

var errOffload = errors.New("the function's own error")

func TestOffloadReturnsWhatTheFunctionReturns(t *testing.T) {
	run(t, func() {
		got, err := task.Offload(func() (string, error) {
			if task.Current() != nil || runtime.Current() != nil {
				t.Error("the function runs in the loop")
			}
			return "result", errOffload
		})
		if got != "result" || err != errOffload {
			t.Errorf("Offload returned %q, %v", got, err)
		}
	})
}

func TestOthersRunDuringAnOffload(t *testing.T) {
	run(t, func() {
		steps, done := make(chan struct{}), false
		task.Go(func() {
			for !done {
				select {
				case steps <- struct{}{}:
				default:
				}
				task.Yield()
			}
		})
		_, _ = task.Offload(func() (int, error) {
			for range 10 {
				<-steps
			}
			return 0, nil
		})
		done = true
	})
}

func burst() { panic("in the function") }

// holds: 50
func TestPanicOfAnOffloadedFunctionComesOut(t *testing.T) {
	run(t, func() {
		p, _ := panicOf(func() {
			_, _ = task.Offload(func() (int, error) { burst(); return 0, nil })
		}).(*task.PanicError)
		if p == nil || p.Value != "in the function" || !strings.Contains(string(p.Stack), "task_test.burst") {
			t.Errorf("Offload panicked with %v", p)
		}
		_, err := task.Offload(func() (int, error) { stdruntime.Goexit(); return 0, nil })
		if err == nil || !strings.Contains(err.Error(), "called runtime.Goexit") {
			t.Errorf("Offload of a Goexit returned %v", err)
		}
	})
	err := runtime.Run(func() {
		_, _ = task.Offload(func() (int, error) { burst(); return 0, nil })
	})
	if err == nil || strings.Count(err.Error(), "panicked") != 1 || !strings.Contains(err.Error(), "task_test.burst") {
		t.Errorf("Run returned %v, want the stack of the function once", err)
	}
}

// holds: 92
func TestAbandonedOffloadKeepsItsSlot(t *testing.T) {
	var slots []int
	release, gone := make(chan struct{}), make(chan struct{})
	if err := runtime.Run(func() {
		err := timeout.Run(time.Millisecond, func() error {
			_, err := task.Offload(func() (int, error) {
				defer close(gone)
				<-release
				return 1, nil
			})
			return err
		})
		var e *timeout.Error
		if !errors.As(err, &e) {
			t.Errorf("the abandoned Offload returned %v", err)
		}
		second := task.Go(func() {
			n, err := task.Offload(func() (int, error) {
				select {
				case <-gone:
				default:
					t.Error("the slot was given away while its function ran")
				}
				return 2, nil
			})
			slots = append(slots, n)
			if err != nil {
				t.Error(err)
			}
		})
		task.Sleep(time.Millisecond)
		if !second.Alive() {
			t.Error("the second function did not wait for the slot")
		}
		close(release)
		_ = second.Join()
	}, runtime.WithOffloadLimit(1)); err != nil {
		t.Error(err)
	}
	if len(slots) != 1 || slots[0] != 2 {
		t.Errorf("the results are %v", slots)
	}
}

// holds: 92
func TestShieldedOffloadIsWaitedFor(t *testing.T) {
	result := 0
	if err := runtime.Run(func() {
		started, release := make(chan struct{}), make(chan struct{})
		victim := task.Go(func() {
			timeout.Shield(func() {
				result, _ = task.Offload(func() (int, error) {
					close(started)
					<-release
					return 42, nil
				})
			})
			task.Yield()
			t.Error("the kill was not felt after the shield")
		})
		_, _ = task.Offload(func() (int, error) { <-started; return 0, nil })
		victim.Kill()
		task.Yield()
		close(release)
		if err := victim.Join(); !errors.Is(err, task.ErrKilled) {
			t.Errorf("ended with %v", err)
		}
	}); err != nil {
		t.Error(err)
	}
	if result != 42 {
		t.Errorf("the result is %d", result)
	}
}

func TestOffloadsAreBounded(t *testing.T) {
	inside, most := make(chan int, 1), 0
	inside <- 0
	run(t, func() {
		done := 0
		for range 50 {
			task.Go(func() {
				_, _ = task.Offload(func() (int, error) {
					n := <-inside + 1
					most = max(most, n)
					inside <- n
					stdruntime.Gosched()
					inside <- <-inside - 1
					return 0, nil
				})
				done++
			})
		}
		for done < 50 {
			task.Yield()
		}
	}, runtime.WithOffloadLimit(3))
	if most > 3 || most == 0 {
		t.Errorf("%d functions ran at a time, want at most 3", most)
	}
}

// A panic of a function that nobody waits for any more is told at large.
func TestPanicOfAnAbandonedOffloadIsReported(t *testing.T) {
	var told error
	release := make(chan struct{})
	run(t, func() {
		waits := task.Go(func() {
			_, _ = task.Offload(func() (int, error) {
				<-release
				burst()
				return 0, nil
			})
		})
		task.Yield()
		waits.Kill()
		_ = waits.Join()
		close(release)
	}, runtime.WithErrorHandler(func(err error) { told = err }))
	var p *task.PanicError
	if !errors.As(told, &p) || p.Value != "in the function" {
		t.Errorf("the handler was told %v", told)
	}
}
