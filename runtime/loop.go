package runtime

import (
	"errors"
	"os"
	"time"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Loop is a scheduler with its tasks, timers, callbacks and descriptors. Make one
// with [New], or let [Run] make it. Several loops may run in one program, each on
// a goroutine of its own; they share nothing.
type Loop kernel.Loop

func (l *Loop) k() *kernel.Loop { return (*kernel.Loop)(l) }

var (
	// ErrClosed is returned by calls into a loop that has ended.
	ErrClosed = kernel.ErrClosed
	// ErrRunning is returned by Run and Close of a loop that is running.
	ErrRunning = kernel.ErrRunning
	// ErrNested is returned by Run in a task or a callback: the loop around it would
	// stand still meanwhile.
	ErrNested = kernel.ErrNested
	// ErrBusy is returned by AddReader and AddWriter for a descriptor that is already
	// waited for in that direction.
	ErrBusy = kernel.ErrBusy
)

// Run makes a loop, runs main as its first task, and returns when main and all
// other tasks have ended. Connections that are left open are closed then, timers
// and other registrations dropped. It
// returns what [Loop.Run] returns. It is called outside a loop; it is not a
// checkpoint.
//
//go:noinline
func Run(main func(), opts ...Option) error {
	pc := goroutine.CallerPC()
	l, err := New(opts...)
	if err != nil {
		return err
	}
	defer l.Close()
	return l.k().Run(main, false, pc)
}

// New makes a loop that does not run yet. It returns an error if an option makes
// no sense. It is not a checkpoint.
func New(opts ...Option) (*Loop, error) {
	c := defaults()
	for _, o := range opts {
		if o == nil {
			return nil, errors.New("evergreen: an option is nil: leave it out instead")
		}
		if err := o(&c); err != nil {
			return nil, err
		}
	}
	return (*Loop)(kernel.New(c.kernel)), nil
}

// Current returns the loop whose task or callback calls, nil on any other
// goroutine. It costs a few nanoseconds and is not a checkpoint.
func Current() *Loop { return (*Loop)(kernel.CurrentLoop()) }

// Run runs main as a task on the calling goroutine, which becomes the loop's, and
// returns when all tasks have ended. It may be called again afterwards, until
// Close. It returns nil, or
//
//   - a [*PanicError] if a task panicked: the other tasks were killed;
//   - a [*DeadlockError] if all tasks waited and nothing could wake them; they were
//     killed;
//   - an error that wraps how a task ended, if it failed otherwise and nobody
//     joined it;
//   - [ErrRunning], [ErrNested] or [ErrClosed], at once.
//
// Several of the first three are joined by errors.Join. Functions offloaded to
// plain goroutines and abandoned get the grace (see [WithGrace]) to return. It is
// called outside a loop; it is not a checkpoint.
//
//go:noinline
func (l *Loop) Run(main func()) error { return l.k().Run(main, false, goroutine.CallerPC()) }

// RunForever runs the loop on the calling goroutine until [Loop.Stop], also while
// it has no tasks. A panic of a task ends it, a deadlock cannot occur: another
// goroutine may always call in. It returns what [Loop.Run] returns. It is called
// outside a loop; it is not a checkpoint.
func (l *Loop) RunForever() error { return l.k().Run(nil, true, 0) }

// Stop ends Run or RunForever: all tasks are killed, their deferred calls run, and
// then Run returns. It may be called from any goroutine and more than once; on a
// loop that does not run it ends the next Run. It does not wait and is not a
// checkpoint.
func (l *Loop) Stop() { l.k().Stop() }

// Close gives back what the loop holds of the system, and closes its connections
// and listeners. It returns [ErrRunning] if the loop is running, and an error that
// names what was still registered: timers, and descriptors that were not closed.
// It is not a checkpoint.
func (l *Loop) Close() error { return l.k().Close() }

// Do runs f as a task of the loop and waits until it has ended. It may be called
// from any goroutine: a plain goroutine waits as goroutines do; for a task of
// another loop Do is a checkpoint; in a task of the same loop it simply calls f.
// It returns what f returns, a *PanicError if f panicked, task.ErrKilled if the
// loop ended first, or [ErrClosed]. If a task of another loop is cancelled
// meanwhile, f goes on without it.
func (l *Loop) Do(f func() error) error { return l.k().Do(f) }

// CallSoon has f run on the loop's own goroutine in the next turn. A callback must
// not wait; it may start tasks. If it panics, the panic is reported (see
// [WithErrorHandler]) and the loop goes on. CallSoon belongs to the loop's tasks
// and callbacks; other goroutines use [Loop.CallThreadsafe]. It is not a
// checkpoint.
func (l *Loop) CallSoon(f func()) *Handle { return (*Handle)(l.k().CallSoon(f)) }

// CallLater is like [Loop.CallSoon], not before d has passed. A d of zero or less
// means in the next turn in which timers are looked at. It is not a checkpoint.
func (l *Loop) CallLater(d time.Duration, f func()) *Handle {
	return (*Handle)(l.k().CallAt("Loop.CallLater", l.k().After(d), f))
}

// CallAt is like [Loop.CallSoon], not before t. If t has a monotonic clock
// reading, as times made by [Loop.Now] and time.Now have, steps of the wall clock
// change nothing. It is not a checkpoint.
func (l *Loop) CallAt(t time.Time, f func()) *Handle {
	return (*Handle)(l.k().CallAt("Loop.CallAt", l.k().At(t), f))
}

// CallThreadsafe is like [Loop.CallSoon] for any goroutine. It never waits; many
// calls wake the loop once. If it returns nil, f runs before Run returns (in the
// next Run, on a loop that has not run yet); when the run ends, and after, it
// returns [ErrClosed].
// It is not a checkpoint.
func (l *Loop) CallThreadsafe(f func()) (*Handle, error) {
	h, err := l.k().CallThreadsafe(f)
	return (*Handle)(h), err
}

// AddReader has f run on the loop's own goroutine whenever descriptor fd can be
// read, until the handle is cancelled. If f leaves something to read it is called
// again in the next turn. It returns [ErrBusy] if fd is watched for reading
// already or belongs to a connection, and an error that wraps
// errors.ErrUnsupported for a regular file, which is always readable. Cancel the
// handle before fd is closed. It is not a checkpoint.
func (l *Loop) AddReader(fd int, f func()) (*Handle, error) {
	h, err := l.k().Watch(fd, kernel.Read, f)
	return (*Handle)(h), err
}

// AddWriter is like [Loop.AddReader] for writing. It is not a checkpoint.
func (l *Loop) AddWriter(fd int, f func()) (*Handle, error) {
	h, err := l.k().Watch(fd, kernel.Write, f)
	return (*Handle)(h), err
}

// AddSignalHandler has f run on the loop's own goroutine whenever the program
// receives the signal, until the handle is cancelled. A signal may have many
// handlers; when the last is cancelled the signal has its former effect again. A
// handler that is more than 64 signals behind misses further ones.
// While there is one the loop waits for it: nothing is a deadlock. It belongs to
// the loop's tasks and callbacks and is not a checkpoint.
//
// Handlers stand beside the channels of os/signal: who has asked for a signal there
// gets it as well, and its Stop takes no handler away. Its Reset and Ignore do, as they
// take all channels away. A signal that was ignored when the first handler came is
// ignored again after the last.
func (l *Loop) AddSignalHandler(sig os.Signal, f func()) (*Handle, error) {
	if f == nil {
		panic("evergreen: Loop.AddSignalHandler was called with nil: give a function")
	}
	h, err := l.k().OnSignal("Loop.AddSignalHandler", func(os.Signal) { f() }, sig)
	return (*Handle)(h), err
}

// Hold tells the loop that something outside will call in, so that it waits
// instead of reporting a deadlock, until release is called. The release may be
// called from any goroutine; the first call counts. Hold belongs to the loop's
// tasks and callbacks, or to whoever made the loop before it runs. It counts until
// that run ends and is not a checkpoint.
func (l *Loop) Hold() (release func()) { return l.k().Hold() }

// Now returns the time on the loop's clock: the system's time with a monotonic
// reading, or the virtual time of [WithVirtualClock]. It is not a checkpoint.
func (l *Loop) Now() time.Time { return l.k().Time() }

// Stats returns what the loop has done since it was made and what it holds now. It
// belongs to the loop's tasks and callbacks, or to anyone while the loop does not
// run. It is not a checkpoint.
func (l *Loop) Stats() Stats { return Stats(l.k().Stats()) }

// Stats counts what a loop has done and what it holds.
type Stats struct {
	Spawned   uint64 // tasks ever spawned
	Switches  uint64 // times a task gave the baton away
	Turns     uint64 // rounds of the ready queue
	Polls     uint64 // times the poller was asked
	Wakeups   uint64 // times the idle loop was woken
	Callbacks uint64 // callbacks run
	Foreign   uint64 // messages from other goroutines
	Offloads  uint64 // functions run on plain goroutines
	Workers   uint64 // goroutines ever made for tasks

	Live        int // tasks that have not ended
	Ready       int // tasks and callbacks that can run
	Idle        int // goroutines kept for later tasks
	Timers      int // deadlines pending
	Descriptors int // descriptors registered
	Waiters     int // places taken in the queues of locks, channels and the like
	Outside     int // offloads, calls to other loops and holds under way
}

// Handle is a callback that is to run.
type Handle kernel.Handle

// Cancel sees to it that the callback does not run again. It may be called from
// any goroutine and more than once. On the loop's own goroutine nothing of the
// callback is left when it returns; elsewhere the registration goes when the loop
// gets to it. It is not a checkpoint.
func (h *Handle) Cancel() { (*kernel.Handle)(h).Cancel() }
