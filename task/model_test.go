package task_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	stdruntime "runtime"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// world is a random program and what is known of it. All choices come from the
// seed, so that a seed that fails can be run again.
type world struct {
	*rand.Rand
	t      *testing.T
	seed   uint64
	budget int // tasks that may still be spawned
	all    []*actor
	inside int // tasks between two checkpoints: never more than one
	joins  int // joins that are under way
}

// actor is one task of the program.
type actor struct {
	task            *task.Task
	started, ended  int
	killed, goexits bool
}

func (w *world) errorf(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("seed %d: %s", w.seed, fmt.Sprintf(format, args...))
}

// step is work between two checkpoints.
func (w *world) step() {
	w.inside++
	if w.inside != 1 {
		w.errorf("%d tasks are inside", w.inside)
	}
	stdruntime.Gosched() // invites another one to run, if one could
	w.inside--
}

func (w *world) duration() time.Duration { return time.Duration(w.IntN(5)) * time.Second }

func (w *world) spawn() *actor {
	if w.budget == 0 {
		return nil
	}
	w.budget--
	a := &actor{goexits: w.IntN(10) == 0}
	body := func() {
		a.started++
		defer func() { a.ended++ }()
		defer func() {
			w.step()
			if w.IntN(3) == 0 {
				timeout.ShieldFor(w.duration(), func() { task.Sleep(w.duration()) })
			}
		}()
		for range w.IntN(8) {
			w.act(2)
		}
		if a.goexits {
			stdruntime.Goexit()
		}
	}
	if w.IntN(4) == 0 {
		a.task = task.GoAfter(w.duration(), body)
	} else {
		a.task = task.Go(body)
	}
	w.all = append(w.all, a)
	return a
}

func (w *world) pick() *actor { return w.all[w.IntN(len(w.all))] }

// act does one random thing.
func (w *world) act(depth int) {
	w.step()
	switch w.IntN(11) {
	case 0, 1:
		w.spawn()
	case 2:
		task.Yield()
	case 3:
		task.Sleep(w.duration())
	case 4:
		w.join(w.pick())
	case 5:
		if a := w.pick(); a.task.Alive() {
			a.killed = true
			a.task.Kill()
		}
	case 6, 7:
		if depth > 0 {
			w.block(depth - 1)
		}
	case 8:
		v, err := task.Offload(func() (int, error) { return 42, nil })
		if err == nil && v != 42 {
			w.errorf("an offload returned %d", v)
		}
	case 9:
		w.recovered()
	case 10:
		h := runtime.Current().CallLater(w.duration(), w.step)
		if w.IntN(2) == 0 {
			h.Cancel()
		}
	}
	w.step()
}

func (w *world) join(a *actor) {
	if a.task == task.Current() {
		return // which is a deadlock
	}
	w.joins++
	defer func() { w.joins-- }()
	var err error
	if w.IntN(4) > 0 {
		err = a.task.JoinTimeout(w.duration())
	} else {
		// Joining in a circle is a deadlock but for the time limit around it.
		err = timeout.Run(time.Minute, a.task.Join)
	}
	var e *timeout.Error
	switch {
	case errors.As(err, &e):
	case a.task.Alive():
		w.errorf("Join returned %v while the task lives", err)
	case err == nil || errors.Is(err, task.ErrKilled) && a.killed || errors.Is(err, task.ErrGoexit) && a.goexits:
	default:
		w.errorf("Join returned %v", err)
	}
}

// block runs a few acts under a timeout, or a shield.
func (w *world) block(depth int) {
	begin := runtime.Current().Now()
	some := func() error {
		for range w.IntN(4) {
			w.act(depth)
		}
		return nil
	}
	switch w.IntN(4) {
	case 0:
		timeout.ShieldFor(10*time.Second, func() { _ = some() })
	case 1:
		b := timeout.Start(w.duration())
		func() {
			defer b.Cancel()
			_ = some()
		}()
	default:
		d := w.duration()
		var e *timeout.Error
		if err := timeout.Run(d, some); errors.As(err, &e) && since(begin) < min(d, e.After) {
			w.errorf("a block of %v ended with %v after %v", d, err, since(begin))
		}
	}
}

// recovered panics, and recovers. What it sees must be its own panic or the way
// out of a block, which it passes on.
func (w *world) recovered() {
	defer func() {
		switch r := recover().(type) {
		case nil: // a kill
		case int:
		default:
			panic(r)
		}
	}()
	if w.IntN(2) == 0 {
		task.Yield()
	}
	panic(w.IntN(100))
}

// run runs the program of one seed and looks at what is left.
func (w *world) run() {
	var l *runtime.Loop
	err := runtime.Run(func() {
		l = runtime.Current()
		for range 5 {
			w.spawn()
		}
		for len(w.all) > 0 && w.anyAlive() {
			task.Sleep(time.Second)
		}
		task.Sleep(time.Minute) // for callbacks that are still to come
		if s := l.Stats(); s.Live != 1 || s.Timers != 0 || s.Outside != 0 || s.Ready != 0 {
			w.errorf("at the end there are %d tasks, %d timers, %d things outside, %d ready", s.Live, s.Timers, s.Outside, s.Ready)
		}
	}, runtime.WithSeed(w.seed), runtime.WithVirtualClock())
	if err != nil && !errors.Is(err, task.ErrGoexit) {
		w.errorf("Run returned %v", err)
	}
	if s := l.Stats(); s.Live != 0 || s.Idle != 0 || w.joins != 0 || w.inside != 0 {
		w.errorf("the run left %d tasks, %d goroutines, %d joins", s.Live, s.Idle, w.joins)
	}
	for i, a := range w.all {
		switch {
		case a.started == 1 && a.ended == 1:
		case a.started == 0 && a.ended == 0 && a.killed:
		default:
			w.errorf("task %d started %d times and ended %d times; killed: %v", i, a.started, a.ended, a.killed)
		}
	}
}

func (w *world) anyAlive() bool {
	for _, a := range w.all {
		if a.task.Alive() {
			return true
		}
	}
	return false
}

// holds: 2, 6, 40, 41, 44, 46, 47
// Random programs of tasks that spawn, wait, join, kill, time out, panic and leave.
// Whatever they do, every task ends once, every join comes back, and nothing is
// left.
func TestRandomPrograms(t *testing.T) {
	seeds := uint64(400)
	if testing.Short() {
		seeds = 50
	}
	before := stdruntime.NumGoroutine()
	tasks := 0
	for seed := range seeds {
		w := &world{Rand: rand.New(rand.NewPCG(seed, 1)), t: t, seed: seed, budget: 60}
		w.run()
		tasks += len(w.all)
		if t.Failed() {
			t.Fatalf("run this seed alone to see more; %d tasks so far", tasks)
		}
	}
	if tasks < int(seeds)*5 {
		t.Errorf("only %d tasks ran in all", tasks)
	}
	for patience := time.Now().Add(30 * time.Second); stdruntime.NumGoroutine() > before; {
		if time.Now().After(patience) {
			t.Fatalf("%d goroutines are left", stdruntime.NumGoroutine()-before)
		}
		stdruntime.Gosched()
	}
}
