package tasktest_test

import (
	"testing"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// lossy is a lock with a wake-up planted to be lost: whoever is cancelled after the
// lock was handed to it goes away without passing it on. It is right in every other
// way, and no test that does not cancel at that very moment notices.
type lossy struct {
	locked  bool
	waiters kernel.WaitList
	sound   bool // the hole is closed
}

func (m *lossy) Lock() {
	t := kernel.Running()
	if !m.locked {
		if !t.Checkpoint() {
			t.Unwind()
		}
	}
	if !m.locked {
		m.locked = true
		return
	}
	if m.waiters.Wait(t, kernel.Plain("the canary"), 0) == kernel.Canceled {
		t.Unwind()
	}
	if t.Interruptible() {
		if m.sound {
			m.Unlock()
		}
		t.Unwind()
	}
}

func (m *lossy) Unlock() { m.locked = m.waiters.Wake() != nil }

// scenario is three tasks that take the lock in turns.
func (m *lossy) scenario(s *tasktest.Scene) {
	for range 3 {
		s.Go(func() {
			for range 2 {
				m.Lock()
				func() {
					defer m.Unlock()
					task.Yield()
				}()
			}
		})
	}
}

// A kit that no longer finds the planted mistake is broken itself.
//
// holds: 12, 13
func TestCanaryIsFound(t *testing.T) {
	d := mustFail(t, func(t testing.TB) {
		tasktest.CancelEverywhere(t, func(s *tasktest.Scene) { new(lossy).scenario(s) })
	}, "deadlock", "the canary", "it was the ", "at moment", "EVERGREEN_SCHEDULE=fifo go test")
	t.Log(d.text())
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) { (&lossy{sound: true}).scenario(s) })
}
