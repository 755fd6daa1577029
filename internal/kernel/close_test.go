package kernel

import (
	"errors"
	"runtime"
	"testing"
)

// A call that was accepted by a loop that never ran is refused when the loop is
// closed.
func TestCloseRefusesWhatWasNeverTaken(t *testing.T) {
	l := virtual()
	result := make(chan error)
	go func() { result <- l.Do(func() error { return nil }) }()
	for !l.inbox.pending.Load() {
		runtime.Gosched()
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; !errors.Is(err, ErrClosed) {
		t.Fatalf("Do returned %v, want ErrClosed", err)
	}
}

// A callback that leaves by Goexit ends the run, even if a deferred call of it
// panics on the way.
func TestGoexitWithAPanicInACallbackEndsTheRun(t *testing.T) {
	l := New(Config{Virtual: true, Offloads: 1, Report: func(error) {}})
	cleaned, over := false, make(chan struct{})
	go func() {
		defer close(over)
		_ = l.Run(func() {
			defer func() { cleaned = true }()
			l.CallSoon(func() {
				defer func() { panic("on the way") }()
				runtime.Goexit()
			})
			Running().Park(Plain("nothing"), 0)
			Running().Unwind()
		}, false, 0)
	}()
	<-over
	if !cleaned {
		t.Error("the task's deferred call did not run")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
