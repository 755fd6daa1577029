package kernel

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// The monitor counts the time inside of steps, not that between them: here a clock
// that leaps while the loop idles, as after a night's sleep of the machine.
//
// holds: 102
func TestMonitorCountsStepsOnly(t *testing.T) {
	now := time.Unix(0, 0)
	var stalls []Stall
	l := New(Config{Virtual: true, Hooks: Hooks{
		Stall:      func(s Stall) { stalls = append(stalls, s) },
		StallLimit: time.Second,
		Clock:      func() time.Time { return now },
	}})
	err := start(t, l, func(me *Task) {
		me.SetName("main")
		me.Sleep(time.Hour) // the night passes while everybody waits
		l.CallSoon(func() { now = now.Add(3 * time.Second) })
		me.Yield()
		me.Yield()
		now = now.Add(time.Second) // exactly the limit
		me.Yield()
		now = now.Add(2 * time.Second)
		me.Yield()
		asleep := spawn(l, nil, func(me *Task) { me.Sleep(time.Hour) })
		l.CallAt("", l.After(time.Minute), func() {})
		asleep.Join(me, 0)
	})
	if err != nil {
		t.Error(err)
	}
	if len(stalls) != 2 || stalls[0].Took != 3*time.Second || stalls[0].Task != "" ||
		stalls[1].Took != 2*time.Second || stalls[1].Task != "main" || !strings.Contains(string(stalls[1].Stack), "TestMonitorCountsStepsOnly") {
		t.Errorf("the monitor was told of %v", stalls)
	}
}

// holds: 104
func TestMonitorThatPanicsIsRemoved(t *testing.T) {
	now, told := time.Unix(0, 0), 0
	var reported []error
	l := New(Config{
		Virtual: true,
		Report:  func(err error) { reported = append(reported, err) },
		Hooks: Hooks{
			Stall:      func(Stall) { told++; panic("in the monitor") },
			StallLimit: time.Second,
			Clock:      func() time.Time { now = now.Add(time.Hour); return now },
		},
	})
	steps := 0
	err := start(t, l, func(me *Task) {
		for range 5 {
			steps++
			me.Yield()
		}
	})
	if err != nil || steps != 5 || told != 1 || len(reported) != 1 || !strings.Contains(reported[0].Error(), "removed") {
		t.Errorf("%d steps, told %d times, reported %v, Run returned %v", steps, told, reported, err)
	}
}

// With a budget of one every checkpoint is a switch, and the hook sees them all.
func TestSwitchHookSeesEveryCheckpoint(t *testing.T) {
	seen := 0
	l := New(Config{Virtual: true, Hooks: Hooks{Budget: 1, Switch: func() { seen++ }}})
	err := start(t, l, func(me *Task) {
		before := seen
		for range 10 {
			me.Checkpoint()
		}
		if seen != before+10 {
			t.Errorf("%d switches at 10 checkpoints", seen-before)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSwitchHookThatPanicsEndsTheRun(t *testing.T) {
	l := New(Config{Virtual: true, Hooks: Hooks{Switch: func() { panic("in the hook") }}})
	err := l.Run(func() { Running().Yield() }, false, 0)
	if err == nil {
		t.Error("the panic was lost")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestFaultTakesThePlaceOfTheCall(t *testing.T) {
	calls := map[string]int{}
	l := New(Config{Hooks: Hooks{Fault: func(call string) syscall.Errno {
		calls[call]++
		if calls["epoll_create1"] == 1 {
			return syscall.EMFILE
		}
		if calls["epoll_ctl"] == 1 {
			return syscall.ENOMEM
		}
		return 0
	}}})
	err := start(t, l, func(me *Task) {
		for _, want := range []error{syscall.EMFILE, syscall.ENOMEM} {
			calls[""] = 0
			if _, err := l.Register(0, "standard input"); err != want {
				t.Errorf("Register returned %v, want %v", err, want)
			}
			if want == syscall.EMFILE {
				calls["epoll_create1"] = 2
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
	if s := l.Stats(); s.Descriptors != 0 {
		t.Errorf("%d descriptors are left of failed registrations", s.Descriptors)
	}
}

// Places in wait lists are counted, so that a test can see that none is left.
func TestWaitersAreCounted(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		var tasks []*Task
		for range 5 {
			tasks = append(tasks, spawn(l, nil, func(me *Task) { list.Wait(me, Plain("a test"), 0); me.Unwind() }))
		}
		settle(me)
		if n := l.Stats().Waiters; n != 5 {
			t.Errorf("%d waiters, want 5", n)
		}
		list.Wake()
		tasks[3].Kill()
		settle(me)
		if n := l.Stats().Waiters; n != 3 {
			t.Errorf("%d waiters, want 3", n)
		}
		list.WakeAll()
		settle(me)
		if n := l.Stats().Waiters; n != 0 {
			t.Errorf("%d waiters are left", n)
		}
	})
}
