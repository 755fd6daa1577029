// Package timeout puts any block of code under a time limit, and shields code
// from one.
//
//	err := timeout.Run(2*time.Second, func() error {
//		conn, err := net.Dial("tcp", addr)
//		...                                  // whatever it does, and calls, and waits for
//	})
//	if errors.Is(err, context.DeadlineExceeded) { ... }
//
// Nothing has to be passed along: every call that may wait looks by itself whether
// the time of a block around it is up.
//
// # Rules
//
//   - A block is a scope: blocks nest, and each belongs to the task that entered it.
//     Tasks started inside by task.Go are not in the block; those of a task.Group
//     made inside are.
//   - A block that has expired stays so: every checkpoint in it fails, until the
//     block is left. A loop that ignores an error cannot go on waiting.
//   - A call that returns an error returns the block's, an [*Error]. A call that
//     cannot, such as task.Sleep or a Lock, leaves for the edge of the block: the
//     deferred calls on the way run, and the block returns the error.
//   - Where several blocks have expired the outermost governs: that is how far the
//     task has to go anyway. errors.As finds the [*Error] and says which it was.
//   - A body that has returned is never hit afterwards.
//   - A limit of zero or less lets pass what does not have to wait.
//
// # Edges
//
// Leaving for the edge is a panic inside, so a body that recovers panics it did not
// raise itself holds the task up until its next checkpoint. Code between
// checkpoints is never interrupted: a busy loop has to call task.Yield to be.
package timeout

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Error is the error of calls in a block whose time is up.
type Error struct {
	// After is the block's limit.
	After time.Duration
	// scope tells blocks with equal limits apart.
	scope *kernel.Scope
}

// Error says what the limit was.
func (e *Error) Error() string { return fmt.Sprintf("timed out after %v", e.After) }

// Timeout returns true, as net.Error asks for.
func (e *Error) Timeout() bool { return true }

// Temporary returns true, as the standard library's timeout errors do.
func (e *Error) Temporary() bool { return true }

// Is makes the error equal to os.ErrDeadlineExceeded and
// context.DeadlineExceeded.
func (e *Error) Is(target error) bool {
	return target == os.ErrDeadlineExceeded || target == context.DeadlineExceeded
}

// Of tells whether the error is that of the block begun by t, and not that of a
// block around it or inside it. It is not a checkpoint.
func (e *Error) Of(t *Timeout) bool { return e.scope != nil && e.scope == t.scope }

func expired(s *kernel.Scope) error { return &Error{After: s.Limit, scope: s} }

// Run runs f and gives it at most d. It returns what f returns; if f is left
// because the time is up, an [*Error]. Run itself is not a checkpoint; the calls in
// f are. If f is left by a kill or by the end of a block around this one, Run does
// not return.
func Run(d time.Duration, f func() error) error {
	t := kernel.MustTask("timeout.Run")
	return run(t.Enter(t.Loop().After(d), expired), d, f)
}

// Until is like [Run] with a point in time on the loop's clock. It is not a
// checkpoint.
func Until(deadline time.Time, f func() error) error {
	t := kernel.MustTask("timeout.Until")
	at := t.Loop().At(deadline)
	return run(t.Enter(at, expired), time.Duration(at-t.Loop().Now()), f)
}

func run(s *kernel.Scope, d time.Duration, f func() error) (err error) {
	s.Limit = d
	defer edge(s, &err)
	return f()
}

// edge is deferred where a block ends: it leaves the scope, and ends an unwinding
// that was meant to come this far. recover is called only if there was one, so
// that other panics keep their stack.
func edge(s *kernel.Scope, err *error) {
	s.LeaveAll()
	if !s.Aimed() {
		return
	}
	switch r := recover(); {
	case r == nil:
	case s.Catch(r):
		*err = s.Err()
	default:
		stray, ok := s.Stray(r)
		if !ok {
			panic(r)
		}
		*err = stray
	}
}

// WithContext runs f until the context is done. It returns what f returns; if f is
// left because the context is done, the context's cause. While f runs the loop
// reckons with the context being cancelled from outside, and reports no deadlock.
// It is not a checkpoint.
func WithContext(ctx context.Context, f func() error) (err error) {
	t := kernel.MustTask("timeout.WithContext")
	s := t.Enter(0, nil)
	defer edge(s, &err)
	defer s.Follow(ctx)()
	return f()
}

// Shield runs f out of reach of all cancellation from outside: kills, and the ends
// of blocks around it, are felt when f has returned. It is meant for cleanups that
// have to wait. Blocks inside f work as always. It is not a checkpoint. When the
// loop is ended (Stop, a panic, a deadlock) a shield holds for the loop's grace.
func Shield(f func()) { shield(kernel.MustTask("timeout.Shield").EnterShield(0), f) }

// ShieldFor is like [Shield], for at most d: then f feels what it was shielded
// from. It is not a checkpoint.
func ShieldFor(d time.Duration, f func()) {
	t := kernel.MustTask("timeout.ShieldFor")
	shield(t.EnterShield(t.Loop().After(d)), f)
}

func shield(s *kernel.Scope, f func()) {
	defer s.LeaveAll()
	f()
}
