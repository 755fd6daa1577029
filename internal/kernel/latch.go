package kernel

import "sync"

// Latch holds up one plain goroutine until a loop opens it, once. What was done
// before Open is seen after Wait.
//
// It is a mutex and not a channel because of testing/synctest: a channel that was
// made in a bubble must not be touched outside it, where the loop is, and doing so
// ends the program. A mutex may be held across the edge of a bubble.
type Latch struct{ mu sync.Mutex }

// NewLatch makes a latch that is shut. It is not a checkpoint.
func NewLatch() *Latch {
	l := new(Latch)
	l.mu.Lock()
	return l
}

// Open lets the one who waits go on, also if he comes later. It may be called once,
// on any goroutine, and is not a checkpoint.
func (l *Latch) Open() { l.mu.Unlock() }

// Wait waits for Open. It blocks the goroutine, so a task must not call it; it is
// not a checkpoint.
func (l *Latch) Wait() { l.mu.Lock() }
