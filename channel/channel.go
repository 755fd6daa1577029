package channel

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/timeout"
)

// ErrClosed says that the channel is closed: for a receiver, that it is empty as
// well.
var ErrClosed = errors.New("evergreen: the channel is closed: nothing more can be sent, and all that was has arrived")

// Channel passes values from task to task.
type Channel[T any] struct {
	bond kernel.Bond
	// ring is the buffer, of which length values from head on are in use.
	ring         []item[T]
	head, length int
	// senders wait with a value each, receivers for one. At most one of the two lists
	// has anybody in it, but for places of a Select, which may be in both.
	senders, receivers kernel.WaitList
	closed             bool
	// spare is a list of places for values of tasks that wait, so that waiting
	// allocates nothing.
	spare *place[T]
}

// item is what is sent: a value, or an error in its place.
type item[T any] struct {
	value T
	err   error
}

// place is where a task that waits has the value it sends, or gets the one it
// receives: the Slot of its kernel.Waiter.
type place[T any] struct {
	item item[T]
	// done tells that the value has been taken or given; without it the wait was ended
	// by something else.
	done bool
	next *place[T] // in the list of spares
}

// New makes an open channel for as many values as the capacity says; with 0 each
// Send meets a Receive. It panics if the capacity is negative. It is not a
// checkpoint.
func New[T any](capacity int) *Channel[T] {
	if capacity < 0 {
		panic(fmt.Sprintf("evergreen: channel.New(%d): the capacity cannot be negative; give 0 for an unbuffered channel", capacity))
	}
	return &Channel[T]{bond: kernel.BondHere(), ring: make([]item[T], capacity)}
}

// Send sends a value, and waits until it is taken or in the buffer. It returns
// [ErrClosed] if the channel is closed, before or meanwhile; then, as when the task
// is cancelled, the value will not arrive. It is a checkpoint; when the time of a
// block around the task is up it returns that block's error, and when the task is
// killed it does not return.
func (c *Channel[T]) Send(value T) error {
	return c.send(c.enter("Channel.Send"), item[T]{value: value}, 0, 0)
}

// SendError is [Channel.Send] of an error: the Receive that takes it returns it. It
// panics if err is nil. It is a checkpoint.
func (c *Channel[T]) SendError(err error) error {
	if err == nil {
		panic("evergreen: Channel.SendError was called with nil: give an error, or send a value by Send")
	}
	return c.send(c.enter("Channel.SendError"), item[T]{err: err}, 0, 0)
}

// SendTimeout is [Channel.Send] that waits at most d, and then returns a
// *timeout.Error. It is a checkpoint.
func (c *Channel[T]) SendTimeout(value T, d time.Duration) error {
	t := c.enter("Channel.SendTimeout")
	return c.send(t, item[T]{value: value}, t.Loop().After(d), d)
}

// TrySend sends a value if it can be taken, or put in the buffer, at once, and
// reports whether it was. It may be called in callbacks of the loop. It is not a
// checkpoint.
func (c *Channel[T]) TrySend(value T) bool {
	c.bond.Loop("Channel.TrySend")
	return !c.closed && c.give(item[T]{value: value})
}

// Receive takes the next value, and waits for one. It returns an error that was
// sent in its place, or [ErrClosed] if the channel is closed and empty. It is a
// checkpoint; when the time of a block around the task is up it returns that block's
// error, and when the task is killed it does not return.
func (c *Channel[T]) Receive() (T, error) {
	return c.receive(c.enter("Channel.Receive"), 0, 0)
}

// ReceiveTimeout is [Channel.Receive] that waits at most d, and then returns a
// *timeout.Error. It is a checkpoint.
func (c *Channel[T]) ReceiveTimeout(d time.Duration) (T, error) {
	t := c.enter("Channel.ReceiveTimeout")
	return c.receive(t, t.Loop().After(d), d)
}

// TryReceive takes a value if there is one at once. ok tells whether there was
// anything: a value, an error sent in its place, or the end of the channel, which is
// [ErrClosed]. It may be called in callbacks of the loop. It is not a checkpoint.
func (c *Channel[T]) TryReceive() (value T, ok bool, err error) {
	c.bond.Loop("Channel.TryReceive")
	i, ok := c.take()
	if !ok && c.closed {
		return i.value, true, ErrClosed
	}
	return i.value, ok, i.err
}

// Close closes the channel: Send fails from now on, also for those who wait in it;
// Receive fails when the buffer is empty. A second Close does nothing. It may be
// called in callbacks of the loop. It is not a checkpoint.
func (c *Channel[T]) Close() {
	c.bond.Loop("Channel.Close")
	c.closed = true
	c.senders.WakeAll()
	c.receivers.WakeAll()
}

