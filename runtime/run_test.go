package runtime_test

import (
	"errors"
	stdruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestRunReturnsWhenAllTasksHaveEnded(t *testing.T) {
	ended := 0
	run(t, func(l *runtime.Loop) {
		for i := range 10 {
			task.Go(func() {
				task.Sleep(time.Duration(i) * time.Minute)
				ended++
			})
		}
	})
	if ended != 10 {
		t.Errorf("Run returned after %d of 10 tasks", ended)
	}
}

func TestLoopRunsAgainUntilClosed(t *testing.T) {
	l := newLoop(t, runtime.WithVirtualClock())
	for i := range 3 {
		ran := false
		if err := l.Run(func() { task.Sleep(time.Second); ran = true }); err != nil || !ran {
			t.Errorf("run %d returned %v, and main ran: %v", i, err, ran)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Run(func() {}); !errors.Is(err, runtime.ErrClosed) {
		t.Errorf("Run after Close returned %v", err)
	}
	if err := l.RunForever(); !errors.Is(err, runtime.ErrClosed) {
		t.Errorf("RunForever after Close returned %v", err)
	}
}

func TestRunInsideALoopIsRefused(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		other := newLoop(t)
		for name, call := range map[string]func() error{
			"runtime.Run":   func() error { return runtime.Run(func() { t.Error("a nested main ran") }) },
			"the same loop": func() error { return l.Run(func() { t.Error("a nested main ran") }) },
			"another loop":  func() error { return other.Run(func() { t.Error("a nested main ran") }) },
		} {
			if err := call(); !errors.Is(err, runtime.ErrNested) {
				t.Errorf("%s in a task: %v", name, err)
			}
			l.CallSoon(func() {
				if err := call(); !errors.Is(err, runtime.ErrNested) {
					t.Errorf("%s in a callback: %v", name, err)
				}
			})
		}
		task.Yield()
	})
}

func TestRunningLoopCannotBeClosedNorRunTwice(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		if err := l.Close(); !errors.Is(err, runtime.ErrRunning) {
			t.Errorf("Close in a task: %v", err)
		}
		elsewhere(l, func() {
			if err := l.Close(); !errors.Is(err, runtime.ErrRunning) {
				t.Errorf("Close elsewhere: %v", err)
			}
			if err := l.Run(func() {}); !errors.Is(err, runtime.ErrRunning) {
				t.Errorf("Run elsewhere: %v", err)
			}
		})
	})
}

