package timeout_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/timeout"
)

// A deferred Cancel makes the function the block.
func TestDeferredCancelIsTheEdge(t *testing.T) {
	run(t, func() {
		begin := now()
		var block *timeout.Timeout
		result := func() (n int) {
			block = timeout.Start(time.Second)
			defer block.Cancel()
			n = 7
			sleep(long)
			return 8
		}()
		if result != 7 || !block.Expired() || since(begin) != time.Second {
			t.Errorf("the function returned %d after %v; expired: %v", result, since(begin), block.Expired())
		}
		result = func() int {
			block = timeout.Start(time.Second)
			defer block.Cancel()
			sleep(time.Millisecond)
			return 8
		}()
		if result != 8 || block.Expired() {
			t.Errorf("the function returned %d; expired: %v", result, block.Expired())
		}
		sleep(long)
		if block.Expired() {
			t.Error("the block expired after its end")
		}
	})
}

// Where nobody can recover at the block's own end, the task leaves for the edge of
// the block around it, with the error of the block that expired.
func TestCancelThatIsNotDeferred(t *testing.T) {
	for name, body := range map[string]func(){
		"no Cancel": func() {
			timeout.Start(time.Second)
			sleep(long)
		},
		"Cancel in a deferred function": func() {
			block := timeout.Start(time.Second)
			defer func() { block.Cancel() }()
			sleep(long)
		},
		"two of them": func() {
			outer := timeout.Start(long)
			defer func() { outer.Cancel() }()
			block := timeout.Start(time.Second)
			defer func() { block.Cancel() }()
			sleep(2 * long)
		},
		"under a shield": func() {
			timeout.Shield(func() {
				timeout.Start(time.Second)
				sleep(long)
			})
		},
	} {
		run(t, func() {
			begin := now()
			err := timeout.Run(time.Minute, func() error {
				body()
				t.Errorf("%s: the body went on", name)
				return nil
			})
			if after(err) != time.Second || since(begin) != time.Second {
				t.Errorf("%s: the block around returned %v after %v", name, err, since(begin))
			}
			sleep(long) // nothing of it is left
		})
		err := runtime.Run(body, runtime.WithVirtualClock())
		if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "main ended with an error") {
			t.Errorf("%s, with no block around: Run returned %v", name, err)
		}
	}
}

// A block left open inside another ends with that one.
func TestBlockLeftOpenEndsWithTheOneAround(t *testing.T) {
	run(t, func() {
		if err := timeout.Run(time.Minute, func() error { timeout.Start(time.Second); return nil }); err != nil {
			t.Errorf("Run returned %v", err)
		}
		if n := runtime.Current().Stats().Timers; n != 0 {
			t.Errorf("%d timers are left", n)
		}
		sleep(long)
	})
}

func TestReset(t *testing.T) {
	run(t, func() {
		begin := now()
		block := timeout.Start(time.Second)
		for range 10 {
			sleep(900 * time.Millisecond)
			block.Reset(time.Second)
		}
		block.Reset(time.Minute)
		err := waitErr(long)
		if after(err) != time.Minute || since(begin) != 9*time.Second+time.Minute {
			t.Errorf("the block ended with %v after %v", err, since(begin))
		}
		block.Reset(long) // too late
		if err := waitErr(1); after(err) != time.Minute {
			t.Errorf("after a late Reset a wait returned %v", err)
		}
		block.Cancel()
		block.Cancel()
		block.Reset(time.Second) // later still
		sleep(long)
	})
	run(t, func() {
		block := timeout.Start(time.Second)
		sleep(0) // a checkpoint inside
		block.Reset(-1)
		if err := waitErr(1); after(err) != -1 {
			t.Errorf("after Reset(-1) a wait returned %v", err)
		}
		block.Cancel()
	})
}

// A late Reset does not change what the error says, even if nobody has seen it.
func TestResetOfAnExpiredBlockDoesNothing(t *testing.T) {
	run(t, func() {
		block := timeout.Start(time.Second)
		timeout.Shield(func() { sleep(time.Minute) })
		block.Reset(long)
		if err := waitErr(1); after(err) != time.Second {
			t.Errorf("the error is %v", err)
		}
		block.Cancel()
	})
}

func TestCancelOutOfOrder(t *testing.T) {
	run(t, func() {
		begin := now()
		outer := timeout.Start(time.Second)
		inner := timeout.Start(time.Minute)
		outer.Cancel()
		err := waitErr(long)
		if after(err) != time.Minute || since(begin) != time.Minute || outer.Expired() || !inner.Expired() {
			t.Errorf("the wait returned %v after %v", err, since(begin))
		}
		inner.Cancel()
		sleep(long)
		a, b, c := timeout.Start(long), timeout.Start(time.Second), timeout.Start(long)
		if err := waitErr(2 * long); after(err) != time.Second {
			t.Errorf("the wait returned %v", err)
		}
		b.Cancel()
		if err := waitErr(time.Second); err != nil {
			t.Errorf("after the middle block's end a wait returned %v", err)
		}
		a.Cancel()
		c.Cancel()
		if kernel.Running().Scope() != nil {
			t.Error("the task is still in a block")
		}
	})
}

func TestBlockBelongsToItsTask(t *testing.T) {
	run(t, func() {
		block := timeout.Start(time.Minute)
		join(spawn(func() {
			for name, call := range map[string]func(){"Cancel": block.Cancel, "Reset": func() { block.Reset(1) }} {
				if s := panicOf(call); !strings.Contains(s, "Timeout."+name+" was called by another task") {
					t.Errorf("%s by another task panics with %q", name, s)
				}
			}
			if block.Expired() {
				t.Error("the block has expired")
			}
		}))
		block.Cancel()
		done := make(chan string)
		go func() { done <- panicOf(block.Cancel) }()
		if s := <-done; s == "" {
			t.Error("Cancel on a plain goroutine did not panic")
		}
	})
}

func TestPanicPassesADeferredCancel(t *testing.T) {
	err := runtime.Run(func() {
		defer timeout.Start(time.Second).Cancel()
		defer bang()
		sleep(long)
	}, runtime.WithVirtualClock())
	var p *runtime.PanicError
	if !errors.As(err, &p) || p.Value != "bang" {
		t.Errorf("Run returned %v", err)
	}
}
