package net_test

import (
	"errors"
	"io"
	stdnet "net"
	stdruntime "runtime"
	"strings"
	"sync"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func TestManyGoroutinesUseOneConnection(t *testing.T) {
	loop := start(t)
	for range 5 {
		a, b := pairOf(t, loop)
		closed := make(chan struct{})
		var all []func()
		for i := range 8 {
			for _, c := range []*net.TCPConn{a, b} {
				all = append(all,
					func() {
						buf := make([]byte, 10)
						for {
							if _, err := c.Read(buf); err != nil {
								return
							}
						}
					},
					func() {
						for {
							if _, err := c.Write([]byte("0123456789")); err != nil {
								return
							}
						}
					},
					func() {
						for {
							if c.SetDeadline(inAYear) != nil {
								return
							}
							_ = c.LocalAddr().String()
						}
					},
					func() {
						if i < 7 {
							<-closed
						}
						if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
							t.Error(err)
						}
						if i == 7 && c == a {
							close(closed)
						}
					},
				)
			}
		}
		goroutines(all...)
	}
}

func TestGoroutinesAcceptAndDialInto(t *testing.T) {
	loop := start(t)
	var l *net.TCPListener
	must(t, loop.Do(func() error {
		l = listen(t)
		return nil
	}))
	const n = 20
	var servers, clients sync.WaitGroup
	for range 4 {
		servers.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					if !errors.Is(err, net.ErrClosed) {
						t.Error(err)
					}
					return
				}
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}
		})
	}
	for range n {
		clients.Go(func() {
			c, err := stdnet.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_, _ = c.Write([]byte("hello"))
			_ = c.(*stdnet.TCPConn).CloseWrite()
			if got, err := io.ReadAll(c); string(got) != "hello" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	clients.Wait()
	must(t, l.Close())
	servers.Wait()
}

func TestConnectionsAreOfNoUseAfterRun(t *testing.T) {
	var c *net.TCPConn
	var l *net.TCPListener
	run(t, func() {
		var b *net.TCPConn
		c, b = pair(t)
		must(t, b.Close())
		l = listen(t)
	})
	use := func() {
		_, read := c.Read(make([]byte, 1))
		_, write := c.Write(make([]byte, 1))
		_, accept := l.Accept()
		for name, err := range map[string]error{"Read": read, "Write": write, "Accept": accept} {
			var e *net.OpError
			if !errors.Is(err, net.ErrClosed) || !errors.As(err, &e) || e.Op != strings.ToLower(name) {
				t.Errorf("%s: %v, want an OpError that wraps net.ErrClosed", name, err)
			}
		}
	}
	use()
	run(t, use)                                         // in a task of another loop, too
	for _, err := range []error{c.Close(), l.Close()} { // the loop has closed them
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("Close: %v, want net.ErrClosed", err)
		}
	}
}

func TestCloseInAnotherLoopAfterRunGivesTheDescriptorBack(t *testing.T) {
	loop, err := runtime.New()
	must(t, err)
	var c *net.TCPConn
	must(t, loop.Run(func() {
		var b *net.TCPConn
		c, b = pair(t)
		must(t, b.Close())
	}))
	run(t, func() { must(t, c.Close()) })
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v, want net.ErrClosed", err)
	}
	must(t, loop.Close()) // nothing is left
}

func TestConnectionOutlivesOneRunOfItsLoop(t *testing.T) {
	loop, err := runtime.New()
	must(t, err)
	var a, b *net.TCPConn
	must(t, loop.Run(func() { a, b = pair(t) }))
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("between two runs: %v, want net.ErrClosed", err)
	}
	must(t, loop.Run(func() {
		tasks(
			func() { must(t, end2(b.Write([]byte("x")))) },
			func() { must(t, end2(a.Read(make([]byte, 1)))) },
		)
		must(t, a.Close())
		must(t, b.Close())
	}))
	must(t, loop.Close())
}

func end2(_ int, err error) error { return err }

// A goroutine must not be left behind when the loop ends under it.
func TestEndOfTheLoopEndsCallsOfGoroutines(t *testing.T) {
	for range 20 {
		loop, err := runtime.New()
		must(t, err)
		over := make(chan error, 1)
		go func() { over <- loop.RunForever() }()
		a, b := pairOf(t, loop)
		c, d := pairOf(t, loop) // b stays open: its end would be an end of file for a
		var all sync.WaitGroup
		for _, one := range calls {
			all.Go(func() {
				if err := one.call(a); !errors.Is(err, net.ErrClosed) {
					t.Errorf("%s: %v, want net.ErrClosed", one.name, err)
				}
			})
		}
		all.Go(func() { // one is closed while the loop ends, whatever happens first
			must(t, c.Close())
		})
		loop.Stop()
		all.Wait()
		must(t, <-over)
		for _, open := range []*net.TCPConn{a, b, d} {
			must(t, open.Close())
		}
		must(t, loop.Close())
	}
}

