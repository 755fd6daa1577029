package net_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	stdnet "net"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// From plain goroutines, those that nettest starts; and from tasks, of which each makes one
// call for such a goroutine.
func TestConnectionsKeepTheRulesOfNettest(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name+"/goroutines", func(t *testing.T) {
			nettest.TestConn(t, func() (a, b stdnet.Conn, stop func(), err error) {
				_, a, b, stop, err = ownLoop(t, k)
				return a, b, stop, err
			})
		})
		t.Run(k.name+"/tasks", func(t *testing.T) {
			nettest.TestConn(t, func() (a, b stdnet.Conn, stop func(), err error) {
				loop, a, b, stop, err := ownLoop(t, k)
				return inTasks{a, loop}, inTasks{b, loop}, stop, err
			})
		})
	}
}

// inTasks makes every call in a task of its own.
type inTasks struct {
	conn stdnet.Conn
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

func (c inTasks) transfer(f func([]byte) (int, error), p []byte) (n int, err error) {
	err = c.call(func() (err error) {
		n, err = f(p)
		return err
	})
	return n, err
}

func (c inTasks) Read(p []byte) (int, error)  { return c.transfer(c.conn.Read, p) }
func (c inTasks) Write(p []byte) (int, error) { return c.transfer(c.conn.Write, p) }
func (c inTasks) LocalAddr() stdnet.Addr      { return c.conn.LocalAddr() }
func (c inTasks) RemoteAddr() stdnet.Addr     { return c.conn.RemoteAddr() }
func (c inTasks) Close() error                { return c.call(c.conn.Close) }

func (c inTasks) SetDeadline(t time.Time) error {
	return c.call(func() error { return c.conn.SetDeadline(t) })
}

func (c inTasks) SetReadDeadline(t time.Time) error {
	return c.call(func() error { return c.conn.SetReadDeadline(t) })
}

func (c inTasks) SetWriteDeadline(t time.Time) error {
	return c.call(func() error { return c.conn.SetWriteDeadline(t) })
}

// A talk is two ends in the hands of tasks.
type talk struct {
	t     *testing.T
	a, b  net.Conn
	tasks []*task.Task
}

// spawn starts a task that has to end once both ends are closed.
func (s *talk) spawn(f func()) *task.Task {
	one := task.Go(f)
	s.tasks = append(s.tasks, one)
	return one
}

// end closes what the test has left open and waits for its tasks.
func (s *talk) end() {
	_, _ = s.a.Close(), s.b.Close()
	for _, one := range s.tasks {
		must(s.t, one.Join())
	}
}

// chunk is what one call writes at most: a packet of any kind of socket can be as large.
const chunk = 1000

// relay copies from one connection to another, or back to the same, until either fails.
func (s *talk) relay(to io.Writer, from io.Reader) {
	s.spawn(func() {
		_, _ = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, chunk))
	})
}

func (s *talk) timedOut(what string, n int, err error) {
	s.t.Helper()
	var e net.Error
	if !errors.As(err, &e) || !e.Timeout() {
		s.t.Errorf("%s: %d, %v; want an error whose Timeout is true", what, n, err)
	}
}

// answered sends a word to an end that sends all back, and waits for it.
func (s *talk) answered() {
	s.t.Helper()
	must(s.t, s.a.SetDeadline(never))
	word := []byte("evergreen")
	if _, err := s.a.Write(word); err != nil {
		s.t.Errorf("the connection does not write any more: %v", err)
		return
	}
	got := make([]byte, len(word))
	if _, err := io.ReadFull(s.a, got); err != nil || !bytes.Equal(got, word) {
		s.t.Errorf("there came %q back, %v; want %q", got, err, word)
	}
}

// resume leaves behind what writes that timed out have sent, up to a byte of its own.
func (s *talk) resume() {
	s.t.Helper()
	must(s.t, s.a.SetDeadline(never))
	s.spawn(func() { _, _ = s.a.Write([]byte{'!'}) })
	buf := make([]byte, chunk)
	for {
		n, err := s.a.Read(buf)
		if err != nil {
			s.t.Errorf("the connection does not read any more: %v", err)
			return
		}
		if bytes.IndexByte(buf[:n], '!') >= 0 {
			return
		}
	}
}

// in is a moment so far away on the running loop's clock.
func in(d time.Duration) time.Time { return runtime.Current().Now().Add(d) }

