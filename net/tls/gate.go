package tls

import (
	"slices"
	"sync"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// gate is a lock that is waited for in everybody's own way: a task parks, whatever
// its loop, and a plain goroutine blocks. Who waits is served in order, and the lock
// is handed over to the next.
type gate struct {
	// mu guards the rest. It is held for a few instructions and never across a wait.
	mu   sync.Mutex
	held bool
	// by is who holds it.
	by caller
	// queue holds those who wait, the longest first.
	queue []*turn
	// what names the gate in reports.
	what string
}

// caller is a task, or with no task and no loop a plain goroutine.
type caller struct {
	task *kernel.Task
	loop *kernel.Loop
}

func whoCalls() caller {
	if t := kernel.Running(); t != nil {
		return caller{t, t.Loop()}
	}
	return caller{}
}

// turn is one place in a gate's queue.
type turn struct {
	gate *gate
	by   caller
	// wake tells the caller that the lock is its own.
	wake func()
	// given tells that the lock was handed over to this place.
	given bool
}

// Waiting implements kernel.Reason. The holder is named only where it is of the same
// loop: the report of one loop cannot look into another.
func (w *turn) Waiting() (string, *kernel.Task) {
	w.gate.mu.Lock()
	defer w.gate.mu.Unlock()
	if w.gate.held && w.gate.by.loop == w.by.loop {
		return w.gate.what, w.gate.by.task
	}
	return w.gate.what, nil
}

// lock takes the gate, waiting until it is free. It is a checkpoint if it has to
// wait; then it fails where the task is cancelled, and the gate is not held. call is
// what the caller called.
func (g *gate) lock(call string) error {
	by := whoCalls()
	t := by.task
	if t == nil && kernel.CurrentLoop() != nil {
		kernel.MustTask(call) // a callback must not wait: says so
	}
	if t != nil && t.Interruptible() {
		return t.Interrupted()
	}
	if g.take(by) {
		return nil
	}
	w := &turn{gate: g, by: by}
	if t == nil {
		g.lockNatively(w)
		return nil
	}
	if g.wait(t, w) == kernel.Woken && !t.Interruptible() {
		return nil
	}
	g.leave(w)
	return t.Interrupted()
}

func (g *gate) lockNatively(w *turn) {
	ready := make(chan struct{})
	w.wake = func() { close(ready) }
	g.mu.Lock()
	g.line(w)
	g.mu.Unlock()
	<-ready
}

// wait is lock for a task. Where all who come before are tasks of the same loop the
// wait is the loop's own affair: it is seen to deadlock, and a virtual clock goes on.
// Else somebody outside will end it. Since the queue is in order, nobody who comes
// later can change which of the two it is.
func (g *gate) wait(t *kernel.Task, w *turn) kernel.Outcome {
	g.mu.Lock()
	if !g.held {
		g.held, g.by = true, w.by
		w.given = true
		g.mu.Unlock()
		return kernel.Woken
	}
	if g.amongOurselves(w.by.loop) {
		ticket := t.Ticket()
		w.wake = func() { t.Wake(ticket) }
		g.queue = append(g.queue, w)
		g.mu.Unlock()
		return t.Park(w, 0)
	}
	g.mu.Unlock()
	return t.Outside(w, func(done func()) {
		w.wake = done
		g.mu.Lock()
		defer g.mu.Unlock()
		g.line(w)
	})
}

// line queues w, or gives it the gate if that has become free. Called with mu held.
func (g *gate) line(w *turn) {
	if g.held {
		g.queue = append(g.queue, w)
		return
	}
	g.held, g.by, w.given = true, w.by, true
	w.wake()
}

// take takes the gate if it is free.
func (g *gate) take(by caller) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held {
		return false
	}
	g.held, g.by = true, by
	return true
}

// amongOurselves tells whether the holder and all who wait are tasks of one loop.
// Called with mu held, while the gate is held.
func (g *gate) amongOurselves(l *kernel.Loop) bool {
	return g.by.loop == l && !slices.ContainsFunc(g.queue, func(w *turn) bool { return w.by.loop != l })
}

// leave gives up a place, and the gate if it was given meanwhile.
func (g *gate) leave(w *turn) {
	g.mu.Lock()
	given := w.given
	if !given {
		g.queue = slices.DeleteFunc(g.queue, func(other *turn) bool { return other == w })
	}
	g.mu.Unlock()
	if given {
		g.unlock()
	}
}

// tryLock takes the gate if it is free. It never waits.
func (g *gate) tryLock() bool { return g.take(whoCalls()) }

// unlock hands the gate over to who has waited longest, or frees it. It never waits.
func (g *gate) unlock() {
	g.mu.Lock()
	if len(g.queue) == 0 {
		g.held, g.by, g.queue = false, caller{}, nil
		g.mu.Unlock()
		return
	}
	w := g.queue[0]
	g.queue[0] = nil
	g.queue = g.queue[1:]
	w.given, g.by = true, w.by
	g.mu.Unlock()
	w.wake()
}
