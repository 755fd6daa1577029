package future

import (
	"iter"
	"strconv"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Mode says what [Wait] waits for.
type Mode uint8

const (
	// All waits until every future is done.
	All Mode = iota
	// FirstCompleted waits until one future is done.
	FirstCompleted
	// FirstError waits until one future has ended with an error, be it by Cancel, or
	// all are done.
	FirstError
)

// set is several futures that one task waits for.
type set struct {
	list    kernel.WaitList
	members []member
	// left counts those that are not done; came lists the others as they came.
	left   int
	ready  []int
	failed bool
	// enough tells, when one has come, whether the task need wait no longer.
	enough func() bool
}

// member is a future's place in a set.
type member struct {
	set        *set
	index      int
	of         *state // nil when it has left the future's list
	prev, next *member
}

// gather makes a set of futures for the task that calls. The set is to be left.
func gather[F Any](call string, futures []F) (*kernel.Task, *set) {
	me := kernel.MustTask(call)
	s := &set{members: make([]member, len(futures))}
	for _, f := range futures {
		f.core().bond.Task(call) // before anything is changed: it may panic
	}
	for i, f := range futures {
		c := f.core()
		if c.done {
			s.ready = append(s.ready, i)
			s.failed = s.failed || c.err != nil
			continue
		}
		s.left++
		m := &s.members[i]
		*m = member{set: s, index: i, of: c, next: c.members}
		if m.next != nil {
			m.next.prev = m
		}
		c.members = m
	}
	return me, s
}

// leave takes the place out of the future's list.
func (m *member) leave() {
	switch {
	case m.of == nil:
		return
	case m.prev != nil:
		m.prev.next = m.next
	default:
		m.of.members = m.next
	}
	if m.next != nil {
		m.next.prev = m.prev
	}
	m.of, m.prev, m.next = nil, nil, nil
}

func (s *set) leave() {
	for i := range s.members {
		s.members[i].leave()
	}
}

// came notes that a future is done.
func (s *set) came(index int, failed bool) {
	s.left--
	s.ready = append(s.ready, index)
	s.failed = s.failed || failed
	if s.enough() {
		s.list.Wake()
	}
}

// await waits until there is enough. It is a checkpoint also where it need not wait.
func (s *set) await(me *kernel.Task, deadline int64) kernel.Outcome {
	if !s.enough() {
		return s.list.Wait(me, s, deadline)
	}
	if !me.Checkpoint() {
		return kernel.Canceled
	}
	return kernel.Woken
}

// Waiting implements kernel.Reason.
func (s *set) Waiting() (string, *kernel.Task) {
	return strconv.Itoa(s.left) + " of " + strconv.Itoa(len(s.members)) + " futures", nil
}

// Wait waits for the first or all of the futures, as mode says, and returns those
// that are done and those that are not, both in the order given. Of no futures it
// returns at once. It is a checkpoint; when the task is killed or the time of a block
// around it is up, it does not return.
//
// The futures may be of one type, or of several as [Any]: future.Wait[future.Any].
func Wait[F Any](mode Mode, futures ...F) (done, pending []F) {
	return wait("future.Wait", mode, 0, futures)
}

// WaitTimeout is like [Wait] for at most d; then what is not done is still pending.
// It is a checkpoint, like Wait.
func WaitTimeout[F Any](d time.Duration, mode Mode, futures ...F) (done, pending []F) {
	me := kernel.MustTask("future.WaitTimeout")
	return wait("future.WaitTimeout", mode, me.Loop().After(d), futures)
}

func wait[F Any](call string, mode Mode, deadline int64, futures []F) (done, pending []F) {
	if mode > FirstError {
		panic("evergreen: " + call + " was called with a mode that there is not: use All, FirstCompleted or FirstError")
	}
	me, s := gather(call, futures)
	defer s.leave()
	s.enough = func() bool {
		return s.left == 0 || mode == FirstCompleted && len(s.ready) > 0 || mode == FirstError && s.failed
	}
	if s.await(me, deadline) == kernel.Canceled {
		me.Unwind()
	}
	for _, f := range futures {
		if f.core().done {
			done = append(done, f)
		} else {
			pending = append(pending, f)
		}
	}
	return done, pending
}

// AsCompleted yields the futures as they are done: first those that are already, in
// the order given, then the others as they come. It panics outside a task of the
// futures' loop. Each step of the range is a checkpoint; when the task is killed or
// the time of a block around it is up, the range does not go on, and the task leaves
// it.
func AsCompleted[F Any](futures ...F) iter.Seq[F] {
	return func(yield func(F) bool) {
		me, s := gather("future.AsCompleted", futures)
		defer s.leave()
		next := 0
		s.enough = func() bool { return next < len(s.ready) }
		for range futures {
			if s.await(me, 0) == kernel.Canceled {
				me.Unwind()
			}
			if !yield(futures[s.ready[next]]) {
				return
			}
			next++
		}
	}
}
