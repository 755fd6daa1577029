package tasktest_test

import (
	"errors"
	"io"
	stdnet "net"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

func TestContractsAreKept(t *testing.T) {
	tasktest.TestMutex(t, func() tasktest.Mutex { return &lossy{sound: true} })
	tasktest.TestQueue(t, true, func(limit int) tasktest.Queue { return sync.NewQueue[int](limit) })
	tasktest.TestChannel(t, func(capacity int) tasktest.Channel { return channel.New[int](capacity) })
}

// TryLock completes the canary to a tasktest.Mutex.
func (m *lossy) TryLock() bool {
	if m.locked {
		return false
	}
	m.locked = true
	return true
}

// barging is a lock that whoever comes first can have, as a naive one does it: those
// who wait are woken, and try again.
type barging struct {
	locked bool
	freed  sync.Event
}

func (m *barging) Lock() {
	for !m.TryLock() {
		m.freed.Clear()
		m.freed.Wait()
	}
}

func (m *barging) TryLock() bool {
	was := m.locked
	m.locked = true
	return !was
}

func (m *barging) Unlock() {
	m.locked = false
	m.freed.Set()
}

// open is no lock at all.
type open struct{ barging }

func (m *open) Lock() { task.Yield() }

func TestMutexContractFindsFault(t *testing.T) {
	explore := func(f func(testing.TB, tasktest.Mutex), m func() tasktest.Mutex) func(testing.TB) {
		return func(t testing.TB) { tasktest.Explore(t, tasktest.Options{}, func() { f(t, m()) }) }
	}
	bargingLock := func() tasktest.Mutex { return new(barging) }
	mustFail(t, explore(tasktest.OneHolder, func() tasktest.Mutex { return new(open) }), "2 tasks hold the lock")
	mustFail(t, explore(tasktest.HandedOver, bargingLock), "before the one who waits")
	mustFail(t, explore(tasktest.Alternating, bargingLock), "in the order")
	mustFail(t, func(t testing.TB) {
		tasktest.CancelEverywhere(t, func(s *tasktest.Scene) { tasktest.CancelledLockers(t, s, new(lossy)) })
	}, "deadlock")
	mustFail(t, func(t testing.TB) { tasktest.Run(t, func() { tasktest.InOrder(t, &lastFirst{}) }) })
}

// lastFirst serves who came last.
type lastFirst struct {
	locked bool
	line   []*sync.Event
}

func (m *lastFirst) Lock() {
	if !m.locked {
		task.Yield()
		m.locked = true
		return
	}
	mine := new(sync.Event)
	m.line = append(m.line, mine)
	mine.Wait()
}

func (m *lastFirst) TryLock() bool { return false }

func (m *lastFirst) Unlock() {
	if m.locked = len(m.line) > 0; m.locked {
		m.line[len(m.line)-1].Set()
		m.line = m.line[:len(m.line)-1]
	}
}

// brokenQueue is a queue with a mistake in Get or Shutdown.
type brokenQueue struct {
	*sync.Queue[int]
	get      func(q *sync.Queue[int]) (int, error)
	shutdown func(q *sync.Queue[int])
}

func (q brokenQueue) Get() (int, error) {
	if q.get == nil {
		return q.Queue.Get()
	}
	return q.get(q.Queue)
}

func (q brokenQueue) Shutdown(immediate bool) {
	if q.shutdown == nil {
		q.Queue.Shutdown(immediate)
		return
	}
	q.shutdown(q.Queue)
}

func TestQueueContractFindsFault(t *testing.T) {
	for says, q := range map[string]brokenQueue{
		"came twice": {get: func(q *sync.Queue[int]) (int, error) {
			i, err := q.Get()
			return min(i, 1), err
		}},
		"items of one task came in the order": {get: func(q *sync.Queue[int]) (int, error) {
			i, err := q.Get()
			return 9 - i%10 + i/10*10, err
		}},
	} {
		mustFail(t, func(t testing.TB) {
			tasktest.Explore(t, tasktest.Options{}, func() {
				q.Queue = sync.NewQueue[int](0)
				tasktest.NothingLost(t, q, 0, true)
			})
		}, says)
	}
	mustFail(t, func(t testing.TB) {
		tasktest.Explore(t, tasktest.Options{}, func() {
			tasktest.ShutDown(t, brokenQueue{Queue: sync.NewQueue[int](0), shutdown: func(q *sync.Queue[int]) { q.Shutdown(true) }})
		})
	}, "came out of a queue that was shut down gracefully")
	mustFail(t, func(t testing.TB) {
		tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
			// The mistake: a wait between having the item and handing it out.
			tasktest.CancelledQueue(t, s, brokenQueue{Queue: sync.NewQueue[int](0), get: func(q *sync.Queue[int]) (int, error) {
				i, err := q.Get()
				task.Yield()
				return i, err
			}})
		})
	}, "was put and lost")
}

// brokenChannel is a channel whose Send returns before the value was taken.
type brokenChannel struct{ *channel.Channel[int] }

func (c brokenChannel) Send(v int) error {
	task.Go(func() { _ = c.Channel.Send(v) })
	return nil
}

func TestChannelContractFindsFault(t *testing.T) {
	scenes := map[string]func(t testing.TB, c tasktest.Channel){
		"values were asked for": tasktest.Rendezvous,
		"a closed channel":      tasktest.CloseUnder,
	}
	for says, scene := range scenes {
		mustFail(t, func(t testing.TB) {
			tasktest.Explore(t, tasktest.Options{}, func() { scene(t, brokenChannel{channel.New[int](0)}) })
		}, says)
	}
	mustFail(t, func(t testing.TB) {
		tasktest.Run(t, func() { tasktest.PassOn(t, channel.New[int](2), 1) })
	}, "the capacity is 2, want 1")
	mustFail(t, func(t testing.TB) {
		tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
			tasktest.CancelledChannel(t, s, brokenChannel{channel.New[int](0)})
		})
	}, "sent and lost")
}

// brokenConn is a stream with a mistake.
type brokenConn struct {
	stdnet.Conn
	mistake string
}

func (c *brokenConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case c.mistake == "swallows an end" && errors.Is(err, io.EOF):
		return 0, io.ErrUnexpectedEOF
	case c.mistake == "changes a byte" && n > 0:
		p[0]++
	case c.mistake == "hides a close" && errors.Is(err, stdnet.ErrClosed):
		return 0, io.EOF
	}
	return n, err
}

func (c *brokenConn) SetReadDeadline(when time.Time) error {
	if c.mistake == "is early" && !when.IsZero() && when.Unix() > 1 {
		when = when.Add(-time.Minute)
	}
	if c.mistake == "forgets the deadline" {
		when = time.Unix(1<<33, 0) // not never: the test is to end
	}
	return c.Conn.SetReadDeadline(when)
}

func TestConnContractFindsFault(t *testing.T) {
	for mistake, test := range map[string]func(t testing.TB, a, b stdnet.Conn){
		"swallows an end":      tasktest.PeerCloses,
		"changes a byte":       tasktest.BothWays,
		"hides a close":        tasktest.CloseWakes,
		"is early":             tasktest.LaterDeadline,
		"forgets the deadline": tasktest.LaterDeadline,
	} {
		t.Run(mistake, func(t *testing.T) {
			mustFail(t, func(t testing.TB) {
				tasktest.Run(t, func() {
					a, b := tasktest.Streams(0)
					defer a.Close()
					defer b.Close()
					test(t, &brokenConn{a, mistake}, &brokenConn{b, mistake})
				})
			})
		})
	}
}