// rules are those of nettest, for tasks in the place of its goroutines.
var rules = []struct {
	name string
	test func(s *talk)
}{
	{"BasicIO", basicIO},
	{"PingPong", pingPong},
	{"RacyRead", racyRead},
	{"RacyWrite", racyWrite},
	{"ReadTimeout", readTimeout},
	{"WriteTimeout", writeTimeout},
	{"PastTimeout", pastTimeout},
	{"PresentTimeout", presentTimeout},
	{"FutureTimeout", futureTimeout},
	{"CloseTimeout", closeTimeout},
	{"ConcurrentMethods", concurrentMethods},
}

// From tasks: of the connections' own loop, in an order drawn anew each time and on the
// virtual clock; and of another loop.
func TestConnectionsKeepTheRulesInTasks(t *testing.T) {
	for _, k := range kinds {
		for _, rule := range rules {
			t.Run(k.name+"/"+rule.name+"/own loop", func(t *testing.T) {
				tasktest.Run(t, func() {
					s := &talk{t: t}
					s.a, s.b = k.pair(t)
					rule.test(s)
					s.end()
				})
			})
			t.Run(k.name+"/"+rule.name+"/another loop", func(t *testing.T) {
				_, a, b, stop, err := ownLoop(t, k)
				must(t, err)
				defer stop()
				run(t, func() {
					s := &talk{t: t, a: a, b: b}
					rule.test(s)
					s.end()
				})
			})
		}
	}
}

// What one end writes the other reads, and then the end.
func basicIO(s *talk) {
	sent := make([]byte, 1<<18)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(sent)
	s.spawn(func() {
		for rest := sent; len(rest) > 0; {
			n, err := s.a.Write(rest[:min(chunk, len(rest))])
			if err != nil {
				s.t.Error(err)
				break
			}
			rest = rest[n:]
		}
		must(s.t, s.a.Close())
	})
	var got bytes.Buffer
	// Not ReadAll: of a packet that does not fit into what is left of its buffer the
	// rest would be lost.
	_, err := io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{s.b}, make([]byte, chunk))
	if err != nil || !bytes.Equal(got.Bytes(), sent) {
		s.t.Errorf("%d bytes were sent, %d came, the same %t; %v", len(sent), got.Len(), bytes.Equal(got.Bytes(), sent), err)
	}
}

// Two ends count up in turns until one closes.
func pingPong(s *talk) {
	const last = 1000
	count := func(c net.Conn, first bool) func() {
		return func() {
			defer c.Close()
			buf := make([]byte, 8)
			for n := uint64(0); ; n++ {
				if !first || n > 0 {
					if _, err := io.ReadFull(c, buf); err == io.EOF {
						return
					} else if err != nil {
						s.t.Error(err)
						return
					}
				}
				v := binary.LittleEndian.Uint64(buf)
				if want := 2 * n; first && v != want || !first && v != want+1 {
					s.t.Errorf("in round %d came %d", n, v)
					return
				}
				if v >= last {
					return
				}
				binary.LittleEndian.PutUint64(buf, v+1)
				if _, err := c.Write(buf); err != nil {
					s.t.Error(err)
					return
				}
			}
		}
	}
	// The first says 1 without being asked; it hears 2, says 3, ...
	one, other := s.spawn(count(s.a, true)), s.spawn(count(s.b, false))
	must(s.t, one.Join())
	must(s.t, other.Join())
}

// racing has ten tasks do what a deadline interrupts over and over, and use their
// buffers for something else at once.
func (s *talk) racing(what string, call func([]byte) (int, error), deadline func(time.Time) error) {
	left := 10
	for range left {
		s.spawn(func() {
			defer func() { left-- }()
			buf := make([]byte, chunk)
			for range 50 {
				n, err := call(buf)
				clear(buf) // which the race detector sees where the call still uses it
				if err != nil {
					s.timedOut(what, n, err)
				}
				task.Yield()
			}
		})
	}
	for past := true; left > 0; past = !past {
		when := never
		if past {
			when = longAgo
		}
		must(s.t, deadline(when))
		task.Yield()
	}
}

func racyRead(s *talk) {
	s.spawn(func() {
		for {
			if _, err := s.b.Write(make([]byte, chunk)); err != nil {
				return
			}
		}
	})
	s.racing("Read", s.a.Read, s.a.SetReadDeadline)
}

