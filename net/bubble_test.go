package net_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/evergreen-go/evergreen/net"
)

// A bubble of testing/synctest may use connections whose loop is outside it, as it
// may use those of the standard library, though a wait for them is none that moves
// its clock. What it waits by must not be its own.
func TestConnectionsWorkInABubble(t *testing.T) {
	loop := start(t)
	synctest.Test(t, func(t *testing.T) {
		var l net.Listener
		must(t, loop.Do(func() error {
			l = listen(t)
			return nil
		}))
		var dialed, accepted net.Conn
		goroutines(
			func() {
				err := loop.Do(func() (err error) {
					dialed, err = net.Dial("tcp", l.Addr().String())
					return err
				})
				if err != nil {
					t.Error(err)
				}
			},
			func() {
				var err error
				if accepted, err = l.Accept(); err != nil {
					t.Error(err)
				}
			},
		)
		if t.Failed() {
			return
		}
		goroutines(
			func() {
				if _, err := io.WriteString(dialed, "in a bubble"); err != nil {
					t.Error(err)
				}
				if err := dialed.Close(); err != nil {
					t.Error(err)
				}
			},
			func() {
				if got, err := io.ReadAll(accepted); string(got) != "in a bubble" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			},
		)
		must(t, accepted.Close())
		must(t, l.Close())
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept after Close: %v", err)
		}
	})
}
