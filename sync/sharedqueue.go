package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	stdsync "sync"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/timeout"
)

// SharedQueue is the queue that is made for crossing: its calls may be made by tasks
// of any loop and by plain goroutines, at the same time. Items come out first in
// first out, and those who wait are served in order, tasks and goroutines alike.
//
// It costs more than a [Queue]: a native lock for each call, and for each wait a
// message to the loop of the task. A task that waits in it waits for the world
// outside of its loop: that is never a deadlock, and a virtual clock stands still
// meanwhile, so that a limit does not expire on it.
type SharedQueue[T any] struct {
	mu    stdsync.Mutex // guards what follows, and is never held during a wait
	store store[T]
	limit int
	down  bool
	// getters wait for an item, which only happens while there is none; putters wait
	// with one, while there is no room.
	getters, putters []*crosser[T]
}

// crosser is one who waits: a task of some loop, or a goroutine.
type crosser[T any] struct {
	item T
	// done: the item was handed over. over: the wait has ended, in whichever way.
	done, over bool
	// wake ends the wait. It is called once, with mu held, and does not wait.
	wake func()
}

// NewSharedQueue makes an empty queue for at most limit items, 0 for no limit. It
// may be called anywhere. It panics if the limit is negative. It is not a
// checkpoint.
func NewSharedQueue[T any](limit int) *SharedQueue[T] {
	if limit < 0 {
		panic(fmt.Sprintf("evergreen: sync.NewSharedQueue(%d): the limit cannot be negative; give 0 for none", limit))
	}
	return &SharedQueue[T]{limit: limit}
}

// Put adds an item, and waits while the queue is full: a goroutine natively, a task
// without keeping others from running. It returns [ErrShutdown] if the queue is shut
// down, before or meanwhile; then, as when the task is cancelled, the item is not in
// the queue. In a task it is a checkpoint, and returns the error of a block around it
// whose time is up.
func (q *SharedQueue[T]) Put(item T) error { return q.put("SharedQueue.Put", item, -1) }

// PutTimeout is [SharedQueue.Put] that waits at most d, and then returns a
// *timeout.Error. On a plain goroutine the time is real. In a task it is a
// checkpoint.
func (q *SharedQueue[T]) PutTimeout(item T, d time.Duration) error {
	return q.put("SharedQueue.PutTimeout", item, max(d, 0))
}

// TryPut adds an item if there is room at once, and returns [ErrFull] or
// [ErrShutdown] if not. It is not a checkpoint.
func (q *SharedQueue[T]) TryPut(item T) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.give(item)
}

// Get takes the next item, and waits for one: a goroutine natively, a task without
// keeping others from running. It returns [ErrShutdown] if the queue is shut down
// and empty. In a task it is a checkpoint, and returns the error of a block around it
// whose time is up.
func (q *SharedQueue[T]) Get() (T, error) { return q.get("SharedQueue.Get", -1) }

// GetTimeout is [SharedQueue.Get] that waits at most d, and then returns a
// *timeout.Error. On a plain goroutine the time is real. In a task it is a
// checkpoint.
func (q *SharedQueue[T]) GetTimeout(d time.Duration) (T, error) {
	return q.get("SharedQueue.GetTimeout", max(d, 0))
}

// TryGet takes an item if there is one at once, and returns [ErrEmpty] or
// [ErrShutdown] if not. It is not a checkpoint.
func (q *SharedQueue[T]) TryGet() (T, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.take()
}

// Shutdown ends the queue: nothing more can be put, also by those who wait with an
// item, and when it is empty nothing got. If immediate, what is in it is dropped. It
// may be called anywhere. It is not a checkpoint.
func (q *SharedQueue[T]) Shutdown(immediate bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.down = true
	if immediate {
		q.store.clear()
	}
	for next(&q.putters) != nil {
		continue
	}
	for next(&q.getters) != nil {
		continue
	}
}

// Len returns how many items are in the queue; others may change that at any time.
// It is not a checkpoint.
func (q *SharedQueue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.store.length
}

func (q *SharedQueue[T]) put(call string, item T, limit time.Duration) error {
	c := &crosser[T]{item: item}
	return q.cross(call, c, &q.putters, limit, func() error { return q.give(item) })
}

