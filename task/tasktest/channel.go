package tasktest

import (
	"slices"
	"testing"

	"github.com/evergreen-go/evergreen/task"
)

// Channel is what [TestChannel] tests, of values that are numbers.
type Channel interface {
	// Send sends a value and waits until it is taken or in the buffer. It fails
	// after Close. It is a checkpoint.
	Send(value int) error
	// Receive takes a value and waits for one. It fails after Close when the buffer
	// is empty. It is a checkpoint.
	Receive() (int, error)
	// Close lets nobody send. It is not a checkpoint.
	Close()
	// Len is how many values are in the buffer. It is not a checkpoint.
	Len() int
	// Cap is how many there can be. It is not a checkpoint.
	Cap() int
}

// TestChannel holds a channel to the contract of package channel: values arrive once
// and in order, an unbuffered Send returns only when its value was taken, Close lets
// no one wait and what is buffered still arrives, and the value of a cancelled
// sender never does. newChannel makes an open one of the capacity. It must not be
// called in a task, and is not a checkpoint.
func TestChannel(t *testing.T, newChannel func(capacity int) Channel) {
	for _, capacity := range []int{0, 1, 2} {
		t.Run("NothingLost", func(t *testing.T) {
			Explore(t, Options{}, func() { passOn(t, newChannel(capacity), capacity) })
		})
		t.Run("Close", func(t *testing.T) {
			Explore(t, Options{Orders: 300, Seeds: 200}, func() { closeUnder(t, newChannel(capacity)) })
		})
		t.Run("CancelEverywhere", func(t *testing.T) {
			CancelEverywhere(t, func(s *Scene) { cancelledChannel(t, s, newChannel(capacity)) })
		})
	}
	t.Run("Rendezvous", func(t *testing.T) {
		Explore(t, Options{}, func() { rendezvous(t, newChannel(0)) })
	})
}

// passOn has two tasks send and one receive.
func passOn(t testing.TB, c Channel, capacity int) {
	if c.Cap() != capacity {
		t.Errorf("the capacity is %d, want %d", c.Cap(), capacity)
	}
	send := func(mark int) func() {
		return func() {
			for i := range 3 {
				if err := c.Send(mark + i); err != nil {
					t.Errorf("Send returned %v", err)
				}
				if c.Len() > capacity {
					t.Errorf("%d values in a channel for %d", c.Len(), capacity)
				}
			}
		}
	}
	var got []int
	receive := func() {
		for range 6 {
			v, err := c.Receive()
			if err != nil {
				t.Errorf("Receive returned %v", err)
			}
			got = append(got, v)
		}
	}
	joinAll([]*task.Task{task.Go(send(0)), task.Go(receive), task.Go(send(10))})
	checkOrder(t, got)
	checkOnce(t, got, 6)
}

// rendezvous checks that no Send returns without a Receive of its own: at no time may
// more have returned than there were receivers.
func rendezvous(t testing.TB, c Channel) {
	sent, wanted := 0, 0
	send := func() {
		for i := range 2 {
			_ = c.Send(i)
			if sent++; sent > wanted {
				t.Errorf("%d Sends have returned, and %d values were asked for", sent, wanted)
			}
		}
	}
	receive := func() {
		for range 2 {
			task.Yield()
			wanted++
			_, _ = c.Receive()
		}
	}
	joinAll([]*task.Task{task.Go(send), task.Go(send), task.Go(receive), task.Go(receive)})
}

// closeUnder closes the channel while tasks wait at it, or are about to.
func closeUnder(t testing.TB, c Channel) {
	sent, received := 0, 0
	send := func() {
		for i := range 4 {
			if c.Send(i) != nil {
				return
			}
			sent++
		}
	}
	receive := func() {
		for {
			if _, err := c.Receive(); err != nil {
				return
			}
			received++
		}
	}
	joinAll([]*task.Task{task.Go(send), task.Go(receive), task.Go(func() { task.Yield(); c.Close() }), task.Go(send)})
	if sent != received {
		t.Errorf("%d values were sent and %d arrived", sent, received)
	}
	if c.Send(1) == nil {
		t.Error("a closed channel took a value")
	}
	if _, err := c.Receive(); err == nil {
		t.Error("a closed, empty channel gave a value")
	}
}

// cancelledChannel counts what was sent and received, whoever was cancelled.
func cancelledChannel(t testing.TB, s *Scene, c Channel) {
	var sent, got []int
	refused := make(map[int]bool)
	var senders []*task.Task
	for mark := range 2 {
		senders = append(senders, s.Go(func() {
			for i := range 2 {
				v := 10*mark + i
				refused[v] = true // until Send says otherwise; a kill never does
				if c.Send(v) != nil {
					return
				}
				refused[v] = false
				sent = append(sent, v)
			}
		}))
	}
	task.Go(func() {
		joinAll(senders)
		c.Close() // whoever still waits is to end
	})
	for range 2 {
		s.Go(func() {
			for {
				v, err := c.Receive()
				if err != nil {
					return
				}
				got = append(got, v)
			}
		})
	}
	s.After(func() {
		for {
			v, err := c.Receive()
			if err != nil {
				break
			}
			got = append(got, v)
		}
		checkOnce(t, got, -1)
		for _, v := range got {
			if refused[v] {
				t.Errorf("value %d arrived and its Send failed", v)
			}
		}
		for _, v := range sent {
			if !slices.Contains(got, v) {
				t.Errorf("value %d was sent and lost", v)
			}
		}
	})
}
