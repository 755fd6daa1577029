package timeout_test

import (
	"context"
	"errors"
	"net"
	"os"
	stdruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestRunReturnsWhatTheBodyReturns(t *testing.T) {
	run(t, func() {
		for _, want := range []error{nil, errBody} {
			if err := timeout.Run(time.Second, func() error { sleep(time.Millisecond); return want }); err != want {
				t.Errorf("Run returned %v, want %v", err, want)
			}
		}
	})
}

// holds: 36, 42
// A call that returns an error returns the block's, one that cannot leaves for the
// block's edge; deferred calls run; afterwards all is as before.
func TestRunEndsABodyWhoseTimeIsUp(t *testing.T) {
	run(t, func() {
		begin := now()
		deferred := 0
		err := timeout.Run(time.Second, func() error {
			defer func() { deferred++ }()
			func() {
				defer func() { deferred++ }()
				sleep(long)
			}()
			t.Error("the body went on")
			return nil
		})
		if after(err) != time.Second || deferred != 2 || since(begin) != time.Second {
			t.Errorf("Run returned %v after %v, %d deferred calls", err, since(begin), deferred)
		}
		tries := 0
		err = timeout.Run(time.Second, func() error {
			for range 100 {
				if waitErr(long) == nil {
					t.Error("a wait succeeded though the time was up")
				}
				tries++
			}
			return errBody
		})
		if err != errBody || tries != 100 || since(begin) != 2*time.Second {
			t.Errorf("Run returned %v after %d tries and %v", err, tries, since(begin))
		}
		sleep(long)
		if since(begin) != long+2*time.Second {
			t.Error("a wait after the block was hit")
		}
	})
}

func TestErrorIsWhatTheStandardLibraryExpects(t *testing.T) {
	run(t, func() {
		err := timeout.Run(0, func() error { return waitErr(1) })
		var ne net.Error
		if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) || !os.IsTimeout(err) ||
			!errors.As(err, &ne) || !ne.Timeout() {
			t.Errorf("%v is not a timeout for everybody", err)
		}
		if errors.Is(err, context.Canceled) || errors.Is(err, os.ErrClosed) {
			t.Errorf("%v is more than a timeout", err)
		}
		if err.Error() != "timed out after 0s" {
			t.Errorf("the message is %q", err)
		}
	})
}

// holds: 38
func TestOddLimitsAreDefined(t *testing.T) {
	run(t, func() {
		begin := now()
		for _, d := range []time.Duration{0, -1, -long, -1 << 63} {
			if err := timeout.Run(d, func() error { return nil }); err != nil {
				t.Errorf("a body that does not wait under a limit of %v: %v", d, err)
			}
			if err := timeout.Run(d, func() error { return waitErr(long) }); after(err) != d {
				t.Errorf("a body that waits under a limit of %v: %v", d, err)
			}
			var e *timeout.Error
			if err := timeout.Until(now().Add(max(d, -long)), func() error { return waitErr(long) }); !errors.As(err, &e) {
				t.Errorf("a body that waits until %v from now: %v", d, err)
			}
		}
		if since(begin) != 0 {
			t.Errorf("limits of nothing took %v", since(begin))
		}
		for _, f := range []func(func() error) error{
			func(f func() error) error { return timeout.Run(1<<63-1, f) },
			func(f func() error) error { return timeout.Until(now().Add(1<<62), f) },
		} {
			if err := f(func() error { return waitErr(100 * 365 * 24 * long) }); err != nil {
				t.Errorf("under the longest limit a century's wait gave %v", err)
			}
		}
		if err := timeout.Until(time.Time{}, func() error { return waitErr(1) }); err == nil {
			t.Error("the zero time is not past")
		}
	})
}

func TestUntilGoesByTheLoopsClock(t *testing.T) {
	run(t, func() {
		begin := now()
		err := timeout.Until(begin.Add(time.Minute), func() error { sleep(10 * time.Second); sleep(long); return nil })
		if after(err) != time.Minute || since(begin) != time.Minute {
			t.Errorf("Until returned %v after %v", err, since(begin))
		}
	})
}

