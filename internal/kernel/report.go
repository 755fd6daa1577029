package kernel

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Limits of a report: a program with a million parked tasks must be able to say so.
const (
	maxReported = 1000
	maxStacks   = 100
	maxUnjoined = 16
	maxNamed    = 8 // descriptors left at Close
)

// Blocked describes one parked task in a report.
type Blocked struct {
	ID      uint64
	Name    string
	Parent  uint64 // 0 for none
	On      string // what it waits for
	Holder  string // the name of the task that has it, empty for none
	Spawned string // file and line
	Stack   string // empty beyond the first hundred tasks
}

// NewDeadlockError makes the public error of a deadlock. Package runtime sets it.
var NewDeadlockError = func(total int, tasks []Blocked) error {
	return fmt.Errorf("evergreen: deadlock of %d tasks", total)
}

// Describe reports on the tasks of the loop, oldest first. Root only, because
// stacks are written by the tasks themselves: each is woken for just that.
func (l *Loop) describe(stacks bool) (total int, tasks []Blocked) {
	var all []*Task
	for t := range l.Tasks {
		all = append(all, t)
	}
	total = len(all)
	for i := len(all) - 1; i >= 0 && len(tasks) < maxReported; i-- {
		t := all[i]
		b := Blocked{ID: t.id, Name: t.Name(), Parent: t.parent, Spawned: site(t.spawnPC)}
		if t.on != nil {
			on, holder := t.on.Waiting()
			b.On = on
			if holder != nil {
				b.Holder = holder.Name()
			}
		}
		if stacks && len(tasks) < maxStacks && t.state == parked && t.worker != nil {
			t.inspect = true
			l.baton.Pass(&l.root.Worker, &t.worker.Worker)
			b.Stack, l.inspected = string(l.inspected), nil
		}
		tasks = append(tasks, b)
	}
	return total, tasks
}

// showStack is what a task does when it is woken to be inspected: it leaves its
// stack and passes the baton back to the root.
func (t *Task) showStack() {
	l := t.loop
	t.inspect = false
	l.inspected = debug.Stack()
	l.baton.Pass(&t.worker.Worker, &l.root.Worker)
}

// SpawnSite returns the file and line where the task was spawned.
func (t *Task) SpawnSite() string { return site(t.spawnPC) }

func site(pc uintptr) string {
	if pc == 0 {
		return "the loop"
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	if frame.File == "" {
		return "unknown"
	}
	return fmt.Sprintf("%s:%d", frame.File, frame.Line)
}

// failures gathers what Run returns.
type failures struct {
	errs []error
	// kill tells that one of them ends the run.
	kill bool
	// loose counts tasks that failed and that nobody joined; the first few are kept:
	// somebody may yet join them before the run ends.
	loose  int
	sample []*Task
}

func (f *failures) fatal(err error) {
	f.kill = true
	if len(f.errs) < maxUnjoined {
		f.errs = append(f.errs, err)
	}
}

func (f *failures) unjoined(t *Task) {
	f.loose++
	if len(f.sample) < maxUnjoined {
		f.sample = append(f.sample, t)
	}
}

// collect returns everything as one error and forgets it.
func (f *failures) collect() error {
	errs := f.errs
	for _, t := range f.sample {
		if !t.observed {
			errs = append(errs, fmt.Errorf("evergreen: %s ended with an error and nobody joined it: %w", t.Name(), t.err))
		}
	}
	if more := f.loose - len(f.sample); more > 0 {
		errs = append(errs, fmt.Errorf("evergreen: %d further tasks ended with an error and may not have been joined", more))
	}
	*f = failures{}
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}
