//go:build !evergreen_channels

package baton

import (
	"iter"
	"unsafe"
)

// How the straight hand-off works.
//
// iter.Pull makes a coroutine: a goroutine that runs only while its owner waits
// in next, and that stops in yield until the owner calls next again. The obvious
// scheduler resumes a task by next and gets control back by yield, so going from
// task A to task B takes two switches, A to the scheduler and the scheduler to B.
//
// But the runtime's coroutine (runtime/coro.go) is less than that, and so can do
// more. It is a slot in which one goroutine is parked. Whoever switches on the
// slot is parked in it, and the one who was parked there runs. It does not matter
// who that is: "The coro does not represent a specific coroutine". Both next and
// yield come down to that one exchange. The only thing iter.Pull insists on is
// that the two are called in turn.
//
// So with N workers and the goroutine that began, there are N slots and N+1
// goroutines, one of which runs and N of which are parked, one in each slot:
//
//	running   slot 1   slot 2   slot 3
//	A         root     B        C         A passes to C: exchange on slot 3
//	C         root     B        A         C passes to root: exchange on slot 1
//	root      C        B        A         and so on
//
// To hand over to B, take the slot where B is parked and call next or yield on
// it, whichever was not called last. That is one switch, it is all public API,
// and the race detector sees the order because iter.Pull tells it.
//
// Three things need care.
//
// First, the end of a coroutine also wakes whoever is parked in its slot, and
// that need not be the one whose turn it is. Hence the rule that makes every
// wake-up harmless: a hand-over is a loop, "while the baton is not meant for me,
// hand it over to the one it is meant for".
//
// Second, a Goexit. iter.Pull passes a Goexit inside the coroutine on to whoever
// is parked by next in its slot, as a Goexit of his: right for an iterator, fatal
// for an innocent task. So a worker that is being ended by Goexit first passes
// the baton on from its deferred call and stays parked. To end it for good, Reap
// sends in a throw-away goroutine that takes the place in the worker's own slot:
// the occupant leaves it and relays to the worker, the worker's goroutine ends,
// and the Goexit reaches the throw-away goroutine, whose time has come anyway.
//
// Third, the memory model. All fields here are written by the holder of the baton
// only, and each switch orders what came before it on one goroutine with what
// comes after it on the other.

// Worker is a goroutine that takes part. The zero value is ready for Start or
// Begin; it may be embedded in a larger record.
type Worker struct {
	// at is the slot in which the worker is parked, nil while it runs.
	at *Slot
	// own is the slot that came with the worker's goroutine, and ends with it. The
	// goroutine that began brought none, and does not use it.
	own Slot
}

// Baton says whose turn it is. The zero value is ready for Begin.
type Baton struct {
	// target is the worker that holds the baton or is about to get it.
	target *Worker
}

// Slot is one coroutine: the place where one goroutine is parked.
type Slot struct {
	// Next and Yield are the two ways in, to be called in turn: see Leave.
	Next  func() (struct{}, bool)
	Yield func(struct{}) bool
	// byNext tells that the one parked here came by Next, so that the way in is Yield
	// now, and the other way round.
	byNext bool
	// occupant is the worker parked here. Only Reap needs to know.
	occupant *Worker
}

// Begin makes the calling goroutine the holder of the baton, as w.
func (b *Baton) Begin(w *Worker) {
	b.target = w
}

// Holder returns the worker that holds the baton.
func (b *Baton) Holder() *Worker { return b.target }

// Start makes a goroutine for m, parked before its first step. It does m.Work once
// the baton is passed to it.
func (b *Baton) Start(m Member) {
	w := m.Base()
	s := &w.own
	s.occupant, s.byNext = w, false
	w.at = s
	// The closure is kept for the goroutine's life: it holds m and b, no more.
	s.Next, _ = iter.Pull(func(yield func(struct{}) bool) {
		m.Base().own.Yield = yield
		returned := false
		defer func() {
			if !returned {
				b.Pass(m.Base(), m.Exited()) // comes back when Reap says so
			}
		}()
		b.target = m.Work()
		returned = true // from here on the end of the coroutine relays
	})
}

// Pass hands the baton from the calling worker to another one and returns when it
// has come back. Passing to oneself returns at once.
func (b *Baton) Pass(from, to *Worker) {
	b.target = to
	b.relay(from)
}

// relay hands the baton on until it is meant for from.
func (b *Baton) relay(from *Worker) {
	for b.target != from {
		if s, next := b.Leave(from, b.target); next {
			s.Next()
		} else {
			s.Yield(struct{}{})
		}
	}
}

// Leave, Arrive and the two calls in between are Pass taken apart:
//
//	if from != to {
//		if s, next := b.Leave(from, to); next {
//			s.Next()
//		} else {
//			s.Yield(struct{}{})
//		}
//		b.Arrive(from)
//	}
//
// What a hand-over costs beyond the runtime's switch is mostly returns. A processor
// predicts where a return goes by remembering the calls, and after a switch it
// remembers the calls of somebody else; so each frame between the switch and the
// task's own code is one wrong guess, some nine nanoseconds of ninety. The kernel
// writes this out in the two places where tasks change, and so has one frame less
// than with Pass.
func (b *Baton) Leave(from, to *Worker) (s *Slot, next bool) {
	b.target = to
	s = to.at
	to.at, from.at = nil, s
	s.occupant = from
	s.byNext = !s.byNext
	return s, s.byNext
}

// Arrive is called when the way in of Leave has returned; see Leave.
func (b *Baton) Arrive(me *Worker) {
	if b.target != me {
		b.relay(me)
	}
}

// Place returns the address of what a hand-over to the worker begins with, 0 for
// none: for a prefetch, and for nothing else.
func (w *Worker) Place() uintptr { return uintptr(unsafe.Pointer(w.at)) }

// Ways returns the addresses of the two ways in; like Place it is for a prefetch.
func (w *Worker) Ways() (next, yield uintptr) {
	if w.at == nil {
		return 0, 0
	}
	// A func value is a pointer to its closure.
	return *(*uintptr)(unsafe.Pointer(&w.at.Next)), *(*uintptr)(unsafe.Pointer(&w.at.Yield))
}

// Reap ends a worker that was left behind by a Goexit: its remaining deferred
// calls return and its goroutine is gone when Reap returns. The caller keeps the
// baton. It costs a goroutine and a native wait, about two microseconds.
func (b *Baton) Reap(w *Worker) {
	me := b.target
	done := make(chan struct{})
	go func() {
		defer close(done) // runs by return as well as by the Goexit passed on to us
		var throwAway Worker
		// Whoever sits in w's own slot is let out and relays to w.
		s, next := b.Leave(&throwAway, w.own.occupant)
		b.target = w
		if next {
			s.Next()
		} else {
			s.Yield(struct{}{})
		}
	}()
	<-done
	b.target = me
}
