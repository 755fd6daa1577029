package future

import (
	"errors"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// Future is a result that is still to come. Make one with [New], or have a pool make
// it with [Submit]. The zero Future is one that somebody will set.
type Future[T any] struct {
	state state
	value T
}

// Any is a Future of whatever type, for [Wait] and [AsCompleted] over several types.
type Any interface {
	// Done tells whether the result is there. It is not a checkpoint.
	Done() bool
	// Cancel ends the future with task.ErrCanceled. It is not a checkpoint.
	Cancel() bool

	core() *state
}

// state is what a future is without its type.
type state struct {
	bond kernel.Bond
	done bool
	err  error
	// job is what computes it, nil for nothing or nothing any more.
	job *job
	// waiters are those in Get.
	waiters kernel.WaitList
	// members heads the list of places in sets.
	members *member
	onDone  []func()
	// culprit is the task whose panic or Goexit is the error: Run tells of it unless
	// somebody asks here.
	culprit *kernel.Task
}

// New makes a future that somebody will set. It is not a checkpoint.
func New[T any]() *Future[T] {
	return &Future[T]{state: state{bond: kernel.BondHere()}}
}

func (f *Future[T]) core() *state { return &f.state }

// SetResult gives the future its value. It returns false, and changes nothing, if
// the future is done already. It may be called in tasks and callbacks of the loop,
// and panics elsewhere. It is not a checkpoint.
func (f *Future[T]) SetResult(value T) bool {
	f.state.bond.Loop("Future.SetResult")
	if f.state.done {
		return false
	}
	f.value = value
	return f.state.finish(nil)
}

// SetError ends the future with an error. It returns false, and changes nothing, if
// the future is done already. It may be called in tasks and callbacks of the loop,
// and panics elsewhere, or if the error is nil. It is not a checkpoint.
func (f *Future[T]) SetError(err error) bool {
	f.state.bond.Loop("Future.SetError")
	if err == nil {
		panic("evergreen: Future.SetError was called with nil: give an error, or use SetResult")
	}
	return f.state.finish(err)
}

// Cancel ends the future with task.ErrCanceled. A pool's function that has not begun
// never does; the task of one that has is killed. It returns false, and changes
// nothing, if the future is done already. It may be called in tasks and callbacks of
// the loop, and panics elsewhere. It is not a checkpoint.
func (f *Future[T]) Cancel() bool {
	f.state.bond.Loop("Future.Cancel")
	j := f.state.job
	if !f.state.finish(task.ErrCanceled) {
		return false
	}
	if j != nil {
		j.cancel()
	}
	return true
}

// finish is the end of a future; the first one counts.
func (s *state) finish(err error) bool {
	if s.done {
		return false
	}
	s.done, s.err, s.job = true, err, nil
	s.waiters.WakeAll()
	for m := s.members; m != nil; m = s.members {
		m.leave()
		m.set.came(m.index, err != nil)
	}
	for _, f := range s.onDone {
		s.bond.Home().CallSoon(f)
	}
	s.onDone = nil
	return true
}

// Get waits for the result and returns it: the value, or the error with which the
// future ended; a *task.PanicError if the function that computed it panicked. Any
// number of tasks may call it, also later. It is a checkpoint; if the caller is
// cancelled meanwhile it returns the error of the block that ended, and the future
// goes on.
func (f *Future[T]) Get() (T, error) {
	return f.get(f.state.bond.Task("Future.Get"), 0, 0)
}

// GetTimeout is like [Future.Get] for at most d; then it returns a *timeout.Error.
// With a d of zero or less it tells whether the result is there. It is a checkpoint.
func (f *Future[T]) GetTimeout(d time.Duration) (T, error) {
	me := f.state.bond.Task("Future.GetTimeout")
	return f.get(me, me.Loop().After(d), d)
}

func (f *Future[T]) get(me *kernel.Task, deadline int64, d time.Duration) (T, error) {
	var none T
	switch f.state.await(me, deadline) {
	case kernel.Canceled:
		return none, me.Interrupted()
	case kernel.TimedOut:
		return none, &timeout.Error{After: d}
	}
	return f.result()
}

// result is for somebody who wants to know.
func (f *Future[T]) result() (T, error) {
	if t := f.state.culprit; t != nil {
		t.Observe(true)
		f.state.culprit = nil
	}
	return f.value, f.state.err
}

func (s *state) await(me *kernel.Task, deadline int64) kernel.Outcome {
	if !s.done {
		return s.waiters.Wait(me, s, deadline)
	}
	if !me.Checkpoint() {
		return kernel.Canceled
	}
	return kernel.Woken
}

// Waiting implements kernel.Reason: the task that computes the future holds it.
func (s *state) Waiting() (string, *kernel.Task) {
	switch {
	case s.job == nil:
		return "a future", nil
	case s.job.task == nil:
		return "a future in the queue of a pool", s.job.pool.holder()
	}
	return "a future", s.job.task
}

// ErrPending is what [Future.TryGet] returns while the result is still to come.
var ErrPending = errors.New("evergreen: the future is not done: wait with Future.Get")

// TryGet is like [Future.Get] but never waits: while the result is still to come it
// returns [ErrPending]. It is not a checkpoint.
func (f *Future[T]) TryGet() (T, error) {
	f.state.read("Future.TryGet")
	if !f.state.done {
		return f.value, ErrPending
	}
	return f.result()
}

// Done tells whether the result, or the error, is there. When the run is over
// anybody may ask. It is not a checkpoint.
func (f *Future[T]) Done() bool {
	f.state.read("Future.Done")
	return f.state.done
}

func (s *state) read(call string) {
	if l := s.bond.Home(); l != nil {
		l.MayRead(call)
	}
}

// OnDone has f called when the future is done, as a callback of the loop, which must
// not wait; of several, in the order in which they were given. If the future is done
// already f is queued at once. It may be called in tasks and callbacks of the loop,
// and panics elsewhere. It is not a checkpoint.
func (f *Future[T]) OnDone(call func(*Future[T])) {
	l := f.state.bond.Loop("Future.OnDone")
	if call == nil {
		panic("evergreen: Future.OnDone was called with nil: give a function")
	}
	if f.state.done {
		l.CallSoon(func() { call(f) })
		return
	}
	f.state.onDone = append(f.state.onDone, func() { call(f) })
}
