package sync

import "github.com/evergreen-go/evergreen/internal/kernel"

// Mutex is a lock that one task holds at a time, a drop-in for the standard
// library's. The zero Mutex is unlocked. It must not be copied after its first use.
//
// Between two checkpoints no other task runs, so most of what a standard mutex
// protects needs none here. What needs one is a state that has to hold across a
// wait.
//
// Those who wait are served in order: Unlock hands the lock over to the first of
// them, and from that moment it is that task's, so no passer-by can take it.
type Mutex struct {
	bond   kernel.Bond
	locked bool
	// owner is the task that locked it last, for reports.
	owner   *kernel.Task
	waiters kernel.WaitList
}

// Waiting implements kernel.Reason.
func (m *mutexReason) Waiting() (string, *kernel.Task) { return "a sync.Mutex", m.owner }

// mutexReason is a Mutex as a reason to wait: the method stays out of the public
// set.
type mutexReason Mutex

// Lock locks the mutex, waiting until it is free. It is a checkpoint; when the task
// is killed or the time of a block around it is up, it does not return, and the
// lock is not held.
func (m *Mutex) Lock() {
	if m.bond.Here() && !m.locked && m.bond.Tick() {
		m.locked, m.owner = true, m.bond.Current()
		return
	}
	m.wait(m.bond.Task("Mutex.Lock"))
}

// wait is the rest of Lock: the lock is taken, or the task's slice is used up, or it
// has to go.
func (m *Mutex) wait(t *kernel.Task) {
	if !m.locked && t.Checkpoint() && !m.locked {
		m.locked, m.owner = true, t
		return
	}
	if m.waiters.Wait(t, (*mutexReason)(m), 0) == kernel.Woken && !t.Interruptible() {
		return
	}
	if m.locked && m.owner == t {
		m.release() // given, and nobody is there to take it
	}
	t.Unwind()
}

// TryLock locks the mutex if it is free and reports whether it did. It is not a
// checkpoint.
func (m *Mutex) TryLock() bool {
	t := m.bond.Task("Mutex.TryLock")
	if m.locked {
		return false
	}
	m.locked, m.owner = true, t
	return true
}

// Unlock unlocks the mutex, or hands it over to the task that has waited longest,
// which runs when its turn comes. Any task of the loop may unlock it. It panics if
// the mutex is not locked. It is not a checkpoint.
func (m *Mutex) Unlock() {
	if m.bond.Here() && m.locked && m.waiters.Empty() {
		m.locked = false
		return
	}
	m.bond.Loop("Mutex.Unlock")
	if !m.locked {
		panic("evergreen: Unlock of an unlocked sync.Mutex: each Unlock needs a Lock before it")
	}
	m.release()
}

// release gives the lock to the first who waits, or frees it.
func (m *Mutex) release() {
	if w := m.waiters.Wake(); w != nil {
		m.owner = w.Task()
		return
	}
	m.locked = false
}
