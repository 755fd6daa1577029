package sync

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

var (
	// ErrShutdown says that a queue was shut down: nothing can be put, and when it is
	// empty nothing got.
	ErrShutdown = errors.New("evergreen: the queue was shut down: nothing more can be put into it, and nothing is left in it for you")
	// ErrFull says that there is no room in a queue for one who does not wait.
	ErrFull = errors.New("evergreen: the queue is full: wait for room by Put, or give it a higher limit")
	// ErrEmpty says that there is nothing in a queue for one who does not wait.
	ErrEmpty = errors.New("evergreen: the queue is empty: wait for an item by Get")
)

// Queue passes items from those who put to those who get, first in first out. It
// counts what is under way: whoever got an item says TaskDone when it is dealt with,
// and Join waits until all are.
type Queue[T any] struct{ queue[T] }

// NewQueue makes an empty queue for at most limit items, 0 for no limit. It panics
// if the limit is negative. It is not a checkpoint.
func NewQueue[T any](limit int) *Queue[T] {
	return &Queue[T]{newQueue("NewQueue", limit, store[T]{order: fifo})}
}

// queue is what all queues have in common.
type queue[T any] struct {
	bond  kernel.Bond
	store store[T]
	limit int
	// getters wait for an item, which only happens while there is none; putters wait
	// with one, while there is no room.
	getters, putters kernel.WaitList
	down             bool
	// unfinished counts items put and not yet said to be done; joiners wait for zero.
	unfinished int
	joiners    kernel.WaitList
	// spare is a list of places of tasks that wait, so that waiting allocates nothing.
	spare *place[T]
}

// place is where a task that waits has the item it puts, or gets the one it gets:
// the Slot of its kernel.Waiter.
type place[T any] struct {
	item T
	done bool // it was handed over; without that something else ended the wait
	next *place[T]
}

func newQueue[T any](call string, limit int, s store[T]) queue[T] {
	if limit < 0 {
		panic(fmt.Sprintf("evergreen: sync.%s(%d): the limit cannot be negative; give 0 for none", call, limit))
	}
	return queue[T]{bond: kernel.BondHere(), store: s, limit: limit}
}

// Put adds an item, and waits while the queue is full. It returns [ErrShutdown] if
// the queue is shut down, before or meanwhile; then, as when the task is cancelled,
// the item is not in the queue. It is a checkpoint; when the time of a block around
// the task is up it returns that block's error, and when the task is killed it does
// not return.
func (q *queue[T]) Put(item T) error { return q.put(q.enter("Queue.Put"), item, 0, 0) }

// PutTimeout is Put that waits at most d, and then returns a *timeout.Error. It is
// a checkpoint.
func (q *queue[T]) PutTimeout(item T, d time.Duration) error {
	t := q.enter("Queue.PutTimeout")
	return q.put(t, item, t.Loop().After(d), d)
}

// TryPut adds an item if there is room at once, and returns [ErrFull] or
// [ErrShutdown] if not. It may be called in callbacks of the loop. It is not a
// checkpoint.
func (q *queue[T]) TryPut(item T) error {
	q.bond.Loop("Queue.TryPut")
	switch {
	case q.down:
		return ErrShutdown
	case !q.give(item):
		return ErrFull
	}
	return nil
}

// Get takes the next item, and waits for one. It returns [ErrShutdown] if the queue
// is shut down and empty. It is a checkpoint; when the time of a block around the
// task is up it returns that block's error, and when the task is killed it does not
// return.
func (q *queue[T]) Get() (T, error) { return q.get(q.enter("Queue.Get"), 0, 0) }

// GetTimeout is Get that waits at most d, and then returns a *timeout.Error. It is
// a checkpoint.
func (q *queue[T]) GetTimeout(d time.Duration) (T, error) {
	t := q.enter("Queue.GetTimeout")
	return q.get(t, t.Loop().After(d), d)
}

// TryGet takes an item if there is one at once, and returns [ErrEmpty] or
// [ErrShutdown] if not. It may be called in callbacks of the loop. It is not a
// checkpoint.
func (q *queue[T]) TryGet() (T, error) {
	q.bond.Loop("Queue.TryGet")
	item, ok := q.take()
	switch {
	case ok:
		return item, nil
	case q.down:
		return item, ErrShutdown
	}
	return item, ErrEmpty
}

// TaskDone says that an item that was got is dealt with. It panics if it is called
// more often than items were put. It may be called in callbacks of the loop. It is
// not a checkpoint.
func (q *queue[T]) TaskDone() {
	q.bond.Loop("Queue.TaskDone")
	if q.unfinished == 0 {
		panic("evergreen: Queue.TaskDone was called more often than items were put: call it once for each item that was got")
	}
	q.finish(1)
}

