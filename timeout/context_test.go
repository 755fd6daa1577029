package timeout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/timeout"
)

// onRealClock runs main on a loop with the real clock, which contexts go by.
func onRealClock(t *testing.T, main func()) {
	t.Helper()
	if err := runtime.Run(func() {
		main()
		if s := runtime.Current().Stats(); s.Timers != 0 {
			t.Errorf("%d timers are left", s.Timers)
		}
	}); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

var errCause = errors.New("the cause")

func TestContextThatIsDoneAlready(t *testing.T) {
	onRealClock(t, func() {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errCause)
		began := false
		err := timeout.WithContext(ctx, func() error {
			began = true
			sleep(long)
			t.Error("the body went on")
			return nil
		})
		if err != errCause || !began {
			t.Errorf("WithContext returned %v", err)
		}
		if err := timeout.WithContext(ctx, func() error { return errBody }); err != errBody {
			t.Errorf("a body that does not wait: %v", err)
		}
	})
}

func TestContextThatIsCanceled(t *testing.T) {
	for name, cancelIt := range map[string]func(cancel func()){
		"by a task":            func(cancel func()) { spawn(cancel) },
		"by a plain goroutine": func(cancel func()) { go cancel() },
		"by the body":          func(cancel func()) { cancel() },
	} {
		onRealClock(t, func() {
			ctx, cancel := context.WithCancelCause(context.Background())
			err := timeout.WithContext(ctx, func() error {
				cancelIt(func() { cancel(errCause) })
				var list kernel.WaitList
				for waitErr(long) == nil {
					t.Errorf("%s: a wait ended well", name)
				}
				list.Wait(kernel.Running(), kernel.Plain("nothing"), 0)
				kernel.Running().Unwind()
				t.Errorf("%s: the body went on", name)
				return nil
			})
			if err != errCause {
				t.Errorf("%s: WithContext returned %v", name, err)
			}
		})
	}
}

func TestContextWithADeadline(t *testing.T) {
	onRealClock(t, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		if err := timeout.WithContext(ctx, func() error { sleep(long); return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WithContext returned %v", err)
		}
	})
}

// A body that has returned is not hit later, and a context that can never be done
// costs nothing.
func TestContextThatOutlivesTheBody(t *testing.T) {
	onRealClock(t, func() {
		ctx, cancel := context.WithCancel(context.Background())
		for _, c := range []context.Context{ctx, context.Background()} {
			if err := timeout.WithContext(c, func() error { sleep(1); return errBody }); err != errBody {
				t.Errorf("WithContext returned %v", err)
			}
		}
		cancel()
		sleep(time.Millisecond)
		for runtime.Current().Stats().Outside != 0 {
			sleep(0)
		}
	})
}

// While the context may be cancelled from outside nothing is a deadlock.
func TestContextIsHope(t *testing.T) {
	onRealClock(t, func() {
		ctx, cancel := context.WithCancel(context.Background())
		parked := make(chan struct{})
		go func() {
			<-parked
			cancel()
		}()
		err := timeout.WithContext(ctx, func() error {
			me := kernel.Running()
			close(parked)
			me.Park(kernel.Plain("the context"), 0)
			return me.Interrupted()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("WithContext returned %v", err)
		}
	})
}

// A context and a timeout nest like any two blocks.
func TestContextAndTimeoutNest(t *testing.T) {
	onRealClock(t, func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var inner error
		err := timeout.WithContext(ctx, func() error {
			inner = timeout.Run(time.Millisecond, func() error { sleep(long); return nil })
			cancel()
			return waitErr(long)
		})
		if after(inner) != time.Millisecond || !errors.Is(err, context.Canceled) {
			t.Errorf("inner %v, outer %v", inner, err)
		}
	})
}

// A context cancelled by a task is heeded before the virtual clock moves on, and a
// context that nobody ends does not keep the clock from moving.
func TestContextsAndTheVirtualClock(t *testing.T) {
	run(t, func() {
		begin := now()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		err := timeout.WithContext(ctx, func() error {
			sleep(time.Hour)
			if since(begin) != time.Hour {
				t.Errorf("the sleep took %v", since(begin))
			}
			cancel()
			sleep(time.Hour)
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the block ended with %v", err)
		}
		if since(begin) != time.Hour {
			t.Errorf("%v have passed", since(begin))
		}
	})
}
