package runtime_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs main on a loop with the virtual clock, and nothing may go wrong.
func run(t *testing.T, main func(l *runtime.Loop), opts ...runtime.Option) {
	t.Helper()
	if err := runtime.Run(func() { main(runtime.Current()) }, append(opts, runtime.WithVirtualClock())...); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

// newLoop makes a loop that the end of the test closes.
func newLoop(t *testing.T, opts ...runtime.Option) *runtime.Loop {
	t.Helper()
	l, err := runtime.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// elsewhere runs f on a plain goroutine while the calling task waits.
func elsewhere(l *runtime.Loop, f func()) {
	release := l.Hold()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer release() // first, so that it counts no more when the task goes on
		f()
	}()
	wait(done)
}

// panicOf runs f and returns what it panics with.
func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

const long = time.Hour