// holds: 37
// All orders in which three nested blocks can expire. The outermost expired block
// governs; the error says which it was, also through a wrap.
func TestNestedBlocks(t *testing.T) {
	limits := [][3]time.Duration{{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}, {1, 1, 1}, {2, 1, 1}, {1, 1, 2}}
	for _, l := range limits {
		for i := range l {
			l[i] *= time.Second
		}
		// A block is left when the first of it and those around it expires.
		wantInner := min(l[0], l[1], l[2])
		run(t, func() {
			begin := now()
			var errs [3]error
			reached := [3]bool{}
			errs[0] = timeout.Run(l[0], func() error {
				errs[1] = timeout.Run(l[1], func() error {
					errs[2] = timeout.Run(l[2], func() error { sleep(long); return nil })
					reached[2] = true
					sleep(long)
					return nil
				})
				reached[1] = true
				sleep(long)
				return nil
			})
			if since(begin) != l[0] || after(errs[0]) != l[0] {
				t.Errorf("%v: the outer block returned %v after %v", l, errs[0], since(begin))
			}
			if want := l[1] < l[0]; reached[1] != want || want && after(errs[1]) != l[1] {
				t.Errorf("%v: the middle block was survived: %v, with %v", l, reached[1], errs[1])
			}
			if want := l[2] == wantInner && l[2] < min(l[0], l[1]); reached[2] != want || want && after(errs[2]) != l[2] {
				t.Errorf("%v: the inner block was survived: %v, with %v", l, reached[2], errs[2])
			}
		})
	}
}

// holds: 37
// Two blocks of the same limit are told apart by Of.
func TestErrorSaysWhichBlock(t *testing.T) {
	run(t, func() {
		outer := timeout.Start(time.Second)
		inner := timeout.Start(time.Second)
		err := waitErr(long)
		var e *timeout.Error
		if !errors.As(err, &e) || !e.Of(outer) || e.Of(inner) {
			t.Errorf("%v is not the outer block's", err)
		}
		inner.Cancel()
		outer.Cancel()
		if (&timeout.Error{After: time.Second}).Of(outer) {
			t.Error("an error of no block is the block's")
		}
	})
}

// holds: 36
// The block's timer fires in the same turn in which what the body waits for
// happens: the body has returned, and nothing hits the task later.
func TestBodyThatEndsAtTheDeadline(t *testing.T) {
	run(t, func() {
		for _, bodyFirst := range []bool{true, false} {
			me := kernel.Running()
			var list kernel.WaitList
			fire := func() { list.Wake() }
			l := runtime.Current()
			if bodyFirst {
				l.CallLater(time.Second-1, fire)
				l.CallLater(time.Second-1, func() {})
			} else {
				l.CallLater(time.Second, fire)
			}
			err := timeout.Run(time.Second, func() error {
				if list.Wait(me, kernel.Plain("a wake"), 0) != kernel.Woken {
					return me.Interrupted()
				}
				return nil
			})
			if bodyFirst != (err == nil) {
				t.Errorf("body first: %v; Run returned %v", bodyFirst, err)
			}
			sleep(long)
			if list.Len() != 0 {
				t.Error("a waiter is left")
			}
		}
	})
}

// holds: 47
func TestTimeoutAndKillTogether(t *testing.T) {
	run(t, func() {
		deferred := false
		victim := spawn(func() {
			err := timeout.Run(time.Second, func() error {
				defer func() { deferred = true }()
				defer timeout.Shield(func() { sleep(2 * time.Second) })
				sleep(long)
				return nil
			})
			if after(err) != time.Second {
				t.Errorf("the block returned %v", err)
			}
			sleep(1)
			t.Error("the kill was not felt")
		})
		sleep(2 * time.Second) // its time is up, and it cleans up
		victim.Kill()
		join(victim)
		if !deferred || !errors.Is(victim.Err(), kernel.ErrKilled) {
			t.Errorf("deferred call %v, ended with %v", deferred, victim.Err())
		}
	})
}

