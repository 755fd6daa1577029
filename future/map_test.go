package future_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/future"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// count yields the numbers from 0, and says how many were taken.
func count(n int, taken *int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			*taken++
			if !yield(i) {
				return
			}
		}
	}
}

// The results come in order, whatever order they are ready in, and an error does
// not end the range.
func TestMapKeepsOrder(t *testing.T) {
	for name, pool := range pools(4) {
		run(t, func() {
			for _, n := range []int{0, 1, 3, 100} {
				taken, got := 0, 0
				for square, err := range future.Map(pool, count(n, &taken), func(i int) (int, error) {
					if name == "tasks" {
						task.Sleep(time.Duration(i*7%5) * time.Second)
					}
					if i == 50 {
						return 0, errFailed
					}
					return i * i, nil
				}) {
					if (got == 50) != (err != nil) || err == nil && square != got*got {
						t.Errorf("%s: result %d is %d, %v", name, got, square, err)
					}
					got++
				}
				if got != n || taken != n {
					t.Errorf("%s: %d results of %d inputs, %d were taken", name, got, n, taken)
				}
			}
		})
	}
}

// The inputs may be endless: no more are taken than the pool can do with.
func TestMapIsBounded(t *testing.T) {
	for n, most := range map[int]int{1: 2, 4: 8, 100: 116} {
		run(t, func() {
			pool := future.NewTaskPool(n)
			taken, results, inside, peak, ahead := 0, 0, 0, 0, 0
			for range future.Map(pool, count(1<<30, &taken), func(i int) (int, error) {
				inside++
				peak = max(peak, inside)
				task.Sleep(time.Second)
				inside--
				return i, nil
			}) {
				ahead = max(ahead, taken-results)
				if results++; results == 1000 {
					break
				}
			}
			if results != 1000 || peak != n || ahead != most {
				t.Errorf("a pool of %d: %d results, %d at a time, %d inputs ahead", n, results, peak, ahead)
			}
		})
	}
}

// holds: 42, 46
// Whoever leaves the range early (by a break, a panic, a kill, a timeout) leaves
// nothing: what is under way is cancelled and has ended, with its cleanup.
func TestMapLeavesNothing(t *testing.T) {
	for name, leave := range map[string]func(){
		"break": func() {},
		"panic": func() { panic(errFailed) },
		"kill":  func() { task.Current().Kill() },
		"timeout": func() {
			task.Sleep(long)
		},
	} {
		run(t, func() {
			pool := future.NewTaskPool(3)
			begun, ended, taken, results := 0, 0, 0, 0
			var at time.Time
			user := task.Go(func() {
				at = now()
				defer func() {
					if began := begun; began < 3 || ended != began {
						t.Errorf("%s: %d had begun and %d ended when the range was left", name, began, ended)
					}
				}()
				defer func() { _ = recover() }()
				err := timeout.Run(time.Minute, func() error {
					for range future.Map(pool, count(100, &taken), func(i int) (int, error) {
						begun++
						defer func() { ended++ }()
						if i == 0 {
							return 0, nil
						}
						defer timeout.Shield(func() { task.Sleep(time.Second) })
						task.Sleep(2 * long)
						return i, nil
					}) {
						results++
						leave()
						break
					}
					return nil
				})
				if name == "timeout" && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Run returned %v", err)
				}
			})
			_ = user.Join()
			want := time.Second
			if name == "timeout" {
				want += time.Minute
			}
			if results != 1 || since(at) != want {
				t.Errorf("%s: %d results after %v", name, results, since(at))
			}
			begin := now()
			if err := pool.Close(); err != nil || since(begin) != 0 {
				t.Errorf("%s: the pool still had work for %v", name, since(begin))
			}
		})
	}
}

// The range waits for a result when its block ends.
func TestMapIsCancelledWhileItWaits(t *testing.T) {
	run(t, func() {
		begin := now()
		pool := future.NewTaskPool(2)
		taken := 0
		err := timeout.Run(time.Minute, func() error {
			for range future.Map(pool, count(10, &taken), func(int) (int, error) {
				task.Sleep(long)
				return 0, nil
			}) {
				t.Error("there was a result")
			}
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || since(begin) != time.Minute {
			t.Errorf("Run returned %v after %v", err, since(begin))
		}
	})
}

// The inputs are taken by the task that ranges, so they may come from where it has
// to wait; and the tasks were spawned where the range is.
func TestMapTakesInputsInTheTask(t *testing.T) {
	run(t, func() {
		me := task.Current()
		inputs := func(yield func(string) bool) {
			for range 3 {
				task.Sleep(time.Second)
				if task.Current() != me || !yield("x") {
					return
				}
			}
		}
		n := 0
		for site := range future.Map(future.NewTaskPool(2), inputs, func(string) (string, error) {
			return task.Current().SpawnSite(), nil
		}) {
			n++
			if !strings.Contains(site, "map_test.go:") {
				t.Errorf("spawned at %s", site)
			}
		}
		if n != 3 {
			t.Errorf("%d results", n)
		}
		for range future.Map(future.NewTaskPool(2), slices.Values([]int{1, 2}), func(int) (int, error) { return 0, nil }) {
			break
		}
	})
}
