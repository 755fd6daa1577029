package net_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	stdnet "net"
	stdruntime "runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// journal is a log that a test can read, from any goroutine.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// newServer makes a server that logs into a journal.
func newServer(handler func(net.Conn)) (*net.Server, *journal) {
	j := new(journal)
	return &net.Server{Handler: handler, ErrorLog: log.New(j, "", 0)}, j
}

// serving has the server serve listeners, each in a task, until it is shut down.
func serving(t testing.TB, s *net.Server, listeners ...net.Listener) {
	t.Helper()
	for _, l := range listeners {
		task.Go(func() {
			if err := s.Serve(l); err != net.ErrServerClosed {
				t.Errorf("Serve returned %v, want %v", err, net.ErrServerClosed)
			}
		})
	}
}

// dial connects to a listener. To be called in a task.
func dial(t testing.TB, l net.Listener) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	return c.(*net.TCPConn)
}

// echoing is a handler that sends back what it reads.
func echoing(c net.Conn) { _, _ = io.Copy(c, c) }

// waiting is a handler that waits until the client closes its side.
func waiting(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// until lets the others go on until a condition holds.
func until(holds func() bool) {
	for !holds() {
		task.Yield()
	}
}

func active(s *net.Server, n int) func() bool {
	return func() bool { return s.Stats().Active == n }
}

func TestServerServesSeveralListeners(t *testing.T) {
	run(t, func() {
		s, _ := newServer(echoing)
		a, b := listen(t), listen(t)
		serving(t, s, a, b)
		var clients []func()
		for i := range 20 {
			clients = append(clients, func() {
				c := dial(t, []net.Listener{a, b}[i%2])
				defer c.Close()
				sent := bytes.Repeat([]byte{byte(i)}, 100_000)
				task.Go(func() {
					_, _ = c.Write(sent)
					_ = c.CloseWrite()
				})
				if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, sent) {
					t.Errorf("%d bytes of %d came back (%v)", len(got), len(sent), err)
				}
			})
		}
		tasks(clients...)
		if got := s.Stats(); got.Listeners != 2 || got.Accepted != 20 {
			t.Errorf("the numbers are %+v", got)
		}
		must(t, s.Shutdown(-1))
		if got, want := s.Stats(), (net.ServerStats{Accepted: 20}); got != want {
			t.Errorf("the numbers are %+v in the end, want %+v", got, want)
		}
	})
}

// Whatever ends a handler closes its connection and no other.
//
// holds: 90
func TestServerHandlerEndsItsConnectionOnly(t *testing.T) {
	run(t, func() {
		s, lines := newServer(func(c net.Conn) {
			letter := make([]byte, 1)
			for {
				if _, err := c.Read(letter); err != nil {
					return
				}
				switch letter[0] {
				case 'p':
					panic("on purpose")
				case 'g':
					stdruntime.Goexit()
				case 'k':
					task.Current().Kill()
				case 't':
					timeout.Start(time.Nanosecond) // and nobody there to end the block
					task.Sleep(time.Hour)
				case 'r':
					return
				case 'c':
					_ = c.Close()
				default:
					_, _ = c.Write(letter)
				}
			}
		})
		l := listen(t)
		serving(t, s, l)
		other := dial(t, l)
		defer other.Close()
		for _, way := range "pgktrc" {
			c := dial(t, l)
			must(t, end2(c.Write([]byte(string(way)))))
			if n := drain(t, c); n != 0 {
				t.Errorf("%c: %d bytes, want the connection closed", way, n)
			}
			must(t, c.Close())
			must(t, end2(other.Write([]byte("x"))))
			must(t, end2(io.ReadFull(other, make([]byte, 1))))
		}
		until(active(s, 1))
		if got := s.Stats(); got.Panicked != 1 || got.Cut != 0 || got.Accepted != 7 {
			t.Errorf("the numbers are %+v, want one panic", got)
		}
		said := lines.String()
		if strings.Count(said, "net: panic serving 127.0.0.1:") != 1 || !strings.Contains(said, "on purpose") || !strings.Contains(said, "TestServerHandlerEndsItsConnectionOnly") {
			t.Errorf("the log is to have the one panic with its stack and nothing else:\n%s", said)
		}
		must(t, other.Close())
		must(t, s.Shutdown(-1))
	})
}

