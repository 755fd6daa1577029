package runtime_test

import (
	"bytes"
	"errors"
	"log"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func TestOptionsThatMakeNoSense(t *testing.T) {
	for says, o := range map[string]runtime.Option{
		"an option is nil":              nil,
		"WithPick needs a function":     runtime.WithPick(nil),
		"WithOffloadLimit(0)":           runtime.WithOffloadLimit(0),
		"WithFileLimit(0)":              runtime.WithFileLimit(0),
		"WithGrace(-1ns) is negative":   runtime.WithGrace(-1),
		"WithErrorHandler needs a":      runtime.WithErrorHandler(nil),
		"needs a limit above zero":      runtime.WithMonitor(0, func(runtime.Stall) {}),
		"and a function to tell; leave": runtime.WithMonitor(time.Second, nil),
	} {
		l, err := runtime.New(o)
		if l != nil || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("New returned %v, want an error that says %q", err, says)
		}
		if err := runtime.Run(func() { t.Error("it ran") }, o); err == nil {
			t.Errorf("Run took the option of which New says %q", says)
		}
	}
}

// The monitor is told who kept the others waiting, for how long, and where it was.
func TestMonitorTellsOfALongStep(t *testing.T) {
	var stalls []runtime.Stall
	if err := runtime.Run(func() {
		quick, slow := task.Go(func() { task.Yield() }), task.Go(func() { compute(); task.Yield() })
		slow.SetName("slow")
		_, _ = quick.Join(), slow.Join()
	}, runtime.WithMonitor(5*time.Millisecond, func(s runtime.Stall) {
		if s.Task == "slow" { // on a busy machine others may be told of as well
			stalls = append(stalls, s)
		}
	})); err != nil {
		t.Fatal(err)
	}
	if len(stalls) == 0 || stalls[0].Took < 5*time.Millisecond || stalls[0].ID != 3 || !strings.Contains(string(stalls[0].Stack), "TestMonitorTellsOfALongStep") {
		t.Errorf("the monitor was told of %v", stalls)
	}
}

// compute is busy for longer than the monitor allows.
func compute() {
	for begin := time.Now(); time.Since(begin) <= 6*time.Millisecond; {
		continue
	}
}

// Failures that nobody waits for are logged unless somebody wants to be told.
func TestFailuresAreLoggedByDefault(t *testing.T) {
	var out bytes.Buffer
	before := log.Writer()
	log.SetOutput(&out)
	defer log.SetOutput(before)
	if err := runtime.Run(func() {
		runtime.Current().CallSoon(func() { panic(errors.New("in a callback")) })
		task.Yield()
	}); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "in a callback") {
		t.Errorf("the log has %q", out.String())
	}
}
