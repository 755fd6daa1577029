package net_test

import (
	"context"
	"errors"
	"io"
	stdnet "net"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// checkCut checks that Shutdown tells of n handlers that were cut.
func checkCut(t testing.TB, err error, n int) {
	t.Helper()
	var e *net.ShutdownError
	if !errors.Is(err, net.ErrCut) || !errors.As(err, &e) || e.Cut != n {
		t.Errorf("Shutdown returned %v, want a ShutdownError of %d that wraps ErrCut", err, n)
	}
}

// took returns how long f takes on the loop's clock.
func took(f func()) time.Duration {
	loop := runtime.Current()
	began := loop.Now()
	f()
	return loop.Now().Sub(began)
}

// Shutdown waits for handlers that end within the grace, and no longer; those that do
// not are cut when it is over.
//
// holds: 89
func TestServerShutdownKeepsItsGrace(t *testing.T) {
	for _, c := range []struct {
		grace, takes, want time.Duration
		cut                int
	}{
		{grace: 10 * time.Second, takes: 3 * time.Second, want: 3 * time.Second},
		{grace: 10 * time.Second, takes: time.Hour, want: 10 * time.Second, cut: 1},
		{grace: 0, takes: time.Hour, want: 0, cut: 1},
		{grace: -1, takes: time.Hour, want: time.Hour},
	} {
		run(t, func() {
			returned := false
			s, _ := newServer(func(net.Conn) {
				task.Sleep(c.takes)
				returned = true
			})
			l := listen(t)
			serving(t, s, l)
			defer dial(t, l).Close()
			until(active(s, 1))
			task.Yield() // the handler begins its sleep
			var err error
			if d := took(func() { err = s.Shutdown(c.grace) }); d != c.want {
				t.Errorf("%+v: it took %v", c, d)
			}
			switch {
			case c.cut > 0:
				checkCut(t, err, c.cut)
			case err != nil:
				t.Errorf("%+v: it returned %v", c, err)
			}
			if returned != (c.cut == 0) {
				t.Errorf("%+v: the handler returned: %t", c, returned)
			}
		}, runtime.WithVirtualClock())
	}
}

// A client that says nothing does not hold Shutdown up.
//
// holds: 89
func TestServerShutdownWithIdleClients(t *testing.T) {
	run(t, func() {
		s, _ := newServer(waiting)
		l := listen(t)
		serving(t, s, l)
		a, b := dial(t, l), dial(t, l)
		until(active(s, 2))
		var err error
		if d := took(func() { err = s.Shutdown(time.Minute) }); d != time.Minute {
			t.Errorf("it took %v, want the grace of a minute", d)
		}
		checkCut(t, err, 2)
		for _, c := range []*net.TCPConn{a, b} {
			if n := drain(t, c); n != 0 {
				t.Errorf("%d bytes, want the connection closed", n)
			}
			must(t, c.Close())
		}
		for _, grace := range []time.Duration{-1, 0, time.Hour} { // the same again
			if d := took(func() { checkCut(t, s.Shutdown(grace), 2) }); d != 0 {
				t.Errorf("another Shutdown took %v", d)
			}
		}
		if err := s.Serve(listen(t)); err != net.ErrServerClosed {
			t.Errorf("Serve returned %v after it", err)
		}
		if got, want := s.Stats(), (net.ServerStats{Accepted: 2, Cut: 2}); got != want {
			t.Errorf("the numbers are %+v, want %+v", got, want)
		}
	}, runtime.WithVirtualClock())
}

// Several at once wait each as long as it wants, and are told the same.
func TestServerShutdownByMany(t *testing.T) {
	run(t, func() {
		s, _ := newServer(waiting)
		l := listen(t)
		serving(t, s, l)
		defer dial(t, l).Close()
		until(active(s, 1))
		var all []func()
		for _, grace := range []time.Duration{time.Hour, 3 * time.Second, -1, time.Minute} {
			all = append(all, func() {
				if d := took(func() { checkCut(t, s.Shutdown(grace), 1) }); d != 3*time.Second {
					t.Errorf("a Shutdown with %v took %v, want the shortest grace of all", grace, d)
				}
			})
		}
		tasks(all...)
	}, runtime.WithVirtualClock())
}

// Listeners are closed at once, not when the grace is over.
func TestServerShutdownClosesListenersFirst(t *testing.T) {
	run(t, func() {
		s, _ := newServer(waiting)
		l := listenAt(t, apart())
		address := l.Addr().String()
		serving(t, s, l)
		client := dial(t, l)
		until(active(s, 1))
		down := task.Go(func() { must(t, s.Shutdown(time.Hour)) })
		settle()
		if _, err := net.Dial("tcp", address); err == nil {
			t.Error("somebody still listens during the grace")
		}
		if got := s.Stats(); got.Listeners != 0 || got.Active != 1 {
			t.Errorf("the numbers are %+v during the grace", got)
		}
		must(t, client.Close())
		must(t, down.Join())
	}, runtime.WithVirtualClock())
}

func TestServerShutdownBeforeServe(t *testing.T) {
	for name, end := range map[string]func(s *net.Server) error{
		"Shutdown": func(s *net.Server) error { return s.Shutdown(time.Hour) },
		"Close":    (*net.Server).Close,
	} {
		s, _ := newServer(echoing)
		must(t, end(s)) // outside of all loops
		run(t, func() {
			must(t, end(s))
			l := listen(t)
			if err := s.Serve(l); err != net.ErrServerClosed {
				t.Errorf("%s: Serve returned %v", name, err)
			}
			if err := l.Close(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: Serve left its listener open: %v", name, err)
			}
		})
		must(t, end(s))
	}
}

// A handler that calls Shutdown is not waited for by that, nor are others that do.
func TestServerShutdownByHandlers(t *testing.T) {
	run(t, func() {
		var ends []time.Duration
		began := runtime.Current().Now()
		var s *net.Server
		s, _ = newServer(func(c net.Conn) {
			letter := make([]byte, 1)
			_, _ = c.Read(letter)
			switch letter[0] {
			case 's':
				must(t, s.Shutdown(time.Minute))
				ends = append(ends, runtime.Current().Now().Sub(began))
				task.Sleep(10 * time.Second) // a farewell
			case 'w':
				task.Sleep(3 * time.Second)
			}
		})
		l := listen(t)
		serving(t, s, l)
		var clients []net.Conn
		for range "swss" {
			clients = append(clients, dial(t, l))
		}
		until(active(s, 4))
		for i, c := range clients {
			must(t, end2(c.Write([]byte{"swss"[i]})))
			defer c.Close()
		}
		settle()
		must(t, s.Shutdown(time.Minute)) // waits for them all
		if d := runtime.Current().Now().Sub(began); d != 13*time.Second {
			t.Errorf("a Shutdown from outside took %v, want 13s", d)
		}
		if len(ends) != 3 || ends[0] != 3*time.Second || ends[2] != 3*time.Second {
			t.Errorf("those of the handlers took %v, want 3s", ends)
		}
	}, runtime.WithVirtualClock())
}

// What a handler's Shutdown or Close cuts is the others.
func TestServerEndedByAHandlerThatGoesOn(t *testing.T) {
	for _, way := range []string{"Shutdown", "Close"} {
		run(t, func() {
			wentOn := false
			var s *net.Server
			s, _ = newServer(func(c net.Conn) {
				if _, err := c.Read(make([]byte, 1)); err != nil {
					return
				}
				if way == "Close" {
					must(t, s.Close())
				} else {
					checkCut(t, s.Shutdown(0), 1)
				}
				task.Sleep(time.Second)
				wentOn = true
			})
			l := listen(t)
			serving(t, s, l)
			idle, c := dial(t, l), dial(t, l)
			until(active(s, 2))
			must(t, end2(c.Write([]byte("x"))))
			drain(t, idle)
			drain(t, c)
			checkCut(t, s.Shutdown(time.Minute), 1)
			if !wentOn {
				t.Errorf("%s cut the handler that called it", way)
			}
			must(t, idle.Close())
			must(t, c.Close())
		}, runtime.WithVirtualClock())
	}
}

// Deferred calls of handlers that are cut run, shielded ones to their end, and
// Shutdown waits for them; a block around it does not.
func TestServerShutdownWaitsForCleanups(t *testing.T) {
	run(t, func() {
		cleaned := false
		s, lines := newServer(func(c net.Conn) {
			defer timeout.Shield(func() {
				task.Sleep(5 * time.Second)
				cleaned = true
			})
			waiting(c)
		})
		l := listen(t)
		serving(t, s, l)
		defer dial(t, l).Close()
		until(active(s, 1))
		impatient := took(func() {
			err := timeout.Run(2*time.Second, func() error { return s.Shutdown(time.Second) })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Shutdown in a block that ends returned %v", err)
			}
		})
		must(t, s.Close()) // kills nobody twice
		var err error
		rest := took(func() { err = s.Shutdown(-1) })
		if checkCut(t, err, 1); impatient != 2*time.Second || rest != 4*time.Second || !cleaned {
			t.Errorf("it took %v and %v, want 2s and 4s; cleaned up: %t", impatient, rest, cleaned)
		}
		if lines.String() != "" {
			t.Errorf("a kill is no panic, but the log says:\n%s", lines)
		}
	}, runtime.WithVirtualClock())
}

