package kernel

// WaitList is a queue of tasks that wait for the same thing: the one wait list
// under every primitive. The zero WaitList is empty and ready.
//
// A place in it is a Waiter. Whoever has something to give takes the first waiter
// whose park is still open; the claim and the removal are one step, so a waiter
// that timed out or was cancelled is never given anything, and one that was given
// something has lost its chance to time out.
//
// (The idea of one list under everything is Trio's ParkingLot; that of a claim by
// park number is the waker with an epoch of Boost.Fiber.)
type WaitList struct {
	// first heads a ring: its prev is the last. One pointer is all that an object
	// nobody waits for has to carry.
	first *Waiter
}

// Waiter is one task's place in one list. A task has one of its own for plain
// waits; a select brings one for each of its cases.
type Waiter struct {
	next, prev *Waiter
	list       *WaitList // the list it is in, nil for none
	task       *Task
	ticket     uint64 // the park that this place stands for
	// Slot is for what is handed over or which case was chosen: a pointer to
	// whatever the primitive agreed on with itself.
	Slot any
}

// Empty tells whether no place is taken.
func (l *WaitList) Empty() bool { return l.first == nil }

// Len counts the places taken.
func (l *WaitList) Len() int {
	n := 0
	for range l.all {
		n++
	}
	return n
}

// all yields the places in order. The list must not change meanwhile.
func (l *WaitList) all(yield func(*Waiter) bool) {
	for w := l.first; w != nil; {
		if !yield(w) {
			return
		}
		if w = w.next; w == l.first {
			return
		}
	}
}

// First returns the task that is to be served next, nil for none.
func (l *WaitList) First() *Task {
	if w := l.Peek(); w != nil {
		return w.task
	}
	return nil
}

// Peek returns the place that is to be served next, and leaves it where it is; nil
// for none.
func (l *WaitList) Peek() *Waiter {
	for w := range l.all {
		if w.open() {
			return w
		}
	}
	return nil
}

// Wait queues the running task and parks it. Unless the outcome is Woken the task
// is out of the list again. A woken task that is Interruptible may hand on what it
// was given, and fail.
func (l *WaitList) Wait(t *Task, on Reason, deadline int64) Outcome {
	return l.WaitWith(t, on, deadline, nil)
}

// WaitWith is Wait with something in the waiter's Slot.
func (l *WaitList) WaitWith(t *Task, on Reason, deadline int64, slot any) Outcome {
	if t.cause == nil {
		t.waiter.Slot = slot
		l.Add(&t.waiter, t)
	}
	o := t.Park(on, deadline)
	t.waiter.Remove()
	t.waiter.Slot = nil
	return o
}

// Add queues a place for the park that the running task t is about to make.
func (l *WaitList) Add(w *Waiter, t *Task) {
	w.task, w.ticket, w.list = t, t.Ticket(), l
	t.loop.waiters++
	if l.first == nil {
		l.first, w.next, w.prev = w, w, w
		return
	}
	last := l.first.prev
	w.prev, w.next = last, l.first
	last.next, l.first.prev = w, w
}

// Remove takes the place out of its list, if it is still in one.
func (w *Waiter) Remove() {
	l := w.list
	if l == nil {
		return
	}
	w.task.loop.waiters--
	switch {
	case w.next == w:
		l.first = nil
	case l.first == w:
		l.first = w.next
	}
	w.prev.next, w.next.prev = w.next, w.prev
	w.next, w.prev, w.list = nil, nil, nil
}

// open tells whether the park that the place stands for still goes on.
func (w *Waiter) open() bool {
	return w.task.state == parked && w.task.park == w.ticket
}

// Wake wakes the first waiter whose park is open and returns its place, nil where
// there is none. Places of parks that ended in another way are taken out on the
// way.
func (l *WaitList) Wake() *Waiter {
	for w := l.first; w != nil; w = l.first {
		w.Remove()
		if w.task.Wake(w.ticket) {
			return w
		}
	}
	return nil
}

// WakeAll wakes everybody who waits now and returns how many that were.
func (l *WaitList) WakeAll() int {
	n := 0
	for l.Wake() != nil {
		n++
	}
	return n
}

// SetDeadline moves the deadline of everybody who waits now.
func (l *WaitList) SetDeadline(deadline int64) {
	for w := range l.all {
		w.task.Deadline(w.ticket, deadline)
	}
}

// Task returns the task whose place it is.
func (w *Waiter) Task() *Task { return w.task }