func TestCloseNamesWhatIsLeft(t *testing.T) {
	l, err := runtime.New()
	if err != nil {
		t.Fatal(err)
	}
	a, b := sockets(t)
	defer closeAll(a, b)
	if err := l.Run(func() {
		l.CallLater(long, func() {})
		if _, err := l.AddReader(a, func() {}); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Error(err)
	}
	err = l.Close()
	if err == nil || !strings.Contains(err.Error(), "1 timers") || !strings.Contains(err.Error(), "descriptor") {
		t.Errorf("Close returned %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("the second Close returned %v", err)
	}
}

// holds: 51
// As t.FailNow does: the goroutine that called Run ends, after all has been
// cleaned up.
func TestGoexitInACallback(t *testing.T) {
	for _, exits := range []int{1, 2, 5} {
		cleaned, after := 0, 0
		l := newLoop(t, runtime.WithVirtualClock())
		returned := false
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_ = l.Run(func() {
				for range 10 {
					task.Go(func() {
						defer func() { cleaned++ }()
						task.Sleep(long)
					})
				}
				task.Yield()
				for range exits {
					l.CallSoon(stdruntime.Goexit)
				}
				l.CallSoon(func() { after++ })
				task.Sleep(long)
			})
			returned = true
		}()
		<-gone
		if returned || cleaned != 10 || after != 1 {
			t.Errorf("%d exits: Run returned: %v; %d deferred calls ran; %d later callbacks ran", exits, returned, cleaned, after)
		}
		if err := l.Run(func() { task.Sleep(time.Second) }); err != nil {
			t.Errorf("the next run returned %v", err)
		}
	}
}

// holds: 51, 52
func TestGoexitInATaskAndInMain(t *testing.T) {
	others := 0
	err := runtime.Run(func() {
		task.Go(func() { task.Sleep(time.Second); others++ })
		if err := task.Go(stdruntime.Goexit).Join(); !errors.Is(err, task.ErrGoexit) {
			t.Errorf("Join returned %v", err)
		}
		task.Go(func() { task.Sleep(time.Minute); others++ })
		stdruntime.Goexit()
	}, runtime.WithVirtualClock())
	if !errors.Is(err, task.ErrGoexit) || !strings.Contains(err.Error(), "main ended") {
		t.Errorf("Run returned %v, want the Goexit of main that nobody joined", err)
	}
	if others != 2 {
		t.Errorf("%d of 2 other tasks went on", others)
	}
}

// holds: 50
func TestPanicEndsTheRunWithItsStack(t *testing.T) {
	cleaned := 0
	err := runtime.Run(func() {
		for range 5 {
			task.Go(func() {
				defer func() { cleaned++ }()
				task.Sleep(long)
			})
		}
		task.Go(explode).SetName("bomb")
		task.Sleep(long)
		t.Error("main went on")
	}, runtime.WithVirtualClock())
	var p *runtime.PanicError
	if !errors.As(err, &p) {
		t.Fatalf("Run returned %v", err)
	}
	if p.Value != errBoom || !errors.Is(err, errBoom) || p.Task != "bomb" {
		t.Errorf("the panic is %v in %s", p.Value, p.Task)
	}
	for _, s := range []string{string(p.Stack), err.Error()} {
		if !strings.Contains(s, "runtime_test.explode") || !strings.Contains(s, "run_test.go:") {
			t.Errorf("the panicking function is not in\n%s", s)
		}
	}
	if n := strings.Count(err.Error(), "panicked"); n != 1 {
		t.Errorf("the panic is told %d times:\n%v", n, err)
	}
	if cleaned != 5 {
		t.Errorf("%d of 5 other tasks ran their deferred calls", cleaned)
	}
}

var errBoom = errors.New("boom")

func explode() { panic(errBoom) }

// The first panic leads, later ones are not lost.
func TestPanicDuringTheEndIsReportedToo(t *testing.T) {
	err := runtime.Run(func() {
		task.Go(func() {
			defer explode()
			task.Sleep(long)
		})
		task.Yield()
		panic("first")
	}, runtime.WithVirtualClock())
	var p *runtime.PanicError
	if !errors.As(err, &p) || p.Value != "first" || !errors.Is(err, errBoom) {
		t.Errorf("Run returned %v", err)
	}
}

// holds: 59
// What a run that is stopped does, in its order: no task starts any more, those
// under way are killed and their deferred calls run, shielded ones to their end;
// then offloaded functions are awaited, then accepted calls are run.
func TestOrderOfTheEnd(t *testing.T) {
	var order []string
	note := func(s string) { order = append(order, s) }
	l := newLoop(t, runtime.WithVirtualClock())
	offloaded := make(chan struct{})
	if err := l.Run(func() {
		task.Go(func() {
			defer note("deferred call")
			task.Sleep(long)
		})
		task.Go(func() {
			defer timeout.Shield(func() {
				task.Sleep(time.Second)
				note("shielded cleanup")
				close(offloaded)
			})
			task.Sleep(long)
		})
		task.Go(func() {
			_, _ = task.Offload(func() (int, error) {
				<-offloaded
				_, err := l.CallThreadsafe(func() { note("call of the offloaded function") })
				return 0, err
			})
		})
		task.Yield()
		task.Go(func() { note("a task that starts") })
		l.Stop()
		task.Go(func() { note("a task that starts") })
		defer note("main's deferred call")
		task.Sleep(long)
	}); err != nil {
		t.Error(err)
	}
	want := []string{"main's deferred call", "deferred call", "shielded cleanup", "call of the offloaded function"}
	slices.Sort(order[:2])
	slices.Sort(want[:2])
	if !slices.Equal(order, want) {
		t.Errorf("the end went %q, want %q", order, want)
	}
}

// holds: 91
func TestOffloadThatNeverReturnsDoesNotHoldTheRun(t *testing.T) {
	never, gone := make(chan struct{}), make(chan struct{})
	err := runtime.Run(func() {
		s := task.Go(func() {
			_, _ = task.Offload(func() (int, error) {
				defer close(gone)
				<-never
				return 0, nil
			})
		})
		task.Yield()
		s.Kill()
	}, runtime.WithGrace(0))
	if err == nil || !strings.Contains(err.Error(), "did not return within the grace") {
		t.Errorf("Run returned %v", err)
	}
	close(never)
	<-gone
}
