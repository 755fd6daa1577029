package kernel

import (
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evergreen-go/evergreen/internal/baton"
	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/internal/poller"
	"github.com/evergreen-go/evergreen/internal/timers"
)

const (
	// maxTurn bounds the switches between two polls, so that tasks that keep each
	// other busy cannot starve timers and descriptors. 61, a prime, is the number
	// that the Go scheduler and tokio use for the same purpose: it does not fall
	// into step with a program's own rounds.
	maxTurn = 61
	// sliceBudget is how many operations that did not have to wait a task may do
	// before it has to give way all the same (tokio's budget).
	sliceBudget = 128
	// maxIdle bounds the goroutines kept for later tasks. Beyond it a goroutine
	// ends with its task, so that a peak of tasks does not hold its memory forever.
	maxIdle = 4096
	// maxLookups bounds the name lookups under way at a time.
	maxLookups = 16
	// defaultFiles bounds the operations on files under way at a time.
	defaultFiles = 32
	// maxWait clamps one sleep of the poller. Waking once a day is free and keeps
	// clear of every platform's limit on timeouts (Trio does the same).
	maxWait = 24 * time.Hour
)

// Config is how a loop is built. The zero Config is a loop on the real clock with
// tasks in FIFO order.
type Config struct {
	// Virtual makes time stand still while anything can run and jump to the next
	// timer when nothing can.
	Virtual bool
	Hooks
	// Offloads bounds the plain goroutines that run offloaded functions at a time.
	Offloads int
	// Files bounds the plain goroutines that work on files at a time; 0 leaves that to
	// the loop.
	Files int
	// Grace bounds how long the end of a run waits for what does not heed a kill:
	// offloaded functions and shielded cleanups.
	Grace time.Duration
	// Report is told of failures that nobody waits for while the loop goes on, such
	// as a panic in a callback.
	Report func(error)
	// Interrupt are the signals that end a run: see interruption.
	Interrupt []os.Signal
	// NewPoller makes the poller when the first descriptor is registered.
	NewPoller func() (poller.Poller, error)
}

