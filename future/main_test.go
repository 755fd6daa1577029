package future_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const long = time.Hour

// run runs main on a loop with the virtual clock, and nothing may go wrong.
func run(t *testing.T, main func(), opts ...runtime.Option) {
	t.Helper()
	if err := runtime.Run(main, append(opts, runtime.WithVirtualClock())...); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

// since returns how far the loop's clock has moved.
func since(begin time.Time) time.Duration { return runtime.Current().Now().Sub(begin) }

func now() time.Time { return runtime.Current().Now() }

// panicOf runs f and returns what it panics with.
func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}
