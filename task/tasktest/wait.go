package tasktest

import (
	"fmt"
	"testing"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// WaitAllParked waits until every other task of the loop waits for something and
// nothing outside of the loop is at work for it, and returns before the virtual
// clock moves on. It is a checkpoint; when the task is killed or the time of a block
// around it is up, it does not return.
func WaitAllParked() {
	t := kernel.MustTask("tasktest.WaitAllParked")
	if t.Loop().WaitQuiet(t) == kernel.Canceled {
		t.Unwind()
	}
}

// Sequencer puts steps of several tasks in one order.
type Sequencer struct {
	steps   int
	next    int
	waiting map[int]*kernel.WaitList
}

// Sequence makes a Sequencer of n steps, numbered from 0. It is not a checkpoint.
func Sequence(n int) *Sequencer {
	return &Sequencer{steps: n, waiting: make(map[int]*kernel.WaitList)}
}

// Step runs f when all steps before step i are over, and then lets step i+1 begin.
// A step that is left by a kill or the end of a block is over all the same. It
// panics if the step is not one of the sequence or was done before. It is a
// checkpoint; when the task is killed or the time of a block around it is up while
// it waits, it does not return, and those behind it wait forever, which is a
// deadlock.
func (s *Sequencer) Step(i int, f func()) {
	t := kernel.MustTask("Sequencer.Step")
	if i < s.next || i >= s.steps {
		panic(fmt.Sprintf("evergreen: step %d was asked for when step %d of %d is next: each step is done once", i, s.next, s.steps))
	}
	if !t.Checkpoint() {
		t.Unwind()
	}
	for s.next != i {
		if s.waiting[i] == nil {
			s.waiting[i] = new(kernel.WaitList)
		}
		if s.waiting[i].Wait(t, kernel.Plain(fmt.Sprintf("step %d of a sequence", i-1)), 0) == kernel.Canceled {
			t.Unwind()
		}
	}
	defer func() {
		s.next++
		if w := s.waiting[s.next]; w != nil {
			w.WakeAll()
		}
	}()
	f()
}

// Done tells whether all steps are over. It is not a checkpoint.
func (s *Sequencer) Done() bool { return s.next == s.steps }

// MustCheckpoint calls f, and fails the test if f did not come to a checkpoint. It
// belongs in a task, and is a checkpoint if f is one.
func MustCheckpoint(t testing.TB, f func()) {
	t.Helper()
	if !passes(f) {
		t.Error("the call came to no checkpoint: a task that repeats it keeps all others from running, and a cancellation is not noticed")
	}
}

// MustNotCheckpoint calls f, and fails the test if f came to a checkpoint, where
// another task could have run. It belongs in a task, and is not a checkpoint.
func MustNotCheckpoint(t testing.TB, f func()) {
	t.Helper()
	if passes(f) {
		t.Error("the call came to a checkpoint: another task may have run, and changed what the caller relied on")
	}
}

// passes calls f and tells whether it came to a checkpoint.
func passes(f func()) bool {
	l := kernel.MustTask("MustCheckpoint").Loop()
	switches, left := l.Slice()
	f()
	switchesNow, leftNow := l.Slice()
	return switchesNow != switches || leftNow != left
}
