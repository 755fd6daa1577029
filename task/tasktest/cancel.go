package tasktest

import (
	"context"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// Scene is one run of a scenario of [CancelEverywhere].
type Scene struct {
	victims []*victim
	after   []func()
	hit     bool
}

// victim is a task that may be cancelled.
type victim struct {
	task *kernel.Task
	// scope is around the task's function.
	scope *kernel.Scope
	// moments counts those at which the baton moved in the task's life, from before its
	// first step on.
	moments int
}

// Go starts f as a task that may be killed, cancelled or timed out at any moment.
// It is not a checkpoint.
//
//go:noinline
func (s *Scene) Go(f func()) *task.Task {
	pc := goroutine.CallerPC()
	l, by := kernel.MustLoop("Scene.Go")
	v := new(victim)
	s.victims = append(s.victims, v)
	v.task = l.Spawn(func() {
		// A block without a limit of its own: a deadline would let the virtual clock
		// jump out of a deadlock. The error is the blow itself.
		_ = timeout.WithContext(context.Background(), func() error {
			v.scope = kernel.Running().Scope()
			f()
			return nil
		})
	}, by, nil, pc)
	return (*task.Task)(v.task)
}

// After has check called when the scenario has returned and all tasks of [Scene.Go]
// have ended: there it says what must hold whoever was cancelled. It is not a
// checkpoint; check may wait.
func (s *Scene) After(check func()) { s.after = append(s.after, check) }

// Cancelled tells whether a task has been hit in this run: then results may be
// missing. It is not a checkpoint.
func (s *Scene) Cancelled() bool { return s.hit }

// blow is a way to cancel a task.
type blow struct {
	name   string
	strike func(v *victim)
}

var blows = []blow{
	{"kill", func(v *victim) { v.task.Kill() }},
	{"cancel", func(v *victim) { v.scope.Cancel(task.ErrCanceled) }},
	{"timeout", func(v *victim) { v.scope.Cancel(&timeout.Error{After: time.Second}) }},
}

// CancelEverywhere runs a scenario once to count, for each task started by [Scene.Go],
// the moments of its life at which the baton can move, which here are all checkpoints,
// and then once for each of these moments and each way to end the task: by a kill, a
// cancelled block, a timeout. After each run nothing may be left, as in [Run], and the
// checks of [Scene.After] must hold; so code under test must let the others go on
// whoever is cancelled when. It stops at the first failure. It must not be called in a
// task, and is not a checkpoint.
func CancelEverywhere(t testing.TB, scenario func(s *Scene)) {
	t.Helper()
	s, err := fromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		s = fifo{}
	}
	for who, v := range scene(t, s, scenario, blow{}, -1, 0) {
		for _, b := range blows {
			for k := 1; k <= v.moments; k++ {
				if t.Failed() {
					return
				}
				// A run may become longer by the blow; what matters is where it falls.
				scene(t, s, scenario, b, who, k)
			}
		}
	}
}

// scene runs the scenario and strikes the given victim at the k-th moment of its life.
// It returns all that there were to choose from.
func scene(t testing.TB, s schedule, scenario func(*Scene), b blow, who, k int) []*victim {
	t.Helper()
	sc := new(Scene)
	r := &trial{schedule: s}
	r.hooks.Budget = 1
	r.hooks.Switch = func() {
		// Counted from the task's own begin: what comes before it may take more moments in
		// one run than in another, where a goroutine has a part in it.
		for i, v := range sc.victims {
			if v.task.Ended() {
				continue
			}
			if v.moments++; i == who && v.moments == k && (v.scope != nil || b.name == "kill") {
				sc.hit = true
				b.strike(v)
			}
		}
	}
	r.run(func() {
		scenario(sc)
		for _, v := range sc.victims {
			_ = (*task.Task)(v.task).Join()
		}
		for _, check := range sc.after {
			check()
		}
	})
	r.tell(t, false)
	if t.Failed() && who >= 0 && who < len(sc.victims) {
		v := sc.victims[who]
		t.Logf("it was the %s of task %d (%s, spawned at %s) at moment %d of its life", b.name, who, v.task.Name(), v.task.SpawnSite(), k)
	}
	return sc.victims
}