// A Shutdown that is cancelled leaves the handlers alone.
func TestServerShutdownThatIsKilled(t *testing.T) {
	run(t, func() {
		s, _ := newServer(waiting)
		l := listen(t)
		serving(t, s, l)
		client := dial(t, l)
		until(active(s, 1))
		for steps := range 3 {
			down := task.Go(func() {
				_ = s.Shutdown(time.Second)
				t.Error("Shutdown returned in a task that was killed")
			})
			for range steps + 1 {
				task.Yield()
			}
			down.Kill()
			if err := down.Join(); err != task.ErrKilled {
				t.Errorf("the task ended with %v", err)
			}
		}
		task.Sleep(time.Hour)
		if got := s.Stats(); got.Active != 1 || got.Listeners != 0 || got.Cut != 0 {
			t.Errorf("the numbers are %+v, want the handler alone left", got)
		}
		must(t, client.Close())
		must(t, s.Shutdown(-1))
	}, runtime.WithVirtualClock())
}

// One that waits at the limit ends as soon as one that accepts.
func TestServerShutdownAtTheLimit(t *testing.T) {
	run(t, func() {
		s, _ := newServer(waiting)
		s.MaxConns = 1
		l := listen(t)
		serving(t, s, l)
		client := dial(t, l)
		until(active(s, 1))
		settle()
		down := task.Go(func() { must(t, s.Shutdown(time.Hour)) })
		settle()
		if got := s.Stats(); got.Listeners != 0 || got.Active != 1 {
			t.Errorf("the numbers are %+v during the grace", got)
		}
		must(t, client.Close())
		must(t, down.Join())
	}, runtime.WithVirtualClock())
}

