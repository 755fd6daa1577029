package sync

import (
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Condition is the condition variable of Python's threading: it has a lock of its
// own, waits with a limit or for a predicate, and wakes as many as are wanted.
//
//	c.Lock()
//	c.WaitFor(func() bool { return len(items) > 0 })
//	... make use of them ...
//	c.Unlock()
type Condition struct {
	bond kernel.Bond
	lock Locker
	bell bell
}

// NewCondition makes a condition with the lock l, or with an [RLock] of its own if l
// is nil. It is not a checkpoint.
func NewCondition(l Locker) *Condition {
	if l == nil {
		l = new(RLock)
	}
	return &Condition{bond: kernel.BondHere(), lock: l}
}

// Lock locks the condition's lock. It is a checkpoint if that lock's is.
func (c *Condition) Lock() { c.lock.Lock() }

// Unlock unlocks the condition's lock. It is not a checkpoint.
func (c *Condition) Unlock() { c.lock.Unlock() }

// Wait unlocks the lock, however often an RLock was locked, waits to be notified, and
// locks it as before. It is a checkpoint; when the task is killed or the time of a
// block around it is up, it does not return, but also then the lock is held again. A
// notification that had chosen the task goes to another. If the lock is an [RLock]
// that was broken meanwhile it panics with [ErrBroken], and nobody holds it.
func (c *Condition) Wait() {
	t := c.bond.Task("Condition.Wait")
	if c.wait(t, 0) == kernel.Canceled {
		t.Unwind()
	}
}

// WaitTimeout is [Condition.Wait] that waits at most d, and then returns a
// *timeout.Error; the lock is held again all the same, and getting it back may take
// longer. It is a checkpoint; when the time of a block around the task is up it
// returns that block's error, and when the task is killed it does not return.
func (c *Condition) WaitTimeout(d time.Duration) error {
	t := c.bond.Task("Condition.WaitTimeout")
	return outcome(t, c.wait(t, t.Loop().After(d)), d)
}

// WaitFor waits until the predicate, which is called with the lock held, is true. It
// is a checkpoint, as [Condition.Wait] is.
func (c *Condition) WaitFor(predicate func() bool) {
	t := c.bond.Task("Condition.WaitFor")
	if c.waitFor(t, predicate, 0) == kernel.Canceled {
		t.Unwind()
	}
}

// WaitForTimeout is [Condition.WaitFor] that waits at most d altogether, however often
// it is notified meanwhile. Then it returns nil if the predicate is true at last, else
// a *timeout.Error. It is a checkpoint, as [Condition.WaitTimeout] is.
func (c *Condition) WaitForTimeout(predicate func() bool, d time.Duration) error {
	t := c.bond.Task("Condition.WaitForTimeout")
	return outcome(t, c.waitFor(t, predicate, t.Loop().After(d)), d)
}

func (c *Condition) waitFor(t *kernel.Task, predicate func() bool, deadline int64) kernel.Outcome {
	if !t.Checkpoint() {
		return kernel.Canceled
	}
	for !predicate() {
		switch o := c.wait(t, deadline); {
		case o == kernel.Canceled:
			return o
		case o == kernel.TimedOut && !predicate():
			return o
		case o == kernel.TimedOut:
			return kernel.Woken
		}
	}
	return kernel.Woken
}

func (c *Condition) wait(t *kernel.Task, deadline int64) kernel.Outcome {
	return c.bell.wait(t, deadline, c.lock, "Condition.Wait")
}

// Notify wakes the n tasks that have waited longest, or as many as there are. The
// caller may hold the lock or not. It is not a checkpoint.
func (c *Condition) Notify(n int) {
	c.bond.Loop("Condition.Notify")
	for ; n > 0 && c.bell.ring(); n-- {
		continue
	}
}

// NotifyAll wakes all who wait. It is not a checkpoint.
func (c *Condition) NotifyAll() {
	c.bond.Loop("Condition.NotifyAll")
	c.bell.ringAll()
}
