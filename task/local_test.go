package task_test

import (
	stdruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/task"
)

func TestLocal(t *testing.T) {
	made := 0
	number := task.NewLocal(func() int { made++; return 7 })
	word := task.NewLocal[string](nil)
	for range 2 { // in two loops
		run(t, func() {
			number.Set(1)
			for i := range 10 {
				task.Go(func() {
					if n, s := number.Get(), word.Get(); n != 7 || s != "" {
						t.Errorf("a new task has %d and %q", n, s)
					}
					number.Set(i)
					word.Set("x")
					task.Yield()
					number.Set(number.Get() + 100)
					task.Yield()
					if n, s := number.Get(), word.Get(); n != i+100 || s != "x" {
						t.Errorf("the task has %d and %q, and set %d", n, s, i+100)
					}
					number.Delete()
					number.Delete()
					if n := number.Get(); n != 7 {
						t.Errorf("after Delete the task has %d", n)
					}
				})
			}
			task.Sleep(time.Second)
			if n := number.Get(); n != 1 {
				t.Errorf("the main task has %d", n)
			}
		})
	}
	if made != 2*10*2 {
		t.Errorf("init was called %d times", made)
	}
}

// What init makes is kept: a map can be filled.
func TestLocalKeepsWhatInitMakes(t *testing.T) {
	counts := task.NewLocal(func() map[string]int { return make(map[string]int) })
	run(t, func() {
		counts.Get()["a"]++
		counts.Get()["a"]++
		if n := counts.Get()["a"]; n != 2 {
			t.Errorf("the count is %d", n)
		}
	})
}

// The value goes with the task, also where somebody keeps the task, and however it
// ended.
func TestLocalEndsWithTheTask(t *testing.T) {
	type big struct{ _ [1 << 20]byte }
	local := task.NewLocal[*big](nil)
	gone := make(chan struct{}, 3)
	var kept []*task.Task
	run(t, func() {
		for _, end := range []func(){func() {}, func() { task.Current().Kill() }, stdruntime.Goexit} {
			kept = append(kept, task.Go(func() {
				b := new(big)
				stdruntime.AddCleanup(b, func(int) { gone <- struct{}{} }, 0)
				local.Set(b)
				end()
			}))
			_ = kept[len(kept)-1].Join()
		}
	})
	for range 3 {
		stdruntime.GC()
		<-gone
	}
	stdruntime.KeepAlive(kept)
}

// holds: 94
func TestLocalOutsideATask(t *testing.T) {
	local := task.NewLocal[int](nil)
	for name, call := range map[string]func(){
		"Get": func() { local.Get() }, "Set": func() { local.Set(1) }, "Delete": local.Delete,
	} {
		if s, _ := panicOf(call).(string); !strings.HasPrefix(s, "evergreen: Local."+name+" was called outside a task: ") {
			t.Errorf("%s panics with %q", name, s)
		}
	}
}
