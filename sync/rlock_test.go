package sync_test

import (
	"errors"
	"testing"

	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// One who was woken by the news of a broken lock, and is killed before it runs, ends
// as killed: a panic in its place would end the whole run.
//
// holds: 18, 37
func TestRLockWaiterThatIsKilledHearsNoMore(t *testing.T) {
	met := 0
	explore(t, func() {
		var l sync.RLock
		owner := task.Go(func() { l.Lock(); task.Sleep(long) })
		tasktest.WaitAllParked()
		said := ""
		waiter := task.Go(func() { said = panicText(l.Lock) })
		tasktest.WaitAllParked()
		owner.Kill()
		_ = owner.Join()
		if waiter.Alive() { // woken, and in this schedule it has not run
			met++
			waiter.Kill()
			if err := waiter.Join(); !errors.Is(err, task.ErrKilled) || said != "" {
				t.Errorf("one who was killed ended with %v, and Lock said %q", err, said)
			}
		} else if said != sync.ErrBroken.Error() {
			t.Errorf("Lock said %q", said)
		}
		if err := l.LockTimeout(0); !errors.Is(err, sync.ErrBroken) || l.TryLock() {
			t.Errorf("the lock is whole again: %v", err)
		}
	})
	if met == 0 {
		t.Error("no schedule has met the case")
	}
}

// What can be had at once is a checkpoint all the same.
func TestRLockIsACheckpoint(t *testing.T) {
	tasktest.Run(t, func() {
		var l sync.RLock
		tasktest.MustCheckpoint(t, l.Lock)
		tasktest.MustCheckpoint(t, func() { _ = l.LockTimeout(long) })
		tasktest.MustNotCheckpoint(t, func() { l.TryLock() })
		tasktest.MustNotCheckpoint(t, l.Unlock)
	})
}
