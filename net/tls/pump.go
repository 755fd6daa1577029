package tls

import (
	"errors"
	"runtime/debug"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// How crypto/tls is made to wait without waiting.
//
// A handshake reads and writes in turns and keeps its place on its stack, so it needs
// a goroutine of its own: a plain one, where the callbacks of a Config may do what they
// like. When it finds nothing to read it says so and waits. The caller meanwhile waits
// for it, then sends what it has written, reads from the peer in its own way (with its
// deadlines, its timeouts, its kills), hands over what came, and so on until the work
// is done. One of the two works at a time.
//
// A caller that has to go makes the read fail that the goroutine waits in. Then there
// is nothing left for it to wait for, and its end can be awaited. Only when it is
// computing or in a callback it is left to itself; it gives up at its next read.
//
// Where a client allows the server to ask for another handshake (TLS 1.2 and before),
// every read may turn into one, and every write may have to wait for one natively. There
// reads and writes are made in this way as well. They are computed in no time unless a
// handshake is on, so a caller that has to go has some patience with them, and leaves a
// connection that can be used further.

var (
	errAbandoned = errors.New("evergreen: the TLS connection is of no use any more, because the task that was at work in it was killed or cancelled: close it and dial again")
	errGoexit    = errors.New("evergreen: a callback of the tls.Config called runtime.Goexit: let it return an error")

	computing kernel.Reason = kernel.Plain("a TLS computation on a plain goroutine")
)

// patience is how long a task that is cancelled waits for crypto/tls to be done with a
// read or a write.
const patience = time.Second

// await waits until start's argument is called, in the caller's own way.
func await(start func(done func())) kernel.Outcome {
	if t := kernel.Running(); t != nil {
		return t.Outside(computing, start)
	}
	ready := make(chan struct{})
	start(func() { close(ready) })
	<-ready
	return kernel.Woken
}

// awaitShortly is await with some patience.
func awaitShortly(start func(done func())) kernel.Outcome {
	if t := kernel.Running(); t != nil {
		shield := t.EnterShield(t.Loop().After(patience))
		defer shield.Leave()
	}
	return await(start)
}

// pump runs f, which works with crypto/tls, on a goroutine of its own and serves its
// reads and writes. The caller holds the gate of the readers. An error says that f was
// given up; nil, that f has returned. Where f has not finished crypto/tls must not be
// touched again. With passing set a read that is made to fail does so in a way that
// crypto/tls forgives, and a task that is cancelled has some patience.
func (c *Conn) pump(passing bool, f func()) error {
	waiting, sending, why := await, c.flushAll, func(err error) error { return err }
	if passing {
		waiting, why = awaitShortly, func(error) error { return errEmpty }
		sending = func() error { // a writer who is stuck must not keep us from reading
			c.answer()
			return c.settle()
		}
	}
	tr := &c.transport
	var failure error
	tr.begin()
	go func() {
		defer tr.finish()
		guard(&failure, f)
	}()
	computed := false
	defer func() {
		if !computed { // a kill, or a panic of the connection below
			c.callBack(why(errAbandoned))
		}
	}()
	for {
		if waiting(tr.whenIdle) == kernel.Canceled {
			computed = true
			tr.abort(errAbandoned)
			return kernel.Running().Interrupted()
		}
		if _, finished := tr.idle(); finished {
			computed = true
			return failure
		}
		err := sending()
		if err == nil {
			err = c.fill()
		}
		if err != nil {
			computed = true
			if !c.callBack(why(err)) || passing {
				return err
			}
			return failure
		}
	}
}

// callBack makes the read fail that f waits in, and waits until f has returned. It
// returns false if it could not wait that long.
func (c *Conn) callBack(err error) bool {
	c.transport.abort(err)
	if t := kernel.Running(); t != nil {
		shield := t.EnterShield(0)
		defer shield.Leave()
	}
	return await(c.transport.whenFinished) == kernel.Woken
}

// guard calls f and turns a panic or a Goexit into an error.
func guard(failure *error, f func()) {
	defer func() {
		if r := recover(); r != nil {
			*failure = kernel.NewPanicError(nil, r, debug.Stack())
		}
	}()
	*failure = errGoexit
	f()
	*failure = nil
}

// apart runs f on a goroutine of its own without serving it. Where it is Canceled f
// goes on.
func apart(f func()) (kernel.Outcome, error) {
	failure := new(error)
	o := awaitShortly(func(done func()) {
		go func() {
			defer done()
			guard(failure, f)
		}()
	})
	if o != kernel.Woken {
		return o, nil
	}
	return o, *failure
}