// All yields the values that arrive until the channel is closed and empty. It skips
// nothing: an error sent in the place of a value ends the iteration as well, so who
// expects errors uses Receive. Each step is a checkpoint; when the task is killed or
// the time of a block around it is up, it unwinds.
func (c *Channel[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			value, err := c.Receive()
			if err != nil {
				if t := kernel.MustTask("Channel.All"); t.Interruptible() {
					t.Unwind()
				}
				return
			}
			if !yield(value) {
				return
			}
		}
	}
}

// Len returns how many values are in the buffer. It is not a checkpoint.
func (c *Channel[T]) Len() int { return c.length }

// Cap returns the capacity of the buffer. It is not a checkpoint.
func (c *Channel[T]) Cap() int { return len(c.ring) }

// enter returns the calling task. The cheap half stands in one place with the panic
// for other callers.
func (c *Channel[T]) enter(call string) *kernel.Task {
	if c.bond.Here() {
		return c.bond.Current()
	}
	return c.bond.Task(call)
}

func (c *Channel[T]) send(t *kernel.Task, i item[T], deadline int64, d time.Duration) error {
	if !c.bond.Tick() && !t.Checkpoint() {
		return t.Interrupted()
	}
	if c.closed {
		return ErrClosed
	}
	if c.give(i) {
		return nil
	}
	p := c.place()
	p.item = i
	o := c.senders.WaitWith(t, (*reason[T])(c), deadline, p)
	done := p.done
	c.recycle(p)
	switch {
	case done:
		return nil // also if the task has to go: the value is with the receiver
	case o == kernel.TimedOut:
		return &timeout.Error{After: d}
	case o == kernel.Canceled:
		return t.Interrupted()
	}
	return ErrClosed
}

func (c *Channel[T]) receive(t *kernel.Task, deadline int64, d time.Duration) (T, error) {
	var none T
	if !c.bond.Tick() && !t.Checkpoint() {
		return none, t.Interrupted()
	}
	if i, ok := c.take(); ok {
		return i.value, i.err
	}
	if c.closed {
		return none, ErrClosed
	}
	p := c.place()
	o := c.receivers.WaitWith(t, (*reason[T])(c), deadline, p)
	i, done := p.item, p.done
	c.recycle(p)
	switch {
	case done:
		return i.value, i.err
	case o == kernel.TimedOut:
		return none, &timeout.Error{After: d}
	case o == kernel.Canceled:
		return none, t.Interrupted()
	}
	return none, ErrClosed
}

// give hands an item to a receiver that waits, or puts it in the buffer. It returns
// false if there is neither.
func (c *Channel[T]) give(i item[T]) bool {
	if w := c.receivers.Wake(); w != nil {
		p := w.Slot.(*place[T])
		p.item, p.done = i, true
		return true
	}
	if c.length == len(c.ring) {
		return false
	}
	c.ring[(c.head+c.length)%len(c.ring)] = i
	c.length++
	return true
}

// take takes the next item, from the buffer or from a sender that waits.
func (c *Channel[T]) take() (i item[T], ok bool) {
	if c.length == 0 {
		w := c.senders.Wake()
		if w == nil {
			return i, false
		}
		p := w.Slot.(*place[T])
		p.done = true
		return p.item, true
	}
	i = c.ring[c.head]
	c.ring[c.head] = item[T]{} // the collector's
	if c.head++; c.head == len(c.ring) {
		c.head = 0
	}
	c.length--
	if w := c.senders.Wake(); w != nil { // its value comes into the place that became free
		p := w.Slot.(*place[T])
		p.done = true
		c.ring[(c.head+c.length)%len(c.ring)] = p.item
		c.length++
	}
	return i, true
}

func (c *Channel[T]) place() *place[T] {
	p := c.spare
	if p == nil {
		return new(place[T])
	}
	c.spare = p.next
	return p
}

func (c *Channel[T]) recycle(p *place[T]) {
	*p = place[T]{next: c.spare}
	c.spare = p
}

// reason is a channel as a reason to wait.
type reason[T any] Channel[T]

// Waiting implements kernel.Reason.
func (r *reason[T]) Waiting() (string, *kernel.Task) {
	if len(r.ring) > 0 && r.length == len(r.ring) {
		return fmt.Sprintf("room in a channel for %d values", len(r.ring)), nil
	}
	return "the other side of a channel", nil
}
