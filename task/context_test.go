package task_test

import (
	"context"
	"errors"
	stdruntime "runtime"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// check tells whether a context has ended as it should; with both nil, not at all.
func check(t *testing.T, what string, ctx context.Context, err, cause error) {
	t.Helper()
	done := false
	select {
	case <-ctx.Done():
		done = true
	default:
	}
	if ctx.Err() != err || !errors.Is(context.Cause(ctx), cause) || done != (err != nil) {
		t.Errorf("%s: Err is %v, the cause %v, done %v; want %v, %v", what, ctx.Err(), context.Cause(ctx), done, err, cause)
	}
}

func TestContextEnds(t *testing.T) {
	run(t, func() {
		keep := func(ctx *context.Context, body func()) func() {
			return func() {
				*ctx = task.Context()
				check(t, "at the beginning", *ctx, nil, nil)
				body()
			}
		}
		wait := func() { task.Sleep(long) }
		var ctx context.Context
		block := func(f func()) func() error { return func() error { f(); return nil } }

		_ = task.Go(keep(&ctx, func() {})).Join()
		check(t, "the task has returned", ctx, context.Canceled, context.Canceled)

		_ = task.Go(keep(&ctx, stdruntime.Goexit)).Join()
		check(t, "the task has called Goexit", ctx, context.Canceled, task.ErrGoexit)

		victim := task.Go(keep(&ctx, wait))
		task.Yield()
		victim.Kill()
		check(t, "the task has just been killed", ctx, context.Canceled, task.ErrKilled)

		_ = timeout.Run(time.Minute, block(keep(&ctx, func() {})))
		check(t, "the block has been left", ctx, context.Canceled, context.Canceled)

		err := timeout.Run(time.Minute, block(keep(&ctx, wait)))
		check(t, "the block has expired", ctx, context.DeadlineExceeded, err)

		outer := timeout.Run(time.Minute, func() error {
			return timeout.Run(long, block(keep(&ctx, wait)))
		})
		check(t, "the block around it has expired", ctx, context.DeadlineExceeded, outer)

		_ = timeout.Run(time.Minute, func() error {
			ctx = task.Context()
			_ = timeout.Run(time.Second, block(wait))
			check(t, "a block inside has expired", ctx, nil, nil)
			return nil
		})

		g := task.NewGroup()
		g.Go(block(keep(&ctx, wait)))
		task.Yield()
		g.Cancel()
		check(t, "the group has just been cancelled", ctx, context.Canceled, task.ErrCanceled)
		_ = g.Wait()

		parent, cancel := context.WithCancelCause(context.Background())
		_ = timeout.WithContext(parent, func() error {
			ctx = task.Context()
			cancel(errChild)
			task.Sleep(time.Second)
			return nil
		})
		check(t, "the context around it has been cancelled", ctx, context.Canceled, errChild)
	})
}

// The end of the block is felt where it happens, not when the task runs again.
func TestContextEndsAtOnce(t *testing.T) {
	run(t, func() {
		var ctx context.Context
		task.Go(func() {
			_ = timeout.Run(time.Minute, func() error {
				ctx = task.Context()
				timeout.Shield(func() { task.Sleep(long) })
				return nil
			})
		})
		task.Sleep(time.Minute + 1)
		check(t, "the block expired under a shield inside it", ctx, context.DeadlineExceeded, context.DeadlineExceeded)
	})
}

// A shield keeps the context made inside it from what comes from outside.
func TestContextUnderAShield(t *testing.T) {
	run(t, func() {
		var inside, outside, after context.Context
		victim := task.Go(func() {
			outside = task.Context()
			defer func() {
				after = task.Context()
				check(t, "made in a killed task", after, context.Canceled, task.ErrKilled)
			}()
			timeout.Shield(func() {
				inside = task.Context()
				task.Sleep(time.Minute)
				check(t, "inside", inside, nil, nil)
				check(t, "outside", outside, context.Canceled, task.ErrKilled)
			})
			task.Yield()
		})
		task.Yield()
		victim.Kill()
		_ = victim.Join()
		check(t, "after the shield", inside, context.Canceled, context.Canceled)
		check(t, "made in a killed task that has ended", after, context.Canceled, task.ErrKilled)
	})
}

// A server that asks for it with each request does not collect contexts.
func TestContextIsOnePerBlock(t *testing.T) {
	run(t, func() {
		whole := task.Context()
		_ = timeout.Run(time.Minute, func() error {
			block := task.Context()
			if block == whole || block != task.Context() {
				t.Error("a block has not one context of its own")
			}
			return nil
		})
		if task.Context() != whole {
			t.Error("the task's context is another one now")
		}
		_ = task.Go(func() {
			if task.Context() == whole {
				t.Error("two tasks have one context")
			}
		}).Join()
	})
}

func TestContextDeadline(t *testing.T) {
	const limit = 3 * long
	if err := runtime.Run(func() {
		if _, ok := task.Context().Deadline(); ok {
			t.Error("a task without blocks has a deadline")
		}
		_ = timeout.Run(2*limit, func() error {
			_ = timeout.Run(limit, func() error {
				_ = timeout.Run(3*limit, func() error {
					at, ok := task.Context().Deadline()
					if left := time.Until(at); !ok || left > limit || left < limit-time.Minute {
						t.Errorf("the earliest deadline is in %v, want %v", left, limit)
					}
					timeout.Shield(func() {
						if at, ok := task.Context().Deadline(); ok {
							t.Errorf("under a shield there is the deadline %v", at)
						}
					})
					return nil
				})
				return nil
			})
			return nil
		})
	}); err != nil {
		t.Error(err)
	}
	run(t, func() {
		_ = timeout.Run(limit, func() error {
			if at, ok := task.Context().Deadline(); ok {
				t.Errorf("on the virtual clock there is the deadline %v", at)
			}
			return nil
		})
	})
}

// Contexts derived from it are done as it is, know why, and cost no goroutine while
// they live. Those that are done before go without a trace.
func TestDerivedContexts(t *testing.T) {
	run(t, func() {
		type key struct{}
		var derived, done, free context.Context
		called := make(chan struct{})
		err := timeout.Run(time.Minute, func() error {
			ctx := task.Context()
			goroutines := stdruntime.NumGoroutine()
			var cancel context.CancelFunc
			derived, cancel = context.WithCancel(context.WithValue(ctx, key{}, 1))
			defer cancel()
			done, cancel = context.WithCancel(ctx)
			cancel()
			cancel()
			free = context.WithoutCancel(ctx)
			for range 100 {
				_, cancel = context.WithTimeout(ctx, long)
				defer cancel()
			}
			if more := stdruntime.NumGoroutine() - goroutines; more > 0 {
				t.Errorf("the derived contexts run %d goroutines", more)
			}
			stop := context.AfterFunc(ctx, func() { t.Error("called though it was stopped") })
			if !stop() || stop() {
				t.Error("stop does not say whether it stopped the call")
			}
			stop = context.AfterFunc(ctx, func() { close(called) })
			defer func() {
				if stop() {
					t.Error("stop says that the call was still to come")
				}
			}()
			if ctx.Value(key{}) != nil || derived.Value(key{}) != 1 {
				t.Error("the values are wrong")
			}
			task.Sleep(long)
			return nil
		})
		<-called // on a goroutine of its own
		check(t, "derived", derived, context.DeadlineExceeded, err)
		check(t, "cancelled before", done, context.Canceled, context.Canceled)
		check(t, "without cancel", free, nil, nil)
	})
}

// The race detector sees this: a plain goroutine derives contexts and asks, while
// the block ends.
func TestContextOnOtherGoroutines(t *testing.T) {
	for range 20 {
		if err := runtime.Run(func() {
			err := timeout.Run(time.Millisecond, func() (err error) {
				ctx := task.Context()
				timeout.Shield(func() {
					_, err = task.Offload(func() (int, error) {
						for {
							child, cancel := context.WithCancel(ctx)
							cause := context.Cause(child)
							cancel()
							if cause != nil {
								return 0, cause
							}
						}
					})
				})
				return err
			})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the derived context was cancelled because of %v", err)
			}
		}); err != nil {
			t.Error(err)
		}
	}
}
