package channel

import (
	stdsync "sync"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Case is one thing that a [Select] can do. It may be kept and used again.
type Case struct {
	op op
	// arg is the function of a Recv, the place of the value of a Send.
	arg any
	// after is the limit of an After.
	after time.Duration
	kind  kind
}

type kind uint8

const (
	receives kind = iota
	sends
	elapses
	defaults
)

// op is a channel as Select sees it, whatever the type of its values.
type op interface {
	// ready tells whether the case could be done at once. It panics in a task of
	// another loop.
	ready(k kind) bool
	// now does a case that is ready.
	now(k kind, arg any)
	// queue takes a place in the list of those who wait and returns its slot.
	queue(k kind, arg any, w *kernel.Waiter, t *kernel.Task) any
	// done tells whether the case was done while the task waited in that place.
	done(slot any) bool
	// drop gives back the slot of a case that was not done; settle that of one that
	// was, and hands what was received to the case's function.
	drop(slot any)
	settle(k kind, arg, slot any)
}

// Recv is the case of receiving from c: f, which may be nil, is called with what
// [Channel.Receive] would return, after the select is decided. It is not a
// checkpoint.
func Recv[T any](c *Channel[T], f func(T, error)) Case {
	if c == nil {
		return Case{kind: receives}
	}
	return Case{op: c, kind: receives, arg: f}
}

// Send is the case of sending a value on c. On a closed channel it is done at once
// and panics, as in Go, since there is nobody to return [ErrClosed] to. It is not a
// checkpoint.
func Send[T any](c *Channel[T], value T) Case {
	if c == nil {
		return Case{kind: sends}
	}
	return Case{op: c, kind: sends, arg: &value}
}

// After is the case of d having passed with no other case done. It is not a
// checkpoint.
func After(d time.Duration) Case { return Case{kind: elapses, after: d} }

// Default is the case of no other case being ready. It is not a checkpoint.
func Default() Case { return Case{kind: defaults} }

// inline is how many cases a select has places for without looking for more.
const inline = 8

// selection is the places of a select that waits, one for each case.
type selection struct {
	waiters [inline]kernel.Waiter
	more    []kernel.Waiter
}

// selections keeps those that are not in use.
var selections = stdsync.Pool{New: func() any { return new(selection) }}

func (s *selection) places(n int) []kernel.Waiter {
	if n <= inline {
		return s.waiters[:n]
	}
	if n > len(s.more) {
		s.more = make([]kernel.Waiter, n)
	}
	return s.more[:n]
}

// Select does exactly one of the cases, waiting until one can be done, and returns
// its index. Where several are ready it chooses one at random, by the loop's seed
// and not by their order. Without a case that can ever be done it waits for ever,
// which is a deadlock. It is a checkpoint; when the task is killed or the time of a
// block around it is up, it unwinds, and no case is done.
func Select(cases ...Case) int {
	t := kernel.MustTask("channel.Select")
	if !t.Checkpoint() {
		t.Unwind()
	}
	otherwise, limit := -1, -1
	for i := range cases {
		switch c := &cases[i]; {
		case c.kind == defaults:
			otherwise = i
		case c.kind == elapses && (limit < 0 || c.after < cases[limit].after):
			limit = i
		}
	}
	deadline := int64(0)
	if limit >= 0 {
		deadline = t.Loop().After(cases[limit].after)
	}
	for {
		if i := try(t, cases); i >= 0 {
			return i
		}
		if otherwise >= 0 {
			return otherwise
		}
		i, o := await(t, cases, deadline)
		switch {
		case i >= 0:
			return i // also if the task has to go: the case is done
		case o == kernel.TimedOut:
			return limit
		case o == kernel.Canceled:
			t.Unwind()
		}
		// A channel was closed, which makes a case ready. Or what was ready is gone.
	}
}

// try does one of the cases that are ready, and returns -1 if there is none.
func try(t *kernel.Task, cases []Case) int {
	ready, last := 0, -1
	for i := range cases {
		if c := &cases[i]; c.op != nil && c.op.ready(c.kind) {
			ready++
			last = i
		}
	}
	if ready == 0 {
		return -1
	}
	if ready > 1 {
		last = nth(cases, t.Loop().Choose(ready))
	}
	c := &cases[last]
	c.op.now(c.kind, c.arg)
	return last
}

// nth returns the index of the n-th of the cases that are ready.
func nth(cases []Case, n int) int {
	for i := range cases {
		if c := &cases[i]; c.op != nil && c.op.ready(c.kind) {
			if n == 0 {
				return i
			}
			n--
		}
	}
	panic("evergreen: a case of a select is ready no more; this is a bug in evergreen")
}

// several is what a select waits for.
var several kernel.Reason = kernel.Plain("one of the cases of a select")

// await parks with a place in the list of every case, and returns the index of the
// case that was done meanwhile, -1 for none.
func await(t *kernel.Task, cases []Case, deadline int64) (fired int, o kernel.Outcome) {
	s := selections.Get().(*selection)
	places := s.places(len(cases))
	for i := range cases {
		if c := &cases[i]; c.op != nil {
			places[i].Slot = c.op.queue(c.kind, c.arg, &places[i], t)
		}
	}
	o = t.Park(several, deadline)
	fired = -1
	var slot any
	for i := range cases {
		c, w := &cases[i], &places[i]
		if c.op == nil {
			continue
		}
		w.Remove()
		if c.op.done(w.Slot) {
			fired, slot = i, w.Slot
		} else {
			c.op.drop(w.Slot)
		}
		w.Slot = nil
	}
	selections.Put(s)
	if fired >= 0 {
		cases[fired].op.settle(cases[fired].kind, cases[fired].arg, slot)
	}
	return fired, o
}

func (c *Channel[T]) ready(k kind) bool {
	if !c.bond.Here() {
		c.bond.Task("channel.Select")
	}
	switch {
	case c.closed:
		return true
	case k == sends:
		return c.length < len(c.ring) || c.receivers.First() != nil
	default:
		return c.length > 0 || c.senders.First() != nil
	}
}

func (c *Channel[T]) now(k kind, arg any) {
	if k == sends {
		if c.closed {
			panic(ErrClosed)
		}
		c.give(item[T]{value: *arg.(*T)})
		return
	}
	i, ok := c.take()
	if !ok {
		i.err = ErrClosed
	}
	if f, _ := arg.(func(T, error)); f != nil {
		f(i.value, i.err)
	}
}

func (c *Channel[T]) queue(k kind, arg any, w *kernel.Waiter, t *kernel.Task) any {
	p := c.place()
	if k == sends {
		p.item.value = *arg.(*T)
		c.senders.Add(w, t)
	} else {
		c.receivers.Add(w, t)
	}
	return p
}

func (c *Channel[T]) done(slot any) bool { return slot.(*place[T]).done }

func (c *Channel[T]) drop(slot any) { c.recycle(slot.(*place[T])) }

func (c *Channel[T]) settle(k kind, arg any, slot any) {
	p := slot.(*place[T])
	i := p.item
	c.recycle(p)
	if f, _ := arg.(func(T, error)); f != nil && k == receives {
		f(i.value, i.err)
	}
}
