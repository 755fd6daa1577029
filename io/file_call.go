package io

import (
	"io/fs"
	"sync/atomic"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// How a file is waited for.
//
// A regular file is always ready, says the poller, and then the disk takes its time:
// there is no waiting for it but in a call that blocks. So every call goes to a plain
// goroutine of the loop's pool for files while the task waits (runtime.WithFileLimit
// says how many there are). What happens to a call whose task is cancelled meanwhile
// depends on what it does:
//
//   - What only looks (Stat, ReadDir, ReadFile) writes to memory of its own and is
//     abandoned: nobody misses it.
//   - What opens is abandoned too, since the open of a named pipe may never end; should
//     it end, the file is closed again. Not so where it may make a file or empty one.
//   - What reads into the caller's memory, moves a position or changes something on
//     the disk is waited for. The alternative is worse in each case: a read that
//     fills a buffer which has become somebody else's, a rename that happens after
//     the program has decided that it did not. Trio's files do the same.
//
// On a goroutine that is no task there is nobody to give way to, and a call is that of
// package os.

// fileCall names a call: as users write it, as errors of package os do, and what it is
// about.
type fileCall struct{ name, op, path string }

// task returns the task that calls, nil on a goroutine outside of all loops. In a
// callback it panics.
func (c fileCall) task() *kernel.Task {
	if t := kernel.Running(); t != nil {
		return t
	}
	if kernel.CurrentLoop() != nil {
		kernel.MustTask(c.name)
	}
	return nil
}

// fault asks the hook of tests whether the call shall fail.
func (c fileCall) fault(t *kernel.Task) error {
	if e := t.Loop().Fault(c.op); e != 0 {
		return &fs.PathError{Op: c.op, Path: c.path, Err: e}
	}
	return nil
}

// answer is what a call gives that may be abandoned, in memory of its own.
type answer[T any] struct {
	value T
	err   error
	// over is set by whoever comes first, the call to its end or the task to leave.
	over atomic.Bool
}

// wait makes a call and waits for it as how does. What a call has got that nobody takes
// any more, undo takes back, if there is one.
func wait[T any](c fileCall, how func(*kernel.Pool, *kernel.Task, func()) (kernel.Outcome, error), f func() (T, error), undo func(T)) (T, error) {
	t := c.task()
	if t == nil {
		return f()
	}
	var none T
	if err := c.fault(t); err != nil {
		return none, err
	}
	a := new(answer[T])
	o, failure := how(t.Loop().Files(), t, func() {
		a.value, a.err = f()
		if !a.over.CompareAndSwap(false, true) && a.err == nil && undo != nil {
			undo(a.value)
		}
	})
	switch {
	case failure != nil:
		panic(failure)
	case o == kernel.Canceled && a.over.CompareAndSwap(false, true):
		return none, t.Interrupted()
	}
	return a.value, a.err
}

// look makes a call that is abandoned when its task is cancelled.
func look[T any](c fileCall, f func() (T, error), undo func(T)) (T, error) {
	return wait(c, (*kernel.Pool).Offload, f, undo)
}

// change makes a call that is waited for once it has begun, and abandoned only when the
// loop's grace is over.
func change[T any](c fileCall, f func() (T, error), undo func(T)) (T, error) {
	return wait(c, finish, f, undo)
}

// finish is the patient way to wait for a function.
func finish(p *kernel.Pool, t *kernel.Task, f func()) (kernel.Outcome, error) {
	return p.Finish(t, f, kernel.Patient{})
}

// alter is change for calls that return an error only.
func alter(c fileCall, f func() error) error {
	_, err := change(c, func() (struct{}, error) { return struct{}{}, f() }, nil)
	return err
}

// leaving tells whether the calling task is on its way out of a cancelled block.
func leaving() bool {
	t := kernel.Running()
	return t != nil && t.Interruptible()
}
