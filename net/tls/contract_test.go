package tls_test

import (
	stdnet "net"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/evergreen-go/evergreen/net/tls"
	"github.com/evergreen-go/evergreen/runtime"
)

// The contract of a net.Conn, from plain goroutines. (crypto/tls itself does not keep
// it: a write that timed out is its last.) A handshake that timed out stays so here as
// there, hence it is made before.
func TestContractFromGoroutines(t *testing.T) {
	for _, v := range ways {
		t.Run(v.name, func(t *testing.T) {
			loop := start(t)
			nettest.TestConn(t, func() (c1, c2 stdnet.Conn, stop func(), err error) {
				client, server := shakenOf(t, loop, v.number)
				return client, server, func() {
					_ = server.Close() // nobody reads there, and the client may have something left to send
					_ = client.Close()
				}, nil
			})
		})
	}
}

// The same from tasks: each call is made by one.
func TestContractFromTasks(t *testing.T) {
	for _, v := range ways {
		t.Run(v.name, func(t *testing.T) {
			loop := start(t)
			nettest.TestConn(t, func() (c1, c2 stdnet.Conn, stop func(), err error) {
				client, server := shakenOf(t, loop, v.number)
				a, b := inTasks{client, loop}, inTasks{server, loop}
				return a, b, func() {
					_ = b.Close()
					_ = a.Close()
				}, nil
			})
		})
	}
}

// inTasks makes every call in a task of its own.
type inTasks struct {
	conn *tls.Conn
	loop *runtime.Loop
}

func (c inTasks) call(f func() error) (err error) {
	if over := c.loop.Do(func() error {
		err = f()
		return nil
	}); over != nil {
		return over
	}
	return err
}

func (c inTasks) Read(p []byte) (n int, err error) {
	err = c.call(func() (err error) {
		n, err = c.conn.Read(p)
		return err
	})
	return n, err
}

func (c inTasks) Write(p []byte) (n int, err error) {
	err = c.call(func() (err error) {
		n, err = c.conn.Write(p)
		return err
	})
	return n, err
}

func (c inTasks) LocalAddr() stdnet.Addr  { return c.conn.LocalAddr() }
func (c inTasks) RemoteAddr() stdnet.Addr { return c.conn.RemoteAddr() }
func (c inTasks) Close() error            { return c.call(c.conn.Close) }

func (c inTasks) SetDeadline(t time.Time) error {
	return c.call(func() error { return c.conn.SetDeadline(t) })
}

func (c inTasks) SetReadDeadline(t time.Time) error {
	return c.call(func() error { return c.conn.SetReadDeadline(t) })
}

func (c inTasks) SetWriteDeadline(t time.Time) error {
	return c.call(func() error { return c.conn.SetWriteDeadline(t) })
}
