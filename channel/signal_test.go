//go:build unix

package channel_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// loop runs main on a loop with the real clock, for what comes from outside.
func loop(t *testing.T, main func()) {
	t.Helper()
	if err := runtime.Run(main); err != nil {
		t.Error(err)
	}
}

func raise(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		t.Error(err)
	}
}

// holds: 29, 95
func TestNotify(t *testing.T) {
	loop(t, func() {
		signals, values := channel.New[os.Signal](2), channel.New[int](0)
		stop, err := channel.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGUSR1} {
			raise(t, want)
			channel.Select(
				channel.Recv(values, func(int, error) { t.Error("a value came from nowhere") }),
				channel.Recv(signals, func(got os.Signal, err error) {
					if got != want || err != nil {
						t.Errorf("%v, %v came, want %v", got, err, want)
					}
				}),
			)
		}
		stop()
		stop()
	})
}

// A channel without room loses signals and holds nobody up.
func TestNotifyDropsWhatHasNoRoom(t *testing.T) {
	loop(t, func() {
		full, other := channel.New[os.Signal](1), channel.New[os.Signal](0)
		stop, err := channel.Notify(full, syscall.SIGUSR1)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		stopOther, err := channel.Notify(other, syscall.SIGUSR1)
		if err != nil {
			t.Fatal(err)
		}
		defer stopOther()
		for range 3 {
			raise(t, syscall.SIGUSR1)
			if sig, err := other.Receive(); sig != syscall.SIGUSR1 || err != nil {
				t.Errorf("%v, %v came", sig, err)
			}
		}
		for full.Len() == 0 { // either channel gets its signals by a goroutine of its own
			task.Yield()
		}
		full.Close() // which gets no more, and does not mind
		raise(t, syscall.SIGUSR1)
		_, _ = other.Receive()
	})
}

// Without names it is all signals. Other channels of os/signal are not in the way.
func TestNotifyOfAllSignals(t *testing.T) {
	native := make(chan os.Signal, 1)
	signal.Notify(native, syscall.SIGUSR2)
	defer signal.Stop(native)
	loop(t, func() {
		all := channel.New[os.Signal](64)
		stop, err := channel.Notify(all)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		raise(t, syscall.SIGUSR2)
		for {
			if sig, _ := all.Receive(); sig == syscall.SIGUSR2 { // the Go runtime sends itself others
				break
			}
		}
		<-native
	})
}

func TestNotifyIsNoCheckpoint(t *testing.T) {
	tasktest.Run(t, func() {
		tasktest.MustNotCheckpoint(t, func() {
			stop, err := channel.Notify(channel.New[os.Signal](1), syscall.SIGUSR1)
			if err != nil {
				t.Fatal(err)
			}
			stop()
		})
	})
	if text := panicText(func() { _, _ = channel.Notify(nil) }); text == "" {
		t.Error("a nil channel was taken")
	}
}
