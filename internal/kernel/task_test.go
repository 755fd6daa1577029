package kernel

import (
	"runtime"
	"testing"
	"unsafe"
)

// A word more, and the allocator takes 288 bytes for each task.
func TestTaskIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Task{}); n > 256 {
		t.Errorf("a task's record has %d bytes: put what few tasks need into rare", n)
	}
}

// Spawning is cheap because goroutines are used again.
func TestGoroutinesAreUsedAgain(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		for range 1000 {
			spawn(l, nil, func(*Task) {}).Join(me, 0)
		}
		if n := l.stats.Workers; n > 2 {
			t.Errorf("%d goroutines were made for a thousand tasks, one at a time", n)
		}
	})
}

// After a peak the goroutines beyond the bound go.
func TestPeakOfTasksIsNotKept(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		for range maxIdle + 500 {
			spawn(l, nil, func(me *Task) { list.Wait(me, Plain("the end of the peak"), 0) })
		}
		settle(me)
		list.WakeAll()
		settle(me)
		if n := len(l.idle); n != maxIdle {
			t.Errorf("%d idle goroutines are kept, want %d", n, maxIdle)
		}
		if n := workers.Len(); n > maxIdle+2 {
			t.Errorf("the table of goroutines has %d entries", n)
		}
	})
	if n := workers.Len(); n != 0 {
		t.Errorf("the table of goroutines has %d entries after the run", n)
	}
}

// holds: 6, 51
// Tasks spawn, give way, are killed, panic under a recover and call Goexit. The
// counter has no lock: under -race a second runner would be reported.
func TestOnlyOneTaskRunsWhateverHappens(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		inside, ended := 0, 0
		step := func() {
			inside++
			if inside != 1 {
				t.Error("two tasks run at once")
			}
			inside--
		}
		var body func(depth, kind int) func(*Task)
		body = func(depth, kind int) func(*Task) {
			return func(me *Task) {
				defer func() {
					step()
					if recover() == nil && kind == 2 {
						t.Error("the panic did not arrive")
					}
					ended++
				}()
				for i := range 3 {
					step()
					if depth > 0 {
						spawn(l, nil, body(depth-1, (kind+i)%4))
					}
					me.Yield()
				}
				switch kind {
				case 0:
				case 1:
					runtime.Goexit()
				case 2:
					panic("caught above")
				case 3:
					me.Kill()
					me.Unwind()
				}
			}
		}
		for kind := range 4 {
			s := spawn(l, nil, body(4, kind))
			s.Contain(nil)
		}
		for t := range l.Tasks {
			t.Contain(nil)
		}
		for l.live > 1 {
			for t := range l.Tasks {
				t.Contain(nil) // a Goexit that nobody joins is reported otherwise
			}
			me.Yield()
		}
		if want := 4 * (1 + 3 + 9 + 27 + 81); ended != want {
			t.Errorf("%d tasks ended, want %d", ended, want)
		}
	})
}

func TestTasksListsWhatHasNotEnded(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		tasks := crowd(me, &list, 5, func(int) {})
		seen := make(map[*Task]bool)
		for t := range l.Tasks {
			seen[t] = true
		}
		if len(seen) != 6 || !seen[me] || !seen[tasks[3]] {
			t.Errorf("%d tasks were listed, want the five and main", len(seen))
		}
		for range l.Tasks {
			break
		}
		tasks[2].Kill()
		tasks[2].Join(me, 0)
		for s := range l.Tasks {
			if s == tasks[2] {
				t.Error("a task that has ended is listed")
			}
		}
		list.WakeAll()
	})
}
