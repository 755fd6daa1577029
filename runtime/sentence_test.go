package runtime_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// calls are the calls that belong to a loop's tasks and callbacks.
var calls = map[string]func(l *runtime.Loop) error{
	"Loop.CallSoon":  func(l *runtime.Loop) error { l.CallSoon(func() {}); return nil },
	"Loop.CallLater": func(l *runtime.Loop) error { l.CallLater(1, func() {}).Cancel(); return nil },
	"Loop.CallAt":    func(l *runtime.Loop) error { l.CallAt(time.Now(), func() {}).Cancel(); return nil },
	"Loop.Hold":      func(l *runtime.Loop) error { l.Hold()(); return nil },
	"Loop.AddReader": func(l *runtime.Loop) error { _, err := l.AddReader(-1, func() {}); return err },
	"Loop.AddWriter": func(l *runtime.Loop) error { _, err := l.AddWriter(-1, func() {}); return err },
	"Loop.AddSignalHandler": func(l *runtime.Loop) error {
		h, err := l.AddSignalHandler(syscall.SIGUSR1, func() {})
		if err == nil {
			h.Cancel()
		}
		return err
	},
	"Loop.Stats": func(l *runtime.Loop) error { _ = l.Stats(); return nil },
}

// sentence says why a message is no sentence of ours, or "".
func sentence(message any, call, advice string) string {
	s, ok := message.(string)
	if err, is := message.(error); is {
		s, ok = err.Error(), true
	}
	switch {
	case !ok:
		return "no message"
	case !strings.HasPrefix(s, "evergreen: "):
		return "it does not say where it comes from"
	case !strings.Contains(s, call):
		return "it does not name the call"
	case !strings.Contains(s, advice):
		return "it does not say what to do"
	}
	return ""
}

// holds: 94
func TestCallFromAForeignGoroutineIsRefused(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		other := newLoop(t)
		otherRuns, stop, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(over)
			_ = other.Run(func() { close(otherRuns); wait(stop) })
		}()
		wait(otherRuns)
		before := l.Stats()
		for name, call := range calls {
			elsewhere(l, func() {
				p := panicOf(func() { _ = call(l) })
				if why := sentence(p, name+" ", "use Loop.CallThreadsafe or Loop.Do"); why != "" {
					t.Errorf("%s from a plain goroutine panics with %v: %s", name, p, why)
				}
			})
			p := panicOf(func() { _ = call(other) })
			if why := sentence(p, name+" ", "use Loop.CallThreadsafe or Loop.Do"); why != "" {
				t.Errorf("%s from a task of another loop panics with %v: %s", name, p, why)
			}
		}
		if after := l.Stats(); after.Timers != before.Timers || after.Outside != before.Outside || after.Descriptors != 0 {
			t.Errorf("the refused calls left %+v", after)
		}
		close(stop)
		wait(over)
	})
}

// Before the run and after it, nobody holds the baton: the loop takes the calls of
// whoever made it.
func TestCallsBeforeTheRun(t *testing.T) {
	l := newLoop(t)
	for range 2 {
		for name, call := range calls {
			if p := panicOf(func() { _ = call(l) }); p != nil {
				t.Errorf("%s panics with %v", name, p)
			}
		}
		if err := l.Run(func() {}); err != nil {
			t.Error(err)
		}
	}
}

func TestCallsAfterClose(t *testing.T) {
	l := newLoop(t)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for name, call := range calls {
		var result any
		if p := panicOf(func() {
			if err := call(l); err != nil {
				result = err
			}
		}); p != nil {
			result = p
		}
		switch {
		case name == "Loop.Stats":
			if result != nil {
				t.Errorf("the numbers of a closed loop cannot be read: %v", result)
			}
		default:
			if why := sentence(result, "", "make another"); why != "" {
				t.Errorf("%s after Close gives %v: %s", name, result, why)
			}
		}
	}
	for name, err := range map[string]error{
		"Run":            l.Run(func() { t.Error("main ran") }),
		"RunForever":     l.RunForever(),
		"Do":             l.Do(func() error { t.Error("a task ran"); return nil }),
		"CallThreadsafe": second(l.CallThreadsafe(func() { t.Error("a callback ran") })),
	} {
		if err != runtime.ErrClosed {
			t.Errorf("%s after Close returned %v", name, err)
		}
	}
	l.Stop()
}

func second[T any](_ T, err error) error { return err }

// A callback must not wait, so it is told.
func TestCallsThatWaitInACallback(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		ended := task.Go(func() {})
		for name, call := range map[string]func(){
			"task.Sleep":       func() { task.Sleep(1) },
			"task.Yield":       task.Yield,
			"task.Offload":     func() { wait(nil) },
			"Task.Join":        func() { _ = ended.Join() },
			"Task.JoinTimeout": func() { _ = ended.JoinTimeout(1) },
			"Loop.Do":          func() { _ = l.Do(func() error { return nil }) },
		} {
			l.CallSoon(func() {
				p := panicOf(call)
				if why := sentence(p, name+" ", "start a task there with task.Go"); why != "" {
					t.Errorf("%s in a callback panics with %v: %s", name, p, why)
				}
			})
		}
	})
}

func TestCurrentOutsideIsNil(t *testing.T) {
	if runtime.Current() != nil || task.Current() != nil {
		t.Error("a plain goroutine has a current loop or task")
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, err := range []error{runtime.ErrClosed, runtime.ErrRunning, runtime.ErrNested, runtime.ErrBusy} {
		if why := sentence(err, "", ": "); why != "" || len(strings.Fields(err.Error())) < 8 {
			t.Errorf("%v: %s", err, why)
		}
	}
}