// A panic of the body passes the edge untouched, also when the time is up.
func TestPanicPassesTheEdge(t *testing.T) {
	for _, expired := range []bool{false, true} {
		err := runtime.Run(func() {
			_ = timeout.Run(time.Second, func() error {
				if expired {
					defer bang() // on the way to the edge
					sleep(long)
				}
				bang()
				return nil
			})
		}, runtime.WithVirtualClock())
		var p *runtime.PanicError
		if !errors.As(err, &p) || p.Value != "bang" || !strings.Contains(string(p.Stack), "timeout_test.bang") {
			t.Errorf("expired %v: Run returned %v", expired, err)
		}
	}
}

func bang() { panic("bang") }

// A body that recovers everything holds the task up until its next checkpoint, and
// no longer.
func TestRecoverInTheBodyDoesNotStopATimeout(t *testing.T) {
	run(t, func() {
		begin := now()
		recovered := 0
		err := timeout.Run(time.Second, func() error {
			for range 3 {
				func() {
					defer func() {
						if r := recover(); r != nil {
							recovered++
							if err, ok := r.(error); !ok || !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "pass this panic on") {
								t.Errorf("recovered %v", r)
							}
						}
					}()
					sleep(long)
				}()
			}
			sleep(long)
			return nil
		})
		if after(err) != time.Second || recovered != 3 || since(begin) != time.Second {
			t.Errorf("Run returned %v after %v, %d recovered", err, since(begin), recovered)
		}
	})
}

func TestGoexitInTheBody(t *testing.T) {
	run(t, func() {
		left := spawn(func() {
			_ = timeout.Run(time.Second, func() error { stdruntime.Goexit(); return nil })
		})
		left.Contain(nil)
		join(left)
		if !errors.Is(left.Err(), kernel.ErrGoexit) {
			t.Errorf("ended with %v", left.Err())
		}
	})
}

// Tasks started inside by Go are not in the block.
func TestFreeTasksAreNotInTheBlock(t *testing.T) {
	run(t, func() {
		var free *kernel.Task
		slept := false
		_ = timeout.Run(time.Second, func() error {
			free = spawn(func() { sleep(long); slept = true })
			sleep(long)
			return nil
		})
		join(free)
		if !slept {
			t.Error("the block's end hit a free task")
		}
	})
}

// The calls outside a task say what to do.
func TestCallsOutsideATask(t *testing.T) {
	nothing := func() error { return nil }
	for name, call := range map[string]func(){
		"timeout.Run":         func() { _ = timeout.Run(1, nothing) },
		"timeout.Until":       func() { _ = timeout.Until(time.Now(), nothing) },
		"timeout.Start":       func() { timeout.Start(1) },
		"timeout.Shield":      func() { timeout.Shield(func() {}) },
		"timeout.ShieldFor":   func() { timeout.ShieldFor(1, func() {}) },
		"timeout.WithContext": func() { _ = timeout.WithContext(context.Background(), nothing) },
	} {
		if s := panicOf(call); !strings.Contains(s, name+" was called outside a task: start the program's first task with runtime.Run") {
			t.Errorf("%s on a plain goroutine panics with %q", name, s)
		}
		run(t, func() {
			runtime.Current().CallSoon(func() {
				if s := panicOf(call); !strings.Contains(s, name+" was called in a loop callback") {
					t.Errorf("%s in a callback panics with %q", name, s)
				}
			})
		})
	}
}

func panicOf(f func()) (s string) {
	defer func() { s, _ = recover().(string) }()
	f()
	return ""
}

// The error is what the standard library takes a timeout for.
func TestErrorIsATimeout(t *testing.T) {
	e := &timeout.Error{After: time.Second}
	if !e.Timeout() || !e.Temporary() || e.Error() != "timed out after 1s" {
		t.Errorf("it says %q, timeout %v, temporary %v", e, e.Timeout(), e.Temporary())
	}
}