// Loop is one scheduler with its tasks, timers, callbacks and descriptors. Its
// fields belong to the holder of its baton unless they say otherwise.
type Loop struct {
	config Config

	// baton says which worker runs.
	baton baton.Baton
	// root is the goroutine inside Run. It runs callbacks, ends other goroutines,
	// and sees to the beginning and the end of a run.
	root worker
	// host stands in the ready queue for "the root has a callback to run", so that
	// callbacks and tasks share one order.
	host Task

	// ready holds what can run, first come first served.
	ready queue[Task]
	// cold is how many hand-overs are still to come among those that were queued when
	// the poller reported something last. Only for them it pays to look ahead: tasks
	// that keep each other busy are in the caches.
	cold int
	// ahead is lookAhead's, kept here so that it need not be on a task's stack.
	ahead ahead
	// turn is how many at the head of ready belong to this turn; what comes behind
	// them became ready in this turn and waits for the next poll.
	turn int
	// sincePoll counts switches since the poller was last asked.
	sincePoll int
	// ops is what is left of the running task's slice budget; budget is what it gets.
	ops, budget int
	// current is the task that has the baton, nil for the root, and holder the ID of
	// its goroutine. They are for the question "is it me?": between a task's parking
	// and the arrival of the next both name the one that parked.
	current *Task
	holder  uint64
	// hooked tells that Config.Hooks has to be looked at when the baton moves.
	hooked bool
	// stepSince is when the running step began, zero where nobody asks.
	stepSince time.Time
	// calls are the callbacks that the hosts in ready stand for, in order; due says
	// how many the root may run now.
	calls queue[Handle]
	due   int

	// timers holds every deadline: of parks, scopes and handles.
	timers timers.Heap
	// epoch is the real time at which the loop's clock stood at zero; virtual is the
	// loop's time where Config.Virtual is set.
	epoch   time.Time
	virtual atomic.Int64 // read by anybody, advanced by the holder of the baton

	// poller is nil until the first descriptor is registered: a loop without
	// descriptors holds none itself and can run inside a testing/synctest bubble.
	poller poller.Poller
	descs  descTable
	events []poller.Event
	// fdWaits counts parks and watchers that a descriptor can wake.
	fdWaits int

	// first heads the list of all tasks that have not ended; live counts them.
	first *Task
	live  int
	// spawned numbers the tasks.
	spawned uint64
	// idle are workers without a task, the latest last: its stack is still warm.
	idle []*worker
	// recruit is the task that gets the baton once the root has made a worker for it.
	recruit *Task
	// zombies are workers ended by Goexit that the root has yet to reap.
	zombies []*worker
	// waiters counts places taken in wait lists.
	waiters int
	// quiet lists the tasks that wait for all others to be parked.
	quiet WaitList

	// outside counts what can wake a task from elsewhere: offloads, foreign calls
	// under way, Holds. While it is positive nothing is a deadlock.
	outside int
	// answered tells that a plain goroutine was told what it waited for, and likely
	// has something to ask next.
	answered bool
	// offloading counts functions on plain goroutines, abandoned ones included.
	offloading int
	// offload is the pool for everybody. Names and files have pools of their own, so that
	// a slow name server or disk cannot use up the places of other work.
	offload, lookup, files Pool
	// hands are the plain goroutines that wait for a function, the one that rested last at
	// the end; atWork are those that have one.
	hands, atWork []*hand

	// running tells that a goroutine is inside Run; closed, that Close was called.
	// Both are guarded by inbox.mu.
	running, closed bool
	// era numbers the runs, so that a late message from a function that an earlier
	// run gave up is not taken for one of this run.
	era uint64
	// forever tells that the run ends by Stop only.
	forever bool
	// ending tells that all tasks have been killed: by Stop, a failure, a deadlock.
	ending bool
	// forced tells that shields protect no longer.
	forced bool
	// stuck is set when nothing can run any more; the root makes the report.
	stuck bool
	// atEnd is what to call when the run ends.
	atEnd []func()
	// inspected is the stack that the task inspected last has left.
	inspected []byte
	// quitting is set when a callback has called Goexit on the root's goroutine.
	quitting bool
	// patience is when the end stops waiting for what is outside, in real time; zero
	// while there is no such wait.
	patience time.Time
	// contexts are those that can cancel a scope. Anybody may end them, so with one of
	// them nothing is a deadlock; but they do not hold the virtual clock.
	contexts map[*Scope]follower
	followed uint64 // how many there have been
	// signals are the handles with a goroutine of os/signal behind them, which Close
	// has to end.
	signals map[*Handle]struct{}
	// interruption is how the run heeds signals that are to end it.
	interruption interruption
	// grace is the timer that ends the patience with shields once ending is set.
	grace timers.Timer
	// failures are what Run returns, in the order of their coming.
	failures failures
	// stop is set by Stop, from any goroutine.
	stop atomic.Bool

	// inbox is how other goroutines reach the loop.
	inbox inbox

	// random is the state of Choose, never zero.
	random uint64

	stats Stats
}

// Stats counts what a loop has done since it was made.
type Stats struct {
	Spawned   uint64 // tasks
	Switches  uint64 // times a task gave the baton away
	Turns     uint64 // rounds of the ready queue
	Polls     uint64 // times the poller was asked
	Wakeups   uint64 // times an idle loop was woken
	Callbacks uint64 // callbacks run
	Foreign   uint64 // calls from other goroutines
	Offloads  uint64 // functions run on plain goroutines
	Workers   uint64 // goroutines made for tasks

	Live        int // tasks that have not ended
	Ready       int // tasks and callbacks that can run
	Idle        int // goroutines kept for later tasks
	Timers      int // deadlines pending
	Descriptors int // descriptors registered
	Waiters     int // places taken in the queues of locks, channels and the like
	Outside     int // offloads, foreign calls and holds under way
}

// workers finds the worker of the running goroutine, of whatever loop it is.
var workers goroutine.Table[worker]

// New makes a loop.
func New(c Config) *Loop {
	if c.NewPoller == nil {
		c.NewPoller = poller.New
	}
	l := &Loop{config: c, epoch: time.Now(), era: 1, signals: make(map[*Handle]struct{}), contexts: make(map[*Scope]follower)}
	l.hooked = c.hooked()
	l.random = rand.Uint64() | 1
	l.budget = sliceBudget
	if c.Budget > 0 {
		l.budget = c.Budget
	}
	l.virtual.Store(1) // zero would mean no deadline
	l.root.loop = l
	l.host.loop = l
	l.host.worker = &l.root
	l.offload = Pool{name: "offload", limit: c.Offloads, bond: Bond{l}}
	l.lookup = Pool{name: "lookup", limit: maxLookups, bond: Bond{l}}
	l.files = Pool{name: "file", limit: c.Files, bond: Bond{l}}
	if c.Files == 0 {
		l.files.limit = defaultFiles
	}
	l.inbox.open = true
	l.inbox.wake = make(chan struct{}, 1)
	return l
}