// scripted is a listener whose Accept and Close are functions.
type scripted struct {
	accept func() (net.Conn, error)
	close  func() error
}

func (l *scripted) Accept() (net.Conn, error) { return l.accept() }
func (l *scripted) Addr() net.Addr            { return &net.TCPAddr{} }

func (l *scripted) Close() error {
	if l.close == nil {
		return nil
	}
	return l.close()
}

func acceptError(e syscall.Errno) error {
	return &net.OpError{Op: "accept", Net: "tcp", Err: e}
}

// holds: 74, 75, 76
func TestServerWaitsForDescriptors(t *testing.T) {
	over := errors.New("over")
	run(t, func() {
		loop := runtime.Current()
		errs := []error{
			acceptError(syscall.EMFILE), acceptError(syscall.ENFILE), acceptError(syscall.ECONNABORTED), acceptError(syscall.ENOBUFS),
			nil, // a success has it begin anew
			acceptError(syscall.ENOMEM), acceptError(syscall.EMFILE), acceptError(syscall.EMFILE), acceptError(syscall.EMFILE),
			acceptError(syscall.EMFILE), acceptError(syscall.EMFILE), acceptError(syscall.EMFILE), acceptError(syscall.EMFILE),
			acceptError(syscall.EMFILE), acceptError(syscall.EMFILE), over,
		}
		var at []time.Duration // when it tried
		began := loop.Now()
		s, lines := newServer(func(net.Conn) {})
		l := &scripted{accept: func() (net.Conn, error) {
			at = append(at, loop.Now().Sub(began))
			err := errs[0]
			errs = errs[1:]
			if err != nil {
				return nil, err
			}
			c, _ := stdnet.Pipe()
			return c, nil
		}}
		server := task.Go(func() {
			if err := s.Serve(l); err != over {
				t.Errorf("Serve returned %v, want %v", err, over)
			}
		})
		for server.Alive() {
			task.Yield()
			if n := loop.Stats().Timers; n > 1 {
				t.Errorf("%d timers are set during a pause, want 1", n)
			}
			_ = server.JoinTimeout(5 * time.Millisecond) // as long as the shortest pause, so that it falls between them
		}
		want := []int{0, 5, 15, 15, 35, 35, 40, 50, 70, 110, 190, 350, 670, 1310, 2310, 3310}
		for i, ms := range want {
			if i >= len(at) || at[i] != time.Duration(ms)*time.Millisecond {
				t.Fatalf("it tried after %v, want milliseconds %v", at, want)
			}
		}
		if n := strings.Count(lines.String(), "\n"); n != 13 || s.Stats().AcceptErrors != 13 {
			t.Errorf("%d lines and %d errors counted, want one for each of 13 pauses:\n%s", n, s.Stats().AcceptErrors, lines)
		}
	}, runtime.WithVirtualClock())
}

