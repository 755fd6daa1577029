package sync_test

import (
	"errors"
	stdruntime "runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestOnceIsDoneOnce(t *testing.T) {
	explore(t, func() {
		var o sync.Once
		calls, ready := 0, false
		step := func() {
			for range 3 {
				o.Do(func() {
					calls++
					task.Yield()
					ready = true
				})
				if !ready {
					t.Error("Do returned before it was done")
				}
			}
		}
		joined(step, step, step)
		if calls != 1 {
			t.Errorf("it was done %d times", calls)
		}
	})
}

// However the first call ends, it is done, and nobody waits any longer.
func TestOnceIsDoneHoweverItEnds(t *testing.T) {
	for name, end := range map[string]func(){
		"panic":  func() { panic("in the function") },
		"Goexit": stdruntime.Goexit,
		"kill":   func() { task.Current().Kill() },
	} {
		tasktest.Run(t, func() {
			var o sync.Once
			var begun sync.Event
			first := task.Go(func() {
				defer func() { _ = recover() }()
				o.Do(func() { begun.Set(); task.Yield(); task.Yield(); end() })
			})
			begun.Wait()
			o.Do(func() { t.Errorf("%s: it was done twice", name) })
			_ = first.Join()
		})
	}
}

// holds: 2, 10
func TestOnceUnderCancelEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		var o sync.Once
		calls := 0
		for range 3 {
			s.Go(func() { o.Do(func() { calls++; task.Yield() }) })
		}
		s.After(func() {
			if o.Do(func() { calls++ }); calls != 1 {
				t.Errorf("it was done %d times", calls)
			}
		})
	})
}

func TestOnceValues(t *testing.T) {
	tasktest.Run(t, func() {
		calls := 0
		value := sync.OnceValue(func() int { calls++; task.Yield(); return 42 })
		two := sync.OnceValues(func() (int, error) { calls++; return 7, errors.ErrUnsupported })
		f := sync.OnceFunc(func() { calls++ })
		for range 3 {
			joined(func() {
				a := value()
				b, err := two()
				f()
				if a != 42 || b != 7 || err != errors.ErrUnsupported {
					t.Errorf("%d, %d, %v", a, b, err)
				}
			})
		}
		if calls != 3 {
			t.Errorf("three functions were called %d times", calls)
		}
	})
}

// A timeout in the function carries the first caller to the edge of its block, and
// nobody else: the others are told that there is no result.
//
// holds: 37
func TestOnceFuncInABlockThatEnds(t *testing.T) {
	tasktest.Run(t, func() {
		var begun sync.Event
		slow := sync.OnceFunc(func() { begun.Set(); task.Sleep(long) })
		other := task.Go(func() {
			begun.Wait()
			if text := panicText(slow); !strings.Contains(text, "was cancelled in it") {
				t.Errorf("who waited was told %q", text)
			}
		})
		if err := timeout.Run(time.Second, func() error { slow(); return nil }); !isTimeout(err, time.Second) {
			t.Errorf("the block returned %v", err)
		}
		_ = other.Join()
	})
}

func TestOnceMisuse(t *testing.T) {
	tasktest.Run(t, func() {
		var o sync.Once
		o.Do(func() {})
		tasktest.MustCheckpoint(t, func() { o.Do(nil) })
		f := sync.OnceFunc(func() {})
		value := sync.OnceValue(func() int { return 1 })
		values := sync.OnceValues(func() (int, error) { return 1, nil })
		joined(f, func() { value() }, func() { _, _ = values() })
		tasktest.MustCheckpoint(t, f)
		foreign(t, map[string]func(){
			"Do": func() { o.Do(func() {}) }, "OnceFunc": f,
			"OnceValue": func() { value() }, "OnceValues": func() { _, _ = values() },
		})
	})
	err := runtime.Run(func() {
		var o sync.Once
		o.Do(func() { o.Do(func() {}) })
	})
	if err == nil || !strings.Contains(err.Error(), "main waits for the function of a sync.Once, held by main") {
		t.Errorf("Run returned %v", err)
	}
}

