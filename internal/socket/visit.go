//go:build unix

package socket

import (
	"errors"
	"net"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// How a call from elsewhere is made.
//
// A plain goroutine has the descriptor's loop run the call as a task and waits for
// it natively. A task of another loop does the same and parks, and it may be
// cancelled meanwhile. It must not go its way then: the call would still use its
// buffer, and what the call gets (bytes, a connection) would be lost. So it calls
// the visitor back and waits until he has returned, which takes a turn of the
// other loop and no more. Where the call was done in the meantime its result
// counts, as in a task of the descriptor's own loop.

// visit is one call by a task of another loop. Its fields belong to the
// descriptor's loop, until the visitor has returned.
type visit[T any] struct {
	value T
	err   error
	// scope is around the call; recalled, that it was cancelled before it existed.
	scope    *kernel.Scope
	recalled bool
	// ended tells that the visitor's task is over; tell is to be called then.
	ended bool
	tell  []func()
}

// errRecalled is how a visitor's call fails that was called back.
var errRecalled = errors.New("evergreen: the caller does not wait any more")

var inOtherLoop = kernel.Plain("a call on a descriptor of another loop")

// Carry makes a call from elsewhere, from a plain goroutine or a task of another
// loop, in a task of the loop l, and returns what it returned. It is a checkpoint;
// where the caller is cancelled the call is too.
func Carry[T any](l *kernel.Loop, call func() (T, error)) (T, error) {
	v := &visit[T]{err: net.ErrClosed} // until the call says otherwise
	t := kernel.Running()
	if t == nil {
		over := l.Do(func() error {
			v.value, v.err = call()
			return nil
		})
		if over != nil && !errors.Is(over, kernel.ErrClosed) && !errors.Is(over, kernel.ErrKilled) {
			v.err = over
		}
		return v.value, v.err
	}
	var none T
	if t.Interruptible() {
		return none, t.Interrupted()
	}
	if v.send(t, l, call) == kernel.Canceled && !v.recall(t, l) {
		return none, t.Interrupted() // with shields taken away there is no waiting
	}
	if v.err == errRecalled {
		return v.value, t.Interrupted()
	}
	return v.value, v.err
}

// send has l run the call and waits for its end.
func (v *visit[T]) send(t *kernel.Task, l *kernel.Loop, call func() (T, error)) kernel.Outcome {
	return t.Outside(inOtherLoop, func(done func()) {
		v.tell = append(v.tell, done)
		_, err := l.CallThreadsafe(func() {
			visitor := l.Spawn(func() { v.run(call) }, nil, nil, 0)
			visitor.SetName("call from another loop")
			visitor.Contain(func(*kernel.Task) {
				if err := visitor.Err(); err != nil && err != kernel.ErrKilled {
					v.err = err // it panicked
				}
				v.end()
			})
		})
		if err != nil {
			v.end()
		}
	})
}

// run is the visitor's task.
func (v *visit[T]) run(call func() (T, error)) {
	t := kernel.Running()
	v.scope = t.Enter(0, nil)
	defer v.scope.Leave()
	if v.recalled {
		v.scope.Cancel(errRecalled)
	}
	v.value, v.err = call()
}

func (v *visit[T]) end() {
	v.ended = true
	for _, f := range v.tell {
		f()
	}
}

// recall cancels the call and waits for the visitor's return; false if it could not
// wait.
func (v *visit[T]) recall(t *kernel.Task, l *kernel.Loop) bool {
	shield := t.EnterShield(0)
	defer shield.Leave()
	return t.Outside(inOtherLoop, func(done func()) {
		_, err := l.CallThreadsafe(func() {
			v.recalled = true
			if v.scope != nil {
				v.scope.Cancel(errRecalled)
			}
			if v.ended {
				done()
			} else {
				v.tell = append(v.tell, done)
			}
		})
		if err != nil { // that loop is over, and so is the visit
			done()
		}
	}) != kernel.Canceled
}