// A handler that is killed before its first step is never called, and its connection
// is closed all the same.
func TestServerClosesConnectionsNobodyHandled(t *testing.T) {
	run(t, func() {
		s, _ := newServer(func(net.Conn) { t.Error("the handler was called") })
		l := listen(t)
		defer l.Close()
		client := dial(t, l)
		accepted := false
		serving(t, s, &scripted{accept: func() (net.Conn, error) {
			if accepted {
				must(t, s.Close())
			}
			accepted = true
			return l.Accept()
		}})
		if n := drain(t, client); n != 0 {
			t.Errorf("%d bytes, want the connection closed", n)
		}
		must(t, client.Close())
		checkCut(t, s.Shutdown(-1), 1)
	})
}

// It is a checkpoint also where there is nothing to wait for.
func TestServerShutdownIsACheckpoint(t *testing.T) {
	run(t, func() {
		s, _ := newServer(waiting)
		serving(t, s, listen(t))
		until(func() bool { return s.Stats().Listeners == 1 })
		must(t, s.Shutdown(-1))
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		err := timeout.WithContext(ctx, func() error { return s.Shutdown(-1) })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("in a block that was cancelled Shutdown returned %v", err)
		}
	})
}

// From goroutines and tasks of other loops, killed ones too.
func TestServerEndsFromElsewhere(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *net.Server){
		"Shutdown of a goroutine":  func(t *testing.T, s *net.Server) { checkCut(t, s.Shutdown(0), 1) },
		"Close of a goroutine":     func(t *testing.T, s *net.Server) { must(t, s.Close()) },
		"Shutdown of another loop": func(t *testing.T, s *net.Server) { run(t, func() { checkCut(t, s.Shutdown(0), 1) }) },
		"Close of another loop":    func(t *testing.T, s *net.Server) { run(t, func() { must(t, s.Close()) }) },
		"a killed task of another loop": func(t *testing.T, s *net.Server) {
			run(t, func() {
				victim := task.Go(func() {
					defer func() { _ = s.Close() }()
					task.Current().Kill()
				})
				if err := victim.Join(); err != task.ErrKilled {
					t.Errorf("the task ended with %v", err)
				}
			})
		},
		"a callback": func(t *testing.T, s *net.Server) {
			run(t, func() {}) // of another loop it would have to wait
			done := make(chan error)
			_, err := homes[s].CallThreadsafe(func() { done <- s.Close() })
			must(t, err)
			must(t, <-done)
		},
	} {
		t.Run(name, func(t *testing.T) {
			loop := start(t)
			s, _ := newServer(waiting)
			homes = map[*net.Server]*runtime.Loop{s: loop}
			var address string
			must(t, loop.Do(func() error {
				l := listen(t)
				address = l.Addr().String()
				serving(t, s, l)
				return nil
			}))
			client, err := stdnet.Dial("tcp", address)
			must(t, err)
			defer client.Close()
			for s.Stats().Active != 1 {
				must(t, loop.Do(func() error { task.Yield(); return nil }))
			}
			end(t, s)
			if b, err := io.ReadAll(client); len(b) != 0 || err != nil { // until it is closed
				t.Errorf("the client got %d bytes and %v", len(b), err)
			}
			checkCut(t, s.Shutdown(-1), 1)
		})
	}
}

