package kernel

import (
	"fmt"
	"time"
)

// Pool bounds how many plain goroutines work for a loop's tasks at a time, for one
// purpose. The goroutines themselves (see hand) are the loop's and serve all pools; a
// pool is the right to have so many of them.
//
// It belongs to one loop at a time, like a lock: see Bond. What a run has given up
// has no place in the next one.
type Pool struct {
	// name says in reports what the pool is for.
	name string
	// limit is how many functions may run at a time.
	limit int
	bond  Bond
	// era is the run of the loop that the counts are for.
	era uint64

	// running is how many places are taken, left how many of them by functions that
	// nobody waits for any more.
	running, left int
	waiters       WaitList

	// total counts the functions that have begun, queued those that had to wait for a
	// place; longest is the longest such wait.
	total, queued uint64
	longest       time.Duration
}

// PoolStats is what a pool does and has done.
type PoolStats struct {
	Name      string
	Limit     int
	Running   int
	Abandoned int
	Queued    int
	Total     uint64
	Waited    uint64
	Longest   time.Duration
}

// NewPool makes a pool of so many places. It belongs to the loop that makes it, or
// that uses it first.
func NewPool(name string, limit int) *Pool {
	return &Pool{name: name, limit: limit, bond: BondHere()}
}

// Offload runs f on a plain goroutine while the task waits. When the outcome is
// Canceled the task has stopped waiting, f goes on, and its place in the pool stays
// taken until it ends. An error says that f did not return: it panicked or called
// Goexit.
func (p *Pool) Offload(t *Task, f func()) (Outcome, error) { return p.offload(t, f, nil) }

// Finish is Offload for an f that is waited for in any case once it has begun. The
// outcome is Canceled if the task was cancelled before, while it waited for a place,
// or if the loop's grace is over. hurry is told, if f is under way, that the task would
// rather go.
func (p *Pool) Finish(t *Task, f func(), hurry Hurrier) (Outcome, error) {
	return p.offload(t, f, hurry)
}

// Hurrier can have a function on a plain goroutine end sooner.
type Hurrier interface {
	// Hurry is called once, by the holder of the baton. It must not wait.
	Hurry()
}

// Patient is the Hurrier of a function that takes as long as it takes.
type Patient struct{}

// Hurry implements Hurrier.
func (Patient) Hurry() {}

// offload abandons f where hurry is nil.
func (p *Pool) offload(t *Task, f func(), hurry Hurrier) (Outcome, error) {
	if o := p.acquire(t); o != Woken {
		return o, nil
	}
	l := t.loop
	l.stats.Offloads++
	l.offloading++
	l.outside++
	p.total++
	h := l.handFor(t)
	h.pool, h.f = p, f
	h.start()
	o := t.Park(p, 0)
	if o != Woken && hurry != nil && !h.reported {
		hurry.Hurry()
		s := t.EnterShield(0)
		h.ticket = t.Ticket()
		o = t.Park(p, 0)
		s.Leave()
	}
	l.outside--
	if o != Woken && !h.reported {
		h.task = nil // it goes on, and nobody waits for it any more
		p.left++
		return Canceled, nil
	}
	err := h.failure()
	h.rest()
	return Woken, err
}

// acquire takes a place, in the order of asking.
func (p *Pool) acquire(t *Task) Outcome {
	p.attach(t.loop)
	if !t.Checkpoint() {
		return Canceled
	}
	if p.running < p.limit && p.waiters.Empty() {
		p.running++
		return Woken
	}
	if p.limit < 1 {
		panic("evergreen: an offload to goroutines whose limit is 0, which would wait forever: make them with task.NewThreads")
	}
	p.queued++
	since := t.loop.Now()
	t.loop.outside++ // the functions that have the places, which may be abandoned
	o := p.waiters.Wait(t, (*place)(p), 0)
	t.loop.outside--
	p.longest = max(p.longest, time.Duration(t.loop.Now()-since))
	if o == Woken && t.Interruptible() {
		p.free() // given and not wanted any more: the next one gets it
		return Canceled
	}
	return o
}

// attach ties the pool to the loop's run.
func (p *Pool) attach(l *Loop) {
	if p.bond.loop == l && p.era == l.era {
		return
	}
	p.bond.tie(l, "an offload to the "+p.name+" pool")
	p.era, p.running, p.left = l.era, 0, 0
}

// free gives a place back.
func (p *Pool) free() {
	p.running--
	p.admit()
}

// admit gives free places to the tasks that have waited longest.
func (p *Pool) admit() {
	for p.running < p.limit && p.waiters.Wake() != nil {
		p.running++
	}
}

// SetLimit changes how many functions may run at a time. A lower limit takes nothing
// away from those that run.
func (p *Pool) SetLimit(limit int) {
	p.attach(p.bond.Loop("SetLimit"))
	p.limit = limit
	p.admit()
}

// Stats returns what the pool does and has done.
func (p *Pool) Stats() PoolStats {
	s := PoolStats{Name: p.name, Limit: p.limit, Total: p.total, Waited: p.queued, Longest: p.longest}
	if l := p.bond.loop; l != nil {
		l.MayRead("the Stats of the " + p.name + " pool")
		if p.era == l.era {
			s.Running, s.Abandoned, s.Queued = p.running, p.left, p.waiters.Len()
		}
	}
	return s
}

// Waiting implements Reason for a task that has offloaded something.
func (p *Pool) Waiting() (string, *Task) {
	return "a function on a plain goroutine (" + p.name + ")", nil
}

// place is the Reason of a task that waits for a place in the pool.
type place Pool

func (p *place) Waiting() (string, *Task) {
	given := ""
	if p.left > 0 {
		given = fmt.Sprintf(", %d of them by functions that were given up", p.left)
	}
	return fmt.Sprintf("a free goroutine of the %s pool (%d of %d are taken%s; %d wait)",
		p.name, p.running, p.limit, given, p.waiters.Len()), nil
}

// Offloads returns the loop's general pool.
func (l *Loop) Offloads() *Pool { return &l.offload }

// Lookups returns the pool for looking up names.
func (l *Loop) Lookups() *Pool { return &l.lookup }

// Files returns the pool for files.
func (l *Loop) Files() *Pool { return &l.files }

// Pools returns the statistics of the loop's own pools and of others that have
// something under way.
func (l *Loop) Pools() []PoolStats {
	l.MayRead("Loop.Pools")
	pools := []*Pool{&l.offload, &l.lookup, &l.files}
	known := map[*Pool]bool{pools[0]: true, pools[1]: true, pools[2]: true}
	for _, h := range l.atWork {
		if !known[h.pool] {
			known[h.pool] = true
			pools = append(pools, h.pool)
		}
	}
	var stats []PoolStats
	for _, p := range pools {
		stats = append(stats, p.Stats())
	}
	return stats
}
