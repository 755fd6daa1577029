package http

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	stdnet "net"
)

// secure is a TLS connection: that of our package tls, or one that a program has
// brought along from crypto/tls.
type secure interface {
	stdnet.Conn
	NetConn() stdnet.Conn
	HandshakeContext(ctx context.Context) error
	ConnectionState() tls.ConnectionState
}

// under returns the connection below TLS. Closing that one never waits, while
// closing the upper one first says goodbye to the peer.
func under(c stdnet.Conn) stdnet.Conn {
	if t, ok := c.(secure); ok {
		return t.NetConn()
	}
	return c
}

// handshake completes a TLS handshake before anything else is done with the
// connection: a Conn of crypto/tls locks out its other users meanwhile, natively. It
// returns false if there is nobody to talk to.
func (c *conn) handshake() bool {
	t, ok := c.rwc.(secure)
	if !ok {
		if s, ok := c.rwc.(interface{ ConnectionState() tls.ConnectionState }); ok {
			state := s.ConnectionState()
			c.tls = &state
		}
		return true
	}
	limit := c.server.handshakeTimeout()
	c.setReadDeadline(limit)
	c.setWriteDeadline(limit)
	// The handshake is ended by closing the connection. A context that can be
	// cancelled would make package tls start a goroutine and wait for it natively.
	if err := t.HandshakeContext(context.WithoutCancel(c.parent)); err != nil {
		c.server.logf("http: TLS handshake error from %s: %v", c.remote, c.explain(err))
		return false
	}
	c.setReadDeadline(0)
	c.setWriteDeadline(0)
	state := t.ConnectionState()
	if p := state.NegotiatedProtocol; p != "" && p != "http/1.1" && p != "http/1.0" {
		c.server.logf("http: a connection from %s negotiated %q, which this server does not speak: leave it out of the NextProtos of the listener's tls.Config", c.remote, p)
		return false
	}
	c.tls = &state
	return true
}

// explain answers a peer that speaks plain HTTP, and puts that into words.
func (c *conn) explain(err error) error {
	var header tls.RecordHeaderError
	if !errors.As(err, &header) || header.Conn == nil {
		return err
	}
	switch string(header.RecordHeader[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO":
	default:
		return err
	}
	_, _ = io.WriteString(header.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
	return errors.New("client sent an HTTP request to an HTTPS server")
}

// http1 returns a copy of a configuration that offers this protocol and no newer
// one.
func http1(config *tls.Config) *tls.Config {
	if config == nil {
		config = &tls.Config{}
	} else {
		config = config.Clone()
	}
	config.NextProtos = []string{"http/1.1"}
	return config
}
