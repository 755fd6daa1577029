package net_test

import (
	"errors"
	"io"
	stdruntime "runtime"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// alive is how many connections there are at a time. Each has two descriptors, since
// both ends are here.
const alive = 200

// usage is what connections could leave behind.
type usage struct {
	files, descriptors, tasks, timers int
	// goroutines are those that do something: the loop keeps as many idle ones as there
	// were ever tasks at a time.
	goroutines int
	heap       int64
}

func used(t *testing.T) usage {
	t.Helper()
	s := runtime.Current().Stats()
	return usage{openFiles(t), s.Descriptors, s.Live, s.Timers, busy(), heapInUse()}
}

// busy counts the goroutines that are not kept for tasks to come.
func busy() int { return stdruntime.NumGoroutine() - runtime.Current().Stats().Idle }

// endings are the ways in which a connection goes, after a question and its answer:
// what the client does, and what its server.
var endings = []struct{ client, server func(c *net.TCPConn) error }{
	{closing, toTheEnd},
	{toTheEnd, closing},
	{resetting, untilReset},
	{untilReset, resetting},
	{halfClosing, answersTo},
	{answersTo, halfClosing},
	{forgetting, toTheEnd},
}

func closing(c *net.TCPConn) error { return c.Close() }

// toTheEnd reads until the peer closes, and closes too.
func toTheEnd(c *net.TCPConn) error {
	_, err := io.Copy(io.Discard, struct{ io.Reader }{c})
	return errors.Join(err, c.Close())
}

func resetting(c *net.TCPConn) error { return errors.Join(c.SetLinger(0), c.Close()) }

func untilReset(c *net.TCPConn) error {
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		return errors.Join(err, c.Close(), errors.New("the connection was not reset"))
	}
	return c.Close()
}

// halfClosing ends its side and still hears the peer's last words.
func halfClosing(c *net.TCPConn) error {
	err := c.CloseWrite()
	words, read := io.ReadAll(c)
	if string(words) != "last words" {
		read = errors.Join(read, errors.New("after CloseWrite came "+string(words)))
	}
	return errors.Join(err, read, c.Close())
}

func answersTo(c *net.TCPConn) error {
	_, err := io.Copy(io.Discard, struct{ io.Reader }{c})
	_, write := c.Write([]byte("last words"))
	return errors.Join(err, write, c.Close())
}

// forgetting is a task that is killed while it waits; what it has deferred closes.
func forgetting(c *net.TCPConn) error {
	victim := task.Go(func() {
		defer c.Close()
		_, _ = c.Read(make([]byte, 1))
	})
	task.Yield()
	victim.Kill()
	if err := victim.Join(); !errors.Is(err, task.ErrKilled) {
		return err
	}
	return nil
}

// soak has so many connections at a time come and go, and others in their place, for so
// many rounds. The first byte says how a connection is to end.
func soak(t *testing.T, l *net.TCPListener, rounds int) {
	t.Helper()
	serve := func() {
		s, err := l.AcceptTCP()
		must(t, err)
		how := make([]byte, 1)
		_, err = s.Read(how)
		must(t, err)
		_, err = s.Write(how)
		must(t, err)
		if err := endings[how[0]].server(s); err != nil {
			t.Errorf("server, ending %d: %v", how[0], err)
		}
	}
	come := func(ending int) {
		c, err := net.Dial("tcp", l.Addr().String())
		must(t, err)
		how := []byte{byte(ending)}
		_, err = c.Write(how)
		must(t, err)
		_, err = c.Read(how)
		must(t, err)
		if err := endings[how[0]].client(c.(*net.TCPConn)); err != nil {
			t.Errorf("client, ending %d: %v", how[0], err)
		}
	}
	var all []func()
	for i := range alive {
		all = append(all, func() {
			for range rounds {
				serve()
			}
		}, func() {
			for round := range rounds {
				come((round + i) % len(endings))
			}
		})
	}
	must(t, timeout.Run(10*patience, func() error { // where one fails, its peer waits for ever
		tasks(all...)
		return nil
	}))
}

// Connections come, talk and go in every way there is, and after thousands of them
// descriptors, tasks, timers, goroutines and memory are what they were after the first.
func TestTenThousandConnectionsLeaveNothing(t *testing.T) {
	const bound = 1 << 20 // bytes: less than 200 for each of the connections
	connections := 10_000
	if testing.Short() {
		connections = 1000
	}
	run(t, func() {
		l := listen(t)
		defer l.Close()
		soak(t, l, 2) // which opens what is opened once, and fills the pools
		before := used(t)
		soak(t, l, connections/alive)
		after := used(t)
		grown := after.heap - before.heap
		if grown > bound {
			t.Errorf("the heap grew by %d bytes, want at most %d", grown, bound)
		}
		for limit := time.Now().Add(patience); after.goroutines > before.goroutines && time.Now().Before(limit); after.goroutines = busy() {
			stdruntime.Gosched() // some may be on their last step
		}
		if after.goroutines > before.goroutines {
			t.Errorf("%d goroutines are busy, before there were %d", after.goroutines, before.goroutines)
		}
		openAsBefore(t, before.files)
		after.heap, after.goroutines, after.files = before.heap, before.goroutines, before.files
		if after != before {
			t.Errorf("there is now %+v, before it was %+v", after, before)
		}
	})
}
