package sync

import "github.com/evergreen-go/evergreen/internal/kernel"

// RWMutex is a lock that one writer or any number of readers hold at a time, a
// drop-in for the standard library's. The zero RWMutex is unlocked. It must not be
// copied after its first use.
//
// Readers and writers are served in one order: a reader who comes after a writer
// waits behind it, so that neither kind can keep the other out. So a task that holds
// the lock for reading must not read-lock it again.
type RWMutex struct {
	bond    kernel.Bond
	readers int
	writing bool
	// writer is the task that locked it for writing last, for reports.
	writer *kernel.Task
	// waiters have asWriter or asReader in their Slot.
	waiters kernel.WaitList
}

var asWriter, asReader any = "writer", "reader"

// rwMutexReason is a RWMutex as a reason to wait.
type rwMutexReason RWMutex

// Waiting implements kernel.Reason.
func (m *rwMutexReason) Waiting() (string, *kernel.Task) {
	if m.writing {
		return "a sync.RWMutex", m.writer
	}
	return "a sync.RWMutex that readers have", nil
}

// Lock locks the mutex for writing, waiting until nobody holds it. It is a
// checkpoint; when the task is killed or the time of a block around it is up, it
// does not return, and the lock is not held.
func (m *RWMutex) Lock() {
	if m.bond.Here() && m.free() && m.bond.Tick() {
		m.writing, m.writer = true, m.bond.Current()
		return
	}
	t := m.bond.Task("RWMutex.Lock")
	if m.free() && t.Checkpoint() && m.free() {
		m.writing, m.writer = true, t
		return
	}
	m.wait(t, asWriter)
}

// RLock locks the mutex for reading, waiting until no writer holds it or came
// before. It is a checkpoint; when the task is killed or the time of a block around
// it is up, it does not return, and the lock is not held.
func (m *RWMutex) RLock() {
	if m.bond.Here() && m.open() && m.bond.Tick() {
		m.readers++
		return
	}
	t := m.bond.Task("RWMutex.RLock")
	if m.open() && t.Checkpoint() && m.open() {
		m.readers++
		return
	}
	m.wait(t, asReader)
}

// free tells whether a writer can have the lock at once, open whether a reader can.
func (m *RWMutex) free() bool { return !m.writing && m.readers == 0 }
func (m *RWMutex) open() bool { return !m.writing && m.waiters.Empty() }

func (m *RWMutex) wait(t *kernel.Task, as any) {
	o := m.waiters.WaitWith(t, (*rwMutexReason)(m), 0, as)
	switch {
	case o == kernel.Woken && !t.Interruptible():
		return
	case o != kernel.Woken: // whoever stood behind it may be able to go on
	case as == asWriter:
		m.writing = false
	default:
		m.readers--
	}
	m.handOver()
	t.Unwind()
}

// handOver gives the lock to those who are first in line: a writer, or all readers
// up to the next writer.
func (m *RWMutex) handOver() {
	for !m.writing {
		w := m.waiters.Peek()
		switch {
		case w == nil || w.Slot == asWriter && m.readers > 0:
			return
		case w.Slot == asWriter:
			m.writing, m.writer = true, w.Task()
		default:
			m.readers++
		}
		m.waiters.Wake()
	}
}

// TryLock locks the mutex for writing if it is free and reports whether it did. It
// is not a checkpoint.
func (m *RWMutex) TryLock() bool {
	t := m.bond.Task("RWMutex.TryLock")
	if !m.free() {
		return false
	}
	m.writing, m.writer = true, t
	return true
}

// TryRLock locks the mutex for reading if no writer holds it or waits for it, and
// reports whether it did. It is not a checkpoint.
func (m *RWMutex) TryRLock() bool {
	m.bond.Task("RWMutex.TryRLock")
	if !m.open() {
		return false
	}
	m.readers++
	return true
}

// Unlock ends the writing, and hands the lock over to those who are first in line.
// It panics if no writer holds the lock. It is not a checkpoint.
func (m *RWMutex) Unlock() {
	m.bond.Loop("RWMutex.Unlock")
	if !m.writing {
		panic("evergreen: Unlock of a sync.RWMutex that is not locked for writing: each Unlock needs a Lock before it")
	}
	m.writing = false
	if !m.waiters.Empty() {
		m.handOver()
	}
}

// RUnlock ends one reading; the last hands the lock over to the writer who waits. It
// panics if no reader holds the lock. It is not a checkpoint.
func (m *RWMutex) RUnlock() {
	m.bond.Loop("RWMutex.RUnlock")
	if m.readers == 0 {
		panic("evergreen: RUnlock of a sync.RWMutex that is not locked for reading: each RUnlock needs an RLock before it")
	}
	m.readers--
	if !m.waiters.Empty() {
		m.handOver()
	}
}

// RLocker returns a Locker whose Lock and Unlock are RLock and RUnlock of m. It is
// not a checkpoint; its Lock is.
func (m *RWMutex) RLocker() Locker { return (*rlocker)(m) }

type rlocker RWMutex

func (r *rlocker) Lock()   { (*RWMutex)(r).RLock() }
func (r *rlocker) Unlock() { (*RWMutex)(r).RUnlock() }
