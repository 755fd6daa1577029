package kernel

import (
	"github.com/evergreen-go/evergreen/internal/baton"
	"github.com/evergreen-go/evergreen/internal/goroutine"
)

// worker is a goroutine that runs tasks, one after the other.
type worker struct {
	baton.Worker
	loop *Loop
	// task is what it runs now: nil for the root, and for a worker that is idle or
	// told to end.
	task *Task
	// id is that of the goroutine.
	id uint64
	// mark is an address near the end of the goroutine's stack when it parked last,
	// for lookAhead. The stack may have moved since.
	mark uintptr
}

// employ gives a task that has not started a worker: the one that fell idle last,
// or a new one.
func (l *Loop) employ(t *Task) *worker {
	var w *worker
	if n := len(l.idle); n > 0 {
		w = l.idle[n-1]
		l.idle[n-1] = nil
		l.idle = l.idle[:n-1]
	} else {
		w = &worker{loop: l}
		l.stats.Workers++
		l.baton.Start(w)
	}
	w.task, t.worker = t, w
	return w
}

// Base implements baton.Member.
func (w *worker) Base() *baton.Worker { return &w.Worker }

// Work implements baton.Member: it is the life of a worker's goroutine. When it
// returns the goroutine ends and the baton goes to the worker returned.
func (w *worker) Work() *baton.Worker {
	l := w.loop
	w.id = goroutine.ID()
	workers.Put(w.id, w)
	for w.task != nil {
		w.task.run()
		w.task = nil
		if len(l.idle) >= maxIdle {
			w.quit()
			return &l.next().Worker
		}
		l.idle = append(l.idle, w)
		l.baton.Pass(&w.Worker, &l.next().Worker)
	}
	w.quit()
	return &l.root.Worker
}

// quit is the last that a worker's goroutine does for the loop: its ID can be
// another goroutine's from now on.
func (w *worker) quit() {
	workers.Delete(w.id)
	w.loop.current, w.loop.holder = nil, 0
}

// Exited implements baton.Member: it takes the place of a return of Work when a
// Goexit ends the goroutine.
func (w *worker) Exited() *baton.Worker {
	l := w.loop
	w.quit()
	w.task = nil
	l.zombies = append(l.zombies, w)
	return &l.next().Worker
}

// reap ends the workers that a Goexit left behind. Root only.
func (l *Loop) reap() {
	for len(l.zombies) > 0 {
		n := len(l.zombies)
		w := l.zombies[n-1]
		l.zombies[n-1] = nil
		l.zombies = l.zombies[:n-1]
		l.baton.Reap(&w.Worker)
	}
}

// dismiss ends the idle workers. Root only.
func (l *Loop) dismiss() {
	for len(l.idle) > 0 {
		n := len(l.idle)
		w := l.idle[n-1]
		l.idle[n-1] = nil
		l.idle = l.idle[:n-1]
		l.baton.Pass(&l.root.Worker, &w.Worker)
	}
}
