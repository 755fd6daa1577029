package net_test

import (
	"crypto/tls"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// At the limit nothing is accepted and nobody refused; the first handler that ends
// lets the next connection in.
//
// holds: 77
func TestServerAtItsLimit(t *testing.T) {
	run(t, func() {
		var order []byte // in which the clients were served
		s, _ := newServer(func(c net.Conn) {
			letter := make([]byte, 1)
			_, _ = c.Read(letter)
			order = append(order, letter[0])
			waiting(c)
		})
		s.MaxConns = 2
		l := listen(t)
		serving(t, s, l)
		const n = 6
		var clients []*net.TCPConn
		for i := range byte(n) {
			c := dial(t, l)
			must(t, end2(c.Write([]byte{i})))
			clients = append(clients, c)
		}
		for i := range n {
			until(func() bool { return len(order) == min(i+2, n) })
			settle()
			want := net.ServerStats{Accepted: uint64(min(i+2, n)), Active: min(2, n-i), Listeners: 1}
			if got := s.Stats(); got != want || len(order) != min(i+2, n) {
				t.Errorf("when %d have gone the numbers are %+v, %d were served; want %+v", i, got, len(order), want)
			}
			must(t, clients[i].Close())
		}
		until(active(s, 0))
		if !slices.IsSorted(order) {
			t.Errorf("they were served in the order %v", order)
		}
		must(t, s.Shutdown(-1))
	})
}

// At the limit the loop does not go round in circles over clients that wait.
//
// holds: 77
func TestServerAtItsLimitIsAsleep(t *testing.T) {
	loop := start(t)
	s, _ := newServer(waiting)
	s.MaxConns = 1
	var l *net.TCPListener
	must(t, loop.Do(func() error {
		l = listen(t)
		serving(t, s, l)
		return nil
	}))
	wakeups := func() (n uint64) {
		must(t, loop.Do(func() error {
			n = runtime.Current().Stats().Wakeups
			return nil
		}))
		return n
	}
	run(t, func() {
		defer dial(t, l).Close()
		until(active(s, 1))
		once := wakeups()
		var clients []io.Closer
		for range 100 {
			clients = append(clients, dial(t, l))
		}
		// The system may tell of each of them as it comes; asking wakes the loop as well.
		if woken := wakeups() - once; woken > 300 {
			t.Errorf("the loop was woken %d times by 100 clients that it had no room for", woken)
		}
		once = wakeups()
		for range 100 {
			wakeups()
		}
		if woken := wakeups() - once; woken > 300 {
			t.Errorf("the loop was woken %d times by 101 questions, while 100 clients waited", woken)
		}
		if got := s.Stats(); got.Accepted != 1 {
			t.Errorf("%d were accepted, want 1", got.Accepted)
		}
		for _, c := range clients {
			must(t, c.Close())
		}
	})
	must(t, s.Shutdown(-1))
}

// Listeners that share a limit keep it together, and take turns.
//
// holds: 77
func TestServerSharesItsLimit(t *testing.T) {
	run(t, func() {
		running, most := 0, 0
		var order []byte
		s, _ := newServer(func(c net.Conn) {
			running++
			most = max(most, running)
			letter := make([]byte, 1)
			_, _ = c.Read(letter)
			order = append(order, letter[0])
			task.Yield()
			running--
		})
		s.MaxConns = 1
		var listeners []net.Listener
		var clients []io.Closer
		const each = 10
		for i := range byte(3) {
			l := listen(t)
			listeners = append(listeners, l)
			for range each {
				c := dial(t, l)
				must(t, end2(c.Write([]byte{'a' + i})))
				clients = append(clients, c)
			}
		}
		serving(t, s, listeners...)
		until(func() bool { return len(order) == 3*each })
		must(t, s.Shutdown(-1))
		if most != 1 {
			t.Errorf("%d handlers ran at a time, want 1", most)
		}
		for i := 0; i < len(order); i += 3 {
			round := slices.Clone(order[i : i+3])
			slices.Sort(round)
			if string(round) != "abc" {
				t.Errorf("the listeners took turns as %s, want each once in every three", order)
				break
			}
		}
		for _, c := range clients {
			must(t, c.Close())
		}
	})
}

// A listener is idle at the limit and gets its client afterwards, though it waited in
// Accept when another one took the last place.
//
// holds: 77
func TestServerCallsIdleListenersBack(t *testing.T) {
	run(t, func() {
		s, _ := newServer(waiting)
		s.MaxConns = 1
		a, b := listen(t), listen(t)
		serving(t, s, a, b)
		settle()
		for range 3 {
			for _, l := range []net.Listener{a, b} {
				other := a
				if l == net.Listener(a) {
					other = b
				}
				first := dial(t, l)
				until(active(s, 1))
				before := s.Stats().Accepted
				second := dial(t, other)
				settle()
				if got := s.Stats(); got.Accepted != before || got.Active != 1 {
					t.Errorf("at the limit the numbers are %+v, %d were accepted before", got, before)
				}
				must(t, first.Close())
				until(func() bool { return s.Stats().Accepted == before+1 })
				must(t, second.Close())
				until(active(s, 0))
			}
		}
		must(t, s.Shutdown(-1))
	})
}

// A connection that came at the very moment when the last place was taken is kept in
// hand until there is room, and closed if the server ends before.
func TestServerKeepsWhatCameTooLate(t *testing.T) {
	for _, way := range []string{"room", "Shutdown", "Close", "Kill"} {
		t.Run(way, func(t *testing.T) {
			run(t, func() {
				s, _ := newServer(waiting)
				s.MaxConns = 1
				l, inner := listen(t), listen(t)
				late := &late{TCPListener: inner}
				serving(t, s, l)
				var err error
				server := task.Go(func() { err = s.Serve(late) })
				until(func() bool { return late.inside })
				first := dial(t, l)
				until(active(s, 1))
				second := dial(t, inner)
				late.now = true
				until(func() bool { return s.Stats().Accepted == 2 })
				settle()
				if got := s.Stats(); got.Active != 1 || got.Refused != 0 {
					t.Errorf("the numbers are %+v", got)
				}
				refused := uint64(1)
				switch way {
				case "room":
					refused = 0
					must(t, first.Close())
					until(active(s, 0))
					until(active(s, 1))
					must(t, second.Close())
					must(t, s.Shutdown(-1))
				case "Shutdown":
					task.GoAfter(time.Second, func() { must(t, first.Close()) })
					must(t, s.Shutdown(-1))
				case "Close":
					must(t, s.Close())
				case "Kill":
					server.Kill()
				}
				_ = server.Join()
				if way != "Kill" && err != net.ErrServerClosed {
					t.Errorf("Serve returned %v", err)
				}
				if refused == 1 {
					if n := drain(t, second); n != 0 {
						t.Errorf("%d bytes, want the connection closed", n)
					}
				}
				_, _ = first.Close(), second.Close()
				must(t, shutdownAfter(s))
				if got := s.Stats(); got.Refused != refused {
					t.Errorf("%d were refused, want %d", got.Refused, refused)
				}
			}, runtime.WithVirtualClock())
		})
	}
}

// shutdownAfter ends a server of which handlers may have been cut.
func shutdownAfter(s *net.Server) error {
	if err := s.Shutdown(-1); s.Stats().Cut == 0 {
		return err
	}
	return nil
}

// late is a listener whose first Accept does not heed that it is called back, and
// takes a connection when it is told to.
type late struct {
	*net.TCPListener
	inside, now, done bool
}

func (l *late) Accept() (c net.Conn, err error) {
	if l.done {
		return l.TCPListener.Accept()
	}
	l.done, l.inside = true, true
	timeout.Shield(func() {
		until(func() bool { return l.now })
		c, err = l.TCPListener.Accept()
	})
	return c, err
}

// A connection of crypto/tls is closed to the last, although its Close waits and the
// handler was killed.
func TestServerClosesTLSConnections(t *testing.T) {
	serverConfig, clientConfig := certificates(t)
	run(t, func() {
		s, _ := newServer(func(c net.Conn) {
			letter := make([]byte, 1)
			if _, err := c.Read(letter); err == nil && letter[0] == 'k' {
				me := task.Current()
				task.Go(me.Kill)
				timeout.Shield(task.Yield) // so that it is noticed only in Close
				return
			}
			waiting(c)
		})
		l := listen(t)
		before := runtime.Current().Stats().Descriptors
		serving(t, s, tls.NewListener(l, serverConfig))
		killed := dial(t, l)
		client := tls.Client(killed, clientConfig)
		must(t, end2(client.Write([]byte("k"))))
		if n, err := client.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("the client of a handler that was killed got %d bytes and %v, want the farewell of TLS", n, err)
		}
		if n := drain(t, killed); n != 0 {
			t.Errorf("%d bytes after the farewell, want the end", n)
		}
		must(t, killed.Close())

		raw, half := dial(t, l), dial(t, l) // half never begins its handshake
		client = tls.Client(raw, clientConfig)
		must(t, end2(client.Write([]byte("x"))))
		until(active(s, 2))
		settle()
		err := s.Shutdown(0)
		checkCut(t, err, 2)
		if n, err := client.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("the client got %d bytes and %v, want the farewell of TLS", n, err)
		}
		if n := drain(t, half); n != 0 {
			t.Errorf("%d bytes, want the connection closed", n)
		}
		must(t, raw.Close())
		must(t, half.Close())
		if after := runtime.Current().Stats().Descriptors; after != before-1 { // the listener is closed
			t.Errorf("%d descriptors are registered, %d were, with the listener", after, before)
		}
	})
}
