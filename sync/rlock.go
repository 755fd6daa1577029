package sync

import (
	"errors"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// ErrBroken says that what is waited for will not come: the owner of an RLock has
// ended without unlocking it, or one of a barrier's party has gone.
var ErrBroken = errors.New("evergreen: broken: whoever should have released the lock or come to the barrier has ended or gone away")

// RLock is a lock that the task that has it can take again: it is free when it was
// unlocked as often as it was locked. The zero RLock is free. It must not be copied
// after its first use.
//
// Unlike a [Mutex] it belongs to a task: nobody else may unlock it. If its owner ends
// while it has it, what the lock guards is in a state nobody knows, so the lock is
// broken from then on: whoever waits for it or asks for it fails with [ErrBroken].
type RLock struct {
	bond kernel.Bond
	// owner has the lock, depth times; nil while it is free.
	owner   *kernel.Task
	depth   int
	broken  bool
	waiters kernel.WaitList
	// watch tells of the owner's end. It is begun only while somebody waits: an owner's
	// end that concerns nobody is found by whoever comes next.
	watch kernel.Watch
}

// rlockReason is an RLock as a reason to wait, and watches its owner.
type rlockReason RLock

// Waiting implements kernel.Reason.
func (l *rlockReason) Waiting() (string, *kernel.Task) { return "a sync.RLock", l.owner }

// Over implements kernel.Watcher: the owner has ended with the lock.
func (l *rlockReason) Over(error) {
	l.broken = true
	l.waiters.WakeAll()
}

// Lock takes the lock, or takes it once more, waiting until it is free. It panics
// with [ErrBroken] if the lock is broken, also while it waits. It is a checkpoint;
// when the task is killed or the time of a block around it is up, it does not return,
// and the lock is not held.
func (l *RLock) Lock() {
	if l.bond.Here() && l.quick(l.bond.Current()) {
		return
	}
	t := l.bond.Task("RLock.Lock")
	o, err := l.lock(t, 0)
	if err != nil {
		panic(err)
	}
	if o == kernel.Canceled {
		t.Unwind()
	}
}

// LockTimeout is [RLock.Lock] that waits at most d, and then returns a
// *timeout.Error. It returns [ErrBroken] if the lock is broken. It is a checkpoint;
// when the time of a block around the task is up it returns that block's error, and
// when the task is killed it does not return.
func (l *RLock) LockTimeout(d time.Duration) error {
	t := l.bond.Task("RLock.LockTimeout")
	if l.quick(t) {
		return nil
	}
	o, err := l.lock(t, t.Loop().After(d))
	if err != nil {
		return err
	}
	return outcome(t, o, d)
}

// quick takes the lock if there is nothing to wait for or to notice. It reads no clock.
func (l *RLock) quick(t *kernel.Task) bool {
	if l.owner != nil && l.owner != t || !l.bond.Tick() {
		return false
	}
	l.owner = t
	l.depth++
	return true
}

func (l *RLock) lock(t *kernel.Task, deadline int64) (kernel.Outcome, error) {
	if !t.Checkpoint() {
		return kernel.Canceled, nil
	}
	if l.try(t) {
		return kernel.Woken, nil
	}
	if l.isBroken() {
		return kernel.Woken, ErrBroken
	}
	if l.waiters.Empty() {
		l.owner.WatchEnd(&l.watch, (*rlockReason)(l))
	}
	o := l.waiters.Wait(t, (*rlockReason)(l), deadline)
	if l.owner != t && l.waiters.Empty() {
		l.watch.Stop()
	}
	switch {
	case o != kernel.Woken:
		return o, nil
	case t.Interruptible(): // which comes before the news of a broken lock
		if l.owner == t {
			l.release() // given, and nobody is there to take it
		}
		return kernel.Canceled, nil
	case l.owner != t:
		return o, ErrBroken
	}
	return kernel.Woken, nil
}

// try takes the lock if it is free or the task's own.
func (l *RLock) try(t *kernel.Task) bool {
	switch l.owner {
	case nil:
		l.owner = t
	case t:
	default:
		return false
	}
	l.depth++
	return true
}

func (l *RLock) isBroken() bool {
	l.broken = l.broken || l.owner != nil && l.owner.Ended()
	return l.broken
}

// TryLock takes the lock if it is free or the task's own, and reports whether it did.
// A broken lock it does not take. It is not a checkpoint.
func (l *RLock) TryLock() bool { return l.try(l.bond.Task("RLock.TryLock")) }

// Unlock undoes one Lock; the last hands the lock over to the task that has waited
// longest. It panics if the task does not have the lock. It is not a checkpoint.
func (l *RLock) Unlock() {
	l.mustOwn(l.bond.Task("RLock.Unlock"), "Unlock")
	if l.depth--; l.depth == 0 {
		l.release()
	}
}

func (l *RLock) mustOwn(t *kernel.Task, call string) {
	if l.owner == t {
		return
	}
	if l.owner == nil {
		panic("evergreen: " + call + " of a sync.RLock that is not locked: each Unlock needs a Lock before it")
	}
	panic("evergreen: " + call + " of a sync.RLock by a task that does not have it; " + l.owner.Name() + " does: use a sync.Mutex where one task locks and another unlocks")
}

// release gives the lock to the first who waits, or frees it.
func (l *RLock) release() {
	l.watch.Stop()
	l.owner, l.depth = nil, 0
	w := l.waiters.Wake()
	if w == nil {
		return
	}
	l.owner, l.depth = w.Task(), 1
	if !l.waiters.Empty() {
		l.owner.WatchEnd(&l.watch, (*rlockReason)(l))
	}
}
