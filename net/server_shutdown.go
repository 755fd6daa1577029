//go:build unix

package net

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// ErrCut says that connections were cut when a server was shut down. [Server.Shutdown]
// returns it inside a [*ShutdownError].
var ErrCut = errors.New("evergreen: connections were cut")

// ShutdownError is returned by [Server.Shutdown] if handlers had to be killed. It
// wraps [ErrCut].
type ShutdownError struct {
	// Cut is how many handlers have been killed since the server was told to end.
	Cut int
}

// Error says how many connections were cut, and what helps.
func (e *ShutdownError) Error() string {
	n, were := "1 connection was", "its handler"
	if e.Cut != 1 {
		n, were = fmt.Sprintf("%d connections were", e.Cut), "their handlers"
	}
	return fmt.Sprintf("evergreen: %s cut when the server was shut down, since %s had not returned: give Shutdown a longer grace, or have handlers set deadlines", n, were)
}

// Unwrap returns [ErrCut].
func (e *ShutdownError) Unwrap() error { return ErrCut }

const handlers = kernel.Plain("the handlers of a server that is being shut down")

// Shutdown ends the server: it closes the listeners, waits at most for grace, on the
// loop's clock, until the handlers have returned, and kills those that have not. It
// returns when all of them have ended. A grace of 0 kills them at once, a negative
// one waits for them however long it takes. The deferred calls of killed handlers
// run; what they do under a shield can delay Shutdown, which may be put into a
// timeout.Run against that.
//
// It returns nil, a [*ShutdownError] with the number of handlers that were killed, or
// the first error of closing a listener (joined, where it is both). Called again, or
// by several at once, it does the same, each with its own grace, and returns the same.
// Before Serve it only has Serve return [ErrServerClosed].
//
// A handler may call it too. Its call does not wait for handlers that have called
// Shutdown or Close, itself among them, nor kill those; a call from outside makes no
// difference between handlers.
//
// It may be called from any goroutine. It is a checkpoint; when the calling task is
// killed or the time of a block around it is up, the server stays closed to new
// connections and the handlers go on.
func (s *Server) Shutdown(grace time.Duration) error {
	s.down.Store(true)
	return s.inLoop(func() error {
		t := kernel.MustTask("Server.Shutdown")
		s.stopAccepting()
		me := s.conns[t]
		s.excuse(me)
		if !t.Checkpoint() {
			return t.Interrupted()
		}
		var due int64
		switch {
		case grace > 0:
			due = t.Loop().After(grace)
		case grace == 0:
			s.cut(me)
		}
		for s.busy(me) {
			switch s.quiet.Wait(t, handlers, due) {
			case kernel.Canceled:
				return t.Interrupted()
			case kernel.TimedOut:
				s.cut(me)
				due = 0
			}
		}
		return s.verdict()
	})
}

// Close ends the server at once: it closes the listeners and kills the handlers,
// without waiting for their end; handlers that call it go on. [Server.Shutdown]
// with a grace of 0 does wait. It returns the first error of closing a listener. It may be called
// from any goroutine and more than once. In a task or callback of the server's loop
// it is not a checkpoint.
func (s *Server) Close() error {
	s.down.Store(true)
	return s.inLoop(func() error {
		s.stopAccepting()
		me := s.conns[kernel.Running()]
		s.excuse(me)
		s.cut(me)
		return s.closeErr
	})
}

// stopAccepting ends all calls of Serve.
func (s *Server) stopAccepting() {
	for _, a := range slices.Clone(s.acceptors) { // one may leave while another's Close waits
		a.close()
		if a.scope != nil {
			a.scope.Cancel(nil)
		}
	}
	s.room.WakeAll()
	s.paused.WakeAll()
}

// excuse notes that a handler, nil for none, has called Shutdown or Close. It stays
// noted: handlers that have do not wait for each other's last words either.
func (s *Server) excuse(me *served) {
	if me == nil || me.stopping {
		return
	}
	me.stopping = true
	s.stopping++
	s.tellQuiet()
}

// tellQuiet wakes those in Shutdown when there may be nobody left to wait for.
func (s *Server) tellQuiet() {
	if len(s.conns) == s.stopping {
		s.quiet.WakeAll()
	}
}

// busy tells whether somebody is left for a call of Shutdown to wait for. Handlers
// that have called it do not wait for each other, which would never end.
func (s *Server) busy(me *served) bool {
	left := len(s.conns)
	if me != nil {
		left -= s.stopping
	}
	return left > 0 || len(s.acceptors) > 0
}

// cut kills the handlers that a call of Shutdown or Close by me waits for, in the
// order in which they were started.
func (s *Server) cut(me *served) {
	tasks := slices.SortedFunc(maps.Keys(s.conns), func(a, b *kernel.Task) int { return cmp.Compare(a.ID(), b.ID()) })
	for _, t := range tasks {
		if me != nil && s.conns[t].stopping {
			continue
		}
		if t.Kill() {
			s.counts.cut.Add(1)
		}
	}
}

// verdict is what Shutdown returns in the end.
func (s *Server) verdict() error {
	n := s.counts.cut.Load()
	if n == 0 {
		return s.closeErr
	}
	cut := &ShutdownError{Cut: int(n)}
	if s.closeErr == nil {
		return cut
	}
	return errors.Join(cut, s.closeErr)
}
