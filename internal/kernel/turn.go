package kernel

import (
	"runtime"
	"time"

	"github.com/evergreen-go/evergreen/internal/poller"
	"github.com/evergreen-go/evergreen/internal/prefetch"
)

// The order of things.
//
// Whoever gives the baton away calls next, on its own goroutine, and passes the
// baton straight to the one that next names. There is no scheduler in between
// that would cost a second switch. The root is named only when there is something
// that it alone may do: run a callback, reap a worker, see to a failure or to the
// end, and poll or idle.
//
// Polling is left to the root for the sake of memory. A goroutine begins with a stack
// of two kilobytes, of which about half are kept free for what the runtime must not
// be stopped in. The calls that lead to the poller would not fit in the rest, below a
// task that reads: each task that happened to park last would double its stack for
// good, and of idle connections each one does. It costs two switches where the loop
// goes idle, and two in maxTurn where it does not.
//
// Work is done in turns. A turn takes what is ready at its start, at most maxTurn;
// what becomes ready meanwhile waits behind it. Between two turns the loop takes
// in the calls of other goroutines, fires due timers and asks the poller. Asking
// the poller is a system call, so where turns are short it is asked only once in
// maxTurn switches, or when nothing else is ready.

// next returns the worker that gets the baton now.
func (l *Loop) next() *worker {
	if l.hooked {
		l.stepEnds()
	}
	for {
		if l.turn == 0 && !l.newTurn() {
			return &l.root
		}
		if l.hooked {
			l.choosing()
		}
		l.turn--
		l.sincePoll++
		t := l.ready.pop()
		if l.cold > 0 {
			l.cold--
			l.lookAhead()
		}
		l.ops = l.budget
		switch {
		case t.worker != nil:
			if t == &l.host {
				l.due++
			}
			return t.worker
		case t.cause == &killScope:
			t.end(ErrKilled) // killed before it started: it never runs
		case len(l.idle) > 0:
			return l.employ(t)
		default:
			// A goroutine is to be made. That takes a deep stack, and a task's own stack
			// would have to grow for it; the root's is large already.
			l.recruit = t
			return &l.root
		}
	}
}

// newTurn gathers what is ready and starts a turn with it. It idles until there
// is something, and returns false when the root is needed.
func (l *Loop) newTurn() bool {
	for {
		l.takeInbox()
		if len(l.zombies) > 0 || l.failures.kill && !l.ending || l.stop.Load() && !l.ending {
			return false
		}
		if l.over() {
			return false
		}
		if l.config.Virtual && l.ending && !l.forced && time.Until(l.patience) <= 0 {
			l.force() // the virtual end of the grace may never come
		}
		l.fireTimers()
		if l.ready.len() == 0 || l.fdWaits > 0 && l.sincePoll >= maxTurn {
			if l.baton.Holder() != &l.root.Worker {
				return false // to poll and to idle is for the root: see above
			}
			if l.fdWaits > 0 {
				l.poll(0)
			}
		}
		l.stats.Turns++
		if n := l.ready.len(); n > 0 {
			l.turn = min(n, maxTurn)
			return true
		}
		if !l.quiet.Empty() && l.outside == 0 {
			l.quiet.WakeAll()
			continue
		}
		if !l.hopeful() {
			l.stuck = true
			return false
		}
		l.idleWait()
	}
}

// hopeful tells whether anything can still make a task ready. The end of the grace
// does not count: where there is nothing else there is nothing to wait for.
func (l *Loop) hopeful() bool {
	deadlines := l.timers.Len()
	if l.grace.Active() {
		deadlines--
	}
	return deadlines > 0 || l.fdWaits > 0 || l.outside > 0 || len(l.signals) > 0 || len(l.contexts) > 0 || l.forever
}

func (l *Loop) fireTimers() {
	if l.timers.Len() == 0 {
		return
	}
	now := l.Now()
	for t := l.timers.PopDue(now); t != nil; t = l.timers.PopDue(now) {
		t.Owner.Fire()
	}
}

// idleWait sleeps until a timer is due, a descriptor is ready or another
// goroutine calls in. On the virtual clock it jumps to the next timer instead,
// unless something outside is still at work.
func (l *Loop) idleWait() {
	timeout := time.Duration(-1)
	if when, ok := l.timers.Next(); ok {
		switch {
		case !l.config.Virtual:
			timeout = min(max(0, time.Duration(when-l.Now())), maxWait)
		case l.outside == 0:
			if l.heedContexts() {
				return
			}
			l.virtual.Store(max(l.virtual.Load(), when))
			return
		case l.ending: // what is outside cannot hold the end up for longer than this
			timeout = max(0, time.Until(l.patience))
		}
	}
	l.ready.trim()
	if l.poller != nil && (l.outside > 0 || l.answered) {
		// A goroutine that sits in a system call keeps its processor for a while. Where
		// others have something to do for us, or have just been told what they waited
		// for, let them have it first: the sooner they call in the better, since they
		// need not wake a loop that is not asleep yet.
		l.answered = false
		runtime.Gosched()
	}
	if l.inbox.fallAsleep() {
		if l.poller != nil {
			l.poll(timeout)
		} else {
			l.inbox.sleep(timeout)
		}
		l.stats.Wakeups++
	}
	l.inbox.awake()
}

// poll asks the poller which descriptors are ready, for at most timeout.
func (l *Loop) poll(timeout time.Duration) {
	l.sincePoll = 0
	l.stats.Polls++
	n, err := l.poller.Wait(l.events, timeout)
	if err != nil {
		panic("evergreen: the poller failed: " + err.Error())
	}
	for i := range n {
		e := &l.events[i]
		if d := l.descs.find(e.Token); d != nil {
			d.signal(e.Mode)
		}
	}
	if prefetch.Works && n > 0 {
		l.cold = l.ready.len()
	}
}

// needPoller makes the poller on first use.
func (l *Loop) needPoller() error {
	if l.poller != nil {
		return nil
	}
	if e := l.Fault("epoll_create1"); e != 0 {
		return e
	}
	p, err := l.config.NewPoller()
	if err != nil {
		return err
	}
	l.events = make([]poller.Event, 256)
	l.inbox.usePoller(p)
	l.poller = p
	return nil
}
