package tasktest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
)

const (
	// grace is what shielded cleanups and offloaded functions get at the end of a run,
	// in real time: long enough for an honest one, short enough to wait for.
	grace = 10 * time.Second
	// offloads is how many functions may run on plain goroutines at a time.
	offloads = 16
)

// Run runs main as the first task of a loop with the virtual clock, in an order of
// tasks drawn from a seed, and fails the test if anything goes wrong or is left
// behind; see the package's page. When the test fails the command that repeats the
// run is logged. It must not be called in a task, and is not a checkpoint.
func Run(t testing.TB, main func()) {
	t.Helper()
	s, err := fromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		s = newSeeded(freshSeed())
	}
	failed := t.Failed()
	r := &trial{schedule: s}
	r.run(main)
	r.tell(t, failed)
}

// trial is one run of a scenario.
type trial struct {
	schedule schedule
	hooks    kernel.Hooks
	// picks are the choices made so far.
	picks []choice
	// problems are sentences about what went wrong.
	problems []string
	// goexit tells that a task has left by Goexit, as the FailNow of a test does.
	goexit bool
}

// choice is one pick of the schedule: the n tasks there were, and the one chosen.
type choice struct{ n, picked int }

func (r *trial) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// run runs main on a new loop and notes what goes wrong.
func (r *trial) run(main func()) {
	var l *kernel.Loop
	r.hooks.Pick = func(n int) int {
		i := r.schedule.pick(l, n)
		r.picks = append(r.picks, choice{n, i})
		return i
	}
	r.hooks.Choose = func(n int) int {
		i := r.schedule.choose(n)
		r.picks = append(r.picks, choice{n, i})
		return i
	}
	l = kernel.New(kernel.Config{
		Hooks:    r.hooks,
		Virtual:  true,
		Offloads: offloads,
		Grace:    grace,
		Report:   func(err error) { r.problem("the loop reported: %v", err) },
	})
	err := l.Run(func() {
		defer l.Stop() // what is left is killed; also when main leaves by FailNow
		main()
		r.lookForTasks(l)
	}, false, 0)
	r.judge(err)
	if left := leftovers(l.Stats()); left != "" {
		r.problem("the run has left behind: %s", left)
	}
	if err := l.Close(); err != nil {
		r.problem("%v", err)
	}
}

// lookForTasks notes who is still there when main has returned and all others are
// parked.
func (r *trial) lookForTasks(l *kernel.Loop) {
	me := kernel.Running()
	if l.WaitQuiet(me) == kernel.Canceled {
		return // another failure ends the run already
	}
	for t := range l.Tasks {
		if t == me {
			continue
		}
		waiting := ""
		if on, holder := t.Blocked(); on != "" {
			waiting = ", waiting for " + on
			if holder != nil {
				waiting += ", held by " + holder.Name()
			}
		}
		r.problem("%s was left behind when the test's function returned%s (spawned at %s); join it or kill it", t.Name(), waiting, t.SpawnSite())
	}
}

// judge notes what the loop's Run returned.
func (r *trial) judge(err error) {
	if errors.Is(err, task.ErrGoexit) {
		r.goexit = true
	}
	if err != nil {
		r.problem("%v", err)
	}
}

// leftovers names what a loop that has ended should not have any more.
func leftovers(s kernel.Stats) string {
	var left []string
	for _, c := range []struct {
		n    int
		what string
	}{
		{s.Live, "tasks"},
		{s.Waiters, "places in queues"},
		{s.Outside, "things under way outside of the loop"},
	} {
		if c.n != 0 {
			left = append(left, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	return strings.Join(left, ", ")
}

// bad tells whether something went wrong: by itself, or because the test was failed
// meanwhile.
func (r *trial) bad(t testing.TB, failedBefore bool) bool {
	if r.goexit && t.Skipped() {
		return t.Failed() && !failedBefore // a task that has skipped the test did not go wrong
	}
	return len(r.problems) > 0 || t.Failed() && !failedBefore
}

// tell fails the test if something went wrong, and says how to repeat it.
func (r *trial) tell(t testing.TB, failedBefore bool) {
	t.Helper()
	if !r.bad(t, failedBefore) {
		return
	}
	if !r.goexit || !t.Failed() { // a test that called FailNow has said what is wrong
		for _, p := range r.problems {
			t.Errorf("%s", p)
		}
	}
	t.Logf("repeat it with: %s", command(t, r.schedule.String(r.picks)))
}
