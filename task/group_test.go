package task_test

import (
	"context"
	"errors"
	"fmt"
	stdruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

var errChild = errors.New("the child failed")

func sleepLong() error { task.Sleep(long); return nil }

// errorsOf returns what a Wait's error holds, and checks its shape.
func errorsOf(t *testing.T, err error) []error {
	t.Helper()
	if err == nil {
		return nil
	}
	e, ok := err.(*task.GroupError)
	if !ok || len(e.Errors) == 0 {
		t.Errorf("Wait returned a %T: %v", err, err)
		return nil
	}
	return e.Errors
}

// holds: 48
// One failure or many: the others are cancelled, all have ended when Wait returns,
// and the error has one shape.
func TestFirstErrorCancelsTheSiblings(t *testing.T) {
	for failures := range 4 {
		run(t, func() {
			begin := now()
			g := task.NewGroup()
			canceled, ended := 0, 0
			for range 3 {
				g.Go(func() error {
					defer func() { ended++ }()
					defer timeout.Shield(func() { task.Sleep(time.Minute) })
					if failures > 0 {
						defer func() { canceled++ }()
					}
					task.Sleep(2 * time.Second)
					return nil
				})
			}
			for i := range failures {
				g.Go(func() error {
					defer func() { ended++ }()
					timeout.Shield(func() { task.Sleep(time.Second) })
					return fmt.Errorf("failure %d: %w", i, errChild)
				})
			}
			err := g.Wait()
			if got := errorsOf(t, err); len(got) != failures || ended != 3+failures {
				t.Errorf("%d failures: the errors are %v, %d have ended", failures, got, ended)
			}
			if failures > 0 && (!errors.Is(err, errChild) || canceled != 3 || since(begin) != time.Minute+time.Second) {
				t.Errorf("%d failures: %v, %d cancelled, after %v", failures, err, canceled, since(begin))
			}
			if again := g.Wait(); fmt.Sprint(again) != fmt.Sprint(err) {
				t.Errorf("a second Wait returned %v, the first %v", again, err)
			}
		})
	}
}

// holds: 48
// Whatever way a child fails in, it counts once, and the echo of the cancellation
// does not.
func TestWaysToFail(t *testing.T) {
	for name, c := range map[string]struct {
		fail func() error
		want error
	}{
		"an error": {func() error { return errChild }, errChild},
		"Goexit":   {func() error { stdruntime.Goexit(); return nil }, task.ErrGoexit},
		"a kill":   {func() error { task.Current().Kill(); return nil }, task.ErrKilled},
		"a timeout": {func() error {
			return timeout.Run(time.Second, sleepLong)
		}, context.DeadlineExceeded},
		"canceled by itself": {func() error { return context.Canceled }, task.ErrCanceled},
	} {
		run(t, func() {
			other := task.Go(func() { task.Sleep(2 * long) })
			g := task.NewGroup()
			echoes := 0
			for _, echo := range []func() error{
				sleepLong,
				other.Join,
				func() error { return fmt.Errorf("joining: %w", other.Join()) },
				func() error { return errors.Join(other.Join(), other.JoinTimeout(1)) },
				func() error { return task.NewGroup().Wait() },
			} {
				g.Go(func() error {
					defer func() { echoes++ }()
					timeout.Shield(func() { task.Sleep(time.Minute) })
					return echo()
				})
			}
			g.Go(c.fail)
			if got := errorsOf(t, g.Wait()); len(got) != 1 || !errors.Is(got[0], c.want) || echoes != 5 {
				t.Errorf("%s: the errors are %v, %d siblings ended", name, got, echoes)
			}
			other.Kill()
		})
	}
}

// silent is an error joined of no errors.
type silent struct{}

func (silent) Error() string   { return "" }
func (silent) Unwrap() []error { return nil }

// A panic of another task that a child returns is an error like others.
func TestReturnedPanicIsAnError(t *testing.T) {
	run(t, func() {
		g := task.NewGroup()
		g.Go(func() error { return &task.PanicError{Value: "elsewhere"} })
		if got := errorsOf(t, g.Wait()); len(got) != 1 {
			t.Errorf("the errors are %v", got)
		}
	})
}

// A group that has been waited for is gone, also where its block goes on.
func TestGroupLeavesNothing(t *testing.T) {
	run(t, func() {
		_ = timeout.Run(long, func() error {
			gone := make(chan struct{})
			func() {
				g := task.NewGroup()
				stdruntime.AddCleanup(g, func(int) { close(gone) }, 0)
				g.Go(func() error { return nil })
				_ = g.Wait()
			}()
			task.Sleep(1)
			stdruntime.GC()
			<-gone
			return nil
		})
	})
}

// What a child has to say beside the cancellation is not lost.
func TestErrorsBesideTheCancellationCount(t *testing.T) {
	run(t, func() {
		other := task.Go(func() { task.Sleep(2 * long) })
		g := task.NewGroup()
		g.Go(func() error { return errors.Join(other.Join(), errChild) })
		g.Go(func() error { return fmt.Errorf("no cause %w", error(nil)) })
		g.Go(func() error { timeout.Shield(task.Yield); return silent{} })
		task.Yield()
		g.Cancel()
		if got := errorsOf(t, g.Wait()); len(got) != 3 || !slices.ContainsFunc(got, func(err error) bool { return errors.Is(err, errChild) }) {
			t.Errorf("the errors are %v", got)
		}
		other.Kill()
	})
}

func TestGroupErrorText(t *testing.T) {
	e := &task.GroupError{Errors: []error{errChild}}
	if s := e.Error(); s != "evergreen: a task of the group failed: the child failed" {
		t.Errorf("one error: %q", s)
	}
	for range 999 {
		e.Errors = append(e.Errors, errChild)
	}
	if s := e.Error(); !strings.HasPrefix(s, "evergreen: 1000 tasks of the group failed: the child") || !strings.HasSuffix(s, "failed; and 990 more") || len(s) > 500 {
		t.Errorf("a thousand errors: %q", s)
	}
}

func TestCancelAlone(t *testing.T) {
	run(t, func() {
		begin := now()
		g := task.NewGroup()
		ran := 0
		for range 3 {
			g.Go(func() error { ran++; return sleepLong() })
		}
		task.Yield()
		g.Cancel()
		g.Cancel()
		if err := g.Wait(); err != nil || ran != 3 || since(begin) != 0 {
			t.Errorf("Wait returned %v after %v, %d ran", err, since(begin), ran)
		}
		g.Cancel()
		if err := task.NewGroup().Wait(); err != nil {
			t.Errorf("Wait of an empty group returned %v", err)
		}
	})
}

// holds: 49
func TestSpawnIntoAClosedGroup(t *testing.T) {
	run(t, func() {
		g := task.NewGroup()
		never := func() error { t.Error("a task of a closed group ran"); return nil }
		g.SetLimit(0)
		waiter := task.Go(func() {
			if s, _ := panicOf(func() { g.Go(never) }).(string); !strings.Contains(s, "in a new group") {
				t.Errorf("a Go that waited for a place when the group was closed panics with %q", s)
			}
		})
		task.Yield()
		if g.TryGo(never) {
			t.Error("TryGo went beyond the limit")
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		_ = waiter.Join()
		if s, _ := panicOf(func() { g.Go(never) }).(string); !strings.HasPrefix(s, "evergreen: Group.Go was called when Wait had returned") {
			t.Errorf("Go panics with %q", s)
		}
		g.SetLimit(-1)
		if g.TryGo(never) {
			t.Error("TryGo says that it started a task of a closed group")
		}
	})
}

// holds: 49
// A child that is started while the group is cancelled runs up to its first
// checkpoint, also when it was started by a sibling while Wait is under way.
func TestBornCancelled(t *testing.T) {
	run(t, func() {
		begin := now()
		g := task.NewGroup()
		var started, past int
		child := func() error {
			started++
			task.Yield()
			past++
			return nil
		}
		g.Go(func() error {
			timeout.Shield(func() {
				task.Sleep(time.Second)
				g.Go(child)
			})
			if !g.TryGo(child) {
				t.Error("TryGo was refused by a cancelled group")
			}
			return nil
		})
		task.Yield()
		g.Cancel()
		g.Go(child)
		if err := g.Wait(); err != nil || started != 3 || past != 0 || since(begin) != time.Second {
			t.Errorf("Wait returned %v after %v; %d were started and %d passed a checkpoint", err, since(begin), started, past)
		}
	})
}

// holds: 48, 50
// A child's panic comes out of Wait, with the child's stack, when all have ended.
// The loop goes on; a second panic is not lost.
func TestPanicOfAChild(t *testing.T) {
	ended := false
	err := runtime.Run(func() {
		bystander := task.Go(func() { task.Sleep(long) })
		g := task.NewGroup()
		g.Go(func() error {
			defer func() { ended = true }()
			defer timeout.Shield(func() { task.Sleep(time.Second) })
			return sleepLong()
		})
		g.Go(func() error { panic("boom") })
		g.Go(func() error {
			defer panic("second")
			return sleepLong()
		})
		for range 2 {
			p, ok := panicOf(func() { _ = g.Wait() }).(*task.PanicError)
			if !ok || p.Value != "boom" || !strings.Contains(string(p.Stack), "TestPanicOfAChild") || !ended {
				t.Errorf("Wait panics with %v; all had ended: %v", p, ended)
			}
		}
		if !bystander.Alive() {
			t.Error("the panic killed a task outside the group")
		}
		bystander.Kill()
	}, runtime.WithVirtualClock())
	if err == nil || strings.Contains(err.Error(), "boom") || strings.Count(err.Error(), "panicked: second") != 1 {
		t.Errorf("Run returned %v, want the second panic", err)
	}
}

// holds: 50
// Nobody recovers the panic: Run returns it once, with the child's stack.
func TestPanicOfAChildThroughWait(t *testing.T) {
	err := runtime.Run(func() {
		g := task.NewGroup()
		g.Go(func() error { panic("boom") })
		_ = g.Wait()
	}, runtime.WithVirtualClock())
	if p, ok := err.(*task.PanicError); !ok || p.Task != "task 2" || strings.Count(err.Error(), "panicked: boom") != 1 {
		t.Errorf("Run returned %v", err)
	}
}

// holds: 42, 47
// The waiter is cancelled: the children are cancelled, awaited with their cleanups,
// and only then does the waiter go.
func TestWaiterIsCancelled(t *testing.T) {
	children := func(g *task.Group, ended *int) {
		for range 3 {
			g.Go(func() error {
				defer func() { *ended++ }()
				defer timeout.Shield(func() { task.Sleep(time.Second) })
				return sleepLong()
			})
		}
	}
	for _, before := range []bool{false, true} { // before Wait begins, and while it waits
		run(t, func() {
			begin := now()
			ended := 0
			err := timeout.Run(time.Minute, func() error {
				g := task.NewGroup()
				children(g, &ended)
				if before {
					_ = task.Go(func() { task.Sleep(long) }).Join()
				}
				err := g.Wait()
				if !errors.Is(err, context.DeadlineExceeded) || ended != 3 {
					t.Errorf("Wait returned %v when %d had ended", err, ended)
				}
				if g.TryGo(sleepLong) {
					t.Error("the group is not closed")
				}
				return nil
			})
			if err != nil || since(begin) != time.Minute+time.Second {
				t.Errorf("Run returned %v after %v", err, since(begin))
			}
		})
		run(t, func() {
			ended, begin := 0, now()
			waiter := task.Go(func() {
				g := task.NewGroup()
				children(g, &ended)
				if before {
					timeout.Shield(func() { task.Sleep(time.Minute) })
				}
				_ = g.Wait()
				t.Error("Wait returned in a killed task")
			})
			task.Yield()
			task.Yield()
			waiter.Kill()
			err := waiter.Join()
			want := time.Second
			if before {
				want += time.Minute
			}
			if !errors.Is(err, task.ErrKilled) || ended != 3 || since(begin) != want {
				t.Errorf("the waiter ended with %v after %v, %d children before it", err, since(begin), ended)
			}
		})
	}
}

// A cleanup in a killed task may use a group under a shield.
func TestGroupInACleanup(t *testing.T) {
	run(t, func() {
		cleaned := 0
		victim := task.Go(func() {
			defer timeout.Shield(func() {
				g := task.NewGroup()
				for range 3 {
					g.Go(func() error { task.Sleep(time.Second); cleaned++; return nil })
				}
				if err := g.Wait(); err != nil {
					t.Errorf("Wait returned %v", err)
				}
			})
			task.Sleep(long)
		})
		task.Yield()
		victim.Kill()
		if err := victim.Join(); !errors.Is(err, task.ErrKilled) || cleaned != 3 {
			t.Errorf("ended with %v, %d of 3 children were done", err, cleaned)
		}
	})
}

// Children are in the blocks around NewGroup, wherever Wait is.
func TestChildrenAreInTheBlocksAroundTheGroup(t *testing.T) {
	run(t, func() {
		begin := now()
		var g *task.Group
		_ = timeout.Run(time.Minute, func() error {
			g = task.NewGroup()
			g.Go(func() error { return task.Go(func() { task.Sleep(2 * time.Minute) }).Join() })
			task.Sleep(long)
			return nil
		})
		if got := errorsOf(t, g.Wait()); len(got) != 1 || !errors.Is(got[0], context.DeadlineExceeded) || since(begin) != time.Minute {
			t.Errorf("the errors are %v after %v", got, since(begin))
		}
	})
}

// holds: 52
// The task that made the group ends without a Wait: no child runs on, and what went
// wrong is not lost.
func TestGroupWithoutWait(t *testing.T) {
	var ended, slept int
	err := runtime.Run(func() {
		begin := now()
		owner := task.Go(func() {
			g := task.NewGroup()
			g.Go(func() error {
				defer func() { ended++ }()
				return sleepLong()
			})
			g.Go(func() error {
				defer panic("first")
				return sleepLong()
			})
			g.Go(func() error {
				timeout.Shield(func() { task.Sleep(time.Second) })
				return errChild
			})
			task.NewGroup()
			task.Yield()
		})
		_ = owner.Join()
		task.Yield()
		if ended != 1 {
			t.Error("a child runs on when the task that made the group has ended")
		}
		task.Sleep(time.Minute)
		if ended != 1 || since(begin) != time.Minute {
			t.Errorf("%d children had ended after %v", ended, since(begin))
		}
		// All have ended before the owner does.
		_ = task.Go(func() {
			g := task.NewGroup()
			g.Go(func() error { panic("early") })
			task.Sleep(time.Second)
		}).Join()
		// Another task waits.
		var g *task.Group
		_ = task.Go(func() {
			g = task.NewGroup()
			g.Go(func() error { task.Sleep(time.Second); slept++; return nil })
			task.Go(func() {
				if err := g.Wait(); err != nil || slept != 1 {
					t.Errorf("Wait of another task returned %v", err)
				}
			})
			task.Yield()
		}).Join()
	}, runtime.WithVirtualClock())
	for want, n := range map[string]int{
		"panicked: first": 1, "panicked: early": 1, "nobody waited for a group, so call its Wait": 1, errChild.Error(): 1,
	} {
		if got := strings.Count(fmt.Sprint(err), want); got != n {
			t.Errorf("Run's error says %q %d times:\n%v", want, got, err)
		}
	}
}

// A killed child of such a group is no failure, as a killed task is none.
func TestGroupsEndWithTheLoop(t *testing.T) {
	run(t, func() {
		g := task.NewGroup()
		g.Go(sleepLong)
		g.Go(func() error {
			inner := task.NewGroup()
			inner.Go(sleepLong)
			return inner.Wait()
		})
		task.Yield()
		runtime.Current().Stop()
		task.Sleep(long)
	})
}

// Nor is one that was cancelled with a block around the group: whoever is in there
// is told.
func TestUnwaitedGroupsInACancelledBlock(t *testing.T) {
	run(t, func() {
		for _, cleanup := range []time.Duration{0, long} {
			child := func() error {
				defer timeout.Shield(func() { task.Sleep(cleanup) })
				return sleepLong()
			}
			_ = timeout.Run(time.Second, func() error {
				g := task.NewGroup()
				g.Go(child)
				g.Go(func() error { return task.Go(func() { task.Sleep(2 * time.Second) }).Join() })
				task.Sleep(long)
				return nil
			})
			outer := task.NewGroup()
			outer.Go(func() error {
				inner := task.NewGroup()
				inner.Go(child)
				task.Sleep(long)
				return nil
			})
			task.Yield()
			task.Yield()
			outer.Cancel()
			if err := outer.Wait(); err != nil {
				t.Errorf("Wait returned %v", err)
			}
		}
	})
}

// Another task waits for the group after the one that made it has ended.
func TestWaitForAnOrphanedGroup(t *testing.T) {
	run(t, func() {
		begin := now()
		var g *task.Group
		_ = task.Go(func() {
			g = task.NewGroup()
			g.Go(func() error { return errChild })
			g.Go(func() error { timeout.Shield(func() { task.Sleep(time.Second) }); return nil })
			task.Yield()
		}).Join()
		if got := errorsOf(t, g.Wait()); len(got) != 1 || got[0] != errChild || since(begin) != time.Second {
			t.Errorf("the errors are %v after %v", got, since(begin))
		}
	})
}

func TestGroupOrderAndNames(t *testing.T) {
	run(t, func() {
		g := task.NewGroup()
		var got []int
		for i := range 100 {
			g.Go(func() error { got = append(got, i); return nil })
		}
		if len(got) != 0 {
			t.Error("Go gave the turn away")
		}
		if err := g.Wait(); err != nil || len(got) != 100 || !slices.IsSorted(got) {
			t.Errorf("Wait returned %v, the children ran as %v", err, got)
		}
	})
}
