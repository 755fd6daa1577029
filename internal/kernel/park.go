package kernel

import (
	"runtime"
	"unsafe"
)

// Outcome is how a park ended.
type Outcome uint8

const (
	// Woken: somebody woke the task for this very park.
	Woken Outcome = iota
	// TimedOut: the deadline passed first.
	TimedOut
	// Canceled: a kill, a timeout or a cancelled group came first. The caller undoes
	// what it began and then calls Interrupted or Unwind.
	Canceled
)

// Reason says what a parked task waits for, in a report.
type Reason interface {
	// Waiting names the thing and the task that holds it, if one does.
	Waiting() (on string, holder *Task)
}

// Plain is a Reason of words only.
type Plain string

// Waiting implements Reason.
func (p Plain) Waiting() (string, *Task) { return string(p), nil }

var (
	sleeping  Reason = Plain("a sleep")
	startTime Reason = Plain("its start time")
)

// Park gives the baton away until the task is woken, at latest at deadline (on
// the loop's clock; 0 for none). Between the caller's decision to wait and Park no
// other task of the loop runs, so a wake cannot be lost. Only the running task may
// park itself.
func (t *Task) Park(on Reason, deadline int64) Outcome {
	if t.cause != nil {
		t.Checkpoint() // a loop that ignores its errors must still give way
		return Canceled
	}
	t.park++
	t.state = parked
	t.on = on
	if deadline != 0 {
		t.loop.timers.Add(&t.timer, deadline)
	}
	// The hand-over is written out here and in GiveWay: see baton.Leave.
	l, me := t.loop, &t.worker.Worker
	l.stats.Switches++
	var here byte
	t.worker.mark = uintptr(unsafe.Pointer(&here))
	if to := &l.next().Worker; to != me {
		if s, next := l.baton.Leave(me, to); next {
			s.Next()
		} else {
			s.Yield(struct{}{})
		}
		l.baton.Arrive(me)
	}
	t.resumed()
	return t.outcome
}

// Ticket returns the number of the park that the running task is about to make,
// to be given to whoever shall wake it.
func (t *Task) Ticket() uint64 { return t.park + 1 }

// Wake ends the park with that number and reports whether it did: a park that has
// ended already is left alone. It returns before the task runs.
func (t *Task) Wake(ticket uint64) bool {
	if t.state != parked || t.park != ticket {
		return false
	}
	t.wake(Woken)
	return true
}

// wake moves a parked task to the ready queue.
func (t *Task) wake(o Outcome) {
	if t.timer.Active() {
		t.loop.timers.Remove(&t.timer)
	}
	t.state = ready
	t.outcome = o
	t.loop.ready.push(t)
}

// resumed is what a task does first when it has the baton again.
func (t *Task) resumed() {
	for t.inspect {
		t.showStack() // and back to waiting
	}
	t.state = running
	t.loop.arrived(t)
}

// arrived notes who has the baton, for Bond.
func (l *Loop) arrived(t *Task) { l.current, l.holder = t, t.worker.id }

// Yield lets everybody who is ready run first. It returns false if the task is to
// end, before or after.
func (t *Task) Yield() bool {
	if t.cause != nil {
		return t.Checkpoint()
	}
	return GiveWay(t)
}

// Checkpoint is for an operation that need not wait: it notices a cancellation,
// and gives way when the slice budget is used up. It returns false if the task is
// to end.
func (t *Task) Checkpoint() bool {
	if t.loop.ops--; t.loop.ops > 0 {
		return t.cause == nil
	}
	return GiveWay(t)
}

// GiveWay puts the running task t at the end of the ready queue, lets everybody
// before it run, and returns false if the task is to end.
//
// With nil it is all of task.Yield, for the task that calls: that function then
// disappears into its caller, and with it a frame; see baton.Leave.
func GiveWay(t *Task) bool {
	yield := t == nil
	if yield {
		t = MustTask("task.Yield")
		if t.cause != nil {
			t.Checkpoint()
			t.Unwind()
		}
	}
	l, me := t.loop, &t.worker.Worker
	t.state = ready
	l.ready.push(t)
	l.stats.Switches++
	if to := &l.next().Worker; to != me {
		if s, next := l.baton.Leave(me, to); next {
			s.Next()
		} else {
			s.Yield(struct{}{})
		}
		l.baton.Arrive(me)
	}
	t.resumed()
	if yield && t.cause != nil {
		t.Unwind()
	}
	return t.cause == nil
}

// Deadline moves the deadline of a parked task (0 for none), and leaves alone a
// task that is not in that park.
func (t *Task) Deadline(ticket uint64, deadline int64) {
	if t.state != parked || t.park != ticket {
		return
	}
	t.loop.timers.Remove(&t.timer)
	if deadline != 0 {
		t.loop.timers.Add(&t.timer, deadline)
	}
}

// Interrupted is for a call that can return an error, after a Canceled park or a
// failed Checkpoint: it returns the error of the scope that ended. A killed task
// does not come back from it the first time; in the deferred calls that follow it
// returns ErrKilled, so that they can go on to their next line.
func (t *Task) Interrupted() error {
	switch t.cause {
	case nil:
		return nil
	case &killScope:
		if t.dying && !t.loop.forced {
			return ErrKilled
		}
		t.die()
	}
	return t.cause.Err()
}

// Unwind is for a call that cannot return an error: it leaves for the edge of the
// scope that ended, or of the task, running deferred calls on the way.
func (t *Task) Unwind() {
	switch t.cause {
	case nil:
	case &killScope:
		t.die()
	default:
		t.cause.aimed = true
		panic(&unwinding{t.cause})
	}
}

func (t *Task) die() {
	t.dying = true
	runtime.Goexit()
}

// Interruptible tells whether a cancellation is pending for the running task.
func (t *Task) Interruptible() bool { return t.cause != nil }

// WaitQuiet parks the task until every other task of the loop is parked and
// nothing outside is at work for it. It comes before a jump of the virtual clock.
func (l *Loop) WaitQuiet(t *Task) Outcome {
	return l.quiet.Wait(t, Plain("all other tasks to be parked"), 0)
}
