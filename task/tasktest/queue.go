package tasktest

import (
	"slices"
	"testing"

	"github.com/evergreen-go/evergreen/task"
)

// Queue is what [TestQueue] tests, of items that are numbers.
type Queue interface {
	// Put adds an item and waits for room. It fails after Shutdown. It is a
	// checkpoint.
	Put(item int) error
	// Get takes the first item and waits for one. It fails after Shutdown when the
	// queue is empty. It is a checkpoint.
	Get() (int, error)
	// Len is how many items are in the queue. It is not a checkpoint.
	Len() int
	// Shutdown lets nobody put, and drops the items if immediate. It is not a
	// checkpoint.
	Shutdown(immediate bool)
}

// TestQueue holds a queue to the contract of sync.Queue: nothing is lost, doubled or
// reordered between one who puts and one who gets, under all schedules and whoever is
// cancelled; the limit holds; a shutdown lets no one wait. newQueue makes an empty
// one for at most limit items, 0 for no limit; if ordered is false items may come out
// in another order. It must not be called in a task, and is not a checkpoint.
func TestQueue(t *testing.T, ordered bool, newQueue func(limit int) Queue) {
	for _, limit := range []int{0, 1, 2} {
		t.Run("NothingLost", func(t *testing.T) {
			Explore(t, Options{}, func() { nothingLost(t, newQueue(limit), limit, ordered) })
		})
		t.Run("Shutdown", func(t *testing.T) {
			Explore(t, Options{Orders: 300, Seeds: 200}, func() { shutDown(t, newQueue(limit)) })
		})
		t.Run("CancelEverywhere", func(t *testing.T) {
			CancelEverywhere(t, func(s *Scene) { cancelledQueue(t, s, newQueue(limit)) })
		})
	}
}

// nothingLost has two tasks put and one get. Each putter's items carry its mark.
func nothingLost(t testing.TB, q Queue, limit int, ordered bool) {
	put := func(mark int) func() {
		return func() {
			for i := range 3 {
				if err := q.Put(mark + i); err != nil {
					t.Errorf("Put returned %v", err)
				}
				if limit > 0 && q.Len() > limit {
					t.Errorf("%d items in a queue for %d", q.Len(), limit)
				}
			}
		}
	}
	var got []int
	get := func() {
		for range 6 {
			item, err := q.Get()
			if err != nil {
				t.Errorf("Get returned %v", err)
			}
			got = append(got, item)
		}
	}
	joinAll([]*task.Task{task.Go(put(0)), task.Go(get), task.Go(put(10))})
	if ordered {
		checkOrder(t, got)
	}
	checkOnce(t, got, 6)
	if q.Len() != 0 {
		t.Errorf("%d items are left", q.Len())
	}
}

// checkOrder checks that the items of each putter came in the order they were put.
func checkOrder(t testing.TB, got []int) {
	last := map[int]int{0: -1, 10: -1}
	for _, item := range got {
		mark := item / 10 * 10
		if item%10 <= last[mark] {
			t.Errorf("items of one task came in the order %v", got)
			return
		}
		last[mark] = item % 10
	}
}

// checkOnce checks that no item came twice, and how many there are.
func checkOnce(t testing.TB, got []int, want int) {
	seen := make(map[int]bool)
	for _, item := range got {
		if seen[item] {
			t.Errorf("item %d came twice: %v", item, got)
		}
		seen[item] = true
	}
	if want >= 0 && len(got) != want {
		t.Errorf("%d items came, want %d: %v", len(got), want, got)
	}
}

// shutDown ends the queue while tasks wait at it, or are about to.
func shutDown(t testing.TB, q Queue) {
	accepted, received := 0, 0
	putter := func() {
		for i := range 4 {
			if q.Put(i) != nil {
				return
			}
			accepted++
		}
	}
	getter := func() {
		for {
			if _, err := q.Get(); err != nil {
				return
			}
			received++
		}
	}
	tasks := []*task.Task{task.Go(putter), task.Go(getter), task.Go(func() { task.Yield(); q.Shutdown(false) }), task.Go(putter)}
	joinAll(tasks)
	if accepted != received {
		t.Errorf("%d items were accepted and %d came out of a queue that was shut down gracefully", accepted, received)
	}
	if err := q.Put(1); err == nil {
		t.Error("a queue that is shut down took an item")
	}
	if _, err := q.Get(); err == nil {
		t.Error("an empty queue that is shut down gave an item")
	}
}

// cancelledQueue counts what was put and got, whoever was cancelled in between.
func cancelledQueue(t testing.TB, s *Scene, q Queue) {
	var put, got []int
	var putters []*task.Task
	for mark := range 2 {
		putters = append(putters, s.Go(func() {
			for i := range 2 {
				if q.Put(10*mark+i) != nil {
					return
				}
				put = append(put, 10*mark+i)
			}
		}))
	}
	task.Go(func() {
		joinAll(putters)
		q.Shutdown(false) // whoever still waits is to end
	})
	for range 2 {
		s.Go(func() {
			for {
				item, err := q.Get()
				if err != nil {
					return
				}
				got = append(got, item)
			}
		})
	}
	s.After(func() {
		for {
			item, err := q.Get() // what a cancelled task has left there
			if err != nil {
				break
			}
			got = append(got, item)
		}
		checkOnce(t, got, -1)
		for _, item := range got {
			if !slices.Contains(put, item) {
				t.Errorf("item %d came out, and its Put did not return nil", item)
			}
		}
		for _, item := range put {
			if !slices.Contains(got, item) {
				t.Errorf("item %d was put and lost: put %v, got %v", item, put, got)
			}
		}
	})
}
