package kernel

import (
	"log"
	"runtime/debug"
	"sync/atomic"

	"github.com/evergreen-go/evergreen/internal/timers"
)

// Handle is one callback that is to run, once or (on a descriptor) many times.
type Handle struct {
	loop     *Loop
	f        func()
	canceled atomic.Bool
	timer    timers.Timer
	// queued tells that the handle is in the queue of calls.
	queued bool
	// watch is the side of a descriptor that the handle watches, nil for none.
	watch *side
	// onCancel gives back what stands behind a signal handler, nil for the rest.
	onCancel func()
}

func (l *Loop) newHandle(f func()) *Handle {
	if f == nil {
		panic("evergreen: the callback is nil: give a function")
	}
	h := &Handle{loop: l, f: f}
	h.timer.Owner = h
	return h
}

// CallSoon queues f to run on the loop's own goroutine in the next turn.
func (l *Loop) CallSoon(f func()) *Handle {
	l.mustBeMine("Loop.CallSoon")
	h := l.newHandle(f)
	h.queue()
	return h
}

// CallAt has f run on the loop's own goroutine at a time of the loop's clock. call
// is what the caller called.
func (l *Loop) CallAt(call string, when int64, f func()) *Handle {
	l.mustBeMine(call)
	h := l.newHandle(f)
	l.timers.Add(&h.timer, when)
	return h
}

// Fire implements timers.Firer.
func (h *Handle) Fire() { h.queue() }

func (h *Handle) queue() {
	if h.queued {
		return
	}
	h.queued = true
	h.loop.calls.push(h)
	h.loop.ready.push(&h.loop.host)
}

// Cancel sees to it that the callback does not run again. It may be called from
// any goroutine, more than once.
func (h *Handle) Cancel() {
	if h.canceled.Swap(true) {
		return
	}
	l := h.loop
	if CurrentWorker(l) != nil {
		h.release()
		return
	}
	l.inbox.mu.Lock()
	defer l.inbox.mu.Unlock()
	switch {
	case l.closed: // Close has given everything back, or is about to
	case l.inbox.open && l.running:
		// The callback will not run from here on; the timer and the registration go
		// when the loop gets to it.
		l.inbox.send(call{f: h.release})
	default:
		h.release() // nobody is there to do it, and mu keeps it so
	}
}

func (h *Handle) release() {
	h.loop.timers.Remove(&h.timer)
	if h.watch != nil {
		h.watch.unwatch()
	}
	if h.onCancel != nil {
		delete(h.loop.signals, h)
		h.onCancel()
	}
}

// callback runs the next call of the queue. Root only.
func (l *Loop) callback() {
	// A Goexit goes on after every deferred call, whatever they recover; so the sign
	// that there was one is that the call does not come back here.
	l.quitting = true
	l.current, l.holder = nil, 0
	l.stepBegins()
	l.call()
	l.stepEnds()
	l.quitting = false
}

func (l *Loop) call() {
	h := l.calls.pop()
	h.queued = false
	if h.canceled.Load() {
		return
	}
	l.stats.Callbacks++
	defer func() {
		if r := recover(); r != nil {
			l.report(NewPanicError(nil, r, debug.Stack()))
		}
		if h.watch != nil && !h.canceled.Load() {
			h.watch.rewatch()
		}
	}()
	h.f()
}

// report tells of a failure that nobody waits for. A handler that panics itself
// must not take the loop along.
func (l *Loop) report(err error) {
	defer func() {
		if r := recover(); r != nil {
			log.Printf("evergreen: the error handler panicked: %v\n%v", r, err)
		}
	}()
	if l.config.Report != nil {
		l.config.Report(err)
		return
	}
	log.Print(err)
}
