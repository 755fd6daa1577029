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
