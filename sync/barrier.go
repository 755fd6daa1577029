package sync

import (
	"fmt"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Barrier lets tasks go on together: each waits until the whole party has come. Then
// it is ready for the next round.
//
// If one of them goes away before, by a timeout, a kill or the end of a block, the
// barrier is broken: all the others fail with [ErrBroken], as does everybody who
// comes, until Reset.
type Barrier struct {
	bond    kernel.Bond
	parties int
	action  func()
	round   *round
}

// round is one gathering at a barrier.
type round struct {
	barrier *Barrier
	come    int
	// era counts the resets before it.
	era int
	// over: all have come. broken: one will not.
	over, broken bool
	waiters      kernel.WaitList
}

// Waiting implements kernel.Reason.
func (r *round) Waiting() (string, *kernel.Task) {
	return fmt.Sprintf("a sync.Barrier, to which %d of %d have come", r.come, r.barrier.parties), nil
}

// NewBarrier makes a barrier for a party of n. action, which may be nil, is called by
// the last who comes before any of them goes on; if it panics the barrier is broken.
// It panics if n is less than one. It is not a checkpoint.
func NewBarrier(n int, action func()) *Barrier {
	if n < 1 {
		panic(fmt.Sprintf("evergreen: sync.NewBarrier(%d): a party has at least one member", n))
	}
	b := &Barrier{bond: kernel.BondHere(), parties: n, action: action}
	b.round = &round{barrier: b}
	return b
}

// Wait waits until the whole party has come, and returns how many had come before:
// each of the party gets another number, the last one parties-1. It returns
// [ErrBroken] if the barrier is broken or reset, before or meanwhile, also while the
// action runs. It is a checkpoint; when the time of a block around the task is up it returns that block's
// error, when the task is killed it does not return, and both break the barrier.
func (b *Barrier) Wait() (int, error) { return b.wait(b.bond.Task("Barrier.Wait"), 0, 0) }

// WaitTimeout is [Barrier.Wait] that waits at most d; then it returns a
// *timeout.Error, and the barrier is broken for all. It is a checkpoint.
func (b *Barrier) WaitTimeout(d time.Duration) (int, error) {
	t := b.bond.Task("Barrier.WaitTimeout")
	return b.wait(t, t.Loop().After(d), d)
}

func (b *Barrier) wait(t *kernel.Task, deadline int64, d time.Duration) (int, error) {
	if !t.Checkpoint() {
		b.round.smash()
		return 0, t.Interrupted()
	}
	r := b.round
	if r.broken {
		return 0, ErrBroken
	}
	index := r.come
	r.come++
	if r.come == b.parties {
		if !b.complete(r) {
			return 0, ErrBroken
		}
		return index, nil
	}
	o := r.waiters.Wait(t, r, deadline)
	switch {
	case r.over:
		return index, nil // also if the task has to go: the others have gone on
	case o == kernel.Woken:
		return 0, ErrBroken
	}
	r.smash()
	return 0, outcome(t, o, d)
}

// complete is done by the last who comes, and tells whether the party can go on. The
// next round begins before the action, which may wait: one of those who have come may
// go away even then.
func (b *Barrier) complete(r *round) bool {
	b.round = &round{barrier: b, era: r.era}
	defer func() {
		if !r.over { // the action panicked, or was cancelled
			r.smash()
		}
	}()
	if b.action != nil {
		b.action()
	}
	if r.broken {
		return false
	}
	r.over = true
	r.waiters.WakeAll()
	return true
}

// smash makes the round fail for all who have come and who will, and the barrier with
// it, unless that was reset since.
func (r *round) smash() {
	if r.over || r.broken {
		return
	}
	r.broken = true
	r.waiters.WakeAll()
	if now := r.barrier.round; now.era == r.era {
		now.smash()
	}
}

// Reset makes the barrier as new: who waits fails with [ErrBroken]. It is not a
// checkpoint.
func (b *Barrier) Reset() {
	b.bond.Loop("Barrier.Reset")
	b.round.smash()
	b.round = &round{barrier: b, era: b.round.era + 1}
}

// Abort breaks the barrier: who waits or comes fails with [ErrBroken], until Reset.
// It is not a checkpoint.
func (b *Barrier) Abort() {
	b.bond.Loop("Barrier.Abort")
	b.round.smash()
}

// Parties returns how many the party is. It is not a checkpoint.
func (b *Barrier) Parties() int { return b.parties }

// Waiting returns how many have come to the round under way. It is not a checkpoint.
func (b *Barrier) Waiting() int {
	mayRead(&b.bond, "Barrier.Waiting")
	return b.round.come
}

// Broken tells whether the barrier is broken. It is not a checkpoint.
func (b *Barrier) Broken() bool {
	mayRead(&b.bond, "Barrier.Broken")
	return b.round.broken
}
