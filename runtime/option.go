package runtime

import (
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Option changes how a loop is made by [New] or [Run].
type Option func(*config) error

type config struct{ kernel kernel.Config }

func defaults() config {
	return config{kernel.Config{
		Offloads: 64,
		Grace:    10 * time.Second,
		Report:   func(err error) { log.Print(err) },
	}}
}

// WithVirtualClock has the loop's clock stand still while a task can run, and jump
// to the next timer when none can: a test of an hour's waiting takes no time and
// always goes the same way. It does not jump while something outside is under
// way: an offloaded function, a call to another loop, a [Loop.Hold]. A wait for a
// descriptor does not hold it back.
// It is not a checkpoint.
func WithVirtualClock() Option {
	return func(c *config) error {
		c.kernel.Virtual = true
		return nil
	}
}

// WithSeed has the tasks that are ready in a turn run in an order drawn from the
// seed. The same seed gives the same order, so that a failure can be repeated. No
// task is overtaken by more than one turn: two tasks alternate as ABBA at worst.
// It is not a checkpoint.
func WithSeed(seed uint64) Option {
	return func(c *config) error {
		random := rand.New(rand.NewPCG(seed, 0))
		c.kernel.Pick, c.kernel.Choose = random.IntN, random.IntN
		return nil
	}
}

// WithPick has pick choose which of the n tasks that are ready in this turn runs
// next: 0 is the one that has waited longest. It is asked only where n is two or
// more, and also for what is left to chance, like the choice of a channel.Select.
// Whoever writes the answers down can repeat the schedule from them. pick
// runs inside the scheduler: it must not wait, call the loop, or call Goexit (as
// t.FailNow does).
// It is not a checkpoint.
func WithPick(pick func(n int) int) Option {
	return func(c *config) error {
		if pick == nil {
			return errors.New("evergreen: WithPick needs a function; leave the option out for FIFO order")
		}
		checked := func(n int) int {
			i := pick(n)
			if i < 0 || i >= n {
				panic(fmt.Sprintf("evergreen: the function given to WithPick answered %d of %d; it must answer at least 0 and less than its argument", i, n))
			}
			return i
		}
		c.kernel.Pick, c.kernel.Choose = checked, checked
		return nil
	}
}

// WithOffloadLimit bounds how many offloaded functions run on plain goroutines at
// a time; further ones wait their turn. The default is 64.
// It is not a checkpoint.
func WithOffloadLimit(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("evergreen: WithOffloadLimit(%d) would let no offloaded function run; give at least 1", n)
		}
		c.kernel.Offloads = n
		return nil
	}
}

// WithFileLimit bounds how many operations on files of package io are under way at a
// time, each on a plain goroutine; further ones wait their turn. They have places of
// their own, so that a disk that does not answer holds nothing up but files. The
// default is 32. It is not a checkpoint.
func WithFileLimit(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("evergreen: WithFileLimit(%d) would let no operation on a file run; give at least 1", n)
		}
		c.kernel.Files = n
		return nil
	}
}

// WithGrace bounds how long the end of a run waits for what does not heed a kill:
// shielded cleanups, and functions on plain goroutines. The default is 10 seconds.
// It is not a checkpoint.
func WithGrace(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return fmt.Errorf("evergreen: WithGrace(%v) is negative; give 0 to wait for nothing", d)
		}
		c.kernel.Grace = d
		return nil
	}
}

// WithErrorHandler has f told of failures that nobody waits for while the loop
// goes on, such as a panic in a callback. f runs on the loop's own goroutine and
// must not wait. The default writes them by the standard log package.
// It is not a checkpoint.
func WithErrorHandler(f func(error)) Option {
	return func(c *config) error {
		if f == nil {
			return errors.New("evergreen: WithErrorHandler needs a function; leave the option out to have failures logged")
		}
		c.kernel.Report = f
		return nil
	}
}

// WithInterrupt has signals end the run in good order: those given, or os.Interrupt
// (Ctrl-C) and SIGTERM.
//
// The first cancels main, as a timeout around its body would: its calls fail with an
// [*InterruptError], which matches [ErrInterrupted] and context.Canceled, or leave for
// its edge, and its deferred calls run; what has to wait in them does so under
// timeout.Shield. The children of its groups are cancelled with it. Free tasks run on
// until main has ended, so that a server can finish what it is at, and are killed then.
// Run returns the error, also if main went on to return as if nothing had happened.
//
// The second signal kills all tasks, as [Loop.Stop] does. Further ones have their usual
// effect: they end a program that hangs.
//
// With [Loop.RunForever], or when main has ended, the first signal kills all tasks. A
// signal that the program was started to ignore stays ignored. Unlike a handler the
// option does not keep the loop from finding a deadlock. It is not a checkpoint.
func WithInterrupt(signals ...os.Signal) Option {
	return func(c *config) error {
		for _, sig := range signals {
			if sig == nil {
				return errors.New("evergreen: a signal of WithInterrupt is nil: leave it out instead")
			}
		}
		if len(signals) == 0 {
			signals = []os.Signal{os.Interrupt, syscall.SIGTERM}
		}
		c.kernel.Interrupt = signals
		return nil
	}
}

// Stall is one step that took too long: the time between a task's getting the
// baton and its giving it away, in which no other task of the loop could run.
type Stall kernel.Stall

// WithMonitor has f told of every step of a task or callback that took longer than
// limit. It counts the time inside steps only: a loop that waits, and a machine
// that sleeps, are not stalled. f is called when the step is over, on whatever
// goroutine gives the baton away, and must not wait; if it panics that is reported
// and it is not called again. The clock is the real one, also on a loop with a
// virtual clock. With a monitor a switch costs two readings of the clock more. It
// is not a checkpoint.
func WithMonitor(limit time.Duration, f func(Stall)) Option {
	return func(c *config) error {
		if f == nil || limit <= 0 {
			return errors.New("evergreen: WithMonitor needs a limit above zero and a function to tell; leave the option out for neither")
		}
		c.kernel.StallLimit = limit
		c.kernel.Stall = func(s kernel.Stall) { f(Stall(s)) }
		return nil
	}
}
