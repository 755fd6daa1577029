package future

import (
	"errors"
	"fmt"
	stdruntime "runtime"
	"strconv"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
)

// ErrClosed is the error of a future that was submitted to a pool that is closed.
var ErrClosed = errors.New("evergreen: the pool is closed: submit before Close and Shutdown, or to a new pool")

// Pool runs functions, so many at a time: a [TaskPool] or a [ThreadPool].
type Pool interface {
	// Close waits until the pool has nothing more to do. It is a checkpoint.
	Close() error
	// Shutdown cancels what there is to do and waits for the end. It is a checkpoint.
	Shutdown() error

	pool() *pool
}

// TaskPool runs functions as tasks. Its zero value is of no use: see [NewTaskPool].
type TaskPool struct{ p pool }

// NewTaskPool makes a pool of n tasks at a time. It panics if n is less than one. It
// is not a checkpoint.
func NewTaskPool(n int) *TaskPool {
	return &TaskPool{newPool("NewTaskPool", n)}
}

// ThreadPool runs functions on plain goroutines, for what blocks or computes for
// long. They must not call into the loop but by Loop.Do and Loop.CallThreadsafe. Its
// zero value is of no use: see [NewThreadPool].
type ThreadPool struct{ p pool }

// NewThreadPool makes a pool of n plain goroutines at a time. It panics if n is less
// than one. It is not a checkpoint.
func NewThreadPool(n int) *ThreadPool {
	p := &ThreadPool{newPool("NewThreadPool", n)}
	p.p.threads = kernel.NewPool("thread", n)
	return p
}

// Close ends the pool: nothing more can be submitted, and Close waits until
// everything that has been is done. It may be called again. It is a checkpoint; if
// the caller is cancelled meanwhile, Close returns the error of the block that ended
// and the pool goes on to its end.
func (p *TaskPool) Close() error { return p.p.close("TaskPool.Close") }

// Shutdown cancels all futures of the pool that are not done, and closes it: it
// waits until the tasks have ended, with their deferred calls. It is a checkpoint,
// like [TaskPool.Close].
func (p *TaskPool) Shutdown() error { return p.p.shutdown("TaskPool.Shutdown") }

// Close ends the pool: nothing more can be submitted, and Close waits until
// everything that has been is done. It may be called again. It is a checkpoint; if
// the caller is cancelled meanwhile, Close returns the error of the block that ended
// and the pool goes on to its end.
func (p *ThreadPool) Close() error { return p.p.close("ThreadPool.Close") }

// Shutdown cancels all futures of the pool that are not done, and closes it. It does
// not wait for functions that are under way: they go on, and the end of the run gives
// them the loop's grace. It is a checkpoint, like [ThreadPool.Close].
func (p *ThreadPool) Shutdown() error { return p.p.shutdown("ThreadPool.Shutdown") }

// Stats returns what the pool's goroutines do and have done: see
// [task.Threads.Stats]. Functions in the pool's own queue have no goroutine yet and
// are not counted. It is not a checkpoint.
func (p *ThreadPool) Stats() task.ThreadsStats { return (*task.Threads)(p.p.threads).Stats() }

func (p *TaskPool) pool() *pool   { return &p.p }
func (p *ThreadPool) pool() *pool { return &p.p }

// pool is what both kinds are.
type pool struct {
	bond   kernel.Bond
	limit  int
	closed bool
	// threads bounds the goroutines; a pool of tasks has none.
	threads *kernel.Pool
	// queue and active head rings of the jobs that wait for their turn and that have a
	// task.
	queue, active ring
	idle          kernel.WaitList // those in Close
}

func newPool(call string, n int) pool {
	if n < 1 {
		panic(fmt.Sprintf("evergreen: future.%s was called with %d: a pool needs one place at least", call, n))
	}
	return pool{bond: kernel.BondHere(), limit: n}
}

// job is a function in a pool.
type job struct {
	pool *pool
	// run computes the result and sets the future; fail sets it to how the task ended.
	run  func()
	fail func(*kernel.Task)
	stop func() bool // the future's Cancel
	task *kernel.Task
	by   *kernel.Task
	pc   uintptr

	in         *ring
	next, prev *job
}

// Submit has the pool run f when it is its turn, and returns the future of what f
// returns. If the pool is closed the future ends with [ErrClosed]. Submit may be
// called in tasks and callbacks of the loop, and panics elsewhere. It is not a
// checkpoint.
func Submit[T any](p Pool, f func() (T, error)) *Future[T] {
	pl := p.pool()
	pl.bond.Loop("future.Submit")
	if f == nil {
		panic("evergreen: future.Submit was called with nil: give a function")
	}
	var pc [1]uintptr
	stdruntime.Callers(2, pc[:])
	return submit(pl, f, pc[0])
}

