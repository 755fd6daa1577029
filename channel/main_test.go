package channel_test

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const long = time.Hour

// explore runs a scenario under all orders there are, or under 2,000 of them and
// 10,000 seeds; under the race detector, which keeps memory for every goroutine there
// ever was, under fewer.
func explore(t *testing.T, scenario func()) {
	t.Helper()
	o := tasktest.Options{Seeds: 10_000}
	if testing.Short() || goroutine.Race {
		o = tasktest.Options{Orders: 300, Seeds: 300}
	}
	runs, all := tasktest.Explore(t, o, scenario)
	t.Logf("%d schedules; all there are: %v", runs, all)
}

// panicText runs f and returns the text of what it panics with, "" for nothing.
func panicText(f func()) (text string) {
	defer func() {
		switch r := recover().(type) {
		case string:
			text = r
		case error:
			text = r.Error()
		}
	}()
	f()
	return ""
}

// foreign calls each of the functions, which were used in this loop before, on a
// plain goroutine and in another loop, and checks that each says what to do.
func foreign(t *testing.T, calls map[string]func()) {
	t.Helper()
	said := make(chan map[string]string)
	go func() {
		texts := make(map[string]string)
		for name, f := range calls {
			texts[name+" on a goroutine"] = panicText(f)
		}
		_ = runtime.Run(func() {
			for name, f := range calls {
				texts[name+" in another loop"] = panicText(f)
			}
		})
		said <- texts
	}()
	texts := <-said
	for name := range calls {
		for _, where := range []string{" on a goroutine", " in another loop"} {
			if text := texts[name+where]; !strings.Contains(text, "Loop.Do") { // also if the call never came back
				t.Errorf("%s: it said %q, want a sentence with the way out", name+where, text)
			}
		}
	}
}

// joined starts the functions as tasks and waits for their ends.
func joined(fs ...func()) {
	var tasks []*task.Task
	for _, f := range fs {
		tasks = append(tasks, task.Go(f))
	}
	for _, t := range tasks {
		_ = t.Join()
	}
}
