package io_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func TestMain(m *testing.M) {
	// A shell has what it starts in the background ignore signals, as nohup does, and
	// our children would inherit that. A signal that is taken has its usual effect there.
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM} {
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
	goleak.VerifyTestMain(m)
}

// run runs main as the first task of a loop. Where the test fails in it, the other
// tasks are not waited for.
func run(t testing.TB, main func(), opts ...runtime.Option) {
	t.Helper()
	err := runtime.Run(func() {
		loop := runtime.Current()
		defer func() {
			if t.Failed() {
				loop.Stop()
			}
		}()
		main()
	}, opts...)
	if err != nil && !t.Skipped() { // Skip ends the task by Goexit
		t.Error(err)
	}
}

// start has a loop run on a goroutine of its own until the test ends. Its Close must
// then find nothing that is still registered.
func start(t testing.TB) *runtime.Loop {
	t.Helper()
	loop, err := runtime.New()
	must(t, err)
	over := make(chan error, 1)
	go func() { over <- loop.RunForever() }()
	t.Cleanup(func() {
		loop.Stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
		if err := loop.Close(); err != nil {
			t.Error(err)
		}
	})
	return loop
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tasks runs functions as tasks and waits for all of them.
func tasks(fs ...func()) {
	var all []*task.Task
	for _, f := range fs {
		all = append(all, task.Go(f))
	}
	for _, one := range all {
		_ = one.Join()
	}
}

// settle lets every task go on until it can only wait for something outside. Who is
// ready runs within a turn, and a report of the poller takes one or two.
func settle() {
	for range 200 {
		task.Yield()
	}
}
