package kernel

import (
	"errors"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/evergreen-go/evergreen/internal/timers"
)

// Task is a function under way: spawned, and then either ready (in the ready
// queue), running (it holds the baton), parked, or ended.
type Task struct {
	// What a hand-over touches stands first, in one cache line.

	loop *Loop
	// worker is the goroutine under the task: nil before its first step, and again
	// after its end.
	worker *worker
	// cause is the cancelled scope that governs now: nil while all is well. Every
	// checkpoint looks here, so it is kept up to date rather than searched for.
	cause   *Scope
	state   state
	outcome Outcome // how the last park ended
	// contained: a panic goes to whoever waits for the task, and to nobody else.
	contained bool
	// observed: somebody has been told how the task ended.
	observed bool
	// killed: Kill was called. dying: the Goexit is under way.
	killed, dying bool
	// returned: fn came back, neither by a panic nor by a Goexit.
	returned bool
	// inspect asks a parked task to write its stack into the report and park again.
	inspect bool

	// park numbers the parks; a wake that carries another number is an old one.
	park uint64
	// on is what the task waits for while it is parked: for reports.
	on Reason
	// timer is the deadline of the park, or of the start. A task is its own Firer.
	timer timers.Timer
	// waiter is the task's place in a wait list. One is enough: a task waits for one
	// thing at a time, and a select brings waiters of its own.
	waiter Waiter

	// scope is the innermost scope the task is in.
	scope *Scope
	// fn is what the task does; of a task that lives inside a group it is job.
	fn  func()
	job func() error
	// joiners wait for the end; err is how it ended.
	joiners WaitList
	err     error

	id      uint64
	parent  uint64  // id of the task that spawned it, 0 for none
	spawnPC uintptr // where it was spawned

	// before and after link all tasks of the loop that have not ended.
	before, after *Task
	// sibling and prevSibling link the tasks that were born in the same scope.
	sibling, prevSibling *Task

	// rare holds what few tasks have; nil for the others, so that a million parked
	// tasks do not pay for it.
	rare *rare
}

// rare is the part of a task that most tasks do without.
type rare struct {
	name string
	// onEnd is called when the task has ended.
	onEnd func(*Task)
	// watches heads the list of those who want to know that a block is over.
	watches *Watch
	// locals are the task's own values, by what they are values of.
	locals map[any]any
}

func (t *Task) needRare() *rare {
	if t.rare == nil {
		t.rare = new(rare)
	}
	return t.rare
}

// base returns the scope the task was born in, nil for none: the first that is not
// the task's own.
func (t *Task) base() *Scope {
	s := t.scope
	for s != nil && s.owner == t {
		s = s.parent
	}
	return s
}

type state uint8

const (
	parked state = iota // also: waiting for its start time
	ready
	running
	ended
)

var (
	// ErrKilled is how a killed task ended.
	ErrKilled = errors.New("evergreen: the task was killed")
	// ErrGoexit is how a task ended that called runtime.Goexit itself.
	ErrGoexit = errors.New("evergreen: the task called runtime.Goexit")
	// ErrClosed says that the loop does not take the call any more.
	ErrClosed = errors.New("evergreen: the loop has ended: make another with runtime.New, or call in while Run is under way")
)

// NewPanicError makes the public error of a panic. Package runtime sets it.
var NewPanicError = func(t *Task, value any, stack []byte) error {
	return errors.New("evergreen: a task panicked")
}

// Spawn makes a task of fn, ready to run behind all that is ready now. It lives
// inside base, which may be nil. by (the task that spawns, nil for none) and pc
// (where it does) are for reports.
func (l *Loop) Spawn(fn func(), by *Task, base *Scope, pc uintptr) *Task {
	t := l.enroll(fn, by, base, pc)
	t.state = ready
	l.ready.push(t)
	return t
}

// SpawnJob makes a task inside a scope whose MembersEnded is told how it ended: its
// error is what the job returns, and a panic is the business of that alone.
func (l *Loop) SpawnJob(job func() error, by *Task, base *Scope, pc uintptr) *Task {
	t := l.enroll(nil, by, base, pc)
	t.job = job
	t.contained, t.observed = true, true
	t.state = ready
	l.ready.push(t)
	return t
}

// SpawnAt makes a task that starts at a time of the loop's clock.
func (l *Loop) SpawnAt(fn func(), when int64, by *Task, pc uintptr) *Task {
	t := l.enroll(fn, by, nil, pc)
	t.state = parked
	t.on = startTime
	l.timers.Add(&t.timer, when)
	if t.cause != nil { // born killed, while the loop ends
		t.interrupt()
	}
	return t
}

func (l *Loop) enroll(fn func(), by *Task, base *Scope, pc uintptr) *Task {
	l.spawned++
	l.stats.Spawned++
	t := &Task{loop: l, fn: fn, id: l.spawned, spawnPC: pc, scope: base}
	t.timer.Owner = t
	if by != nil {
		t.parent = by.id
	}
	t.after = l.first
	if l.first != nil {
		l.first.before = t
	}
	l.first = t
	l.live++
	if base != nil {
		base.admit(t)
	}
	t.killed = l.ending
	if t.killed || base != nil {
		t.refresh()
	}
	return t
}

