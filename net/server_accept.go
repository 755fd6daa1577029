//go:build unix

package net

import (
	"errors"
	"slices"

	"github.com/evergreen-go/evergreen/internal/accept"
	"github.com/evergreen-go/evergreen/internal/kernel"
)

const (
	freePlace   = kernel.Plain("a connection of the server to end, since MaxConns of them are there")
	descriptors = kernel.Plain("descriptors to accept connections with")
)

// errPaused ends a wait for connections that the server does not want for now. Nobody
// outside sees it.
var errPaused = errors.New("evergreen: the server has stopped accepting for now")

// acceptor is one call of Serve.
//
// How a limit holds for several listeners: each acceptor looks for room before it
// waits for a connection, so when the last place is taken others may be waiting in
// their Accept. They are called back by the scope around it. One that has got a
// connection at that very moment keeps it in hand until there is room, so that no
// more than MaxConns handlers run and nobody is refused.
type acceptor struct {
	server   *Server
	listener Listener
	closed   bool
	// scope is around the stretch in which connections are accepted; nil outside it.
	scope *kernel.Scope
	// filled tells that it has taken the last place.
	filled bool
	// held is a connection that was accepted and has no handler yet.
	held    Conn
	backoff accept.Backoff
}

// Serve accepts connections from l and has Handler handle each in a task of its own,
// until [Server.Shutdown] or [Server.Close]; then it returns [ErrServerClosed].
// Otherwise it returns the error that ended it: that of the listener, or that of the
// block that was cancelled. l is closed in any case. It must be a listener of this
// package, or one around such a listener, like one of crypto/tls. Several calls of
// Serve may be under way, each with a listener of its own.
//
// When the process or the system has no descriptors or no memory for another
// connection, Serve logs that and tries again, first after 5 ms, then less and less
// often, up to once a second; the connections that are there go on.
//
// It is a checkpoint. A task that is cancelled in it stops accepting; the
// connections go on, until Shutdown or Close ends them.
func (s *Server) Serve(l Listener) error {
	t := kernel.MustTask("Server.Serve")
	if l == nil {
		return errors.New("evergreen: Serve was called without a listener: look at the error that Listen has returned in its place")
	}
	a := &acceptor{server: s, listener: l}
	defer a.close()
	switch err := accept.Blocks(l); {
	case err != nil:
		return err
	case s.Handler == nil:
		return errors.New("evergreen: the Server has no Handler: set it to the function that is to be called with each connection")
	case s.down.Load():
		return ErrServerClosed
	case !s.settle(t.Loop()):
		return errors.New("evergreen: the Server serves in another loop already: use one Server for each loop")
	}
	s.acceptors = append(s.acceptors, a)
	s.counts.listeners.Add(1)
	defer a.leave()
	return a.run(t)
}

// ListenAndServe listens at the address, as [Listen] does, and serves, as
// [Server.Serve] does. It is a checkpoint.
func (s *Server) ListenAndServe(network, address string) error {
	kernel.MustTask("Server.ListenAndServe")
	if s.down.Load() {
		return ErrServerClosed
	}
	l, err := Listen(network, address)
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// run accepts until the server is shut down, the task cancelled or the listener
// broken.
func (a *acceptor) run(t *kernel.Task) error {
	s := a.server
	for {
		if !a.awaitRoom(t) {
			return t.Interrupted()
		}
		if s.down.Load() {
			return ErrServerClosed
		}
		if a.held != nil {
			a.admit(t)
			continue
		}
		err := a.accept(t)
		switch {
		case s.down.Load():
			return ErrServerClosed
		case err == nil:
			continue
		case t.Interruptible():
			return err
		case errors.Is(err, errPaused), accept.Gone(err):
			continue
		case !accept.Passes(err):
			return err
		}
		s.counts.acceptErrors.Add(1)
		pause := a.backoff.Failed()
		s.logf("net: Accept error: %v; retrying in %v", err, pause)
		if s.paused.Wait(t, descriptors, t.Loop().After(pause)) == kernel.Canceled {
			return t.Interrupted()
		}
	}
}

// awaitRoom waits until another handler may run or the server is shut down. It
// returns false if the task is to end.
func (a *acceptor) awaitRoom(t *kernel.Task) bool {
	s := a.server
	if a.filled {
		// Those that were woken with it and came too late shall queue before it: so
		// listeners take turns.
		a.filled = false
		if !t.Yield() {
			return false
		}
	}
	for s.full() && !s.down.Load() {
		if s.room.Wait(t, freePlace, 0) == kernel.Canceled {
			return false
		}
	}
	return true
}

// accept takes connections until there is no room, it is called back, or the
// listener fails. A connection that it has no room for it leaves in held.
func (a *acceptor) accept(t *kernel.Task) (err error) {
	s := a.server
	a.scope = t.Enter(0, func(*kernel.Scope) error { return errPaused })
	defer a.edge(&err)
	for !s.full() && !a.scope.Canceled() {
		a.held, err = a.listener.Accept()
		if err != nil {
			a.held = nil // some listeners return a nil pointer that is not a nil Conn
			return err
		}
		s.counts.accepted.Add(1)
		a.backoff.Succeeded()
		if s.full() || s.down.Load() {
			return nil
		}
		a.admit(t)
	}
	return nil
}

// edge is deferred where the scope ends; it is that of package timeout.
func (a *acceptor) edge(err *error) {
	scope := a.scope
	a.scope = nil
	scope.LeaveAll()
	if !scope.Aimed() {
		return
	}
	switch r := recover(); {
	case r == nil:
	case scope.Catch(r):
		*err = scope.Err()
	default:
		panic(r)
	}
}

// admit starts the handler of the connection that is held, and calls the other
// acceptors back if there is no room for more.
func (a *acceptor) admit(t *kernel.Task) {
	s, conn := a.server, a.held
	a.held = nil
	s.start(conn)
	if !s.full() {
		return
	}
	a.filled = true
	for _, other := range s.acceptors {
		if other != a && other.scope != nil {
			other.scope.Cancel(nil)
		}
	}
}

// close closes the listener, once.
func (a *acceptor) close() {
	if a.closed {
		return
	}
	a.closed = true
	if err := a.listener.Close(); err != nil && a.server.closeErr == nil && !errors.Is(err, ErrClosed) {
		a.server.closeErr = err
	}
}

// leave ends the call of Serve, in whatever way it ends.
func (a *acceptor) leave() {
	s := a.server
	if a.held != nil {
		s.counts.refused.Add(1)
		hangUp(a.held)
	}
	s.acceptors = slices.DeleteFunc(s.acceptors, func(other *acceptor) bool { return other == a })
	s.counts.listeners.Add(-1)
	s.quiet.WakeAll()
}
