// Package seam is what the standard library calls in place of its package net while
// its tests run over ours. It is laid into the standard library's tree, with the
// import paths of this module rewritten.
//
// The library and its tests run on plain goroutines, and what makes a connection or
// a listener belongs into a task. So one loop runs here for as long as the process.
package seam

import (
	"context"
	stdnet "net"
	"strings"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
)

// The types that the tests assert.
type (
	TCPConn     = net.TCPConn
	TCPListener = net.TCPListener
)

// loop is made at once and not at the first call: that could come out of a bubble
// of testing/synctest, which would keep the loop's goroutine.
var loop = start()

func start() *runtime.Loop {
	l, err := runtime.New()
	if err != nil {
		panic(err)
	}
	go func() {
		panic(l.RunForever()) // nobody stops it
	}()
	return l
}

// in makes a call in a task of the loop.
func in[T any](f func() (T, error)) (v T, err error) {
	var of error
	err = loop.Do(func() error {
		v, of = f()
		return nil
	})
	if err == nil {
		err = of
	}
	return v, err
}

func Listen(network, address string) (stdnet.Listener, error) {
	return in(func() (stdnet.Listener, error) { return net.Listen(network, address) })
}

func ListenTCP(network string, address *stdnet.TCPAddr) (*TCPListener, error) {
	return in(func() (*TCPListener, error) { return net.ListenTCP(network, address) })
}

func Dial(network, address string) (stdnet.Conn, error) {
	return in(func() (stdnet.Conn, error) { return net.Dial(network, address) })
}

func DialTCP(network string, local, remote *stdnet.TCPAddr) (*TCPConn, error) {
	return in(func() (*TCPConn, error) { return net.DialTCP(network, local, remote) })
}

// Dialer is the dialer of ours under which its fields can be set by literals.
type Dialer net.Dialer

func (d *Dialer) DialContext(ctx context.Context, network, address string) (stdnet.Conn, error) {
	return in(func() (stdnet.Conn, error) { return (*net.Dialer)(d).DialContext(ctx, network, address) })
}

func (d *Dialer) Dial(network, address string) (stdnet.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// Of is the dialer of ours that does what the standard one was told.
func Of(d *stdnet.Dialer) *Dialer {
	return &Dialer{
		Timeout:         d.Timeout,
		Deadline:        d.Deadline,
		LocalAddr:       d.LocalAddr,
		FallbackDelay:   d.FallbackDelay,
		Cancel:          d.Cancel,
		KeepAlive:       d.KeepAlive,
		KeepAliveConfig: d.KeepAliveConfig,
		Control:         d.Control,
		ControlContext:  d.ControlContext,
	}
}

// Idle tells of a goroutine, by its stack, that the loop keeps it and that it runs no
// task now. Those that run tasks are coroutines, unless they are made otherwise by a
// build tag.
func Idle(stack string) bool {
	kept := strings.Contains(stack, "created by internal/evergreen/") ||
		strings.Contains(stack, "created by iter.Pull") && strings.Contains(stack, "/kernel.(*worker).Work(")
	return kept && !strings.Contains(stack, "/kernel.(*Task).run(")
}
