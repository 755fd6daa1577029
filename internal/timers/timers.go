// Package timers keeps the deadlines of one loop in order.
//
// A [Heap] holds timers by deadline. Adding one, taking one out again and taking the earliest one
// that is due are O(log n); looking at the earliest deadline is O(1). A timer is intrusive: the
// owner embeds a [Timer], and no operation allocates once the heap has its size.
//
//	type sleeper struct {
//		timer timers.Timer
//		// what to wake
//	}
//
//	func (s *sleeper) Fire() { /* wake it */ }
//
//	s := &sleeper{}
//	s.timer.Owner = s
//	heap.Add(&s.timer, now+int64(time.Second))
//	...
//	for t := heap.PopDue(now); t != nil; t = heap.PopDue(now) {
//		t.Owner.Fire()
//	}
//
// # Rules
//
// Deadlines are nanoseconds on the clock of the loop, which must never go back; this package reads
// no clock. Timers with equal deadlines are popped in the order in which they were added, and a
// Reset counts as a new addition.
//
// A removed timer is gone at once. Nothing of it stays behind to be skipped later, and the array
// shrinks with the number of live timers, so a million timers started and stopped leave no more
// memory than before (a program that puts every read under a timeout does just that).
//
// A Heap belongs to one loop and is not safe for concurrent use.
//
// # Edges
//
// Add panics if the timer is active, in this heap or in another: two owners would share it.
// Remove of an inactive timer returns false and does nothing, so an owner may stop its timer
// without asking whether it has fired.
//
// A Fire that adds its timer again with a deadline already past makes the loop above run for ever.
// A caller that fires what it pops must bound that itself, for example by moving what is due into a
// ready queue before running any of it.
//
// # Why a 4-ary heap
//
// It is half as deep as a binary one, and the four children compared at each level lie side by
// side. Each entry carries deadline and sequence number beside the pointer, so that a comparison
// never has to follow it.
package timers

// A Firer is what a timer wakes. Whoever takes a timer from a heap calls Fire; this package never
// does.
type Firer interface {
	Fire()
}

// A Timer is one deadline. It is meant to be embedded in what it wakes; the zero value is an
// inactive timer. An active timer must not be copied.
type Timer struct {
	// Owner is called by whoever pops the timer. The heap does not look at it.
	Owner Firer

	when int64
	slot int // 1 + its index in the heap's entries; 0 if inactive, so that the zero value is ready
}

// Active reports whether t is in a heap: added, and neither removed nor popped since.
func (t *Timer) Active() bool { return t.slot != 0 }

// When returns the deadline of t in nanoseconds on the clock of the loop. For an inactive timer it
// is the last deadline it had, or 0.
func (t *Timer) When() int64 { return t.when }
