package kernel

import (
	"errors"
	"runtime/debug"
)

// Pool bounds how many plain goroutines work for a loop's tasks at a time.
type Pool struct {
	// Name says in reports what the pool is for.
	Name string
	// Limit is how many functions may run at a time.
	Limit int

	running int
	waiters WaitList
	// era is the loop's run that running counts for: what an earlier run gave up
	// has no slot in this one.
	era uint64
}

// Offload runs f on a plain goroutine while the task waits. When the outcome is
// Canceled the task has stopped waiting, f goes on, and its slot in the pool stays
// taken until it ends; a task that must not be abandoned shields itself. An error
// says that f did not return: it panicked or called Goexit.
func (p *Pool) Offload(t *Task, f func()) (Outcome, error) {
	l := t.loop
	if o := p.acquire(t); o != Woken {
		return o, nil
	}
	l.stats.Offloads++
	l.offloading++
	failure := new(error)
	end := call{pool: p, late: func() {
		if *failure != nil { // nobody waits for it any more, so it is told at large
			l.report(*failure)
		}
	}}
	o := t.outside(p, end, func(done func()) {
		go func() {
			defer done()
			defer func() {
				if r := recover(); r != nil {
					*failure = NewPanicError(t, r, debug.Stack())
				}
			}()
			*failure = errOffloadGoexit
			f()
			*failure = nil
		}()
	})
	if o != Woken {
		return o, nil
	}
	return o, *failure
}

var errOffloadGoexit = errors.New("evergreen: the offloaded function called runtime.Goexit: it has no result")

func (p *Pool) acquire(t *Task) Outcome {
	if !t.Checkpoint() {
		return Canceled
	}
	if p.era != t.loop.era {
		p.era, p.running = t.loop.era, 0
	}
	if p.running < p.Limit && p.waiters.Empty() {
		p.running++
		return Woken
	}
	t.loop.outside++ // the functions that have the places, which may be abandoned
	o := p.waiters.Wait(t, Plain("a free goroutine of the "+p.Name+" pool"), 0)
	t.loop.outside--
	if o == Woken && t.Interruptible() {
		p.free() // given and not wanted any more: the next one gets it
		return Canceled
	}
	return o
}

// release takes note that a function has ended.
func (p *Pool) release(l *Loop) {
	l.offloading--
	p.free()
}

// free hands the slot to the task that has waited longest, if one does.
func (p *Pool) free() {
	if p.waiters.Wake() == nil {
		p.running--
	}
}

// Running returns how many slots are taken.
func (p *Pool) Running() int { return p.running }

// Waiting implements Reason for a task that has offloaded something.
func (p *Pool) Waiting() (string, *Task) {
	return "a function on a plain goroutine (" + p.Name + ")", nil
}

// Offloads returns the loop's general pool.
func (l *Loop) Offloads() *Pool { return &l.offload }

// Lookups returns the pool for looking up names.
func (l *Loop) Lookups() *Pool { return &l.lookup }
