package tls

import (
	"errors"
	"fmt"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/net"
)

// goodbyeTime is how long the peer has to take the alert that announces the end, as in
// crypto/tls.
const goodbyeTime = 5 * time.Second

var errEarly = errors.New("tls: CloseWrite was called before the handshake was complete: call Handshake first")

// Close says goodbye to the peer, unless a Write is under way, and closes the
// connection below; calls that wait for it return [net.ErrClosed]. Where the peer does
// not read, it tries for 5 seconds. It is not a checkpoint: in a task that is cancelled
// it does the same. A second Close returns [net.ErrClosed].
func (c *Conn) Close() (err error) {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	defer func() { // whatever becomes of the task
		if failed := c.conn.Close(); failed != nil {
			err = failed
		}
	}()
	t := kernel.Running()
	if t == nil && kernel.CurrentLoop() != nil {
		return nil // a callback, which must not wait
	}
	if !c.shaken.Load() || !c.out.tryLock() {
		return nil
	}
	defer c.out.unlock()
	if t != nil {
		shield := t.EnterShield(0)
		defer shield.Leave()
	}
	if err := c.goodbye(); err != nil {
		return fmt.Errorf("tls: failed to send closeNotify alert (but connection was closed anyway): %w", err)
	}
	return nil
}

// CloseWrite says goodbye to the peer: it reads to the end of what was written and then
// gets io.EOF, while this side can still read. The connection below stays as it is.
// Where the peer does not read, it tries for 5 seconds. It is a checkpoint.
func (c *Conn) CloseWrite() error {
	if !c.shaken.Load() {
		return errEarly
	}
	if err := c.out.lock("tls.Conn.CloseWrite"); err != nil {
		return c.fail("close", err)
	}
	defer c.out.unlock()
	defer func() { _ = c.conn.SetWriteDeadline(c.deadline()) }() // as it was
	return c.goodbye()
}

// goodbye sends what is left and the alert. The caller holds out.
func (c *Conn) goodbye() error {
	if c.torn != nil {
		return c.torn
	}
	_ = c.conn.SetWriteDeadline(clock().Add(goodbyeTime))
	if err := c.tls.CloseWrite(); err != nil {
		return err
	}
	return c.flush()
}

// SetDeadline sets the time after which reads and writes fail with an error that wraps
// os.ErrDeadlineExceeded; the zero time means never. Calls that wait now are included. A
// handshake that fails so cannot be made again; what was interrupted after it can. It
// is not a checkpoint.
func (c *Conn) SetDeadline(t time.Time) error {
	c.writeBy.Store(&t)
	return c.conn.SetDeadline(t)
}

// SetReadDeadline is [Conn.SetDeadline] for reads. It is not a checkpoint.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.conn.SetReadDeadline(t) }

// SetWriteDeadline is [Conn.SetDeadline] for writes. It is not a checkpoint.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.writeBy.Store(&t)
	return c.conn.SetWriteDeadline(t)
}

// LocalAddr returns this side's address. It is not a checkpoint.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// RemoteAddr returns the peer's address. It is not a checkpoint.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// NetConn returns the connection below. To read from it or write to it destroys the
// TLS connection. It is not a checkpoint.
func (c *Conn) NetConn() net.Conn { return c.conn }
