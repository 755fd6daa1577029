//go:build evergreen_channels

package baton

// Worker is a goroutine that takes part. The zero value is ready for Start or
// Begin; it may be embedded in a larger record.
type Worker struct {
	own  Slot
	turn chan struct{} // one token: the baton, on its way to this worker
	gone chan struct{} // closed as the last act of a worker that is reaped
}

// Baton says whose turn it is. The zero value is ready for Begin.
type Baton struct {
	target *Worker // the worker that holds the baton or is about to get it
}

// Begin makes the calling goroutine the holder of the baton, as w.
func (b *Baton) Begin(w *Worker) {
	w.turn = make(chan struct{}, 1)
	b.target = w
}

// Holder returns the worker that holds the baton.
func (b *Baton) Holder() *Worker { return b.target }

// Start makes a goroutine for m, parked before its first step. It does m.Work once
// the baton is passed to it.
func (b *Baton) Start(m Member) {
	w := m.Base()
	w.turn = make(chan struct{}, 1)
	go func() {
		<-w.turn
		returned := false
		defer func() {
			if !returned {
				w.gone = make(chan struct{})
				b.Pass(w, m.Exited()) // comes back when Reap says so
				close(w.gone)
			}
		}()
		next := m.Work()
		returned = true
		b.give(next)
	}()
}

// Pass hands the baton from the calling worker to another one and returns when it
// has come back. Passing to oneself returns at once.
func (b *Baton) Pass(from, to *Worker) {
	if from == to {
		return
	}
	b.give(to)
	<-from.turn
}

// Slot is where a worker waits for the baton. Of its two ways in this
// implementation needs one; see the other for why there are two.
type Slot struct {
	Next  func() (struct{}, bool)
	Yield func(struct{}) bool
}

// Leave, Arrive and the calls in between are Pass taken apart; see the other
// implementation for how, and why.
func (b *Baton) Leave(from, to *Worker) (s *Slot, next bool) {
	if from.own.Next == nil {
		from.own.Next = func() (struct{}, bool) { <-from.turn; return struct{}{}, true }
	}
	b.give(to)
	return &from.own, true
}

// Arrive is called when the way in of Leave has returned; see Leave.
func (b *Baton) Arrive(*Worker) {}

func (b *Baton) give(to *Worker) {
	b.target = to
	to.turn <- struct{}{}
}

// Reap ends a worker that was left behind by a Goexit: its remaining deferred
// calls return and its goroutine is gone, or past its last step, when Reap
// returns. The caller keeps the baton.
func (b *Baton) Reap(w *Worker) {
	me := b.target
	b.give(w)
	<-w.gone
	b.target = me
}

// Place returns the address of what a hand-over to the worker begins with, 0 for
// none: for a prefetch, and for nothing else.
func (w *Worker) Place() uintptr { return 0 }

// Ways returns the addresses of the two ways in; like Place it is for a prefetch.
func (w *Worker) Ways() (next, yield uintptr) { return 0, 0 }
