package net

import (
	"context"
	"errors"
	"os"
	"sync"
	"weak"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/timeout"
)

// maxAnswers is how many answers a resolver keeps.
const maxAnswers = 1024

// question is what is asked, and on which loop: tasks of two loops share nothing
// but the resolver. The pointer is weak, since an answer that is kept must not keep
// the loop.
type question struct {
	loop       weak.Pointer[kernel.Loop]
	kind, name string
}

// flights are the questions of one resolver that are under way, and its answers.
type flights struct {
	// mu is held for a step or two in the maps, never across a checkpoint: tasks of
	// several loops may come at once.
	mu       sync.Mutex
	underWay map[question]*flight
	kept     map[question]answer
	// count numbers the answers, so that the oldest can be told.
	count uint64
}

// answer is one that is kept.
type answer struct {
	value any
	until int64 // on the loop's clock
	count uint64
}

// flight is one question under way. It has a task of its own, so that no asker's
// end is the end of the question. All but the resolver's maps belongs to the loop.
type flight struct {
	name string
	task *kernel.Task
	// askers counts those who want the answer; waiting lists those who wait for it,
	// which is fewer once it is there and not all of them have been running since.
	askers  int
	waiting kernel.WaitList
	// over: the task has ended. dropped: it was killed, and there is no answer.
	over, dropped bool
	value         any
	err           error
}

// Waiting implements kernel.Reason for the askers.
func (f *flight) Waiting() (string, *kernel.Task) { return "an answer about " + f.name, f.task }

// ask returns the answer to a question: a kept one, that of the same question if it
// is under way, or a new one. f asks, in a task of its own. Every asker gets a clone
// of the answer.
func ask[T any](ctx context.Context, t *kernel.Task, r *Resolver, kind, name string, clone func(T) T, f func(context.Context, *kernel.Task) (T, error)) (T, error) {
	var none T
	if !t.Checkpoint() {
		return none, left(ctx, t.Interrupted(), name)
	}
	q := question{weak.Make(t.Loop()), kind, name}
	fl, kept := r.board(ctx, t, q, func(ctx context.Context, t *kernel.Task) (any, error) { return f(ctx, t) })
	if fl == nil {
		return clone(kept.(T)), nil
	}
	if err := r.await(ctx, t, q, fl); err != nil {
		return none, left(ctx, err, name)
	}
	if fl.dropped {
		return askAlone(ctx, name, f)
	}
	value, _ := fl.value.(T) // the zero T if the task panicked
	return clone(value), fl.err
}

// askAlone asks in the asker's own task. The question's task was killed, and the
// asker was not: somebody killed all tasks there are, or the loop comes to its end
// and the asker is shielded from that.
func askAlone[T any](ctx context.Context, name string, f func(context.Context, *kernel.Task) (T, error)) (value T, err error) {
	t := kernel.Running()
	err = timeout.WithContext(ctx, func() (err error) {
		value, err = f(ctx, t)
		return err
	})
	if err != nil && (t.Interruptible() || ctx.Err() != nil) {
		err = left(ctx, err, name)
	}
	return value, err
}

// board returns the answer if it is kept, or else the flight of the question, with
// the task as one of its askers.
func (r *Resolver) board(ctx context.Context, t *kernel.Task, q question, f func(context.Context, *kernel.Task) (any, error)) (fl *flight, kept any) {
	s := &r.flights
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.kept[q]; ok {
		if t.Loop().Now() < a.until {
			return nil, a.value
		}
		delete(s.kept, q)
	}
	fl = s.underWay[q]
	if fl == nil {
		fl = r.takeOff(ctx, t, q, f)
		if s.underWay == nil {
			s.underWay = make(map[question]*flight)
		}
		s.underWay[q] = fl
	}
	fl.askers++
	return fl, nil
}

// takeOff starts the task of a question. It is free: no block that the asker is in
// is around it.
func (r *Resolver) takeOff(ctx context.Context, t *kernel.Task, q question, f func(context.Context, *kernel.Task) (any, error)) *flight {
	fl := &flight{name: q.name}
	values := context.WithoutCancel(ctx)
	answered := false
	fl.task = t.Loop().Spawn(func() {
		ctx, cancel := context.WithCancel(values)
		defer cancel()
		fl.value, fl.err = f(ctx, kernel.Running())
		answered = true
	}, t, nil, 0)
	fl.task.SetName("lookup of " + q.name)
	fl.task.Contain(func(task *kernel.Task) {
		fl.over = true
		switch {
		case answered:
		case errors.Is(task.Err(), kernel.ErrKilled):
			fl.dropped = true
		default: // a Dial of the program's own has panicked
			fl.err = task.Err()
		}
		r.land(task.Loop(), q, fl, answered)
		fl.waiting.WakeAll()
	})
	return fl
}

// land takes the flight off the list, and keeps its answer where that is wanted.
func (r *Resolver) land(l *kernel.Loop, q question, fl *flight, answered bool) {
	s := &r.flights
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(q, fl)
	if r.CacheFor <= 0 || !answered || fl.err != nil {
		return
	}
	if s.kept == nil {
		s.kept = make(map[question]answer)
	}
	if _, again := s.kept[q]; !again && len(s.kept) >= maxAnswers {
		s.dropOldest()
	}
	s.count++
	s.kept[q] = answer{value: fl.value, until: l.After(r.CacheFor), count: s.count}
}

// forget takes a flight off the list; another of the same question stays.
func (s *flights) forget(q question, fl *flight) {
	if s.underWay[q] == fl {
		delete(s.underWay, q)
	}
}

// dropOldest makes room for an answer. It comes up only where a resolver is asked
// for so many names, and is then a small part of what a name costs.
func (s *flights) dropOldest() {
	var oldest question
	first := ^uint64(0)
	for q, a := range s.kept {
		if a.count < first {
			oldest, first = q, a.count
		}
	}
	delete(s.kept, oldest)
}

// await waits for the answer. However the task comes out of it, it is no longer an
// asker then, and if it was the last one the question is called off.
func (r *Resolver) await(ctx context.Context, t *kernel.Task, q question, fl *flight) error {
	defer func() {
		if fl.askers--; fl.askers > 0 || fl.over {
			return
		}
		r.flights.mu.Lock()
		r.flights.forget(q, fl) // whoever asks from now on starts anew
		r.flights.mu.Unlock()
		fl.task.Kill()
	}()
	return timeout.WithContext(ctx, func() error {
		if !fl.over && fl.waiting.Wait(t, fl, 0) == kernel.Canceled {
			return t.Interrupted()
		}
		return nil
	})
}

// left makes the error of a lookup that its asker did not wait for. It wraps the
// error of what came first: the end of ctx, or of a block around the task.
func left(ctx context.Context, err error, name string) error {
	e := &DNSError{Err: err.Error(), Name: name, UnwrapErr: err}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
		e.UnwrapErr = ctx.Err()
		e.Err = "operation was canceled" // the words of the standard library
	}
	var timed Error
	if errors.As(e.UnwrapErr, &timed) && timed.Timeout() {
		e.Err, e.IsTimeout = os.ErrDeadlineExceeded.Error(), true
	}
	return e
}
