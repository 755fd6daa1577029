package sync

import (
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/timeout"
)

// outcome turns the end of a wait of at most d into an error. Nothing may be held
// when it is called: for a killed task it does not return.
func outcome(t *kernel.Task, o kernel.Outcome, d time.Duration) error {
	switch o {
	case kernel.TimedOut:
		return &timeout.Error{After: d}
	case kernel.Canceled:
		return t.Interrupted()
	}
	return nil
}

// mayRead panics, with a sentence that names the call, where the object is in use by
// a loop that is not the caller's. When that loop does not run anybody may read.
func mayRead(b *kernel.Bond, call string) {
	if l := b.Home(); l != nil && !b.Here() {
		l.MayRead(call)
	}
}
