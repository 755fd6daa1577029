//go:build unix

package net

import (
	"errors"
	"log"
	"sync"
	"sync/atomic"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
)

// ErrServerClosed is what Serve and ListenAndServe return after [Server.Shutdown] or
// [Server.Close]: the server has been told to end, and nothing has failed.
var ErrServerClosed = errors.New("evergreen: the server was shut down and serves no more: make another Server to serve again")

// Server accepts connections and has a function handle each of them in a task of its
// own:
//
//	s := &net.Server{Handler: func(c net.Conn) { io.Copy(c, c) }}
//	err := s.ListenAndServe("tcp", "127.0.0.1:7000")
//
// A Server needs no more than a Handler. It may serve several listeners at once, all
// in the loop in which it serves first; a program with several loops has a Server in
// each, see [ReusePort]. Its fields must not be changed after that, and a Server must
// not be copied.
//
// (The shape is that of gevent's StreamServer, whose spawn=Pool(n) is MaxConns.)
type Server struct {
	// Handler is called with each connection, in a task of the connection's own. The
	// connection is closed when it returns, and also when it panics, calls
	// runtime.Goexit or is killed. A panic is logged and ends its own connection only.
	Handler func(Conn)
	// MaxConns is how many handlers run at a time; 0 or less for no limit. At the limit
	// the server stops accepting until one of them has ended: clients wait in the
	// backlog of the system, and nobody is refused.
	MaxConns int
	// ErrorLog is told of failures to accept, and of panics in handlers with their
	// stacks; nil for the standard logger. Its writer must not wait.
	ErrorLog *log.Logger

	counts serverCounts
	down   atomic.Bool // Shutdown or Close was called

	mu   sync.Mutex // guards loop; nobody waits while holding it
	loop *kernel.Loop

	// The rest belongs to the loop.

	// acceptors are the calls of Serve under way, in the order of their beginning. A
	// slice, not a map: what happens to all of them happens in a repeatable order.
	acceptors []*acceptor
	// conns are the connections that are being handled, by their tasks.
	conns map[*kernel.Task]*served
	// stopping counts those among conns whose handlers have called Shutdown or Close.
	stopping int
	// room are the acceptors that wait for MaxConns, paused those that wait for the
	// system to have descriptors again, quiet the tasks in Shutdown.
	room, paused, quiet kernel.WaitList
	// closeErr is the first failure to close a listener.
	closeErr error
}

// serverCounts are atomic so that Stats need not go to the loop.
type serverCounts struct {
	accepted, refused, panicked, cut, acceptErrors atomic.Uint64
	active, listeners                              atomic.Int64
}

// ServerStats counts what a [Server] has done and what it holds. All numbers but
// Active and Listeners only grow.
type ServerStats struct {
	Accepted     uint64 // connections that listeners have given
	Refused      uint64 // those among them that were closed without a handler, since the server or its Serve ended at that moment
	Panicked     uint64 // handlers that panicked
	Cut          uint64 // handlers that were killed by Shutdown or Close
	AcceptErrors uint64 // failures to accept that were waited out, such as too many open files

	Active    int // handlers that run now
	Listeners int // listeners that are being served now
}

// Stats returns the numbers of this moment. It may be called from any goroutine, and
// is not a checkpoint.
func (s *Server) Stats() ServerStats {
	c := &s.counts
	return ServerStats{
		Accepted:     c.accepted.Load(),
		Refused:      c.refused.Load(),
		Panicked:     c.panicked.Load(),
		Cut:          c.cut.Load(),
		AcceptErrors: c.acceptErrors.Load(),
		Active:       int(c.active.Load()),
		Listeners:    int(c.listeners.Load()),
	}
}

// settle makes the loop of the running task the server's, or returns false if the
// server has another.
func (s *Server) settle(l *kernel.Loop) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loop == nil {
		s.loop = l
		s.conns = make(map[*kernel.Task]*served)
	}
	return s.loop == l
}

// home returns the loop in which the server serves, nil before it does.
func (s *Server) home() *kernel.Loop {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loop
}

// inLoop runs f in the server's loop: at once for its tasks and callbacks, carried
// there from elsewhere. Without a loop, or after its end, there is nothing for f to
// do.
func (s *Server) inLoop(f func() error) error {
	l := s.home()
	if l == nil {
		return nil
	}
	if kernel.CurrentLoop() == l {
		return f()
	}
	if t := kernel.Running(); t != nil && t.Interruptible() {
		// A deferred call of a killed task cannot wait for the other loop, but the server
		// must be told all the same.
		_, _ = l.CallThreadsafe(func() { task.Go(func() { _ = f() }) })
		return t.Interrupted()
	}
	if err := l.Do(f); !errors.Is(err, kernel.ErrClosed) {
		return err
	}
	return nil
}

// full tells whether as many handlers run as may.
func (s *Server) full() bool { return s.MaxConns > 0 && len(s.conns) >= s.MaxConns }

func (s *Server) logf(format string, args ...any) {
	if s.ErrorLog != nil {
		s.ErrorLog.Printf(format, args...)
	} else {
		log.Printf(format, args...)
	}
}