// homes are the loops of the servers of TestServerEndsFromElsewhere.
var homes map[*net.Server]*runtime.Loop

// When the loop has ended there is nothing left to shut down.
func TestServerShutdownAfterTheLoop(t *testing.T) {
	s, _ := newServer(echoing)
	run(t, func() {
		server := task.Go(func() { _ = s.Serve(listen(t)) })
		until(func() bool { return s.Stats().Listeners == 1 })
		server.Kill()
		_ = server.Join()
	})
	must(t, s.Shutdown(time.Hour))
	must(t, s.Close())
}

// Connections go on when Serve is cancelled, and Shutdown finds them.
func TestServerConnectionsOutliveServe(t *testing.T) {
	run(t, func() {
		s, _ := newServer(echoing)
		l := listen(t)
		server := task.Go(func() { _ = s.Serve(l) })
		c := dial(t, l)
		defer c.Close()
		until(active(s, 1))
		server.Kill()
		_ = server.Join()
		must(t, end2(c.Write([]byte("x"))))
		must(t, end2(io.ReadFull(c, make([]byte, 1))))
		if got, want := s.Stats(), (net.ServerStats{Accepted: 1, Active: 1}); got != want {
			t.Errorf("the numbers are %+v, want %+v", got, want)
		}
		checkCut(t, s.Shutdown(time.Second), 1)
	}, runtime.WithVirtualClock())
}

// Failing to close a listener is told, beside connections that were cut.
func TestServerTellsOfListenersThatDoNotClose(t *testing.T) {
	broken := errors.New("broken")
	run(t, func() {
		s, _ := newServer(waiting)
		l := listen(t)
		defer l.Close()
		serving(t, s, &scripted{accept: l.Accept, close: func() error { return broken }})
		defer dial(t, l).Close()
		until(active(s, 1))
		if err := s.Close(); err != broken {
			t.Errorf("Close returned %v", err)
		}
		err := s.Shutdown(-1)
		if checkCut(t, err, 1); !errors.Is(err, broken) {
			t.Errorf("Shutdown returned %v, want the failure to close as well", err)
		}
	})
}

func TestShutdownErrorText(t *testing.T) {
	for n, want := range map[int]string{1: "1 connection was cut", 3: "3 connections were cut"} {
		if s := (&net.ShutdownError{Cut: n}).Error(); !strings.Contains(s, want) || !strings.Contains(s, "longer grace") {
			t.Errorf("%d: %q", n, s)
		}
	}
}
