package kernel

import "github.com/evergreen-go/evergreen/internal/goroutine"

// Bond ties an object to the loop whose tasks use it, so that a use from anywhere
// else is noticed and not silently wrong. The zero Bond is tied to nothing yet; the
// first use ties it.
//
// The check and the question "which task is this?" are one: where the caller's
// goroutine is the one that holds the baton of the object's loop, the loop says
// which task runs. That takes about two nanoseconds, against three and a half for a
// look-up in the table of workers. Under the race detector the table is asked
// every time: a foreign goroutine has to read what the loop writes to find out that
// it is foreign, and would be told off for that in the place of the real mistake.
type Bond struct{ loop *Loop }

// BondHere ties a new object to the loop that makes it. Outside of all loops it
// leaves that to the first use.
func BondHere() Bond { return Bond{CurrentLoop()} }

// Here is the cheap part of Task and Loop, small enough to disappear into its
// caller: it tells whether a task of the loop calls, which is then Current. Where it
// returns false the caller asks Task or Loop.
func (b *Bond) Here() bool {
	return !goroutine.Race && b.loop != nil && b.loop.holder == goroutine.ID()
}

// Current returns the task that calls, after Here has returned true.
func (b *Bond) Current() *Task { return b.loop.current }

// Tick is the cheap part of Checkpoint for the task that calls, after Here has
// returned true: where it returns false the caller asks Checkpoint.
func (b *Bond) Tick() bool {
	l := b.loop
	if l.current.cause != nil || l.ops <= 1 {
		return false
	}
	l.ops--
	return true
}

// Task returns the task that calls. It panics with a sentence that names the call
// where that is no task, or one of another loop.
func (b *Bond) Task(call string) *Task {
	if b.Here() {
		return b.loop.current
	}
	t := MustTask(call)
	b.tie(t.loop, call)
	return t
}

// Loop returns the loop whose task or callback calls: it is for calls that never
// wait. It panics like Task.
func (b *Bond) Loop(call string) *Loop {
	if b.Here() {
		return b.loop
	}
	l, _ := MustLoop(call)
	b.tie(l, call)
	return l
}

// tie ties the object to l. An object may move on from a loop that does not run:
// none of its tasks can be waiting for it.
func (b *Bond) tie(l *Loop, call string) {
	if b.loop == l {
		return
	}
	if b.loop != nil && !b.loop.IfStopped(func() {}) {
		panic("evergreen: " + call + " was called in another loop than the one that uses the object: go there with Loop.Do, or with Loop.CallThreadsafe if there is nothing to wait for")
	}
	b.loop = l
}

// Home returns the loop that the object is tied to, nil for none yet.
func (b *Bond) Home() *Loop { return b.loop }