// The descriptor of a connection that is closed while its loop ends is given back
// all the same.
func TestCloseWhileTheLoopEndsReallyCloses(t *testing.T) {
	peers, err := stdnet.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer peers.Close()
	for range 100 {
		loop, err := runtime.New()
		must(t, err)
		over := make(chan error, 1)
		go func() { over <- loop.RunForever() }()
		var c net.Conn
		must(t, loop.Do(func() (err error) {
			c, err = net.Dial("tcp", peers.Addr().String())
			return err
		}))
		peer, err := peers.Accept()
		must(t, err)
		go loop.Stop()
		must(t, c.Close())
		if n := drain(t, peer); n != 0 { // until its end, which comes only by the Close
			t.Errorf("%d bytes, want none", n)
		}
		must(t, peer.Close())
		must(t, <-over)
		must(t, loop.Close())
	}
}

// Close in a deferred call of a killed task must close, also over there.
func TestKilledTaskClosesAConnectionOfAnotherLoop(t *testing.T) {
	loop := start(t)
	a, b := pairOf(t, loop)
	run(t, func() {
		victim := task.Go(func() {
			defer func() {
				if err := a.Close(); err != nil {
					t.Error(err)
				}
				if err := a.Close(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("the first Close did not wait until it was done: %v, want net.ErrClosed", err)
				}
			}()
			task.Current().Kill()
		})
		_ = victim.Join()
	})
	if n := drain(t, b); n != 0 {
		t.Errorf("%d bytes, want none", n)
	}
	must(t, b.Close())
}

func TestForgottenConnectionIsClosed(t *testing.T) {
	run(t, func() {
		peer := func() *net.TCPConn {
			_, b := pair(t)
			return b
		}()
		defer peer.Close()
		over := false
		reader := task.Go(func() {
			if n := drain(t, peer); n != 0 {
				t.Errorf("%d bytes, want none", n)
			}
			over = true
		})
		for !over {
			stdruntime.GC()
			task.Yield()
		}
		must(t, reader.Join())
	})
}

func TestConnectionForgottenAfterRunIsClosed(t *testing.T) {
	l, err := stdnet.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	run(t, func() {
		_, err := net.Dial("tcp", l.Addr().String())
		must(t, err)
	})
	peer, err := l.Accept()
	must(t, err)
	defer peer.Close()
	over := make(chan struct{})
	go func() {
		defer close(over)
		drain(t, peer)
	}()
	for {
		select {
		case <-over:
			return
		default:
			stdruntime.GC()
		}
	}
}

// A connection that somebody waits on is not forgotten.
func TestConnectionInUseIsKept(t *testing.T) {
	run(t, func() {
		reader, writer := transfer(t) // who alone know it
		for reader.Alive() || writer.Alive() {
			stdruntime.GC()
			task.Yield()
		}
	})
}

func transfer(t *testing.T) (reader, writer *task.Task) {
	a, b := pair(t)
	reader = task.Go(func() {
		if n := drain(t, a); n != 1<<22 {
			t.Errorf("%d bytes arrived, want %d", n, 1<<22)
		}
	})
	writer = task.Go(func() {
		if n, err := b.Write(make([]byte, 1<<22)); n != 1<<22 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	})
	return reader, writer
}

func TestCallsThatNeedATaskSaySo(t *testing.T) {
	for name, call := range map[string]func(){
		"Dial":           func() { _, _ = net.Dial("tcp", "127.0.0.1:1") },
		"Listen":         func() { _, _ = net.Listen("tcp", "127.0.0.1:0") },
		"LookupHost":     func() { _, _ = net.LookupHost("localhost") },
		"ResolveTCPAddr": func() { _, _ = net.ResolveTCPAddr("tcp", "127.0.0.1:1") },
	} {
		func() {
			defer func() {
				said, _ := recover().(string)
				if !strings.Contains(said, "net."+name) || !strings.Contains(said, "runtime.Run") {
					t.Errorf("%s panicked with %q, want a sentence that names it and says what to do", name, said)
				}
			}()
			call()
		}()
	}
}

func TestCallbackMayCloseAndNotRead(t *testing.T) {
	said := make(chan error, 1)
	run(t, func() {
		a, b := pair(t)
		defer b.Close()
		loop := runtime.Current()
		loop.CallSoon(func() { _, _ = a.Read(make([]byte, 1)) })
		settle()
		loop.CallSoon(func() { must(t, a.Close()) })
		settle()
		if err := a.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v, want net.ErrClosed", err)
		}
	}, runtime.WithErrorHandler(func(err error) { said <- err }))
	if err := <-said; !strings.Contains(err.Error(), "callback") {
		t.Errorf("%v, want a sentence about callbacks", err)
	}
}