// Join waits until every item that was put has been got and said to be done. It is
// a checkpoint; when the time of a block around the task is up it returns that
// block's error, and when the task is killed it does not return.
func (q *queue[T]) Join() error {
	t := q.enter("Queue.Join")
	if q.unfinished == 0 {
		if !t.Checkpoint() {
			return t.Interrupted()
		}
		return nil
	}
	if q.joiners.Wait(t, kernel.Plain("the items of a queue to be done"), 0) == kernel.Canceled {
		return t.Interrupted()
	}
	return nil
}

// Shutdown ends the queue: nothing more can be put, also by those who wait with an
// item, and when it is empty nothing got. If immediate, what is in it is dropped and
// counts as done. A second call may still make it immediate. It may be called in
// callbacks of the loop. It is not a checkpoint.
func (q *queue[T]) Shutdown(immediate bool) {
	q.bond.Loop("Queue.Shutdown")
	q.down = true
	q.putters.WakeAll()
	if immediate {
		q.finish(q.store.clear())
	}
	q.getters.WakeAll()
}

// Len returns how many items are in the queue. It is not a checkpoint.
func (q *queue[T]) Len() int { return q.store.length }

// All yields the items as they come until the queue is shut down and empty. Each
// step is a checkpoint; when the task is killed or the time of a block around it is
// up, it unwinds.
func (q *queue[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			item, err := q.Get()
			if err != nil {
				kernel.MustTask("Queue.All").Unwind()
				return
			}
			if !yield(item) {
				return
			}
		}
	}
}

func (q *queue[T]) enter(call string) *kernel.Task {
	if q.bond.Here() {
		return q.bond.Current()
	}
	return q.bond.Task(call)
}

func (q *queue[T]) put(t *kernel.Task, item T, deadline int64, d time.Duration) error {
	if !q.bond.Tick() && !t.Checkpoint() {
		return t.Interrupted()
	}
	if q.down {
		return ErrShutdown
	}
	if q.give(item) {
		return nil
	}
	p := q.place()
	p.item = item
	o := q.putters.WaitWith(t, (*queueReason[T])(q), deadline, p)
	done := p.done
	q.recycle(p)
	if done {
		return nil // also if the task has to go: the item is in the queue
	}
	return failure(t, o, d)
}

func (q *queue[T]) get(t *kernel.Task, deadline int64, d time.Duration) (T, error) {
	var none T
	if !q.bond.Tick() && !t.Checkpoint() {
		return none, t.Interrupted()
	}
	if item, ok := q.take(); ok {
		return item, nil
	}
	if q.down {
		return none, ErrShutdown
	}
	p := q.place()
	o := q.getters.WaitWith(t, (*queueReason[T])(q), deadline, p)
	item, done := p.item, p.done
	q.recycle(p)
	if done {
		return item, nil // also if the task has to go: nobody else has the item
	}
	return none, failure(t, o, d)
}

// failure is the error of a wait that ended with nothing handed over.
func failure(t *kernel.Task, o kernel.Outcome, d time.Duration) error {
	if o == kernel.Woken {
		return ErrShutdown
	}
	return outcome(t, o, d)
}

// give hands an item to a getter that waits, or stores it. It returns false if there
// is no room.
func (q *queue[T]) give(item T) bool {
	if !q.getters.Empty() {
		if w := q.getters.Wake(); w != nil {
			p := w.Slot.(*place[T])
			p.item, p.done = item, true
			q.unfinished++
			return true
		}
	}
	if q.limit > 0 && q.store.length >= q.limit {
		return false
	}
	q.store.push(item)
	q.unfinished++
	return true
}

// take takes the next item, and lets in that of the putter who waits first.
func (q *queue[T]) take() (item T, ok bool) {
	if q.store.length == 0 {
		return item, false
	}
	item = q.store.pop()
	if !q.putters.Empty() {
		if w := q.putters.Wake(); w != nil {
			p := w.Slot.(*place[T])
			p.done = true
			q.store.push(p.item)
			q.unfinished++
		}
	}
	return item, true
}

func (q *queue[T]) finish(n int) {
	if q.unfinished -= n; q.unfinished == 0 {
		q.joiners.WakeAll()
	}
}

func (q *queue[T]) place() *place[T] {
	p := q.spare
	if p == nil {
		return new(place[T])
	}
	q.spare = p.next
	return p
}

func (q *queue[T]) recycle(p *place[T]) {
	*p = place[T]{next: q.spare}
	q.spare = p
}

// queueReason is a queue as a reason to wait.
type queueReason[T any] queue[T]

// Waiting implements kernel.Reason.
func (r *queueReason[T]) Waiting() (string, *kernel.Task) {
	if r.limit > 0 && r.store.length >= r.limit {
		return fmt.Sprintf("room in a queue for %d items", r.limit), nil
	}
	return "an item in a queue", nil
}
