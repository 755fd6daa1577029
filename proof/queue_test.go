package proof

import (
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// seeds is how many schedules each kind of queue is checked under.
func seeds() int {
	if testing.Short() {
		return 200
	}
	return 2000
}

// clients runs two who put, two who get and one who ends it all, and checks the
// history of what they did. Each operation is a step, with a yield before it.
func clients(t *testing.T, limit int, doPut func(int) error, doGet func() (int, error), end func()) {
	var h history
	var tasks []*task.Task
	client := func(f func(id int)) {
		id := len(tasks)
		tasks = append(tasks, task.Go(func() { f(id) }))
	}
	for range 2 {
		client(func(id int) {
			for i := range 3 {
				v := 10*id + i
				h.do(id, operation{put, v}, func() result { return result{0, doPut(v) == nil} })
			}
		})
		client(func(id int) {
			for range 3 {
				h.do(id, operation{get, 0}, func() result {
					v, err := doGet()
					return result{v, err == nil}
				})
			}
		})
	}
	client(func(id int) {
		for range 4 {
			task.Yield()
		}
		h.do(id, operation{shutdown, 0}, func() result { end(); return result{0, true} })
	})
	for _, t := range tasks {
		_ = t.Join()
	}
	if !porcupine.CheckOperations(fifo(limit), h.ops) {
		t.Errorf("no order of these operations is that of a queue: %v", h.ops)
	}
}

func TestQueueIsLinearizable(t *testing.T) {
	for _, limit := range []int{0, 1, 2} {
		tasktest.Explore(t, tasktest.Options{Orders: seeds(), Seeds: seeds()}, func() {
			q := sync.NewQueue[int](limit)
			clients(t, limit, q.Put, q.Get, func() { q.Shutdown(false) })
		})
	}
}

// A value handed over in an unbuffered channel is in the sequential queue for a
// moment, so the model is one with room for one: the rendezvous is another test's.
func TestChannelIsLinearizable(t *testing.T) {
	for _, capacity := range []int{0, 1, 2} {
		tasktest.Explore(t, tasktest.Options{Orders: seeds(), Seeds: seeds()}, func() {
			c := channel.New[int](capacity)
			clients(t, max(1, capacity), c.Send, c.Receive, func() { c.Close() })
		})
	}
}
