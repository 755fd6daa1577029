package task_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestJoinTellsHowATaskEnded(t *testing.T) {
	run(t, func() {
		ok := task.Go(func() { task.Sleep(time.Second) })
		timedOut := task.Go(func() {
			timeout.Start(time.Second)
			task.Sleep(long)
		})
		for range 3 {
			if err := ok.Join(); err != nil {
				t.Errorf("a task that returned: %v", err)
			}
			if err := timedOut.Join(); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("a task that left by a timeout: %v", err)
			}
		}
	})
}

// holds: 50
func TestPanicReachesTheJoiners(t *testing.T) {
	joined := 0
	err := runtime.Run(func() {
		bomb := task.Go(func() { task.Sleep(time.Second); panic("boom") })
		for range 3 {
			task.Go(func() {
				var p *task.PanicError
				if err := bomb.Join(); !errors.As(err, &p) || p.Value != "boom" || !strings.Contains(string(p.Stack), "TestPanicReachesTheJoiners") {
					t.Errorf("Join returned %v", err)
				}
				joined++
			})
		}
	}, runtime.WithVirtualClock())
	if err == nil || strings.Count(err.Error(), "boom") != 1 || joined != 3 {
		t.Errorf("Run returned %v, %d joined", err, joined)
	}
}

func TestJoinTimeout(t *testing.T) {
	run(t, func() {
		begin := now()
		slow := task.Go(func() { task.Sleep(long) })
		var e *timeout.Error
		if err := slow.JoinTimeout(time.Minute); !errors.As(err, &e) || e.After != time.Minute || since(begin) != time.Minute {
			t.Errorf("JoinTimeout returned %v after %v", err, since(begin))
		}
		for _, d := range []time.Duration{0, -long} {
			if err := slow.JoinTimeout(d); !errors.Is(err, context.DeadlineExceeded) || since(begin) != time.Minute {
				t.Errorf("JoinTimeout(%v) of a living task returned %v after %v", d, err, since(begin))
			}
		}
		if err := slow.JoinTimeout(1<<63 - 1); err != nil || since(begin) != long {
			t.Errorf("JoinTimeout returned %v after %v", err, since(begin))
		}
		for _, d := range []time.Duration{0, -long, long} {
			if err := slow.JoinTimeout(d); err != nil {
				t.Errorf("JoinTimeout(%v) of an ended task returned %v", d, err)
			}
		}
	})
}

func TestJoinersWakeInOrder(t *testing.T) {
	run(t, func() {
		slow := task.Go(func() { task.Sleep(time.Second) })
		got := ""
		for _, name := range []string{"a", "b", "c", "d"} {
			task.Go(func() {
				_ = slow.Join()
				got += name
			})
		}
		task.Sleep(time.Minute)
		if got != "abcd" {
			t.Errorf("the joiners woke as %s", got)
		}
	})
}

func TestJoinOfATaskOfAnotherLoop(t *testing.T) {
	var foreign *task.Task
	run(t, func() { foreign = task.Go(func() {}) })
	run(t, func() {
		if s, _ := panicOf(func() { _ = foreign.Join() }).(string); !strings.Contains(s, "use Loop.Do of the loop that the task belongs to") {
			t.Errorf("Join of another loop's task panics with %q", s)
		}
	})
}

func TestNamesAndNumbers(t *testing.T) {
	run(t, func() {
		me := task.Current()
		if me.ID() != 1 || me.Name() != "main" || !me.Alive() {
			t.Errorf("main is %d, %q", me.ID(), me.Name())
		}
		other := task.Go(func() {})
		if other.ID() != 2 || other.Name() != "task 2" {
			t.Errorf("the second task is %d, %q", other.ID(), other.Name())
		}
		other.SetName("other")
		if other.Name() != "other" {
			t.Errorf("the name is %q", other.Name())
		}
	})
}