// run is the task's time on its worker.
func (t *Task) run() {
	t.state = running
	t.loop.arrived(t)
	defer t.finish()
	if t.job != nil {
		t.err = t.job()
	} else {
		t.fn()
	}
	t.returned = true
}

// finish is deferred by run: it sees to a return, a panic, a Goexit and a kill.
func (t *Task) finish() {
	if t.returned {
		t.end(t.err)
		return
	}
	switch r := recover().(type) {
	case nil:
		if t.killed {
			t.end(ErrKilled)
		} else {
			t.end(ErrGoexit)
		}
	case *unwinding:
		t.end(r.scope.Err())
	default:
		err := NewPanicError(t, r, debug.Stack())
		t.end(err)
		if !t.contained {
			t.observed = true
			t.loop.failures.fatal(err)
		}
	}
}

// end takes the task out of everything and tells who waits for it.
func (t *Task) end(err error) {
	l := t.loop
	t.err = err
	t.state = ended
	t.worker, t.fn, t.job, t.on = nil, nil, nil, nil
	l.timers.Remove(&t.timer)
	if t.before != nil {
		t.before.after = t.after
	} else {
		l.first = t.after
	}
	if t.after != nil {
		t.after.before = t.before
	}
	t.before, t.after = nil, nil
	base := t.base()
	if base != nil {
		base.dismiss(t)
	}
	for t.scope != base {
		t.scope.Leave() // it was left open, by Start without Cancel
	}
	t.scope = nil
	l.live--
	if t.rare != nil {
		t.rare.locals = nil
		t.unwatchAll(err)
	}
	if t.joiners.WakeAll() > 0 {
		t.observed = true
	}
	if t.rare != nil && t.rare.onEnd != nil {
		t.rare.onEnd(t)
	}
	if base != nil && base.MembersEnded != nil {
		base.MembersEnded(t)
	}
	if err != nil && err != ErrKilled && !t.observed {
		l.failures.unjoined(t)
	}
}

// Join waits until t has ended, at most until deadline (0 for none), and returns
// the outcome of the wait.
func (t *Task) Join(caller *Task, deadline int64) Outcome {
	if t.state == ended {
		t.observed = true
		if !caller.Checkpoint() {
			return Canceled
		}
		return Woken
	}
	return t.joiners.Wait(caller, t, deadline)
}

// Contain makes a panic of the task the business of whoever waits for it: it does
// not end the loop. f, which may be nil, is called at the task's end.
func (t *Task) Contain(f func(*Task)) {
	t.contained = true
	t.observed = true
	t.needRare().onEnd = f
}

// Unheard has Run return an error that nobody waits for. The run goes on.
func (l *Loop) Unheard(err error) {
	if len(l.failures.errs) < maxUnjoined {
		l.failures.errs = append(l.failures.errs, err)
	}
}

// Locals returns the values of the task's own; they are gone when it ends.
func (t *Task) Locals() map[any]any {
	r := t.needRare()
	if r.locals == nil {
		r.locals = make(map[any]any)
	}
	return r.locals
}

// Observe says whether somebody has been told how the task ended, or will be: if
// not, Run tells it.
func (t *Task) Observe(told bool) { t.observed = told }

// Returned tells whether the task's function has returned, and neither panicked nor
// gone away.
func (t *Task) Returned() bool { return t.returned }

// Err returns how the task ended, nil before.
func (t *Task) Err() error { return t.err }

// Ended tells whether the task is over.
func (t *Task) Ended() bool { return t.state == ended }

// Loop returns the loop the task runs on.
func (t *Task) Loop() *Loop { return t.loop }

// ID returns the task's number, counted from 1 in its loop.
func (t *Task) ID() uint64 { return t.id }

// Parent returns the number of the task that spawned it, 0 for none.
func (t *Task) Parent() uint64 { return t.parent }

// Base returns the scope the task was born in, nil for none.
func (t *Task) Base() *Scope { return t.base() }

// Blocked says what a parked task waits for and which task has that, if one does;
// the words are empty for a task that is not parked.
func (t *Task) Blocked() (on string, holder *Task) {
	if t.state != parked || t.on == nil {
		return "", nil
	}
	return t.on.Waiting()
}

// Step says in a word what the task does now.
func (t *Task) Step() string {
	return [...]string{parked: "parked", ready: "ready", running: "running", ended: "ended"}[t.state]
}

// Name returns the name given to the task, or "task" and its number.
func (t *Task) Name() string {
	if t.rare != nil && t.rare.name != "" {
		return t.rare.name
	}
	return "task " + strconv.FormatUint(t.id, 10)
}

// SetName names the task in reports.
func (t *Task) SetName(name string) { t.needRare().name = name }

// Waiting implements Reason for those who join the task.
func (t *Task) Waiting() (string, *Task) { return "the end of " + t.Name(), t }

// Fire implements timers.Firer: the deadline of the task's park has passed.
func (t *Task) Fire() {
	if t.state == parked {
		t.wake(TimedOut)
	}
}

// Sleep parks the task for d.
func (t *Task) Sleep(d time.Duration) Outcome {
	if d <= 0 {
		if !t.Yield() {
			return Canceled
		}
		return TimedOut
	}
	return t.Park(sleeping, t.loop.After(d))
}
