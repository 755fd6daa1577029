package task_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func TestAll(t *testing.T) {
	run(t, func() {
		for range 5 {
			task.Go(func() { task.Sleep(time.Second) })
		}
		_ = task.Go(func() {}).Join()
		var ids []uint64
		for other := range task.All() {
			ids = append(ids, other.ID())
		}
		if !slices.Equal(ids, []uint64{1, 2, 3, 4, 5, 6}) {
			t.Errorf("the living tasks are %v", ids)
		}
		// Tasks come and go under the range: what has ended is left out, what is new is
		// not in it.
		ids = nil
		for other := range task.All() {
			ids = append(ids, other.ID())
			if len(ids) == 2 {
				task.Go(func() {})
				task.Sleep(time.Minute)
			}
		}
		if !slices.Equal(ids, []uint64{1, 2}) {
			t.Errorf("the tasks that lived on are %v", ids)
		}
		for range task.All() {
			break
		}
	})
}

func TestIntrospection(t *testing.T) {
	run(t, func() {
		me := task.Current()
		sleeper := task.Go(func() { task.Sleep(time.Second) })
		sleeper.SetName("sleeper")
		joiner := task.Go(func() { _ = sleeper.Join() })
		later := task.GoAfter(time.Second, func() {})
		g := task.NewGroup()
		var member *task.Task
		g.Go(func() error { member = task.Current(); return sleeper.Join() })
		waiter := task.Go(func() { _ = g.Wait() })
		if w := sleeper.Waiting(); w != "" {
			t.Errorf("a task that has not started waits for %q", w)
		}
		task.Yield()
		for got, want := range map[string]string{
			me.Waiting():      "",
			sleeper.Waiting(): "a sleep",
			joiner.Waiting():  "the end of sleeper, held by sleeper",
			later.Waiting():   "its start time",
			waiter.Waiting():  "the 1 tasks of a group, held by " + member.Name(),
		} {
			if got != want {
				t.Errorf("a task waits for %q, want %q", got, want)
			}
		}
		if me.Parent() != 0 || sleeper.Parent() != me.ID() || member.Parent() != me.ID() {
			t.Errorf("the parents are %d, %d, %d", me.Parent(), sleeper.Parent(), member.Parent())
		}
		for _, started := range []*task.Task{me, sleeper, joiner, later, member, waiter} {
			if site := started.SpawnSite(); !strings.Contains(site, "_test.go:") {
				t.Errorf("%s was spawned at %s", started.Name(), site)
			}
		}
		task.Sleep(time.Minute)
		if w := joiner.Waiting(); w != "" {
			t.Errorf("a task that has ended waits for %q", w)
		}
	})
}

// A child of a group was started where Go was called, not within it.
func TestSpawnSiteOfAChild(t *testing.T) {
	run(t, func() {
		g := task.NewGroup()
		var sites []string
		site := func() error { sites = append(sites, task.Current().SpawnSite()); return nil }
		g.Go(site)
		g.TryGo(site)
		_ = g.Wait()
		for _, s := range sites {
			if !strings.Contains(s, "tree_test.go:") {
				t.Errorf("spawned at %s", s)
			}
		}
	})
}

func TestTree(t *testing.T) {
	run(t, func() {
		var orphan *task.Task
		_ = task.Go(func() { orphan = task.Go(func() { task.Sleep(long) }) }).Join()
		sleeper := task.Go(func() {
			task.Go(func() { task.Sleep(long) })
			task.Sleep(long)
		})
		sleeper.SetName("sleeper")
		joiner := task.Go(func() { _ = sleeper.Join() })
		task.Yield()
		task.Yield()
		task.Go(func() {})
		var lines []string
		for line := range strings.Lines(task.Tree()) {
			text, site, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "; spawned at ")
			if !strings.Contains(site, ".go:") {
				t.Errorf("the line %q names no place", line)
			}
			if strings.HasSuffix(site, " by task 2, which has ended") {
				text += " ORPHAN"
			}
			lines = append(lines, text)
		}
		want := []string{
			"main (task 1) is running",
			"  sleeper (task 4) waits for a sleep",
			"    task 6 waits for a sleep",
			"  task 5 waits for the end of sleeper, held by sleeper",
			"  task 7 is ready",
			"task 3 waits for a sleep ORPHAN",
		}
		if !slices.Equal(lines, want) {
			t.Errorf("the tree is\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
		for _, other := range []*task.Task{orphan, sleeper, joiner} {
			other.Kill()
		}
		runtime.Current().Stop()
	})
}

// holds: 103
// Layers of tasks of which each waits for two of the layer before: there are 2^n
// ways through, and a line per task. A chain of tasks, each started by the one
// before, is no longer either, per task.
func TestTreeIsLinear(t *testing.T) {
	size := func(layers int) (bytes, lines int) {
		run(t, func() {
			a := task.Go(func() { task.Sleep(long) })
			b := task.Go(func() { task.Sleep(long) })
			for range layers {
				beforeA, beforeB := a, b
				wait := func() { _, _ = beforeA.Join(), beforeB.Join() }
				a, b = task.Go(wait), task.Go(wait)
			}
			var chain func(n int) func()
			chain = func(n int) func() {
				return func() {
					if n > 0 {
						task.Go(chain(n - 1))
					}
					task.Sleep(long)
				}
			}
			task.Go(chain(layers))
			task.Sleep(time.Second)
			tree := task.Tree()
			bytes, lines = len(tree), strings.Count(tree, "\n")
			runtime.Current().Stop()
		})
		return bytes, lines
	}
	small, _ := size(200)
	large, lines := size(2000)
	if lines != 1+2+2*2000+2001 || large > 15*small {
		t.Errorf("ten times the tasks take %d bytes in %d lines, after %d bytes", large, lines, small)
	}
}

// holds: 94
func TestIntrospectionElsewhere(t *testing.T) {
	for name, call := range map[string]func(){
		"task.All": func() { task.All() }, "task.Tree": func() { task.Tree() }, "task.Context": func() { task.Context() },
	} {
		if s, _ := panicOf(call).(string); !strings.HasPrefix(s, "evergreen: "+name+" was called outside a ") {
			t.Errorf("%s on a plain goroutine panics with %q", name, s)
		}
	}
	run(t, func() {
		me := task.Current()
		s, _ := task.Offload(func() (string, error) { return fmt.Sprint(panicOf(func() { me.Waiting() })), nil })
		if !strings.Contains(s, "Task.Waiting was called from a goroutine outside the loop") {
			t.Errorf("Waiting on a plain goroutine panics with %q", s)
		}
	})
}
