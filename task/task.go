package task

import (
	"time"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/timeout"
)

// Task is a function under way. Its methods belong to the tasks and callbacks of
// its loop.
type Task kernel.Task

func (t *Task) k() *kernel.Task { return (*kernel.Task)(t) }

var (
	// ErrKilled is how a killed task ended.
	ErrKilled = kernel.ErrKilled
	// ErrGoexit is how a task ended that called runtime.Goexit itself, as the FailNow
	// of a test does.
	ErrGoexit = kernel.ErrGoexit
)

// PanicError is how a task ended that panicked.
type PanicError = runtime.PanicError

// Go starts f as a task of the running loop. f takes its first step when it is its
// turn, not before the caller comes to a checkpoint that waits. It may be called
// in tasks and in callbacks of the loop, and panics elsewhere. It is not a
// checkpoint.
//
//go:noinline
func Go(f func()) *Task {
	pc := goroutine.CallerPC()
	l, by := kernel.MustLoop("task.Go")
	if f == nil {
		panic("evergreen: task.Go was called with nil: give a function")
	}
	return (*Task)(l.Spawn(f, by, nil, pc))
}

// GoAfter is like [Go] with a first step not before d has passed. Until then the
// task can be killed, and then never runs. It is not a checkpoint.
//
//go:noinline
func GoAfter(d time.Duration, f func()) *Task {
	pc := goroutine.CallerPC()
	l, by := kernel.MustLoop("task.GoAfter")
	if f == nil {
		panic("evergreen: task.GoAfter was called with nil: give a function")
	}
	return (*Task)(l.SpawnAt(f, l.After(d), by, pc))
}

// Current returns the task that calls, nil on any other goroutine. It costs a few
// nanoseconds and is not a checkpoint.
func Current() *Task { return (*Task)(kernel.Running()) }

// Sleep waits for d, never less. A d of zero or less is a [Yield]. It is a
// checkpoint; when the task is killed or the time of a block around it is up, it
// does not return.
func Sleep(d time.Duration) {
	t := kernel.MustTask("task.Sleep")
	if t.Sleep(d) == kernel.Canceled {
		t.Unwind()
	}
}

// Yield lets every task run that is ready now. It is a checkpoint; when the task is
// killed or the time of a block around it is up, it does not return.
func Yield() { kernel.GiveWay(nil) }

// Join waits until the task has ended and says how: nil if its function returned,
// [ErrKilled], [ErrGoexit], a [*PanicError], or the error of the timeout that ended
// it. It may be called by many tasks, also after the end. A task that joins itself
// waits forever, which is a deadlock. It is a checkpoint; if the caller is
// cancelled meanwhile it returns the error of the block that ended.
func (t *Task) Join() error {
	return t.join(kernel.MustTask("Task.Join"), 0, 0)
}

// JoinTimeout is like [Task.Join] for at most d; then it returns a *timeout.Error.
// With a d of zero or less it tells whether the task has ended. It is a
// checkpoint.
func (t *Task) JoinTimeout(d time.Duration) error {
	me := kernel.MustTask("Task.JoinTimeout")
	return t.join(me, me.Loop().After(d), d)
}

func (t *Task) join(me *kernel.Task, deadline int64, d time.Duration) error {
	k := t.k()
	if k.Loop() != me.Loop() {
		panic("evergreen: Task.Join was called by a task of another loop: use Loop.Do of the loop that the task belongs to, and join it there")
	}
	switch k.Join(me, deadline) {
	case kernel.Canceled:
		return me.Interrupted()
	case kernel.TimedOut:
		return &timeout.Error{After: d}
	}
	return k.Err()
}

// Kill ends the task at its next checkpoint, see the rules of the package. A task
// that waits is woken for it. Killing a task twice, or one that has ended, does
// nothing; a task that kills itself ends at once. It is not a checkpoint for
// others.
func (t *Task) Kill() {
	t.mine("Task.Kill")
	if t.k().Kill() && kernel.Running() == t.k() {
		t.k().Unwind() // at once, unless the task shields itself
	}
}

// Alive tells whether the task has not ended yet. When the run is over anybody may
// ask. It is not a checkpoint.
func (t *Task) Alive() bool {
	t.k().Loop().MayRead("Task.Alive")
	return !t.k().Ended()
}

// ID returns the number of the task, counted from 1 in its loop. It is not a
// checkpoint.
func (t *Task) ID() uint64 { return t.k().ID() }

// Name returns the name given by SetName, or "task" and the task's number. It is
// not a checkpoint.
func (t *Task) Name() string {
	t.k().Loop().MayRead("Task.Name")
	return t.k().Name()
}

// SetName names the task in reports. It is not a checkpoint.
func (t *Task) SetName(name string) {
	t.mine("Task.SetName")
	t.k().SetName(name)
}

func (t *Task) mine(call string) {
	if kernel.CurrentLoop() != t.k().Loop() {
		panic("evergreen: " + call + " was called outside the loop that the task belongs to: use Loop.CallThreadsafe or Loop.Do of that loop")
	}
}
