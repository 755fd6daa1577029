//go:build unix

package timeout_test

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/timeout"
)

// os/signal's NotifyContext bounds a block as any context does.
func TestBlockUntilASignal(t *testing.T) {
	onRealClock(t, func() {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGUSR1)
		defer stop()
		err := timeout.WithContext(ctx, func() error {
			if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
				t.Error(err)
			}
			sleep(long)
			t.Error("the body went on")
			return nil
		})
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.Cause(ctx)) {
			t.Errorf("WithContext returned %v", err)
		}
	})
}