// holds: 42
func TestOnceInACancelledBlock(t *testing.T) {
	tasktest.Run(t, func() {
		var o sync.Once
		err := timeout.Run(time.Second, func() error {
			defer o.Do(func() { t.Error("it was done in a block that is over") })
			task.Sleep(long)
			return nil
		})
		if !isTimeout(err, time.Second) {
			t.Errorf("the block returned %v", err)
		}
	})
}

// onceForms are the three functions that call another only once, in one shape.
var onceForms = map[string]func(f func() int) func() int{
	"OnceFunc": func(f func() int) func() int {
		n := 0
		g := sync.OnceFunc(func() { n = f() })
		return func() int { g(); return n }
	},
	"OnceValue": sync.OnceValue[int],
	"OnceValues": func(f func() int) func() int {
		g := sync.OnceValues(func() (string, int) { return "a", f() })
		return func() int { _, n := g(); return n }
	},
}

// onceEach runs the test of each of the three.
func onceEach(t *testing.T, test func(t *testing.T, form func(func() int) func() int)) {
	for name, form := range onceForms {
		t.Run(name, func(t *testing.T) { test(t, form) })
	}
}

// onceTold runs f and reports whether it panics with the word that there is no
// result. What cancels the caller passes through.
func onceTold(f func()) (told bool) {
	defer func() {
		r := recover()
		if err, ok := r.(error); ok && strings.Contains(err.Error(), "was cancelled in it") {
			told = true
		} else if r != nil {
			panic(r)
		}
	}()
	f()
	return false
}

// Three tasks ask three times each, while the first of them waits inside.
func TestOnceFormsUnderManySeeds(t *testing.T) {
	onceEach(t, func(t *testing.T, form func(func() int) func() int) {
		explore(t, func() {
			calls := 0
			f := form(func() int { calls++; task.Yield(); return 42 })
			step := func() {
				for range 3 {
					if n := f(); n != 42 {
						t.Errorf("the result is %d", n)
					}
				}
			}
			if joined(step, step, step); calls != 1 {
				t.Errorf("it was called %d times", calls)
			}
		})
	})
}

// Whoever is cancelled when: all have the one result, or all are told there is none.
//
// holds: 2, 10
func TestOnceFormsUnderCancelEverywhere(t *testing.T) {
	onceEach(t, func(t *testing.T, form func(func() int) func() int) {
		tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
			calls, returned := 0, 0
			f := form(func() int { calls++; task.Yield(); task.Yield(); return 42 })
			for range 3 {
				s.Go(func() {
					if onceTold(func() { returned += f() }) && !s.Cancelled() {
						t.Error("there is no result, and nobody was cancelled")
					}
				})
			}
			s.After(func() {
				lost := onceTold(func() { f() })
				if calls != 1 || returned%42 != 0 || lost && returned != 0 || !s.Cancelled() && returned != 3*42 {
					t.Errorf("%d calls, results that add up to %d, and then none: %v", calls, returned, lost)
				}
			})
		})
	})
}

// The first call panics as the function does, with the function in the stack, and so
// does every later one; the function is not called again.
func TestOnceFormsPanicEachTime(t *testing.T) {
	onceEach(t, func(t *testing.T, form func(func() int) func() int) {
		tasktest.Run(t, func() {
			for _, with := range []any{"text", errors.ErrUnsupported, 42, nil} {
				calls := 0
				f := form(func() int { calls++; panic(with) })
				first := oncePanic(func() { f() })
				for i := range 3 {
					got := oncePanic(func() { f() })
					_, isNil := got.(*stdruntime.PanicNilError)
					if got != first || got != with && (with != nil || !isNil) || calls != 1 {
						t.Errorf("call %d panicked with %v after %d calls, want %v", i, got, calls, with)
					}
				}
			}
		})
	})
}

