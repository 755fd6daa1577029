package runtime_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/runtime"
)

// holds: 95
func TestTwoHandlersOfOneSignal(t *testing.T) {
	if err := runtime.Run(func() {
		l := runtime.Current()
		var calls [2]int
		var handles [2]*runtime.Handle
		for i := range calls {
			h, err := l.AddSignalHandler(syscall.SIGUSR1, func() { calls[i]++ })
			if err != nil {
				t.Error(err)
			}
			handles[i] = h
		}
		raise := func() { _ = syscall.Kill(os.Getpid(), syscall.SIGUSR1) }
		raise()
		until(func() bool { return calls[0] > 0 && calls[1] > 0 })
		handles[0].Cancel()
		last := calls
		raise()
		until(func() bool { return calls[1] > last[1] })
		if calls[0] != last[0] {
			t.Error("a cancelled handler was called")
		}
		handles[1].Cancel()
		handles[1].Cancel()
	}); err != nil {
		t.Error(err)
	}
}

// holds: 95
// The test runs itself once more as another process, which survives the signal
// while it has a handler and dies of it afterwards.
func TestFormerEffectOfASignalComesBack(t *testing.T) {
	if os.Getenv("EVERGREEN_SIGNAL_TEST") == "" {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), "EVERGREEN_SIGNAL_TEST=1")
		out, err := child.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
			t.Errorf("the process ended with %v and said %s, want the signal", err, out)
		}
		return
	}
	if err := runtime.Run(func() {
		calls := 0
		h, err := runtime.Current().AddSignalHandler(syscall.SIGTERM, func() { calls++ })
		if err != nil {
			t.Error(err)
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		until(func() bool { return calls > 0 })
		h.Cancel()
	}); err != nil {
		t.Error(err)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
	select {} // the signal is on its way
}

// What the program ignored is ignored again when the last handler has gone. The signal
// is one that no other test uses: the Go runtime does not forget that it was ignored.
//
// holds: 95
func TestIgnoredSignalIsIgnoredAgain(t *testing.T) {
	signal.Ignore(syscall.SIGTTOU)
	defer signal.Reset(syscall.SIGTTOU)
	if err := runtime.Run(func() {
		calls := 0
		var handles []*runtime.Handle
		for range 2 {
			h, err := runtime.Current().AddSignalHandler(syscall.SIGTTOU, func() { calls++ })
			if err != nil {
				t.Error(err)
			}
			handles = append(handles, h)
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGTTOU)
		until(func() bool { return calls == 2 })
		for i, h := range handles {
			if ignored := signal.Ignored(syscall.SIGTTOU); ignored {
				t.Errorf("with %d handlers it is ignored", 2-i)
			}
			h.Cancel()
		}
		if !signal.Ignored(syscall.SIGTTOU) {
			t.Error("it is not ignored any more")
		}
	}); err != nil {
		t.Error(err)
	}
}

// A handler that cancels itself is not called for what had come meanwhile.
func TestHandlerCancelsItself(t *testing.T) {
	if err := runtime.Run(func() {
		l := runtime.Current()
		var h *runtime.Handle
		first, other := 0, 0
		h, err := l.AddSignalHandler(syscall.SIGUSR1, func() {
			first++
			h.Cancel()
		})
		if err != nil {
			t.Error(err)
		}
		watch, err := l.AddSignalHandler(syscall.SIGUSR1, func() { other++ })
		if err != nil {
			t.Error(err)
		}
		defer watch.Cancel()
		native := make(chan os.Signal, 1)
		signal.Notify(native, syscall.SIGUSR1)
		defer signal.Stop(native)
		for range 3 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGUSR1)
			<-native // on purpose natively: the handlers' turn has not come yet
		}
		until(func() bool { return other >= 3 })
		if first != 1 {
			t.Errorf("it was called %d times", first)
		}
	}); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsSignalHandlers(t *testing.T) {
	l, err := runtime.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Run(func() {
		if _, err := l.AddSignalHandler(syscall.SIGUSR1, func() {}); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err == nil {
		t.Error("Close did not name the signal handler")
	}
	if _, err := l.AddSignalHandler(syscall.SIGUSR1, func() {}); err != runtime.ErrClosed {
		t.Errorf("AddSignalHandler after Close returned %v", err)
	}
}

// A handler of all signals takes those too that the program ignores, and gives them
// back. One handler's end takes nothing from another.
//
// holds: 95
func TestHandlerOfAllSignals(t *testing.T) {
	signal.Ignore(syscall.SIGTTIN)
	defer signal.Reset(syscall.SIGTTIN)
	if err := runtime.Run(func() {
		all := func() (stop func()) {
			stop, err := channel.Notify(channel.New[os.Signal](1))
			if err != nil {
				t.Error(err)
			}
			return stop
		}
		one := func() (stop func()) {
			h, err := runtime.Current().AddSignalHandler(syscall.SIGTTIN, func() {})
			if err != nil {
				t.Error(err)
			}
			return h.Cancel
		}
		for order, add := range [][]func() (stop func()){{all, one}, {one, all}} {
			first, second := add[0](), add[1]()
			first()
			if signal.Ignored(syscall.SIGTTIN) {
				t.Errorf("order %d: the first end took the signal from the other", order)
			}
			second()
			if !signal.Ignored(syscall.SIGTTIN) {
				t.Errorf("order %d: it is not ignored any more", order)
			}
		}
	}); err != nil {
		t.Error(err)
	}
}

// A handler that panics is called for the signals behind that one all the same.
func TestHandlerOfASignalPanics(t *testing.T) {
	var told []error
	if err := runtime.Run(func() {
		calls := 0
		h, err := runtime.Current().AddSignalHandler(syscall.SIGUSR1, func() {
			if calls++; calls == 1 {
				panic("oops")
			}
		})
		if err != nil {
			t.Error(err)
		}
		defer h.Cancel()
		native := make(chan os.Signal, 1)
		signal.Notify(native, syscall.SIGUSR1)
		defer signal.Stop(native)
		for range 3 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGUSR1)
			<-native // on purpose natively: the handler's turn has not come yet
		}
		until(func() bool { return calls == 3 })
	}, runtime.WithErrorHandler(func(err error) { told = append(told, err) })); err != nil {
		t.Error(err)
	}
	if len(told) != 1 {
		t.Errorf("told were %v", told)
	}
}
