package sync

import "github.com/evergreen-go/evergreen/internal/kernel"

// Cond is the standard library's condition variable for tasks: a place to wait for
// something that is guarded by a lock. [Condition] can do more.
type Cond struct {
	// L is held while the condition is looked at or changed.
	L Locker

	bond    kernel.Bond
	waiters kernel.WaitList
}

// NewCond makes a Cond with the lock l. It is not a checkpoint.
func NewCond(l Locker) *Cond { return &Cond{L: l, bond: kernel.BondHere()} }

// Wait unlocks c.L, waits to be woken by Signal or Broadcast, and locks c.L again.
// Another task may have been quicker, so what is waited for has to be looked at
// again:
//
//	c.L.Lock()
//	for !condition() {
//		c.Wait()
//	}
//	... make use of it ...
//	c.L.Unlock()
//
// It is a checkpoint; when the task is killed or the time of a block around it is up,
// it does not return, but also then c.L is held again, so that a deferred Unlock is
// right. A Signal that had chosen the task goes to another.
func (c *Cond) Wait() {
	t := c.bond.Task("Cond.Wait")
	if o := waitUnlocked(t, &c.waiters, 0, c.L.Unlock, c.L.Lock); o == kernel.Canceled {
		t.Unwind()
	}
}

// waitUnlocked waits in the list with a lock released. On every way out the lock is
// held again: it is taken under a shield. A wake-up of a task that has to go is passed
// on, and Canceled returned.
func waitUnlocked(t *kernel.Task, list *kernel.WaitList, deadline int64, unlock, lock func()) kernel.Outcome {
	if !t.Checkpoint() {
		return kernel.Canceled
	}
	unlock()
	o := list.Wait(t, notified, deadline)
	if o == kernel.Woken && t.Interruptible() {
		list.Wake()
		o = kernel.Canceled
	}
	shield := t.EnterShield(0)
	defer shield.LeaveAll()
	lock()
	return o
}

var notified kernel.Reason = kernel.Plain("a condition to be notified")

// Signal wakes the task that has waited longest, if one does. The caller may hold
// c.L or not. It is not a checkpoint.
func (c *Cond) Signal() {
	c.bond.Loop("Cond.Signal")
	c.waiters.Wake()
}

// Broadcast wakes all who wait. The caller may hold c.L or not. It is not a
// checkpoint.
func (c *Cond) Broadcast() {
	c.bond.Loop("Cond.Broadcast")
	c.waiters.WakeAll()
}
