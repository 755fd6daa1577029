package sync

import (
	"errors"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Once does something once, a drop-in for the standard library's. It must not be
// copied after its first use.
type Once struct {
	bond    kernel.Bond
	done    bool
	running *kernel.Task // the task that is in the function
	waiters kernel.WaitList
}

// onceReason is a Once as a reason to wait.
type onceReason Once

// Waiting implements kernel.Reason.
func (o *onceReason) Waiting() (string, *kernel.Task) {
	return "the function of a sync.Once", o.running
}

// Do calls f if Do is called for the first time; whoever comes meanwhile waits until
// f has returned. If f panics, is killed or times out, that counts as done, as in the
// standard library. f must not call Do of the same Once, which would wait for itself.
// It is a checkpoint; when the task is killed or the time of a block around it is up
// while it waits, it does not return.
func (o *Once) Do(f func()) {
	if o.bond.Here() && o.done && o.bond.Tick() {
		return
	}
	t := o.bond.Task("Once.Do")
	if !t.Checkpoint() {
		t.Unwind()
	}
	switch {
	case o.done:
	case o.running != nil:
		if o.waiters.Wait(t, (*onceReason)(o), 0) == kernel.Canceled {
			t.Unwind()
		}
	default:
		o.running = t
		defer func() {
			o.done, o.running = true, nil
			o.waiters.WakeAll()
		}()
		f()
	}
}

// errOnceCanceled is what those get who ask for a result that was never worked out.
var errOnceCanceled = errors.New("evergreen: the task that called the function of a OnceFunc, OnceValue or OnceValues first was cancelled in it, or left it by Goexit, so there is no result")

// OnceFunc returns a function that calls f only once, the first time; whoever calls
// it meanwhile waits. If f panics, every call panics with the same value; if the task
// in f was cancelled or left by Goexit, every later call panics with an error that
// says so. OnceFunc is not a checkpoint; the function that it returns is.
func OnceFunc(f func()) func() {
	once := OnceValue(func() struct{} { f(); return struct{}{} })
	return func() { once() }
}

// OnceValue is like [OnceFunc] for a function with a result. It is not a
// checkpoint; the function that it returns is.
func OnceValue[T any](f func() T) func() T {
	once := OnceValues(func() (T, struct{}) { return f(), struct{}{} })
	return func() T {
		v, _ := once()
		return v
	}
}

// OnceValues is like [OnceFunc] for a function with two results. It is not a
// checkpoint; the function that it returns is.
func OnceValues[T1, T2 any](f func() (T1, T2)) func() (T1, T2) {
	var (
		once     Once
		returned bool
		panicked any = errOnceCanceled // until it is known better
		r1       T1
		r2       T2
	)
	first := func() {
		defer func() {
			f = nil // what it refers to is the collector's
			if returned {
				return
			}
			if r := recover(); r != nil {
				if !kernel.Unwinding(r) {
					panicked = r
				}
				panic(r) // with the stack of the first, which is the one to see
			}
		}()
		r1, r2 = f()
		returned = true
	}
	return func() (T1, T2) {
		once.Do(first)
		if !returned {
			panic(panicked)
		}
		return r1, r2
	}
}
