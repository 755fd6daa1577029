package timeout

import (
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Timeout is a block begun by [Start]. It belongs to the task that began it.
type Timeout struct {
	scope   *kernel.Scope
	expired bool // kept when the scope is left
}

// Start begins a block that ends with [Timeout.Cancel]; from d on its checkpoints
// fail. Write
//
//	t := timeout.Start(d)
//	defer t.Cancel()
//
// and the function is the block: a call that cannot return an error ends the
// function, which then returns its results as they are, and [Timeout.Expired]
// tells in a caller's eyes what happened. Where Cancel is not deferred such a call
// leaves for the edge of the block around this one, or ends the task. It is not a
// checkpoint.
func Start(d time.Duration) *Timeout {
	t := kernel.MustTask("timeout.Start")
	s := t.Enter(t.Loop().After(d), expired)
	s.Limit = d
	return &Timeout{scope: s}
}

// Cancel ends the block: it is never hit afterwards. A second call does nothing.
// It is not a checkpoint.
func (t *Timeout) Cancel() {
	t.mine("Cancel")
	t.expired = t.expired || t.scope.Canceled()
	t.scope.Leave()
	if !t.scope.Aimed() {
		return
	}
	if r := recover(); r != nil && !t.scope.Catch(r) {
		panic(r)
	}
}

// Reset gives the block d from now. It does nothing in a block that has expired or
// ended. It is not a checkpoint.
func (t *Timeout) Reset(d time.Duration) {
	t.mine("Reset")
	if t.Expired() {
		return
	}
	t.scope.Limit = d
	t.scope.SetDeadline(t.scope.Loop().After(d))
}

// Expired tells whether the time was up before the block ended. It is not a
// checkpoint.
func (t *Timeout) Expired() bool { return t.expired || t.scope.Canceled() }

func (t *Timeout) mine(call string) {
	if kernel.Running() != t.scope.Owner() {
		panic("evergreen: Timeout." + call + " was called by another task than the one that called timeout.Start: a block is left by whoever entered it")
	}
}
