package kernel

import (
	"fmt"
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
	h := &Handle{loop: l, f: f}
	h.timer.Owner = h
	return h
}

// CallSoon queues f to run on the loop's own goroutine in the next turn.
func (l *Loop) CallSoon(f func()) *Handle {
	l.mine("Loop.CallSoon")
	h := l.newHandle(f)
	h.queue()
	return h
}

// CallAt has f run on the loop's own goroutine at a time of the loop's clock.
func (l *Loop) CallAt(when int64, f func()) *Handle {
	l.mine("Loop.CallLater")
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
	if w := CurrentWorker(l); w != nil || !l.isRunning() {
		h.release()
		return
	}
	// Not our goroutine: the callback will not run from here on; the timer and the
	// registration go when the loop gets to it.
	_ = l.post(call{f: h.release})
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

func (l *Loop) report(err error) {
	if l.config.Report != nil {
		l.config.Report(err)
		return
	}
	fmt.Println(err)
}
