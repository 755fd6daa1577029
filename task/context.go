package task

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// ErrCanceled is the error of calls in a group that has been cancelled. It is
// context.Canceled.
var ErrCanceled = context.Canceled

// Context returns a context for the block that calls: it is done as soon as the
// task is killed or has ended, or the block is cancelled, has expired or is left.
// The block is the innermost timeout or shield around the call, or the whole task.
// It is for code that takes a context, such as an http.Request, and may be used on
// any goroutine.
//
// Err is context.DeadlineExceeded after a timeout and context.Canceled else;
// context.Cause tells which block it was, or [ErrKilled]. Deadline is the earliest
// deadline of the blocks around the call, as they stand at the call; on the virtual
// clock there is none, because it would mean nothing to other clocks. Contexts
// derived from it, by context.WithTimeout for example, need no goroutine.
//
// In one block it is the same context each time. It is not a checkpoint.
func Context() context.Context {
	t := kernel.MustTask("task.Context")
	if b, ok := t.BlockWatcher().(*block); ok {
		return b.ctx
	}
	b := new(block)
	b.deadline, b.bounded = t.BlockDeadline()
	b.ctx, b.cancel = context.WithCancel(b)
	if cause := t.Cause(); cause != nil {
		b.Over(cause)
	} else {
		t.WatchBlock(&b.watch, b)
	}
	return b.ctx
}

// block is the end of a block as package context sees it: a parent, known to one
// child only, the context that Context returns. The child is the standard library's,
// so whatever is derived from it hangs on it without a goroutine. It needs a parent
// because that is how it gets an Err of its own choice.
type block struct {
	watch    kernel.Watch
	ctx      context.Context
	cancel   context.CancelFunc
	deadline time.Time
	bounded  bool
	// end cancels the child with this parent's Err and Cause.
	end func()
	err error
	// ended is a context that was cancelled with the cause, which is where
	// context.Cause finds it.
	ended atomic.Pointer[context.Context]
}

// Over implements kernel.Watcher.
func (b *block) Over(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	b.err = context.Canceled
	if errors.Is(cause, context.DeadlineExceeded) {
		b.err = context.DeadlineExceeded
	}
	ended, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	b.ended.Store(&ended)
	b.end()
	b.cancel()
}

// AfterFunc is how the child says that it wants to be told, and what saves the
// goroutine that would wait for Done.
func (b *block) AfterFunc(f func()) (stop func() bool) {
	b.end = f
	return func() bool { return true }
}

// unused is never closed: the child is told by AfterFunc.
var unused = make(chan struct{})

// Done implements context.Context.
func (b *block) Done() <-chan struct{} { return unused }

// Err implements context.Context. Only the child asks, from Over.
func (b *block) Err() error { return b.err }

// Deadline implements context.Context.
func (b *block) Deadline() (time.Time, bool) { return b.deadline, b.bounded }

// Value implements context.Context. There is none but the cause.
func (b *block) Value(key any) any {
	if ended := b.ended.Load(); ended != nil {
		return (*ended).Value(key)
	}
	return nil
}
