package runtime_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

func waitForEachOther() {
	var a, b *task.Task
	a = task.Go(func() { _ = b.Join() })
	b = task.Go(func() { _ = a.Join() })
	a.SetName("alpha")
	b.SetName("beta")
}

// holds: 100
func TestDeadlockSaysWhoWaitsForWhat(t *testing.T) {
	cleaned := false
	err := runtime.Run(func() {
		waitForEachOther()
		defer func() { cleaned = true }()
		_ = task.Current().Join()
	})
	var d *runtime.DeadlockError
	if !errors.As(err, &d) {
		t.Fatalf("Run returned %v", err)
	}
	if d.Total != 3 || len(d.Tasks) != 3 || !cleaned {
		t.Errorf("%d tasks, %d described; deferred calls ran: %v", d.Total, len(d.Tasks), cleaned)
	}
	want := []struct{ name, on, holder, function string }{
		{"main", "the end of main", "main", "TestDeadlockSaysWhoWaitsForWhat"},
		{"alpha", "the end of beta", "beta", "waitForEachOther"},
		{"beta", "the end of alpha", "alpha", "waitForEachOther"},
	}
	for i, w := range want {
		b := d.Tasks[i]
		if b.Name != w.name || b.On != w.on || b.Holder != w.holder || b.ID != uint64(i+1) {
			t.Errorf("task %d is %q and waits for %q, held by %q", b.ID, b.Name, b.On, b.Holder)
		}
		if !strings.Contains(b.Stack, w.function) || !strings.Contains(b.Stack, "Join") {
			t.Errorf("%s is not in the stack of %s:\n%s", w.function, b.Name, b.Stack)
		}
		if !strings.Contains(b.Spawned, "deadlock_test.go:") {
			t.Errorf("%s was spawned at %q", b.Name, b.Spawned)
		}
		if !strings.Contains(err.Error(), fmt.Sprintf("%s waits for %s, held by %s (spawned at %s)", w.name, w.on, w.holder, b.Spawned)) {
			t.Errorf("the message does not tell of %s:\n%v", w.name, err)
		}
	}
	if d.Tasks[0].Parent != 0 || d.Tasks[2].Parent != 1 {
		t.Errorf("the parents are %d and %d, want 0 and 1", d.Tasks[0].Parent, d.Tasks[2].Parent)
	}
}

// block waits for what nobody gives.
func block() { _ = task.Current().Join() }

// holds: 101
// The loop has a poller and nobody waits on a descriptor: a deadlock all the same.
func TestDeadlockWithAPoller(t *testing.T) {
	a, b := sockets(t)
	defer closeAll(a, b)
	before := runtime.Stats{}
	err := runtime.Run(func() {
		l := runtime.Current()
		h, err := l.AddReader(a, func() {})
		if err != nil {
			t.Error(err)
		}
		task.Yield()
		h.Cancel()
		before = l.Stats()
		defer func() {
			if s := l.Stats(); s.Turns > before.Turns+2 || s.Wakeups != before.Wakeups {
				t.Errorf("it took %d turns and %d wake-ups to notice", s.Turns-before.Turns, s.Wakeups-before.Wakeups)
			}
		}()
		block()
	})
	var d *runtime.DeadlockError
	if !errors.As(err, &d) {
		t.Errorf("Run returned %v", err)
	}
}

// holds: 100
// While any of these is outstanding there is hope, and when it is gone there is
// none.
func TestHopeIsNotADeadlock(t *testing.T) {
	for name, hope := range map[string]func(l *runtime.Loop, wake func()){
		"timer":        func(l *runtime.Loop, wake func()) { l.CallLater(time.Millisecond, wake) },
		"sleeping":     func(_ *runtime.Loop, wake func()) { task.Go(func() { task.Sleep(time.Millisecond); wake() }) },
		"task to come": func(_ *runtime.Loop, wake func()) { task.GoAfter(time.Millisecond, wake) },
		"offload": func(l *runtime.Loop, wake func()) {
			task.Go(func() {
				wait(busy(10))
				wake()
			})
		},
		"hold": func(l *runtime.Loop, wake func()) {
			release := l.Hold()
			go func() {
				_, _ = l.CallThreadsafe(wake)
				release()
			}()
		},
		"signal": func(l *runtime.Loop, wake func()) {
			var h *runtime.Handle
			h, err := l.AddSignalHandler(syscall.SIGUSR1, func() { h.Cancel(); wake() })
			if err != nil {
				t.Error(err)
			}
			l.CallSoon(func() { _ = syscall.Kill(os.Getpid(), syscall.SIGUSR1) })
		},
		"descriptor": func(l *runtime.Loop, wake func()) {
			a, b := sockets(t)
			var h *runtime.Handle
			h, err := l.AddReader(a, func() { h.Cancel(); closeAll(a, b); wake() })
			if err != nil {
				t.Error(err)
			}
			go send(t, b, "x")
		},
	} {
		t.Run(name, func(t *testing.T) {
			woken := false
			err := runtime.Run(func() {
				waiter := task.Go(block)
				hope(runtime.Current(), func() { woken = true; waiter.Kill() })
				_ = waiter.Join()
				block()
			})
			var d *runtime.DeadlockError
			if !woken || !errors.As(err, &d) || d.Total != 1 {
				t.Errorf("woken: %v; then Run returned %v, want a deadlock of main only", woken, err)
			}
		})
	}
}

// A function that was abandoned wakes nobody, so it is no hope.
func TestAbandonedFunctionIsNoHope(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	err := runtime.Run(func() {
		_ = timeout.Run(time.Millisecond, func() error {
			_, err := task.Offload(func() (int, error) { <-release; return 0, nil })
			return err
		})
		if n := runtime.Current().Stats().Outside; n != 0 {
			t.Errorf("%d things are outside", n)
		}
		block()
	}, runtime.WithGrace(0))
	var d *runtime.DeadlockError
	if !errors.As(err, &d) {
		t.Errorf("Run returned %v", err)
	}
}

// A shield in a deadlock has nothing to wait for: the run ends at once, and not
// when the grace does. (The grace would be an hour of real time.)
func TestDeadlockUnderAShield(t *testing.T) {
	after := 0
	err := runtime.Run(func() {
		defer func() { after++ }()
		timeout.Shield(block)
		after += 100
	}, runtime.WithGrace(long))
	var d *runtime.DeadlockError
	if !errors.As(err, &d) || after != 1 {
		t.Errorf("Run returned %v, %d", err, after)
	}
}

func TestPanicReportsOfCallbacksAndTasksDiffer(t *testing.T) {
	for task, want := range map[string]string{"": "a callback of the loop panicked: 7", "worker": "worker panicked: 7"} {
		e := &runtime.PanicError{Value: 7, Task: task}
		if !strings.Contains(e.Error(), want) || e.Unwrap() != nil {
			t.Errorf("the message is %q", e.Error())
		}
	}
}