func racyWrite(s *talk) {
	s.relay(io.Discard, s.b)
	s.racing("Write", s.a.Write, s.a.SetWriteDeadline)
}

// The deadline of one direction is not the other's.
func readTimeout(s *talk) {
	s.relay(io.Discard, s.b)
	must(s.t, s.a.SetReadDeadline(longAgo))
	n, err := s.a.Read(make([]byte, chunk))
	s.timedOut("Read", n, err)
	_, err = s.a.Write(make([]byte, chunk))
	must(s.t, err)
}

func writeTimeout(s *talk) {
	s.spawn(func() { _, _ = s.b.Write(make([]byte, chunk)) })
	must(s.t, s.a.SetWriteDeadline(longAgo))
	n, err := s.a.Write(make([]byte, chunk))
	s.timedOut("Write", n, err)
	_, err = s.a.Read(make([]byte, chunk))
	must(s.t, err)
}

// A deadline that has passed fails the calls that come, and nothing of them happens;
// without it the connection is as before.
func pastTimeout(s *talk) {
	s.relay(s.b, s.b)
	s.answered()
	must(s.t, s.a.SetDeadline(longAgo))
	for what, call := range map[string]func([]byte) (int, error){"Read": s.a.Read, "Write": s.a.Write} {
		n, err := call(make([]byte, chunk))
		s.timedOut(what, n, err)
		if n != 0 {
			s.t.Errorf("%s: %d bytes, want none", what, n)
		}
	}
	s.answered()
}

// untilTimeout reads and writes until both have timed out. due tells whether they may.
func (s *talk) untilTimeout(due func() bool) (all []*task.Task) {
	for what, call := range map[string]func([]byte) (int, error){"Read": s.a.Read, "Write": s.a.Write} {
		all = append(all, s.spawn(func() {
			var n int
			var err error
			for err == nil {
				n, err = call(make([]byte, chunk))
			}
			s.timedOut(what, n, err)
			if !due() {
				s.t.Errorf("%s timed out before the deadline", what)
			}
		}))
	}
	return all
}

// A deadline that has passed ends calls that wait.
func presentTimeout(s *talk) {
	set := false
	all := s.untilTimeout(func() bool { return set })
	settle()
	set = true
	must(s.t, s.a.SetReadDeadline(longAgo))
	must(s.t, s.a.SetWriteDeadline(longAgo))
	for _, one := range all {
		must(s.t, one.Join())
	}
}

// A deadline to come ends calls when it has come, and the connection lives on.
func futureTimeout(s *talk) {
	deadline := in(50 * time.Millisecond)
	must(s.t, s.a.SetDeadline(deadline))
	all := s.untilTimeout(func() bool { return !in(0).Before(deadline) })
	for _, one := range all {
		must(s.t, one.Join())
	}
	s.relay(s.b, s.b)
	s.resume()
	s.answered()
}

// Close ends calls that wait.
func closeTimeout(s *talk) {
	s.relay(s.b, s.b)
	must(s.t, s.a.SetDeadline(inAYear))
	for _, call := range []func([]byte) (int, error){s.a.Read, s.a.Write} {
		s.spawn(func() {
			var err error
			for err == nil {
				_, err = call(make([]byte, chunk))
			}
			var e net.Error
			if errors.As(err, &e) && e.Timeout() {
				s.t.Errorf("%v, where the connection was closed", err)
			}
		})
	}
	settle()
	must(s.t, s.a.Close())
}

// All methods at once, and the connection is none the worse for it.
func concurrentMethods(s *talk) {
	s.relay(s.b, s.b)
	var all []*task.Task
	for range 30 {
		for _, f := range []func(){
			func() { _, _ = s.a.Read(make([]byte, chunk)) },
			func() { _, _ = s.a.Write(make([]byte, chunk)) },
			func() { must(s.t, s.a.SetDeadline(in(10*time.Millisecond))) },
			func() { must(s.t, s.a.SetReadDeadline(longAgo)) },
			func() { must(s.t, s.a.SetWriteDeadline(longAgo)) },
			func() { _ = s.a.LocalAddr() },
			func() { _ = s.a.RemoteAddr() },
		} {
			all = append(all, s.spawn(f))
		}
	}
	for _, one := range all {
		must(s.t, one.Join())
	}
	s.resume()
	s.answered()
}
