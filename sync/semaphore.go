package sync

import (
	"fmt"
	"math"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Semaphore has a number of permits to give. One call may take several at once; who
// asks for many is served in its turn like everybody else, and not overtaken by those
// who ask for few.
type Semaphore struct {
	bond        kernel.Bond
	limit, used int64
	// waiters have the number of permits they want in their Slot.
	waiters kernel.WaitList
}

// semaphoreReason is a Semaphore as a reason to wait.
type semaphoreReason Semaphore

// Waiting implements kernel.Reason.
func (s *semaphoreReason) Waiting() (string, *kernel.Task) {
	return fmt.Sprintf("permits of a sync.Semaphore (%d of %d are free)", max(0, s.limit-s.used), s.limit), nil
}

// NewSemaphore makes a semaphore with n permits. It panics if n is negative. It is
// not a checkpoint.
func NewSemaphore(n int64) *Semaphore {
	notNegative("NewSemaphore", n)
	return &Semaphore{bond: kernel.BondHere(), limit: n}
}

func notNegative(call string, n int64) {
	if n < 0 {
		panic(fmt.Sprintf("evergreen: sync.%s(%d): the number of permits cannot be negative", call, n))
	}
}

// Acquire takes n permits, waiting until it is the task's turn and so many are free.
// If the limit is lower than n it waits for a higher one. It panics if n is negative.
// It is a checkpoint; when the time of a block around the task is up it returns that
// block's error, when the task is killed it does not return, and in both cases it
// takes nothing.
func (s *Semaphore) Acquire(n int64) error {
	if s.bond.Here() && s.free(n) && n >= 0 && s.bond.Tick() {
		s.used += n
		return nil
	}
	t := s.bond.Task("Semaphore.Acquire")
	return outcome(t, s.acquire(t, n, 0), 0)
}

// AcquireTimeout is [Semaphore.Acquire] that waits at most d, and then returns a
// *timeout.Error. It is a checkpoint.
func (s *Semaphore) AcquireTimeout(n int64, d time.Duration) error {
	if s.bond.Here() && s.free(n) && n >= 0 && s.bond.Tick() {
		s.used += n
		return nil // without a look at the clock
	}
	t := s.bond.Task("Semaphore.AcquireTimeout")
	return outcome(t, s.acquire(t, n, t.Loop().After(d)), d)
}

func (s *Semaphore) acquire(t *kernel.Task, n, deadline int64) kernel.Outcome {
	notNegative("Semaphore.Acquire", n)
	if !t.Checkpoint() {
		return kernel.Canceled
	}
	if s.try(n) {
		return kernel.Woken
	}
	o := s.waiters.WaitWith(t, (*semaphoreReason)(s), deadline, n)
	switch {
	case o != kernel.Woken:
		s.grant() // those behind it may want less
	case t.Interruptible():
		s.used -= n // given, and nobody is there to take it
		s.grant()
		o = kernel.Canceled
	}
	return o
}

// free tells whether n permits are free and nobody waits. (A sum of n and the number
// used could overflow; the difference cannot, see mustFit.)
func (s *Semaphore) free(n int64) bool { return n <= s.limit-s.used && s.waiters.Empty() }

// mustFit panics if so many more free permits could not be counted.
func (s *Semaphore) mustFit(call string, more int64) {
	if free := s.limit - s.used; free > 0 && more > math.MaxInt64-free {
		panic("evergreen: sync." + call + " would make more permits than can be counted: release what was acquired, once")
	}
}

// try takes n permits if they are free and nobody waits.
func (s *Semaphore) try(n int64) bool {
	if !s.free(n) {
		return false
	}
	s.used += n
	return true
}

// grant serves those who wait, in order, as far as the permits go.
func (s *Semaphore) grant() {
	for {
		w := s.waiters.Peek()
		if w == nil {
			return
		}
		n := w.Slot.(int64)
		if n > s.limit-s.used {
			return
		}
		s.used += n
		s.waiters.Wake()
	}
}

// TryAcquire takes n permits if they are free and nobody waits, and reports whether
// it did. It panics if n is negative. It is not a checkpoint.
func (s *Semaphore) TryAcquire(n int64) bool {
	notNegative("Semaphore.TryAcquire", n)
	s.bond.Loop("Semaphore.TryAcquire")
	return s.try(n)
}

// Release gives n permits back. They may be more than were acquired: then there are
// so many more. It panics if n is negative, or if there would be more than an int64 can
// count. It is not a checkpoint.
func (s *Semaphore) Release(n int64) {
	s.bond.Loop("Semaphore.Release")
	notNegative("Semaphore.Release", n)
	s.mustFit("Semaphore.Release", n)
	s.used -= n
	if !s.waiters.Empty() {
		s.grant()
	}
}

// SetLimit changes how many permits there are. A higher limit serves those who wait,
// as far as the difference goes; a lower one takes nothing from those who have
// permits: it holds once they are given back. It panics if n is negative. It is not a
// checkpoint.
func (s *Semaphore) SetLimit(n int64) {
	s.bond.Loop("Semaphore.SetLimit")
	notNegative("Semaphore.SetLimit", n)
	s.mustFit("Semaphore.SetLimit", n-s.limit)
	s.limit = n
	s.grant()
}

// Limit returns how many permits there are. It is not a checkpoint.
func (s *Semaphore) Limit() int64 {
	mayRead(&s.bond, "Semaphore.Limit")
	return s.limit
}

// Available returns how many permits are free. After the limit was lowered it can be
// negative. It is not a checkpoint.
func (s *Semaphore) Available() int64 {
	mayRead(&s.bond, "Semaphore.Available")
	return s.limit - s.used
}

// BoundedSemaphore is a [Semaphore] that takes back no more permits than it gave.
type BoundedSemaphore struct{ Semaphore }

// NewBoundedSemaphore makes a semaphore with n permits. It panics if n is negative.
// It is not a checkpoint.
func NewBoundedSemaphore(n int64) *BoundedSemaphore {
	notNegative("NewBoundedSemaphore", n)
	return &BoundedSemaphore{Semaphore{bond: kernel.BondHere(), limit: n}}
}

// Release gives n permits back. It panics if so many were not acquired: then there
// is a Release too many somewhere, or an Acquire that has failed. It is not a
// checkpoint.
func (s *BoundedSemaphore) Release(n int64) {
	s.bond.Loop("BoundedSemaphore.Release")
	if n > s.used {
		panic(fmt.Sprintf("evergreen: Release(%d) of a sync.BoundedSemaphore of which %d are acquired: give back what was taken, once", n, s.used))
	}
	s.Semaphore.Release(n)
}
