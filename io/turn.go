package io

import "github.com/evergreen-go/evergreen/internal/kernel"

// turn lets one task of a loop at a time do something, in order of their coming.
type turn struct {
	taken   bool
	waiters kernel.WaitList
}

// take waits for the turn. It returns false if the task is to end, and then there is
// nothing to pass on. It is a checkpoint.
func (u *turn) take(t *kernel.Task, on kernel.Reason) bool {
	if !t.Checkpoint() {
		return false
	}
	if u.taken {
		if u.waiters.Wait(t, on, 0) == kernel.Canceled {
			return false
		}
		if t.Interruptible() {
			u.pass() // the turn came, and nobody is there to take it
			return false
		}
	}
	u.taken = true
	return true
}

// pass gives the turn to the next.
func (u *turn) pass() { u.taken = u.waiters.Wake() != nil }
