package kernel

import (
	"fmt"
	"runtime/debug"
	"syscall"
	"time"
)

// Hooks let tests and monitors look into the scheduler and take a hand in it. All
// are optional. They run on whatever goroutine gives the baton away, and must not
// wait. A loop without hooks pays one look at a boolean per switch for them.
type Hooks struct {
	// Pick chooses which of the n tasks that are ready in this turn runs next; 0 is
	// the one that has waited longest. It is asked only if n is two or more.
	Pick func(n int) int
	// Choose decides what a program leaves to chance: a number from 0 to n-1.
	Choose func(n int) int
	// Switch is called at every switch, before Pick: with a Budget of 1 that is at
	// every checkpoint. It may kill tasks and cancel scopes.
	Switch func()
	// Budget is how many operations a task may do before it gives way, in the place of
	// the loop's own number; 0 leaves that.
	Budget int
	// Fault is called before every system call with its name; if it returns something,
	// that is the result and the call is not made.
	Fault func(call string) syscall.Errno
	// Stall is told of steps of a task or callback that took longer than StallLimit.
	Stall      func(Stall)
	StallLimit time.Duration
	// Clock is the clock that steps are measured by, time.Now where it is nil.
	Clock func() time.Time
}

// Stall is one step that took too long: from when the task got the baton to when
// it gave it away.
type Stall struct {
	Task  string        // the name of the task, "" for a callback
	ID    uint64        // its number, 0 for a callback
	Took  time.Duration // how long the step took
	Stack []byte        // where it gave way in the end; nil for a callback
}

// hooked tells whether a switch has anything to do for the hooks.
func (h *Hooks) hooked() bool { return h.Pick != nil || h.Switch != nil || h.Stall != nil }

// Fault asks the hook of that name whether a system call is to fail.
func (l *Loop) Fault(call string) syscall.Errno {
	if l.config.Fault == nil {
		return 0
	}
	return l.config.Fault(call)
}

// choosing is called when somebody is about to be taken from the ready queue.
func (l *Loop) choosing() {
	if l.config.Switch != nil {
		l.guard(l.config.Switch)
	}
	if l.config.Pick != nil && l.turn > 1 {
		i := 0
		l.guard(func() { i = l.config.Pick(l.turn) })
		l.ready.bring(i)
	}
	l.stepBegins()
}

// guard calls a hook. A panic in it ends the run, and not the task that happened
// to give the baton away.
func (l *Loop) guard(f func()) {
	defer func() {
		if r := recover(); r != nil {
			l.config.Pick, l.config.Switch = nil, nil
			l.failures.fatal(NewPanicError(nil, r, debug.Stack()))
		}
	}()
	f()
}

func (l *Loop) stepBegins() {
	if l.config.Stall != nil {
		l.stepSince = l.clock()
	}
}

// stepEnds looks at how long the step took. Time between steps, when the loop
// idles, belongs to none. A monitor that panics is told of nothing any more.
func (l *Loop) stepEnds() {
	if l.config.Stall == nil || l.stepSince.IsZero() {
		return
	}
	took := l.clock().Sub(l.stepSince)
	l.stepSince = time.Time{}
	if took <= l.config.StallLimit {
		return
	}
	s := Stall{Took: took}
	if t := l.current; t != nil {
		s.Task, s.ID, s.Stack = t.Name(), t.id, debug.Stack()
	}
	defer func() {
		if r := recover(); r != nil {
			l.config.Stall = nil
			l.report(fmt.Errorf("evergreen: the monitor of long steps was removed: %w", NewPanicError(nil, r, debug.Stack())))
		}
	}()
	l.config.Stall(s)
}

func (l *Loop) clock() time.Time {
	if l.config.Clock != nil {
		return l.config.Clock()
	}
	return time.Now()
}

// ReadyID returns the number of the i-th task that Pick can choose from, 0 for a
// callback.
func (l *Loop) ReadyID(i int) uint64 { return l.ready.at(i).id }

// Slice returns how many switches there have been and what is left of the running
// task's slice: where neither has changed there was no checkpoint.
func (l *Loop) Slice() (switches uint64, left int) { return l.stats.Switches, l.ops }
