package http

import (
	"context"
	stdhttp "net/http"
	"sync"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
)

// requestContext is the context of one request. It is done when the handler has
// returned, when the connection is closed, and when the peer closes it.
//
// To notice the latter somebody has to read from the connection, which would cost
// a second task for every request. Most handlers never ask, so that task is
// started by the first who does: who calls Done or Err.
type requestContext struct {
	parent context.Context // of the connection
	c      *conn

	mu sync.Mutex // guards the rest; nobody waits while holding it
	// inner is the context that is really cancelled. It is made when somebody asks.
	inner  context.Context
	cancel context.CancelFunc
	over   bool
	// ended: the request's body has been read, so that what comes now on the
	// connection belongs to nobody but the watcher.
	ended bool
}

var _ context.Context = (*requestContext)(nil)

// ask returns the inner context and has the connection watched.
func (r *requestContext) ask() context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inner == nil {
		r.inner, r.cancel = context.WithCancel(r.parent)
		if r.over {
			r.cancel()
		} else if r.ended {
			r.c.watch(r)
		}
	}
	return r.inner
}

// asked returns the inner context if there is one.
func (r *requestContext) asked() context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inner
}

func (r *requestContext) Deadline() (time.Time, bool) { return r.parent.Deadline() }

func (r *requestContext) Done() <-chan struct{} { return r.ask().Done() }

func (r *requestContext) Err() error { return r.ask().Err() }

// Value also leads package context to the inner context, so that a context made of
// this one is cancelled with it and costs no goroutine.
func (r *requestContext) Value(key any) any {
	if key == stdhttp.LocalAddrContextKey {
		return r.c.rwc.LocalAddr()
	}
	if inner := r.asked(); inner != nil {
		return inner.Value(key)
	}
	return r.parent.Value(key)
}

// bodyEnded tells that the request has been read to its end.
func (r *requestContext) bodyEnded() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	if r.inner != nil && !r.over {
		r.c.watch(r)
	}
}

// finish cancels the context.
func (r *requestContext) finish() {
	r.mu.Lock()
	r.over = true
	cancel := r.cancel
	r.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// watch has a task wait until the peer sends more or closes the connection. It may
// be called from any goroutine.
func (c *conn) watch(r *requestContext) {
	if kernel.CurrentLoop() == c.loop {
		c.startWatch(r)
		return
	}
	// Refused only when the loop has ended, and the connection with it.
	_, _ = c.loop.CallThreadsafe(func() { c.startWatch(r) })
}

func (c *conn) startWatch(r *requestContext) {
	if c.ctx != r || c.watcher != nil || c.hijacked || c.gone.Load() {
		return
	}
	c.setReadDeadline(0) // the request has been read; waiting for the peer is no delay
	c.watcher = task.Go(func() {
		// What comes stays in the reader, for the next request.
		if _, err := c.br.Peek(1); err != nil && !c.unwatching {
			r.finish()
		}
	})
	c.watcher.SetName("watch of an http connection")
	(*kernel.Task)(c.watcher).Contain(nil)
}

// stopWatch ends the watcher. It waits until the watcher has noticed, and returns
// false if the task was cancelled meanwhile.
func (c *conn) stopWatch(t *kernel.Task) bool {
	if c.watcher == nil {
		return true
	}
	w := (*kernel.Task)(c.watcher)
	if !w.Ended() {
		c.unwatching = true
		_ = c.rwc.SetReadDeadline(longAgo)
		c.readLimited = true
		if w.Join(t, 0) != kernel.Woken {
			return false
		}
		c.unwatching = false
		c.setReadDeadline(0)
	}
	c.watcher = nil
	return true
}

// longAgo as a deadline ends a wait at once.
var longAgo = time.Unix(1, 0)
