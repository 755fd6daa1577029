package runtime_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// raise sends the process a signal. It arrives some time later.
func raise(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		t.Error(err)
	}
}

// interrupted fails the test unless err says that SIGUSR1 has interrupted the program.
func interrupted(t *testing.T, err error) {
	t.Helper()
	var e *runtime.InterruptError
	if !errors.Is(err, runtime.ErrInterrupted) || !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Signal != syscall.SIGUSR1 {
		t.Errorf("the error is %v, want that of an interruption", err)
	}
}

// The tests interrupt by SIGUSR1: what is left of a mistake with SIGINT would end them.
var byUSR1 = runtime.WithInterrupt(syscall.SIGUSR1)

// holds: 42, 45
func TestFirstSignalCancelsMain(t *testing.T) {
	var order []string
	err := runtime.Run(func() {
		free := task.Go(func() {
			defer func() { order = append(order, "free task") }()
			task.Sleep(long)
		})
		defer func() {
			if free.Alive() {
				order = append(order, "main")
			}
		}()
		defer timeout.Shield(func() {
			for range 100 {
				task.Yield() // the free task could go on meanwhile
			}
			order = append(order, "shield")
		})
		raise(t, syscall.SIGUSR1)
		for range 3 { // it is a level: each call fails, until main has ended
			interrupted(t, timeout.Run(long, func() error {
				task.Sleep(long)
				t.Error("the sleep returned")
				return nil
			}))
		}
	}, byUSR1)
	if len(order) != 3 || order[0] != "shield" || order[1] != "main" || order[2] != "free task" {
		t.Errorf("the order of the end is %q", order)
	}
	interrupted(t, err)
}

// The children of main's groups are cancelled, and its context is done.
func TestInterruptReachesGroups(t *testing.T) {
	interrupted(t, runtime.Run(func() {
		ctx := task.Context()
		g := task.NewGroup()
		for range 2 {
			g.Go(func() error {
				err := timeout.Run(long, func() error {
					task.Sleep(long)
					return nil
				})
				interrupted(t, err)
				return err
			})
		}
		task.Yield()
		raise(t, syscall.SIGUSR1)
		interrupted(t, g.Wait())
		interrupted(t, context.Cause(ctx))
		if ctx.Err() != context.Canceled {
			t.Errorf("the context's Err is %v", ctx.Err())
		}
	}, byUSR1))
}

// Calls that cannot return an error leave for the edge of main.
func TestInterruptUnwindsMain(t *testing.T) {
	deferred := false
	err := runtime.Run(func() {
		defer func() { deferred = true }()
		raise(t, syscall.SIGUSR1)
		task.Sleep(long)
		t.Error("main went on")
	}, byUSR1)
	interrupted(t, err)
	if _, alone := err.(*runtime.InterruptError); !alone || !deferred {
		t.Errorf("Run returned %#v, and the deferred call ran: %v", err, deferred)
	}
}

// A panic on the way out is returned beside the interruption.
func TestInterruptAndPanic(t *testing.T) {
	err := runtime.Run(func() {
		defer explode()
		raise(t, syscall.SIGUSR1)
		task.Sleep(long)
	}, byUSR1)
	interrupted(t, err)
	if !errors.Is(err, errBoom) {
		t.Errorf("Run returned %v, and the panic is missing", err)
	}
}

// A main that does not heed the first signal is killed by the second.
//
// holds: 58
func TestSecondSignalKills(t *testing.T) {
	cleaned := 0
	interrupted(t, runtime.Run(func() {
		task.Go(func() {
			defer func() { cleaned++ }()
			task.Sleep(long)
		})
		defer func() { cleaned++ }()
		raise(t, syscall.SIGUSR1)
		heard := false
		for {
			err := timeout.Run(0, func() error {
				task.Sleep(long)
				return nil
			})
			if errors.Is(err, runtime.ErrInterrupted) && !heard {
				heard = true
				raise(t, syscall.SIGUSR1)
			}
		}
	}, byUSR1))
	if cleaned != 2 {
		t.Errorf("%d of 2 tasks ran their deferred calls", cleaned)
	}
}

// When main has ended nobody decides any more how the rest ends.
func TestSignalAfterMain(t *testing.T) {
	deferred := false
	interrupted(t, runtime.Run(func() {
		task.Go(func() {
			defer func() { deferred = true }()
			task.Yield() // main has ended
			raise(t, syscall.SIGUSR1)
			task.Sleep(long)
			t.Error("the task went on")
		})
	}, byUSR1))
	if !deferred {
		t.Error("the deferred call did not run")
	}
}

func TestSignalEndsRunForever(t *testing.T) {
	l, err := runtime.New(byUSR1)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 2 { // and the loop can run again
		l.CallSoon(func() { raise(t, syscall.SIGUSR1) })
		interrupted(t, l.RunForever())
		if err := l.Run(func() { task.Yield() }); err != nil {
			t.Errorf("the run after it returned %v", err)
		}
	}
}

// Listening for a Ctrl-C is no hope: what waits for nothing is still a deadlock.
//
// holds: 100
func TestInterruptDoesNotHideDeadlocks(t *testing.T) {
	var deadlock *runtime.DeadlockError
	err := runtime.Run(func() {
		var me *task.Task
		me = task.Go(func() { _ = me.Join() })
		_ = me.Join()
	}, runtime.WithInterrupt())
	if !errors.As(err, &deadlock) || errors.Is(err, runtime.ErrInterrupted) {
		t.Errorf("Run returned %v", err)
	}
}

func TestWithInterruptRefusesNil(t *testing.T) {
	if _, err := runtime.New(runtime.WithInterrupt(os.Interrupt, nil)); err == nil {
		t.Error("a nil signal was taken")
	}
}

const interruptRole = "EVERGREEN_INTERRUPT_TEST"

// A program that hangs between two checkpoints can still be ended. It is this test, as
// another process.
func TestThirdSignalHasItsUsualEffect(t *testing.T) {
	if os.Getenv(interruptRole) != "" {
		_ = runtime.Run(func() {
			ready := os.NewFile(3, "ready")
			_, _ = ready.Write([]byte("x"))
			select {} // which no task may
		}, runtime.WithInterrupt())
		return
	}
	child, ready := interruptChild(t)
	readByte(ready)
	over := make(chan error, 1)
	go func() { over <- child.Wait() }()
	for {
		_ = child.Process.Signal(os.Interrupt) // signals that come too fast count as one
		select {
		case <-over:
			if s := child.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGINT {
				t.Errorf("it ended with %v", child.ProcessState)
			}
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// A program under nohup, or in the background of a shell, is not to be ended so.
func TestIgnoredSignalStaysIgnored(t *testing.T) {
	if os.Getenv(interruptRole) != "" {
		signal.Ignore(os.Interrupt) // as if the program had been started so
		err := runtime.Run(func() {
			_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
			task.Sleep(time.Millisecond)
			_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
			task.Sleep(long)
		}, runtime.WithInterrupt())
		var e *runtime.InterruptError
		if !errors.As(err, &e) || e.Signal != syscall.SIGTERM {
			t.Errorf("Run returned %v", err)
		}
		return
	}
	child, _ := interruptChild(t)
	if err := child.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// interruptChild starts the test once more. What it says by descriptor 3 can be read.
func interruptChild(t *testing.T) (*exec.Cmd, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), interruptRole+"=1")
	child.ExtraFiles = []*os.File{w}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return child, r
}

func readByte(f *os.File) { _, _ = f.Read(make([]byte, 1)) }
