package tasktest_test

import (
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// All orders that there are of n tasks with one step: n!.
func TestExploreTriesAllOrders(t *testing.T) {
	want := 1
	for n := range 5 {
		want *= max(1, n)
		seen := make(map[string]bool)
		runs, all := tasktest.Explore(t, tasktest.Options{Orders: 2000}, func() {
			order := ""
			var tasks []*task.Task
			for i := range n {
				tasks = append(tasks, task.Go(func() { order += string(rune('a' + i)) }))
			}
			for _, t := range tasks {
				for t.Alive() { // without a wait of main's own, which would be one more to order
					_ = t.Join()
				}
			}
			seen[order] = true
		})
		if len(seen) != want || !all {
			t.Errorf("%d tasks: %d orders of %d in %d runs, all: %v", n, len(seen), want, runs, all)
		}
	}
}

func TestExploreStopsAtItsLimits(t *testing.T) {
	var steps string
	runs, all := tasktest.Explore(t, tasktest.Options{Orders: 10, Seeds: 20, PCT: 5}, order(&steps))
	if runs != 35 || all {
		t.Errorf("%d runs, all: %v", runs, all)
	}
	runs, all = tasktest.Explore(t, tasktest.Options{Orders: -1, Seeds: -1, PCT: 3}, order(&steps))
	if runs != 3 || all {
		t.Errorf("%d runs, all: %v", runs, all)
	}
}

// Different schedules are different orders, and not the same one many times.
func TestSeedsAndPrioritiesGiveManyOrders(t *testing.T) {
	for name, o := range map[string]tasktest.Options{
		"seeds": {Orders: -1, Seeds: 300, PCT: -1},
		"pct":   {Orders: -1, Seeds: -1, PCT: 300},
	} {
		seen := make(map[string]bool)
		var steps string
		run := order(&steps)
		tasktest.Explore(t, o, func() { run(); seen[steps] = true })
		if len(seen) < 20 {
			t.Errorf("300 %s give %d orders only", name, len(seen))
		}
	}
}

// racy fails if the deposit falls between the two steps of the withdrawal, which it
// does not if the tasks run first come first served.
func racy(t testing.TB) func() {
	return func() {
		balance := 10
		withdraw := func() {
			if seen := balance; seen >= 10 {
				task.Yield() // the mistake: what was looked at may change here
				balance = seen - 10
			}
		}
		b, a := task.Go(func() { balance += 5 }), task.Go(withdraw)
		_, _ = a.Join(), b.Join()
		if balance != 5 {
			t.Errorf("the balance is %d", balance)
		}
	}
}

// A failure is found whichever way the schedules are made, and the command that is
// printed repeats it.
//
// holds: 106
func TestExploreFindsAndRepeats(t *testing.T) {
	for kind, o := range map[string]tasktest.Options{
		"trace:": {},
		"seed:":  {Orders: -1},
		"pct:":   {Orders: -1, Seeds: -1},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Setenv("EVERGREEN_SCHEDULE", "")
			d := mustFail(t, func(t testing.TB) { tasktest.Explore(t, o, racy(t)) }, "the balance is", kind)
			_, rest, _ := strings.Cut(d.text(), "EVERGREEN_SCHEDULE=")
			schedule, _, _ := strings.Cut(rest, " ")
			t.Setenv("EVERGREEN_SCHEDULE", schedule)
			mustFail(t, func(t testing.TB) { tasktest.Run(t, racy(t)) }, "the balance is")
			mustFail(t, func(t testing.TB) {
				if runs, _ := tasktest.Explore(t, o, racy(t)); runs != 1 {
					t.Errorf("%d runs to repeat one", runs)
				}
			}, "the balance is")
		})
	}
}

func TestExploreOfAFailedTestDoesNothing(t *testing.T) {
	mustFail(t, func(t testing.TB) {
		t.Error("failed before")
		if runs, _ := tasktest.Explore(t, tasktest.Options{}, func() {}); runs != 0 {
			t.Errorf("%d runs", runs)
		}
	}, "failed before")
}

// What the code under test leaves to chance is part of the schedule.
//
// holds: 106
func TestChoicesArePartOfTheSchedule(t *testing.T) {
	chosen := make(map[int]bool)
	scenario := func() { chosen[kernel.CurrentLoop().Choose(3)] = true }
	if runs, all := tasktest.Explore(t, tasktest.Options{}, scenario); runs != 3 || !all || len(chosen) != 3 {
		t.Errorf("%d runs, all %v, chosen %v", runs, all, chosen)
	}
	for _, schedule := range []string{"fifo", "seed:3", "pct:3", "trace:2"} {
		t.Setenv("EVERGREEN_SCHEDULE", schedule)
		clear(chosen)
		tasktest.Run(t, scenario)
		tasktest.Run(t, scenario)
		if len(chosen) != 1 || schedule == "trace:2" && !chosen[2] {
			t.Errorf("%s chose %v", schedule, chosen)
		}
	}
}
