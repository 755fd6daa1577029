package kernel

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/internal/timers"
)

var (
	// ErrRunning says that a goroutine is inside Run already.
	ErrRunning = errors.New("evergreen: the loop is running already: use Loop.Do or task.Go to have it run something more")
	// ErrNested says that Run was called by a task.
	ErrNested = errors.New("evergreen: a loop cannot run inside a task or callback of a loop, which would stand still meanwhile: use task.Go, or start the other loop on a goroutine of its own")
)

// Run runs main as a task, and everything that it spawns, on the calling
// goroutine, until all tasks have ended; with forever, until Stop.
func (l *Loop) Run(main func(), forever bool, pc uintptr) (err error) {
	id := goroutine.ID()
	if workers.Get(id) != nil {
		return ErrNested
	}
	if err := l.begin(); err != nil {
		return err
	}
	workers.Put(id, &l.root)
	l.baton.Begin(&l.root.Worker)
	l.forever = forever
	l.heedInterrupts()
	if main != nil {
		t := l.Spawn(main, nil, l.interruption.around(l), pc)
		t.SetName("main")
	}
	defer func() {
		l.ignoreInterrupts()
		workers.Delete(id)
		l.stop.Store(false)
		locked(&l.inbox.mu, func() { l.running = false })
	}()
	return l.settle()
}

// settle drives the run to its end. Where a callback leaves by Goexit, as t.FailNow
// does, the rest of the run is done on the way out.
func (l *Loop) settle() (err error) {
	defer func() {
		if l.quitting {
			l.quitting = false
			l.killAll()
			err = l.settle()
		}
	}()
	return l.drive()
}

// begin opens the loop for a run.
func (l *Loop) begin() (err error) {
	locked(&l.inbox.mu, func() {
		switch {
		case l.closed:
			err = ErrClosed
		case l.running:
			err = ErrRunning
		default:
			l.running, l.inbox.open, l.inbox.refusing = true, true, false
		}
	})
	if err != nil {
		return err
	}
	l.ending, l.forced, l.stuck = false, false, false
	l.patience = time.Time{}
	return nil
}

// drive is the root's part: it passes the baton to whoever is next, and does what
// only the root may do when the baton comes back.
func (l *Loop) drive() error {
	for {
		for l.due > 0 {
			l.due-- // first: the callback may not return
			l.callback()
		}
		l.reap()
		if l.stop.Load() || l.failures.kill {
			l.killAll()
		}
		if l.stuck {
			l.unstick()
		}
		if l.over() && l.lastCalls() && l.finish() {
			return l.failures.collect()
		}
		w := l.hire()
		if w == nil {
			w = l.next()
		}
		l.baton.Pass(&l.root.Worker, &w.Worker)
	}
}

// hire gives the task that next found without a worker a new one.
func (l *Loop) hire() *worker {
	t := l.recruit
	l.recruit = nil
	switch {
	case t == nil:
		return nil
	case t.cause == &killScope: // killed since: it never runs
		t.end(ErrKilled)
		return nil
	}
	return l.employ(t)
}

// over tells that no task is left and none is waited for.
func (l *Loop) over() bool { return l.live == 0 && (!l.forever || l.ending) }

// lastCalls runs the callbacks that are queued when the last task has ended, but
// not those that they queue in turn: a callback that goes on forever must not keep
// the run from ending. It returns false if one of them spawned a task.
func (l *Loop) lastCalls() bool {
	l.turn = 0
	for n := l.ready.len(); n > 0 && l.live == 0; n-- {
		l.ready.pop() // it can only be the host: there is no task
		l.callback()
	}
	return l.live == 0
}

// finish ends the run unless something has come in meanwhile that goes on. Other
// goroutines get a refusal from its beginning, and what they called before is done:
// so those who call without end cannot keep the run from ending.
func (l *Loop) finish() bool {
	if !l.awaitOffloads() {
		return false
	}
	l.refuseCalls(true)
	for done := false; !done; {
		queued := l.ready.len()
		l.takeInbox()
		if l.ready.len() > queued && !l.lastCalls() { // a task was started
			l.refuseCalls(false)
			return false
		}
		locked(&l.inbox.mu, func() {
			done = len(l.inbox.calls) == 0
			l.inbox.open = !done
		})
	}
	for len(l.atEnd) > 0 {
		f := l.atEnd[0]
		l.atEnd = l.atEnd[1:]
		f()
	}
	l.dismiss()
	l.dismissHands()
	l.timers.Remove(&l.grace)
	l.abandon()
	return true
}

