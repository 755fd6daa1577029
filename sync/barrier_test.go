package sync_test

import (
	"errors"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// gathering has a party of three at a barrier whose action takes a minute, does
// something while it runs, and returns how they fared.
func gathering(b *sync.Barrier, meanwhile func()) (passed, broken, late int) {
	note := func(_ int, err error) {
		switch {
		case err == nil:
			passed++
		case errors.Is(err, sync.ErrBroken):
			broken++
		default:
			late++
		}
	}
	var tasks []*task.Task
	for range 2 {
		tasks = append(tasks, task.Go(func() { note(b.WaitTimeout(10 * time.Second)) }))
	}
	tasktest.WaitAllParked()
	tasks = append(tasks, task.Go(func() { note(b.Wait()) }))
	task.Sleep(time.Second)
	meanwhile()
	for _, t := range tasks {
		_ = t.Join()
	}
	return passed, broken, late
}

// Who goes away while the action runs breaks the barrier for all of the party, the
// one in the action too, and for those who come after.
//
// holds: 21
func TestBarrierBrokenWhileItsActionRuns(t *testing.T) {
	tasktest.Run(t, func() {
		b := sync.NewBarrier(3, func() { task.Sleep(time.Minute) })
		var next *task.Task
		var nextErr error
		passed, broken, late := gathering(b, func() {
			next = task.Go(func() { _, nextErr = b.Wait() })
		})
		_ = next.Join()
		if passed != 0 || broken+late != 3 || late == 0 {
			t.Errorf("%d passed, %d were told it is broken, %d were too late", passed, broken, late)
		}
		if !b.Broken() || !errors.Is(nextErr, sync.ErrBroken) {
			t.Errorf("the barrier is broken: %v; one who came for the next round got %v", b.Broken(), nextErr)
		}
	})
}

// A round that breaks after a reset leaves the new one alone.
//
// holds: 21
func TestBarrierResetWhileItsActionRuns(t *testing.T) {
	tasktest.Run(t, func() {
		b := sync.NewBarrier(3, func() { task.Sleep(time.Minute) })
		passed, _, late := gathering(b, b.Reset)
		if passed != 0 || late == 0 || b.Broken() {
			t.Errorf("%d passed, %d were too late, the barrier that was reset is broken: %v", passed, late, b.Broken())
		}
	})
}

func TestBarrierIsReadInItsLoopOnly(t *testing.T) {
	b := sync.NewBarrier(1, nil)
	if b.Broken() || b.Waiting() != 0 {
		t.Error("a new barrier is not clean")
	}
	tasktest.Run(t, func() {
		if _, err := b.Wait(); err != nil {
			t.Error(err)
		}
		foreignReads(t, map[string]func(){
			"Broken": func() { b.Broken() }, "Waiting": func() { b.Waiting() },
		})
	})
	if b.Broken() { // its loop has ended: anybody may
		t.Error("it is broken")
	}
}

// foreignReads checks that each of the functions panics on a plain goroutine while
// the loop runs, and says what to do.
func foreignReads(t *testing.T, reads map[string]func()) {
	t.Helper()
	for name, f := range reads {
		text := make(chan string)
		go func() { text <- panicText(f) }()
		if said := <-text; said == "" {
			t.Errorf("%s was read on a plain goroutine while the loop runs", name)
		}
	}
}
