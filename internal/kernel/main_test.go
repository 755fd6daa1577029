package kernel

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// virtual is a loop on the virtual clock.
func virtual() *Loop {
	return New(Config{Virtual: true, Offloads: 4, Grace: 10 * time.Second})
}

// start runs main on a loop, closes the loop and returns what Run returned.
func start(t *testing.T, l *Loop, main func(me *Task)) error {
	t.Helper()
	err := l.Run(func() { main(Running()) }, false, 0)
	if s := l.Stats(); s.Live != 0 || s.Idle != 0 || s.Outside != 0 {
		t.Errorf("the run left %d tasks, %d idle goroutines and %d things outside", s.Live, s.Idle, s.Outside)
	}
	if cerr := l.Close(); cerr != nil {
		t.Error(cerr)
	}
	return err
}

// run runs main on a loop with the virtual clock, and nothing may go wrong.
func run(t *testing.T, main func(l *Loop, me *Task)) {
	t.Helper()
	l := virtual()
	if err := start(t, l, func(me *Task) { main(l, me) }); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

// spawn starts a task that lives inside base.
func spawn(l *Loop, base *Scope, f func(me *Task)) *Task {
	return l.Spawn(func() { f(Running()) }, Running(), base, 0)
}

// settle lets every other task run until it parks.
func settle(me *Task) { me.Loop().WaitQuiet(me) }
