//go:build unix

package net

import (
	"runtime/debug"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
)

// closingTime bounds how long the end of a connection may wait for its Close: that of
// crypto/tls sends a farewell, for which it takes as long.
const closingTime = 5 * time.Second

// served is a connection with its handler.
type served struct {
	server *Server
	conn   Conn
	// returned tells that the handler came back, closed that the connection was closed
	// after it.
	returned, closed bool
	// stopping tells that the handler has called Shutdown or Close.
	stopping bool
}

// start has the handler handle a connection.
func (s *Server) start(conn Conn) {
	c := &served{server: s, conn: conn}
	started := task.Go(c.run)
	started.SetName("connection of a net.Server")
	t := (*kernel.Task)(started)
	t.Contain(c.over) // whatever ends a handler ends its connection, and nothing else
	s.conns[t] = c
	s.counts.active.Add(1)
}

// run is the task of a connection.
func (c *served) run() {
	defer c.close()
	defer c.rescue()
	c.server.Handler(c.conn)
	c.returned = true
}

// rescue logs a panic of the handler. A Goexit, which a kill is too, goes on, and so
// does what carries a task out of a cancelled block.
func (c *served) rescue() {
	if c.returned {
		return
	}
	r := recover()
	if r == nil {
		return
	}
	if kernel.Unwinding(r) {
		panic(r)
	}
	c.server.counts.panicked.Add(1)
	c.server.logf("net: panic serving %v: %v\n%s", c.conn.RemoteAddr(), r, debug.Stack())
}

func (c *served) close() {
	hangUp(c.conn)
	c.closed = true
}

// hangUp closes a connection at the end of its task, cancelled or not. One with a
// descriptor is closed without waiting. Others, like those of crypto/tls, may want to
// send something first, and would not come to closing what is below them if that
// were cut short; so they get a little time under a shield.
func hangUp(conn Conn) {
	if _, direct := conn.(syscall.Conn); !direct {
		t := kernel.Running()
		shield := t.EnterShield(t.Loop().After(closingTime))
		defer shield.Leave()
	}
	_ = conn.Close()
}

// over is told of the end of the task.
func (c *served) over(t *kernel.Task) {
	s := c.server
	if !c.closed { // killed before it began
		task.Go(func() { hangUp(c.conn) })
	}
	delete(s.conns, t)
	s.counts.active.Add(-1)
	s.room.WakeAll()
	if c.stopping {
		s.stopping--
	}
	s.tellQuiet()
}
