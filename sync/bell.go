package sync

import "github.com/evergreen-go/evergreen/internal/kernel"

// bell is what Cond and Condition are made of: those who wait to be notified, having
// released a lock for it.
type bell struct {
	waiters kernel.WaitList
	// broadcasts counts the times all were woken at once. Whoever goes away has a
	// notification to pass on only if none came meanwhile: all who had a claim to it
	// were woken then, and those who came later have none.
	broadcasts uint64
}

var notified kernel.Reason = kernel.Plain("a condition to be notified")

// wait waits with the lock released. On every way out the lock is held again. A
// wake-up of a task that has to go is passed on, and Canceled returned.
//
// It does not give way before it waits: the caller has just looked at what it waits
// for, and nobody may come in between.
func (b *bell) wait(t *kernel.Task, deadline int64, l Locker, call string) kernel.Outcome {
	if t.Interruptible() {
		t.Checkpoint() // a loop that ignores its errors must still give way
		return kernel.Canceled
	}
	depth, before := release(t, l, call), b.broadcasts
	o := b.waiters.Wait(t, notified, deadline)
	if o == kernel.Woken && t.Interruptible() {
		if b.broadcasts == before {
			b.waiters.Wake()
		}
		o = kernel.Canceled
	}
	takeBack(t, l, depth)
	return o
}

// ring wakes the one who has waited longest and tells whether there was one.
func (b *bell) ring() bool { return b.waiters.Wake() != nil }

// ringAll wakes all who wait.
func (b *bell) ringAll() {
	b.broadcasts++
	b.waiters.WakeAll()
}

// release unlocks the lock, an RLock as often as it was locked, and returns how often
// that was.
func release(t *kernel.Task, l Locker, call string) (depth int) {
	r, ok := l.(*RLock)
	if !ok {
		l.Unlock()
		return 1
	}
	r.mustOwn(t, call)
	depth = r.depth
	r.release()
	return depth
}

// takeBack locks it again as it was, whatever has become of the task meanwhile. A
// lock that is free needs no shield.
func takeBack(t *kernel.Task, l Locker, depth int) {
	switch l := l.(type) {
	case *Mutex:
		if l.TryLock() {
			return
		}
	case *RLock:
		defer func() {
			if l.owner == t {
				l.depth = depth
			}
		}()
		if l.try(t) {
			return
		}
	}
	shield := t.EnterShield(0)
	defer shield.LeaveAll()
	l.Lock()
}
