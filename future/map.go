package future

import (
	"iter"
	stdruntime "runtime"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// maxAhead is how many inputs Map has taken at most beyond those that the pool can
// work on at a time: so that one slow result does not leave the pool with nothing to
// do.
const maxAhead = 16

// Map sends the inputs through f in the pool, and yields the results in the order of
// the inputs; a result that is an error comes with the zero value or what f returned
// with it, and does not end the range. Of a pool of n, n inputs and up to as many
// again, at most sixteen, have been taken when a result is waited for; so the inputs
// may go on without end.
//
// Where the range is left early, by a break, a panic or a kill, what is under way is
// cancelled, and the range waits until it has ended. Results that were computed ahead
// are dropped. Each step of the range is a checkpoint; when the task is killed or the
// time of a block around it is up, the range does not go on. It panics outside a task
// of the pool's loop.
func Map[In, Out any](p Pool, in iter.Seq[In], f func(In) (Out, error)) iter.Seq2[Out, error] {
	pl := p.pool()
	return func(yield func(Out, error) bool) {
		var pc [1]uintptr
		stdruntime.Callers(2, pc[:])
		m := &mapping[Out]{me: pl.bond.Task("future.Map"), yield: yield}
		defer m.abandon()
		for x := range in {
			fut := submit(pl, func() (Out, error) { return f(x) }, pc[0])
			m.ahead = append(m.ahead, entry[Out]{fut, fut.state.job})
			if len(m.ahead) >= pl.limit+min(pl.limit, maxAhead) && !m.step() {
				return
			}
		}
		for len(m.ahead) > 0 {
			if !m.step() {
				return
			}
		}
	}
}

// mapping is a Map under way.
type mapping[Out any] struct {
	me    *kernel.Task
	yield func(Out, error) bool
	ahead []entry[Out]
}

// entry is one input's future, and the job that computes it, which the future
// forgets when it is done.
type entry[Out any] struct {
	*Future[Out]
	job *job
}

// step yields the oldest result.
func (m *mapping[Out]) step() bool {
	first := m.ahead[0]
	if first.state.await(m.me, 0) == kernel.Canceled {
		m.me.Unwind()
	}
	m.ahead[0] = entry[Out]{}
	m.ahead = m.ahead[1:]
	return m.yield(first.result())
}

// abandon cancels what is left and waits for its end.
func (m *mapping[Out]) abandon() {
	if len(m.ahead) == 0 {
		return
	}
	for _, e := range m.ahead {
		e.Cancel()
	}
	shield := m.me.EnterShield(0)
	defer shield.Leave()
	for _, e := range m.ahead {
		if e.job != nil && e.job.task != nil {
			e.job.task.Join(m.me, 0)
		}
	}
}