func (q *SharedQueue[T]) get(call string, limit time.Duration) (T, error) {
	c := new(crosser[T])
	err := q.cross(call, c, &q.getters, limit, func() (err error) {
		c.item, err = q.take()
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return c.item, nil
}

// cross tries, and waits in the list if it must. try is called with mu held.
func (q *SharedQueue[T]) cross(call string, c *crosser[T], list *[]*crosser[T], limit time.Duration, try func() error) error {
	t := kernel.Running()
	if t == nil {
		if kernel.CurrentLoop() != nil {
			kernel.MustTask(call) // a callback must not wait: says so
		}
		return q.crossNatively(c, list, limit, try)
	}
	if limit < 0 {
		return q.crossInTask(t, c, list, try)
	}
	return timeout.Run(limit, func() error { return q.crossInTask(t, c, list, try) })
}

// begin tries, or takes a place in the list. waits tells which.
func (q *SharedQueue[T]) begin(c *crosser[T], list *[]*crosser[T], wake func(), try func() error) (waits bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err = try(); !errors.Is(err, ErrFull) && !errors.Is(err, ErrEmpty) {
		return false, err
	}
	c.wake = wake
	*list = append(*list, c)
	return true, nil
}

// leave takes c out of the list, and returns how its wait ended.
func (q *SharedQueue[T]) leave(c *crosser[T], list *[]*crosser[T], given error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case c.done:
		return nil // whatever came afterwards: the item has changed hands
	case c.over:
		return ErrShutdown
	}
	c.over = true
	if i := slices.Index(*list, c); i >= 0 { // it may be long before anybody comes by
		if *list = slices.Delete(*list, i, i+1); len(*list) == 0 {
			*list = nil
		}
	}
	return given
}

var errCanceled = errors.New("evergreen: the task was cancelled")

func (q *SharedQueue[T]) crossInTask(t *kernel.Task, c *crosser[T], list *[]*crosser[T], try func() error) error {
	if !t.Checkpoint() {
		return t.Interrupted()
	}
	waits, err := true, error(nil)
	o := t.Outside(crossing, func(done func()) {
		if waits, err = q.begin(c, list, done, try); !waits {
			done()
		}
	})
	if !waits {
		return err
	}
	if o != kernel.Canceled {
		return q.leave(c, list, nil)
	}
	if err := q.leave(c, list, errCanceled); err != errCanceled {
		return err
	}
	return t.Interrupted()
}

var crossing kernel.Reason = kernel.Plain("somebody outside of the loop, at a shared queue")

func (q *SharedQueue[T]) crossNatively(c *crosser[T], list *[]*crosser[T], limit time.Duration, try func() error) error {
	woken := make(chan struct{})
	waits, err := q.begin(c, list, func() { close(woken) }, try)
	if !waits {
		return err
	}
	ctx := context.Background()
	if limit >= 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, limit)
		defer stop()
	}
	select {
	case <-woken:
	case <-ctx.Done():
	}
	return q.leave(c, list, &timeout.Error{After: limit})
}

// next wakes the first who waits in the list and returns it, nil if there is nobody.
// Called with mu held.
func next[T any](list *[]*crosser[T]) *crosser[T] {
	if len(*list) == 0 {
		return nil
	}
	c := (*list)[0]
	(*list)[0] = nil
	if *list = (*list)[1:]; len(*list) == 0 {
		*list = nil // so that the array that has been walked through goes
	}
	c.over = true
	c.wake()
	return c
}

// give hands an item over or stores it. Called with mu held.
func (q *SharedQueue[T]) give(item T) error {
	if q.down {
		return ErrShutdown
	}
	if c := next(&q.getters); c != nil {
		c.item, c.done = item, true
		return nil
	}
	if q.limit > 0 && q.store.length >= q.limit {
		return ErrFull
	}
	q.store.push(item)
	return nil
}

// take takes the next item, and lets in that of the putter who waits first. Called
// with mu held.
func (q *SharedQueue[T]) take() (item T, err error) {
	if q.store.length == 0 {
		if q.down {
			return item, ErrShutdown
		}
		return item, ErrEmpty
	}
	item = q.store.pop()
	if c := next(&q.putters); c != nil {
		c.done = true
		q.store.push(c.item)
	}
	return item, nil
}