func (l *Loop) refuseCalls(refuse bool) {
	locked(&l.inbox.mu, func() { l.inbox.refusing = refuse })
}

// AtEnd has f called on the root when this run ends, after the last task and while
// the descriptors still work: for what keeps connections open between its uses. f
// must not wait.
func (l *Loop) AtEnd(f func()) { l.atEnd = append(l.atEnd, f) }

// abandon begins a new era: what was outside until now counts no more, and its
// late messages mean nothing.
func (l *Loop) abandon() {
	l.era++
	l.outside, l.offloading = 0, 0
	clear(l.atWork)
	l.atWork = l.atWork[:0]
}

// killAll kills every task and has tasks spawned from now on born killed.
func (l *Loop) killAll() {
	if l.ending {
		return
	}
	l.ending = true
	l.grace.Owner = firer(l.force)
	l.timers.Add(&l.grace, l.After(l.config.Grace))
	l.patience = time.Now().Add(l.config.Grace)
	for t := range l.Tasks {
		t.Kill()
	}
}

// force takes the shields away, for tasks that neither end nor wait for anything
// that will come.
func (l *Loop) force() {
	l.forced = true
	for t := range l.Tasks {
		t.refresh()
		t.interrupt()
	}
}

type firer func()

// Fire implements timers.Firer.
func (f firer) Fire() { f() }

var _ timers.Firer = firer(nil)

// unstick is called when nothing can run any more while tasks are left.
func (l *Loop) unstick() {
	l.stuck = false
	switch {
	case !l.ending:
		total, tasks := l.describe(true)
		l.failures.fatal(NewDeadlockError(total, tasks))
		l.killAll()
	case !l.forced:
		l.force()
	default:
		panic("evergreen: killed tasks do not end; this is a bug in evergreen")
	}
}

// awaitOffloads gives abandoned functions on plain goroutines until the end of
// the grace to return. It counts real time, also on the virtual clock. It returns
// false when something else came in meanwhile that has to be done.
func (l *Loop) awaitOffloads() bool {
	if l.offloading > 0 && l.patience.IsZero() {
		l.patience = time.Now().Add(l.config.Grace)
	}
	queued := l.ready.len()
	for l.offloading > 0 {
		left := time.Until(l.patience)
		if left <= 0 {
			l.failures.errs = append(l.failures.errs, l.errUnreturned())
			l.abandon()
			return true
		}
		if l.inbox.fallAsleep() {
			if l.poller != nil {
				l.poll(left)
			} else {
				l.inbox.sleep(left)
			}
		}
		l.inbox.awake()
		l.takeInbox()
		if l.ready.len() > queued {
			return false
		}
	}
	return true
}

// closePoller evicts what is registered, and says what that was. Other goroutines
// may be closing connections of the loop just now (IfStopped): mu keeps them apart
// from us.
func (l *Loop) closePoller() (left []string, err error) {
	l.inbox.mu.Lock()
	defer l.inbox.mu.Unlock()
	for i := range l.descs.slots {
		if d := l.descs.slots[i].desc; d != nil {
			left = append(left, d.what)
			if d.abandoned != nil {
				d.abandoned()
			} else {
				d.Evict()
			}
		}
	}
	if l.poller != nil {
		err = l.poller.Close()
		l.poller, l.inbox.poller = nil, nil
	}
	return left, err
}

// Close gives the loop's resources back. What is still registered is dropped, and
// named in the error.
func (l *Loop) Close() error {
	var refuse error
	locked(&l.inbox.mu, func() {
		if l.running {
			refuse = ErrRunning
			return
		}
		l.closed, l.inbox.open = true, false
	})
	if refuse != nil {
		return refuse
	}
	for _, c := range l.inbox.calls { // open is false: nobody adds to them
		if c.refuse != nil {
			c.refuse()
		}
	}
	var left []string
	if n := len(l.signals); n > 0 {
		left = append(left, fmt.Sprintf("%d signal handlers", n))
		for h := range l.signals {
			h.canceled.Store(true)
			h.release()
		}
	}
	if n := l.timers.Len(); n > 0 {
		left = append(left, fmt.Sprintf("%d timers", n))
		l.timers = timers.Heap{}
	}
	more, err := l.closePoller()
	if err != nil {
		return err
	}
	if n := len(more); n > maxNamed {
		more = append(more[:maxNamed], fmt.Sprintf("%d more descriptors", n-maxNamed))
	}
	if left = append(left, more...); len(left) > 0 {
		return fmt.Errorf("evergreen: the loop was closed with things still registered: %s; cancel handles and close connections before", strings.Join(left, ", "))
	}
	return nil
}
