package kernel

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/internal/poller"
)

// inbox is how other goroutines reach the loop. A sender appends under the lock
// and wakes the loop only if it sleeps; of a million senders one pays for that.
type inbox struct {
	mu sync.Mutex
	// open tells that messages are taken, and refusing that new work is not, because
	// the run is about to end; guarded by mu, as are calls and poller.
	open, refusing bool

	calls []call
	spare []call // the loop's last batch, emptied, to be used again

	// pending tells the loop, without the lock, that there is something to take.
	pending atomic.Bool
	// asleep tells senders that the loop needs waking. The loop sets it and then
	// looks at pending; a sender sets pending and then looks at asleep; so at least
	// one of the two sees the other.
	asleep atomic.Bool
	// wake wakes a loop that has no poller; poller wakes one that has.
	wake   chan struct{}
	poller poller.Poller
}

// call is one message to the loop.
type call struct {
	handle *Handle // a callback to queue
	f      func()  // or something for the loop itself to do at once
	task   *Task   // or a task to wake, if it still waits in that park
	ticket uint64
	refuse func() // to be called if the loop is closed before it takes the message
	hand   *hand  // or a plain goroutine that has ended its function
	era    uint64 // the run that an end of outside work belongs to, 0 for none
}

// post sends a message from any goroutine. It does not wait.
func (l *Loop) post(c call) error {
	in := &l.inbox
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.open {
		return ErrClosed
	}
	in.send(c)
	return nil
}

// invite is post for new work: a callback or a task.
func (l *Loop) invite(c call) error {
	in := &l.inbox
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.open || in.refusing {
		return ErrClosed
	}
	in.send(c)
	return nil
}

// send queues a message. Called with mu held.
func (in *inbox) send(c call) {
	in.calls = append(in.calls, c)
	in.rouse()
}

// rouse makes the loop look at its inbox. Called with mu held: nobody can close
// the poller under our feet.
func (in *inbox) rouse() {
	in.pending.Store(true)
	if !in.asleep.CompareAndSwap(true, false) {
		return
	}
	if in.poller != nil {
		_ = in.poller.Wake()
		return
	}
	select {
	case in.wake <- struct{}{}:
	default: // a token is there already
	}
}

// takeInbox does what the messages say.
func (l *Loop) takeInbox() {
	in := &l.inbox
	if !in.pending.Load() {
		return
	}
	in.mu.Lock()
	batch := in.calls
	in.calls, in.spare = in.spare[:0], nil
	in.pending.Store(false)
	in.mu.Unlock()
	l.stats.Foreign += uint64(len(batch))
	for i := range batch {
		l.take(&batch[i])
		batch[i] = call{}
	}
	if cap(batch) <= 1<<12 {
		in.spare = batch[:0]
	}
}

func (l *Loop) take(c *call) {
	if c.era != 0 && c.era != l.era {
		return // work that an earlier run has given up
	}
	switch {
	case c.hand != nil:
		l.reportOf(c.hand)
	case c.handle != nil:
		c.handle.queue()
	case c.f != nil:
		c.f()
	case c.task != nil:
		if c.task.Wake(c.ticket) {
			l.outside-- // else Outside has done it
		}
	case c.era != 0:
		l.outside-- // the release of a Hold
	}
}

// fallAsleep announces that the loop is going to sleep and returns false if there
// is something to do instead.
func (in *inbox) fallAsleep() bool {
	in.asleep.Store(true)
	return !in.pending.Load()
}

func (in *inbox) awake() { in.asleep.Store(false) }

// sleep waits without a poller.
func (in *inbox) sleep(timeout time.Duration) {
	if timeout < 0 {
		<-in.wake
		return
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-in.wake:
	case <-timer.C:
	}
}

func (in *inbox) usePoller(p poller.Poller) {
	locked(&in.mu, func() { in.poller = p })
}

// CurrentWorker returns the worker that calls if it is one of l.
func CurrentWorker(l *Loop) *worker {
	if w := workers.Get(goroutine.ID()); w != nil && w.loop == l {
		return w
	}
	return nil
}

// CallThreadsafe has f run on the loop's own goroutine. Any goroutine may call it;
// it does not wait. If it returns no error, f runs before Run returns.
func (l *Loop) CallThreadsafe(f func()) (*Handle, error) {
	h := l.newHandle(f)
	if err := l.invite(call{handle: h}); err != nil {
		return nil, err
	}
	return h, nil
}

// Hold says that something outside will call in: while it is held, a loop whose
// tasks are all parked is not in a deadlock. The release may come from any
// goroutine; the first counts.
func (l *Loop) Hold() (release func()) {
	l.mustBeMine("Loop.Hold")
	l.outside++
	era := l.era
	var once sync.Once
	return func() {
		once.Do(func() { _ = l.post(call{era: era}) })
	}
}

// Stop ends the run: all tasks are killed. From any goroutine, more than once.
func (l *Loop) Stop() {
	l.stop.Store(true)
	locked(&l.inbox.mu, l.inbox.rouse)
}

// Outside parks the running task until somebody elsewhere calls done: start is
// given it, and may hand it to any goroutine. done may be called once. When the
// outcome is Canceled the work outside goes on without the task.
func (t *Task) Outside(on Reason, start func(done func())) Outcome {
	l := t.loop
	if t.cause != nil {
		return t.Park(on, 0) // fails
	}
	l.outside++
	end := call{task: t, ticket: t.Ticket(), era: l.era}
	start(func() { _ = l.post(end) })
	o := t.Park(on, 0)
	if o != Woken {
		l.outside-- // it goes on, and nobody waits for it any more
	}
	return o
}

// Do runs f as a task of l and waits for its end: natively on a plain goroutine,
// parked in a task of another loop. In a task of l it simply calls f.
func (l *Loop) Do(f func() error) error {
	w := workers.Get(goroutine.ID())
	if w != nil && w.loop == l && w.task != nil {
		return f()
	}
	if w != nil && w.task == nil {
		MustTask("Loop.Do") // a callback must not wait: says so
	}
	var result error
	start := func(done func()) error {
		return l.invite(call{f: func() {
			t := l.Spawn(func() { result = f() }, nil, nil, 0)
			t.SetName("Loop.Do")
			t.Contain(func(t *Task) {
				if t.err != nil {
					result = t.err
				}
				done()
			})
		}, refuse: func() {
			result = ErrClosed
			done()
		}})
	}
	if w == nil {
		done := NewLatch()
		if err := start(func() { l.answered = true; done.Open() }); err != nil {
			return err
		}
		done.Wait()
		return result
	}
	var refused error
	o := w.task.Outside(Plain("a task on another loop"), func(done func()) {
		if refused = start(done); refused != nil {
			done()
		}
	})
	if o == Canceled {
		return w.task.Interrupted()
	}
	if refused != nil {
		return refused
	}
	return result
}

// IfStopped calls f if the loop does not run, and keeps it from starting
// meanwhile. It returns whether it did.
func (l *Loop) IfStopped(f func()) bool {
	l.inbox.mu.Lock()
	defer l.inbox.mu.Unlock()
	if l.running {
		return false
	}
	f()
	return true
}