// oncePanic runs f and returns what it panics with.
func oncePanic(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

func onceBlamed() int { panic("here") }

func TestOnceFormsShowTheStackOfTheFunction(t *testing.T) {
	onceEach(t, func(t *testing.T, form func(func() int) func() int) {
		err := runtime.Run(func() { form(onceBlamed)() })
		if err == nil || !strings.Contains(err.Error(), "onceBlamed") {
			t.Errorf("the stack does not show the function: %v", err)
		}
	})
}

// The runner goes where its end carries it; whoever waits, and whoever comes later,
// is told that there is no result.
func TestOnceFormsWhoseRunnerGoesAway(t *testing.T) {
	for name, end := range map[string]func(){
		"kill from inside": func() { task.Current().Kill() },
		"Goexit":           stdruntime.Goexit,
		"kill":             func() { task.Sleep(long) },
	} {
		onceEach(t, func(t *testing.T, form func(func() int) func() int) {
			tasktest.Run(t, func() {
				told, after := 0, false
				f := form(func() int { task.Sleep(time.Second); end(); return 42 })
				runner := task.Go(func() { f(); after = true })
				ask := func() {
					if onceTold(func() { f() }) {
						told++
					}
				}
				task.Yield()
				waiters := []*task.Task{task.Go(ask), task.Go(ask)}
				task.Sleep(time.Minute)
				if name == "kill" {
					runner.Kill()
				}
				_, _, _ = runner.Join(), waiters[0].Join(), waiters[1].Join()
				if ask(); told != 3 || after {
					t.Errorf("%s: %d of 3 were told, and the runner went on: %v", name, told, after)
				}
			})
		})
	}
}

// A block of the runner ends inside the function: its error comes out at the edge of
// that block, outside of the function, and the runner goes on there.
//
// holds: 37
func TestOnceFormsUnwindTheRunnerToItsBlock(t *testing.T) {
	onceEach(t, func(t *testing.T, form func(func() int) func() int) {
		tasktest.Run(t, func() {
			f := form(func() int { task.Sleep(long); return 42 })
			inner := func() error { f(); t.Error("the call returned"); return nil }
			err := timeout.Run(10*long, func() error {
				if err := timeout.Run(time.Second, inner); !isTimeout(err, time.Second) {
					t.Errorf("the inner block returned %v", err)
				}
				task.Sleep(time.Second) // the outer one is not over
				if !onceTold(func() { f() }) {
					t.Error("the runner itself was not told")
				}
				return nil
			})
			// A block within the function is the function's own affair.
			g := form(func() int {
				_ = timeout.Run(time.Second, func() error { task.Sleep(long); return nil })
				return 7
			})
			if n := g(); n != 7 || err != nil {
				t.Errorf("the result is %d, want 7; the outer block returned %v", n, err)
			}
		})
	})
}

// holds: 10
func TestOnceWaiterThatGoesAwayLeavesNothing(t *testing.T) {
	tasktest.Run(t, func() {
		var o sync.Once
		done := false
		runner := task.Go(func() { o.Do(func() { task.Sleep(long); done = true }) })
		task.Yield()
		waits := func() { o.Do(nil); t.Error("Do returned before it was done") }
		killed := task.Go(waits)
		late := task.Go(func() {
			if err := timeout.Run(time.Second, func() error { waits(); return nil }); !isTimeout(err, time.Second) {
				t.Errorf("the block returned %v", err)
			}
		})
		task.Sleep(time.Millisecond)
		killed.Kill()
		_, _ = killed.Join(), late.Join()
		if o.Do(nil); !done { // the runner was not disturbed
			t.Error("Do returned before it was done")
		}
		_ = runner.Join()
	})
}

// The function, and all it refers to, is garbage when it has returned or panicked.
func TestOnceFormsLetGoOfTheFunction(t *testing.T) {
	onceEach(t, func(t *testing.T, form func(func() int) func() int) {
		for _, panics := range []bool{false, true} {
			tasktest.Run(t, func() {
				gone := new(atomic.Bool)
				f := onceHolding(form, gone, panics)
				_ = oncePanic(func() { f() })
				for i := 0; i < 100 && !gone.Load(); i++ {
					stdruntime.GC()
					stdruntime.Gosched()
				}
				if !gone.Load() {
					t.Errorf("the function is held after it is done (panics: %v)", panics)
				}
				stdruntime.KeepAlive(f)
			})
		}
	})
}

// onceHolding is a form of a function that holds something; gone is set when that is
// collected.
func onceHolding(form func(func() int) func() int, gone *atomic.Bool, panics bool) func() int {
	held := make([]byte, 1<<10)
	stdruntime.AddCleanup(&held[0], func(b *atomic.Bool) { b.Store(true) }, gone)
	return form(func() int {
		if panics {
			panic(len(held))
		}
		return len(held)
	})
}
