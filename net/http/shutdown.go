package http

import (
	"context"
	"errors"
	stdhttp "net/http"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// newIsIdle is the age at which a connection that has not sent a byte yet counts
// as idle: browsers open some that they never use.
const newIsIdle = 5 * time.Second

const busyConns = kernel.Plain("the connections of an http server")

// inLoop runs f in the server's loop: at once for its tasks and callbacks, and
// carried there from elsewhere. Without a loop, or after its end, there is nothing
// for f to do.
func (s *Server) inLoop(f func() error) error {
	l := s.home()
	if l == nil {
		return nil
	}
	if kernel.CurrentLoop() == l {
		return f()
	}
	if err := l.Do(f); !errors.Is(err, kernel.ErrClosed) {
		return err
	}
	return nil
}

// Close closes the listeners and all connections, also those that are busy;
// handlers find their connection closed and their request's context done.
// Connections that were hijacked are left alone. It returns the first error of
// closing a listener. It may be called from any goroutine. In a task of the
// server's loop it is not a checkpoint.
func (s *Server) Close() error {
	s.down.Store(true)
	return s.inLoop(func() error {
		err := s.closeListeners()
		for c := range s.conns {
			c.abort()
		}
		return err
	})
}

// Shutdown ends the server without disturbing the requests that are being handled:
// it closes the listeners and the connections that are idle, waits until the other
// connections are done, and returns the first error of closing a listener. When
// the context is done first, it returns the context's error, and the connections
// go on. It does not wait for connections that were hijacked.
//
// It may be called from any goroutine. It is a checkpoint; when it is cancelled
// the server stays closed to new connections.
func (s *Server) Shutdown(ctx context.Context) error {
	s.down.Store(true)
	return s.inLoop(func() error {
		t := kernel.MustTask("Server.Shutdown")
		err := s.closeListeners()
		s.mu.Lock()
		hooks := s.onShutdown
		s.mu.Unlock()
		for _, f := range hooks {
			task.Go(f)
		}
		s.closeIdle()
		waited := timeout.WithContext(ctx, func() error { return s.waitQuiet(t) })
		if ctx.Err() != nil && waited != nil {
			return ctx.Err()
		}
		if waited != nil {
			return waited
		}
		return err
	})
}

// waitQuiet waits until no connection and no accept loop is left.
func (s *Server) waitQuiet(t *kernel.Task) error {
	if !t.Checkpoint() {
		return t.Interrupted()
	}
	for len(s.conns) > 0 || len(s.listeners) > 0 {
		again := s.closeIdle()
		if s.quiet.Wait(t, busyConns, again) == kernel.Canceled {
			return t.Interrupted()
		}
	}
	return nil
}

// RegisterOnShutdown has [Server.Shutdown] start f in a task of its own, for
// connections that were hijacked. It may be called from any goroutine and is not a
// checkpoint.
func (s *Server) RegisterOnShutdown(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onShutdown = append(s.onShutdown, f)
}

func (s *Server) closeListeners() (err error) {
	for l := range s.listeners {
		if failed := l.Close(); err == nil {
			err = failed
		}
	}
	s.paused.WakeAll()
	return err
}

// closeIdle closes the connections that wait for a request, and returns when to
// look again because of those that may never send one, 0 for not at all.
func (s *Server) closeIdle() (again int64) {
	for c := range s.conns {
		switch c.state {
		case stdhttp.StateIdle:
			c.abort()
		case stdhttp.StateNew:
			if due := c.since + int64(newIsIdle); due <= c.loop.Now() {
				c.abort()
			} else if again == 0 || due < again {
				again = due
			}
		}
	}
	return again
}

// forget takes note of the end of a connection.
func (s *Server) forget(c *conn) {
	delete(s.conns, c)
	if s.down.Load() {
		s.quiet.WakeAll()
	}
}