// Running returns the task that calls, or nil on a goroutine that is not a task.
func Running() *Task {
	if w := workers.Get(goroutine.ID()); w != nil {
		return w.task
	}
	return nil
}

// CurrentLoop returns the loop whose task or callback calls, or nil.
func CurrentLoop() *Loop {
	if w := workers.Get(goroutine.ID()); w != nil {
		return w.loop
	}
	return nil
}

// MustTask returns the task that calls. Elsewhere it panics with a sentence that
// names the call and says what to do.
func MustTask(call string) *Task {
	w := workers.Get(goroutine.ID())
	if w != nil && w.task != nil {
		return w.task
	}
	if w != nil {
		panic("evergreen: " + call + " was called in a loop callback, which must not wait: start a task there with task.Go and call it in the task")
	}
	panic("evergreen: " + call + " was called outside a task: start the program's first task with runtime.Run, or reach a running loop from another goroutine with Loop.Do")
}

// MustLoop returns the loop whose task or callback calls, and the task, nil in a
// callback. Elsewhere it panics with a sentence that names the call and says what
// to do.
func MustLoop(call string) (*Loop, *Task) {
	if w := workers.Get(goroutine.ID()); w != nil {
		return w.loop, w.task
	}
	panic("evergreen: " + call + " was called outside a loop: start the program's first task with runtime.Run, or reach a running loop from another goroutine with Loop.Do or Loop.CallThreadsafe")
}

// mine panics unless the caller may touch the loop's state: it holds the baton,
// or the loop is not running and there is no baton to hold. It returns ErrClosed
// after Close.
func (l *Loop) mine(call string) error {
	if w := workers.Get(goroutine.ID()); w != nil && w.loop == l {
		return nil
	}
	l.inbox.mu.Lock()
	defer l.inbox.mu.Unlock()
	if l.running {
		panic("evergreen: " + call + " was called from a goroutine outside the loop: use Loop.CallThreadsafe or Loop.Do there")
	}
	if l.closed {
		return ErrClosed
	}
	return nil
}

// mustBeMine is mine for calls that return no error.
func (l *Loop) mustBeMine(call string) {
	if l.mine(call) != nil {
		panic("evergreen: " + call + " was called after Loop.Close: make another loop with runtime.New")
	}
}

// MayRead panics unless the caller may read what belongs to the loop: it holds the
// baton, or the loop does not run.
func (l *Loop) MayRead(call string) { _ = l.mine(call) } // a closed loop can be read

// Stats returns what the loop has done so far.
func (l *Loop) Stats() Stats {
	l.MayRead("Loop.Stats")
	s := l.stats
	s.Live, s.Ready, s.Idle = l.live, l.ready.len(), len(l.idle)
	s.Timers, s.Descriptors, s.Outside = l.timers.Len(), l.descs.live, l.outside
	s.Waiters = l.waiters
	return s
}

// Now returns the time on the loop's clock in nanoseconds since the loop was
// made. It is monotonic.
func (l *Loop) Now() int64 {
	if l.config.Virtual {
		return l.virtual.Load()
	}
	return int64(time.Since(l.epoch))
}

// Time returns the loop's clock as a time with a monotonic reading.
func (l *Loop) Time() time.Time { return l.epoch.Add(time.Duration(l.Now())) }

// At converts a time to the loop's clock. Where t has a monotonic reading, steps
// of the wall clock change nothing.
func (l *Loop) At(t time.Time) int64 { return max(1, int64(t.Sub(l.epoch))) }

// After returns the loop's time d from now; it does not overflow, and it is never
// zero, which means no deadline.
func (l *Loop) After(d time.Duration) int64 {
	now := l.Now()
	if d <= 0 {
		return max(1, now)
	}
	if at := now + int64(d); at > 0 {
		return at
	}
	return 1<<63 - 1
}

// Tasks calls yield for every task that has not ended, until it returns false.
func (l *Loop) Tasks(yield func(*Task) bool) {
	for t := l.first; t != nil; {
		next := t.after
		if !yield(t) {
			return
		}
		t = next
	}
}

// locked runs f under mu.
func locked(mu *sync.Mutex, f func()) {
	mu.Lock()
	defer mu.Unlock()
	f()
}
