package task_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestLimit(t *testing.T) {
	run(t, func() {
		begin := now()
		g := task.NewGroup()
		g.SetLimit(3)
		inside, most := 0, 0
		child := func() error {
			inside++
			most = max(most, inside)
			task.Sleep(time.Second)
			inside--
			return nil
		}
		for range 9 {
			g.Go(child)
		}
		if g.TryGo(child) || since(begin) != 2*time.Second {
			t.Errorf("nine children were started after %v, three at a time", since(begin))
		}
		task.Sleep(2 * time.Second)
		if !g.TryGo(child) {
			t.Error("TryGo found no place, and all were free")
		}
		if err := g.Wait(); err != nil || most != 3 || since(begin) != 5*time.Second {
			t.Errorf("Wait returned %v after %v; %d were under way at a time", err, since(begin), most)
		}
	})
}

// holds: 14
// Those who wait for a place get it in order, and no passer-by comes before them.
func TestPlacesAreGivenInOrder(t *testing.T) {
	run(t, func() {
		g := task.NewGroup()
		g.SetLimit(1)
		var got []int
		g.Go(func() error { task.Sleep(time.Second); return nil })
		for i := range 5 {
			task.Go(func() {
				g.Go(func() error { got = append(got, i); task.Sleep(time.Second); return nil })
			})
		}
		passer := task.Go(func() {
			for task.Current().Alive() {
				if g.TryGo(func() error { got = append(got, -1); return nil }) {
					t.Error("a passer-by got a place that others wait for")
				}
				task.Sleep(10 * time.Millisecond)
			}
		})
		task.Sleep(5500 * time.Millisecond)
		passer.Kill()
		if err := g.Wait(); err != nil || !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
			t.Errorf("Wait returned %v; the order was %v", err, got)
		}
	})
}

// holds: 46
// One that is cancelled when it has just been given a place passes it on, and one
// that is cancelled while it waits is out of the queue.
func TestCancelledWaiterPassesItsPlaceOn(t *testing.T) {
	for _, given := range []bool{true, false} {
		run(t, func() {
			g := task.NewGroup()
			g.SetLimit(1)
			g.Go(func() error { task.Sleep(time.Second); return nil })
			victim := task.Go(func() { g.Go(func() error { t.Error("started for a killed task"); return nil }) })
			ran := false
			task.Go(func() { g.Go(func() error { ran = true; return nil }) })
			task.Yield()
			if given {
				g.SetLimit(2) // gives the victim the place
			}
			victim.Kill()
			if err := victim.Join(); !errors.Is(err, task.ErrKilled) {
				t.Errorf("the victim ended with %v", err)
			}
			task.Yield()
			if ran != given {
				t.Errorf("given %v: the next in the queue ran: %v", given, ran)
			}
			if err := g.Wait(); err != nil || !ran {
				t.Errorf("given %v: Wait returned %v; the next in the queue ran: %v", given, err, ran)
			}
		})
	}
}

func TestSetLimit(t *testing.T) {
	run(t, func() {
		begin := now()
		g := task.NewGroup()
		g.SetLimit(1)
		starts := make(map[time.Duration]int)
		child := func() error { starts[since(begin)]++; task.Sleep(time.Minute); return nil }
		for range 6 {
			task.Go(func() { g.Go(child) })
		}
		task.Sleep(time.Second)
		g.SetLimit(3)
		task.Sleep(time.Second)
		g.SetLimit(2) // three are under way: the next comes when two have ended
		task.Sleep(2 * time.Minute)
		g.SetLimit(-1)
		if err := g.Wait(); err != nil || starts[0] != 1 || starts[time.Minute] != 0 || starts[time.Second] != 2 || starts[time.Minute+time.Second] != 2 {
			t.Errorf("Wait returned %v, starts were %v", err, starts)
		}
	})
}

// Go is a checkpoint, also where it need not wait.
func TestGroupGoIsACheckpoint(t *testing.T) {
	run(t, func() {
		g := task.NewGroup()
		victim := task.Go(func() {
			timeout.Shield(func() { task.Sleep(time.Second) })
			g.Go(func() error { t.Error("a killed task started a child"); return nil })
			t.Error("Go returned in a killed task")
		})
		task.Yield()
		victim.Kill()
		_ = victim.Join()
		others := false
		task.Go(func() { others = true })
		for range 1000 {
			g.Go(func() error { return nil })
		}
		if !others {
			t.Error("a thousand calls of Go did not let others run")
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// holds: 94
func TestGroupElsewhere(t *testing.T) {
	var g *task.Group
	nothing := func() error { return nil }
	calls := map[string]func(){
		"Group.Go":       func() { g.Go(nothing) },
		"Group.TryGo":    func() { g.TryGo(nothing) },
		"Group.SetLimit": func() { g.SetLimit(1) },
		"Group.Cancel":   func() { g.Cancel() },
		"Group.Wait":     func() { _ = g.Wait() },
	}
	run(t, func() {
		g = task.NewGroup()
		for name, call := range calls {
			s, _ := task.Offload(func() (string, error) {
				s, _ := panicOf(call).(string)
				return s, nil
			})
			if !strings.HasPrefix(s, "evergreen: "+name+" was called outside") || !strings.Contains(s, "Loop.Do") {
				t.Errorf("%s on a plain goroutine panics with %q", name, s)
			}
			_, _ = task.Offload(func() (int, error) {
				return 0, runtime.Run(func() {
					s, _ := panicOf(call).(string)
					if !strings.Contains(s, name) || !strings.Contains(s, "use Loop.Do of that loop, or Loop.CallThreadsafe") {
						t.Errorf("%s in another loop panics with %q", name, s)
					}
				})
			})
		}
		_ = g.Wait()
	})
	if s, _ := panicOf(func() { task.NewGroup() }).(string); !strings.Contains(s, "task.NewGroup was called outside a task") {
		t.Errorf("NewGroup on a plain goroutine panics with %q", s)
	}
}

func TestMisuseOfAGroup(t *testing.T) {
	run(t, func() {
		g := task.NewGroup()
		g.Go(func() error {
			if s, _ := panicOf(func() { _ = g.Wait() }).(string); !strings.Contains(s, "would wait for itself") {
				t.Errorf("Wait in a child panics with %q", s)
			}
			task.Sleep(time.Second)
			return nil
		})
		task.Yield()
		task.Go(func() {
			if s, _ := panicOf(func() { _ = g.Wait() }).(string); !strings.Contains(s, "while another task is in it") {
				t.Errorf("a second Wait panics with %q", s)
			}
		})
		for name, call := range map[string]func(){
			"Group.Go": func() { g.Go(nil) }, "Group.TryGo": func() { g.TryGo(nil) },
			"task.Go": func() { task.Go(nil) }, "task.GoAfter": func() { task.GoAfter(1, nil) },
		} {
			if s, _ := panicOf(call).(string); !strings.Contains(s, name+" was called with nil") {
				t.Errorf("%s(nil) panics with %q", name, s)
			}
		}
		// In a callback: no task, but the loop.
		ran := false
		runtime.Current().CallSoon(func() { g.TryGo(func() error { ran = true; return nil }) })
		if err := g.Wait(); err != nil || !ran {
			t.Errorf("Wait returned %v; the child started by a callback ran: %v", err, ran)
		}
	})
}
