package sync

import "github.com/evergreen-go/evergreen/internal/kernel"

// Cond is the standard library's condition variable for tasks: a place to wait for
// something that is guarded by a lock. [Condition] can do more.
type Cond struct {
	// L is held while the condition is looked at or changed.
	L Locker

	bond kernel.Bond
	bell bell
}

// NewCond makes a Cond with the lock l. It is not a checkpoint.
func NewCond(l Locker) *Cond { return &Cond{L: l, bond: kernel.BondHere()} }

// Wait unlocks c.L, waits to be woken by Signal or Broadcast, and locks c.L again. An
// RLock is unlocked however often it was locked, and locked as often again.
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
// right. A Signal that had chosen the task goes to another. If c.L is an [RLock] that
// was broken meanwhile it panics with [ErrBroken], and nobody holds it.
func (c *Cond) Wait() {
	t := c.bond.Task("Cond.Wait")
	if c.bell.wait(t, 0, c.L, "Cond.Wait") == kernel.Canceled {
		t.Unwind()
	}
}

// Signal wakes the task that has waited longest, if one does. The caller may hold
// c.L or not. It is not a checkpoint.
func (c *Cond) Signal() {
	c.bond.Loop("Cond.Signal")
	c.bell.ring()
}

// Broadcast wakes all who wait. The caller may hold c.L or not. It is not a
// checkpoint.
func (c *Cond) Broadcast() {
	c.bond.Loop("Cond.Broadcast")
	c.bell.ringAll()
}