// A server that waits for descriptors hears of its end.
func TestServerEndsDuringAPause(t *testing.T) {
	run(t, func() {
		loop := runtime.Current()
		began := loop.Now()
		for name, end := range map[string]func(*net.Server, *task.Task){
			"Shutdown": func(s *net.Server, _ *task.Task) { must(t, s.Shutdown(time.Hour)) },
			"Close":    func(s *net.Server, _ *task.Task) { must(t, s.Close()) },
			"Kill":     func(_ *net.Server, server *task.Task) { server.Kill() },
		} {
			s, _ := newServer(echoing)
			closed := 0
			l := &scripted{
				accept: func() (net.Conn, error) { return nil, acceptError(syscall.EMFILE) },
				close:  func() error { closed++; return nil },
			}
			var err error
			server := task.Go(func() { err = s.Serve(l) })
			task.Yield()
			end(s, server)
			switch joined := server.Join(); {
			case name == "Kill" && joined != task.ErrKilled:
				t.Errorf("the task that was killed ended with %v", joined)
			case name != "Kill" && err != net.ErrServerClosed:
				t.Errorf("%s: Serve returned %v", name, err)
			}
			if n := s.Stats().Listeners; closed != 1 || n != 0 {
				t.Errorf("%s: the listener was closed %d times, and %d are served", name, closed, n)
			}
		}
		if took := loop.Now().Sub(began); took != 0 {
			t.Errorf("it took %v", took)
		}
	}, runtime.WithVirtualClock())
}

// However many connections are ready, the others have their turns.
//
// holds: 61, 76
func TestServerAcceptsInPortions(t *testing.T) {
	const ready, most = 300, 128
	run(t, func() {
		s, _ := newServer(func(net.Conn) {})
		l := listen(t)
		var clients []io.Closer
		for range ready {
			clients = append(clients, dial(t, l))
		}
		serving(t, s, l)
		for last := uint64(0); last < ready; {
			task.Yield()
			now := s.Stats().Accepted
			if now-last > most {
				t.Fatalf("%d connections were accepted in one go, want at most %d", now-last, most)
			}
			last = now
		}
		must(t, s.Shutdown(-1))
		for _, c := range clients {
			must(t, c.Close())
		}
	})
}

func TestServeSaysWhatIsWrong(t *testing.T) {
	run(t, func() {
		std, err := stdnet.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		s, _ := newServer(echoing)
		if err := s.Serve(std); err == nil || !strings.Contains(err.Error(), "*net.TCPListener") {
			t.Errorf("of a listener of the standard library it says %v", err)
		}
		if err := s.Serve(nil); err == nil || !strings.Contains(err.Error(), "without a listener") {
			t.Errorf("of no listener it says %v", err)
		}
		l := listen(t)
		if err := new(net.Server).Serve(l); err == nil || !strings.Contains(err.Error(), "Handler") {
			t.Errorf("without a Handler it says %v", err)
		}
		if err := s.ListenAndServe("tcp", "127.0.0.1:none"); err == nil || err == net.ErrServerClosed {
			t.Errorf("of an address that is none it says %v", err)
		}
		closed := listen(t)
		must(t, closed.Close())
		if err := s.Serve(closed); !errors.Is(err, net.ErrClosed) {
			t.Errorf("of a closed listener it says %v", err)
		}
		for _, l := range []net.Listener{std, l} {
			if err := l.Close(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Serve has left a %T open: its Close says %v", l, err)
			}
		}
		err = timeout.Run(time.Second, func() error { return s.Serve(listen(t)) })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("in a block that ends it says %v", err)
		}
		other := start(t)
		must(t, other.Do(func() error {
			if err := s.Serve(listen(t)); err == nil || !strings.Contains(err.Error(), "one Server for each loop") {
				t.Errorf("in a second loop it says %v", err)
			}
			return nil
		}))
	}, runtime.WithVirtualClock())
}

func TestListenAndServe(t *testing.T) {
	run(t, func() {
		s, _ := newServer(echoing)
		var err error
		server := task.Go(func() { err = s.ListenAndServe("tcp", "127.0.0.1:0") })
		until(func() bool { return s.Stats().Listeners == 1 })
		must(t, s.Shutdown(0))
		must(t, server.Join())
		if err != net.ErrServerClosed {
			t.Errorf("ListenAndServe returned %v", err)
		}
		if err := s.ListenAndServe("tcp", "127.0.0.1:0"); err != net.ErrServerClosed {
			t.Errorf("ListenAndServe returned %v after Shutdown", err)
		}
	})
}
