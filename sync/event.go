package sync

import (
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Event is something that has happened or not: tasks wait until it has. The zero
// Event has not happened. It must not be copied after its first use.
type Event struct {
	bond    kernel.Bond
	set     bool
	waiters kernel.WaitList
}

var happening kernel.Reason = kernel.Plain("a sync.Event to be set")

// Set says that it has happened: all who wait are woken, and whoever waits from now
// on goes on at once. It is not a checkpoint.
func (e *Event) Set() {
	e.bond.Loop("Event.Set")
	e.set = true
	if !e.waiters.Empty() {
		e.waiters.WakeAll()
	}
}

// Clear says that it has not happened. Who was woken by a Set before goes on all the
// same. It is not a checkpoint.
func (e *Event) Clear() {
	e.bond.Loop("Event.Clear")
	e.set = false
}

// IsSet tells whether it has happened. It is not a checkpoint.
func (e *Event) IsSet() bool {
	e.bond.Loop("Event.IsSet")
	return e.set
}

// Wait waits until it has happened. It is a checkpoint; when the task is killed or
// the time of a block around it is up, it does not return.
func (e *Event) Wait() {
	if e.bond.Here() && e.set && e.bond.Tick() {
		return
	}
	t := e.bond.Task("Event.Wait")
	if e.wait(t, 0) == kernel.Canceled {
		t.Unwind()
	}
}

// WaitTimeout is [Event.Wait] that waits at most d, and then returns a
// *timeout.Error. It is a checkpoint; when the time of a block around the task is up
// it returns that block's error, and when the task is killed it does not return.
func (e *Event) WaitTimeout(d time.Duration) error {
	if e.bond.Here() && e.set && e.bond.Tick() {
		return nil // without a look at the clock
	}
	t := e.bond.Task("Event.WaitTimeout")
	return outcome(t, e.wait(t, t.Loop().After(d)), d)
}

func (e *Event) wait(t *kernel.Task, deadline int64) kernel.Outcome {
	if !e.set {
		return e.waiters.Wait(t, happening, deadline)
	}
	if !t.Checkpoint() {
		return kernel.Canceled
	}
	return kernel.Woken
}
