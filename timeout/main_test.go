package timeout_test

import (
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const long = time.Hour

// run runs main on a loop with the virtual clock; nothing may go wrong, and no
// deadline may be left.
func run(t *testing.T, main func()) {
	t.Helper()
	if err := runtime.Run(func() {
		main()
		if n := runtime.Current().Stats().Timers; n != 0 {
			t.Errorf("%d timers are left", n)
		}
	}, runtime.WithVirtualClock()); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

func now() time.Time { return runtime.Current().Now() }

func since(begin time.Time) time.Duration { return runtime.Current().Now().Sub(begin) }

// sleep and waitErr are what tasks wait by here: a call that cannot return an error
// and one that can. (Package task stands above this one and uses it.)
func sleep(d time.Duration) {
	t := kernel.MustTask("sleep")
	if t.Sleep(d) == kernel.Canceled {
		t.Unwind()
	}
}

func waitErr(d time.Duration) error {
	t := kernel.MustTask("waitErr")
	if t.Sleep(d) == kernel.Canceled {
		return t.Interrupted()
	}
	return nil
}

// spawn starts a free task.
func spawn(f func()) *kernel.Task {
	l, by := kernel.MustLoop("spawn")
	return l.Spawn(f, by, nil, 0)
}

func join(t *kernel.Task) { t.Join(kernel.Running(), 0) }

// after returns the limit that an error tells of, 0 if it is none of ours.
func after(err error) time.Duration {
	var e *timeout.Error
	if errors.As(err, &e) {
		return e.After
	}
	return 0
}

var errBody = errors.New("the body's own error")
