package tls

import (
	"context"
	stdtls "crypto/tls"
	"errors"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/timeout"
)

// Handshake makes the handshake if that was not done. Read and Write do so too. It is
// a checkpoint. A handshake that failed, or that was given up because a deadline passed
// or the task was cancelled, stays so: every later call returns its error. The
// callbacks of the Config run on a plain goroutine and may wait there natively.
func (c *Conn) Handshake() error {
	if c.shaken.Load() {
		return nil
	}
	return c.HandshakeContext(context.Background())
}

// HandshakeContext is [Conn.Handshake] until the context is done; then it returns the
// context's error. A context that ends later has no effect. It is a checkpoint.
func (c *Conn) HandshakeContext(ctx context.Context) error {
	switch {
	case c.shaken.Load():
		return nil
	case ctx.Done() == nil:
		return c.shake(ctx)
	case kernel.Running() == nil:
		stop := context.AfterFunc(ctx, func() { _ = c.conn.Close() }) // as crypto/tls does
		err := c.shake(ctx)
		if !stop() {
			return ctx.Err()
		}
		return err
	}
	done := false
	err := timeout.WithContext(ctx, func() error {
		err := c.shake(ctx)
		done = err == nil
		return err
	})
	if cause := context.Cause(ctx); !done && cause != nil && errors.Is(err, cause) {
		return ctx.Err() // what callers compare with
	}
	return err
}

// shake makes the handshake, or waits for whoever does.
func (c *Conn) shake(ctx context.Context) error {
	if err := c.in.lock("tls.Conn.Handshake"); err != nil {
		return c.fail("handshake", err)
	}
	defer c.in.unlock()
	switch {
	case c.shaken.Load():
		return nil
	case c.broken != nil:
		return c.broken
	}
	ctx, cancel := context.WithCancel(ctx) // for the callbacks, should the task go
	defer cancel()
	c.broken = errAbandoned // should the task not come back
	var result error
	if err := c.pump(false, func() { result = c.tls.HandshakeContext(ctx) }); err != nil {
		c.broken = err
		return err
	}
	if result != nil {
		_ = c.flushAll() // the alert
		c.broken = c.ours(result)
		return c.broken
	}
	if err := c.flushAll(); err != nil {
		c.broken = err
		return err
	}
	c.broken = nil
	c.remember()
	c.shaken.Store(true)
	return nil
}

// remember keeps the state for those who ask: crypto/tls keeps it under a lock that is
// held throughout a handshake. Nothing may be at work in crypto/tls.
func (c *Conn) remember() {
	state := c.tls.ConnectionState()
	c.state.Store(&state)
}

// ours puts the connection below into an error that names the one crypto/tls knows.
func (c *Conn) ours(err error) error {
	var header stdtls.RecordHeaderError
	if errors.As(err, &header) && header.Conn != nil {
		header.Conn = c.conn
		return header
	}
	return err
}

// ConnectionState returns what the last handshake that was completed has settled; what
// is under way is not waited for. It is not a checkpoint.
func (c *Conn) ConnectionState() ConnectionState {
	if state := c.state.Load(); state != nil {
		return *state
	}
	return ConnectionState{NegotiatedProtocolIsMutual: true} // always true, says crypto/tls
}

// OCSPResponse returns the stapled answer of the server's certificate authority, nil
// if there was none; for clients. It is not a checkpoint.
func (c *Conn) OCSPResponse() []byte { return c.ConnectionState().OCSPResponse }

// VerifyHostname tells whether the server's certificate is good for a name, where the
// handshake has verified it; for clients. It is not a checkpoint.
func (c *Conn) VerifyHostname(host string) error {
	state := c.ConnectionState()
	switch {
	case !c.client:
		return errors.New("tls: a server has no host name of its peer to verify: look at the certificates in ConnectionState")
	case !state.HandshakeComplete:
		return errors.New("tls: there has been no handshake yet: call Handshake first")
	case len(state.VerifiedChains) == 0:
		return errors.New("tls: the handshake did not verify a chain of certificates: do not set InsecureSkipVerify")
	}
	return state.PeerCertificates[0].VerifyHostname(host)
}