func submit[T any](p *pool, f func() (T, error), pc uintptr) *Future[T] {
	fut := New[T]()
	if p.closed {
		fut.state.finish(ErrClosed)
		return fut
	}
	j := &job{pool: p, fail: fut.state.fail, stop: fut.Cancel, by: kernel.Running(), pc: pc}
	fut.state.job = j
	if p.threads == nil {
		j.run = func() {
			value, err := f()
			fut.settle(value, err)
		}
	} else {
		j.run = func() { onThread(p.threads, fut, f) }
	}
	p.queue.push(j)
	p.start()
	return fut
}

// fail ends a future whose task did not come to set it.
func (s *state) fail(t *kernel.Task) {
	err := t.Err()
	heard := s.finish(err)
	if err != task.ErrKilled {
		t.Observe(false)
		if heard {
			s.culprit = t
		}
	}
}

// settle sets the future to what its function returned.
func (f *Future[T]) settle(value T, err error) {
	if !f.state.done {
		f.value = value
		f.state.finish(err)
	}
}

// onThread is what the task of a job in a pool of goroutines does.
func onThread[T any](threads *kernel.Pool, fut *Future[T], f func() (T, error)) {
	// f writes to memory of its own: once it is abandoned nobody reads it.
	result := new(struct {
		value T
		err   error
	})
	me := kernel.Running()
	o, failure := threads.Offload(me, func() { result.value, result.err = f() })
	switch {
	case o == kernel.Canceled:
		me.Unwind()
	case failure != nil:
		if p, ok := failure.(*task.PanicError); ok {
			panic(p) // as if it had been here
		}
		fut.state.finish(failure)
	default:
		fut.settle(result.value, result.err)
	}
}

// start gives free places to jobs.
func (p *pool) start() {
	for p.active.len < p.limit && p.queue.len > 0 {
		j := p.queue.first
		j.leave()
		p.active.push(j)
		j.task = p.bond.Home().Spawn(j.run, j.by, nil, j.pc)
		j.task.Contain(j.ended)
	}
}

// ended is called when the job's task has ended.
func (j *job) ended(t *kernel.Task) {
	j.leave()
	if t.Err() != nil {
		j.fail(t)
	}
	if p := j.pool; !p.empty() {
		p.start()
	} else {
		p.idle.WakeAll()
	}
}

// cancel is called when the job's future has been cancelled.
func (j *job) cancel() {
	if j.task != nil {
		j.task.Kill()
		return
	}
	j.leave()
}

func (p *pool) empty() bool { return p.active.len == 0 && p.queue.len == 0 }

func (p *pool) close(call string) error {
	me := p.bond.Task(call)
	p.closed = true
	if !me.Checkpoint() {
		return me.Interrupted()
	}
	for !p.empty() {
		if p.idle.Wait(me, p, 0) == kernel.Canceled {
			return me.Interrupted()
		}
	}
	return nil
}

func (p *pool) shutdown(call string) error {
	p.bond.Task(call)
	for j := p.queue.first; j != nil; j = p.queue.first {
		j.stop()
		j.leave() // somebody else may have set the future
	}
	for j := p.active.first; j != nil; j = j.next {
		j.stop()
		j.task.Kill() // it stays in the list until it has ended
	}
	return p.close(call)
}

// holder returns a task that keeps others waiting, nil for none.
func (p *pool) holder() *kernel.Task {
	if p.active.first == nil {
		return nil
	}
	return p.active.first.task
}

// Waiting implements kernel.Reason.
func (p *pool) Waiting() (string, *kernel.Task) {
	return "the " + strconv.Itoa(p.active.len+p.queue.len) + " functions of a pool", p.holder()
}

// ring is a list of jobs, first come first.
type ring struct {
	first, last *job
	len         int
}

func (r *ring) push(j *job) {
	j.in, j.prev, j.next = r, r.last, nil
	if r.last != nil {
		r.last.next = j
	} else {
		r.first = j
	}
	r.last = j
	r.len++
}

// leave takes the job out of its list.
func (j *job) leave() {
	r := j.in
	if r == nil {
		return
	}
	if j.prev != nil {
		j.prev.next = j.next
	} else {
		r.first = j.next
	}
	if j.next != nil {
		j.next.prev = j.prev
	} else {
		r.last = j.prev
	}
	j.in, j.next, j.prev = nil, nil, nil
	r.len--
}
