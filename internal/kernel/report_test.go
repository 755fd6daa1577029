package kernel

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A program with more tasks than anybody wants to read about can still say so.
func TestReportIsBounded(t *testing.T) {
	defer func(f func(int, []Blocked) error) { NewDeadlockError = f }(NewDeadlockError)
	var total int
	var tasks []Blocked
	NewDeadlockError = func(n int, b []Blocked) error {
		total, tasks = n, b
		return errScope
	}
	l := virtual()
	var list WaitList
	err := start(t, l, func(me *Task) {
		for range maxReported + 499 {
			spawn(l, nil, func(me *Task) { list.Wait(me, Plain("nothing"), 0) })
		}
		list.Wait(me, Plain("nothing"), 0)
	})
	if err != errScope {
		t.Errorf("Run returned %v", err)
	}
	if total != maxReported+500 || len(tasks) != maxReported {
		t.Errorf("%d of %d tasks are described, want %d of %d", len(tasks), total, maxReported, maxReported+500)
	}
	stacks := 0
	for i, b := range tasks {
		if b.ID != uint64(i+1) {
			t.Fatalf("task %d stands at place %d: not the oldest first", b.ID, i)
		}
		if b.Stack != "" {
			stacks++
		}
	}
	if stacks != maxStacks {
		t.Errorf("%d stacks are given, want %d", stacks, maxStacks)
	}
}

// Looking at the stacks leaves the tasks as they were: each is still in the same
// park, and ends it in the same way.
func TestDescribeDisturbsNobody(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		got := 0
		tasks := crowd(me, &list, 3, func(int) { got++ })
		park := tasks[1].park
		var described []Blocked
		l.CallSoon(func() { _, described = l.describe(true) })
		me.Sleep(time.Second)
		if len(described) != 4 || !strings.Contains(described[1].Stack, "crowd") {
			t.Errorf("the description is %+v", described)
		}
		if tasks[1].park != park || list.Len() != 3 {
			t.Error("the tasks are not in the parks they were in")
		}
		list.WakeAll()
		settle(me)
		if got != 3 {
			t.Errorf("%d of 3 waits ended", got)
		}
	})
}

// holds: 52
func TestFailuresThatNobodyJoinedAreBounded(t *testing.T) {
	l := virtual()
	err := start(t, l, func(me *Task) {
		for range maxUnjoined + 5 {
			spawn(l, nil, func(*Task) { runtime.Goexit() })
		}
	})
	if !errors.Is(err, ErrGoexit) || strings.Count(err.Error(), "nobody joined it") != maxUnjoined ||
		!strings.Contains(err.Error(), "5 further tasks") {
		t.Errorf("Run returned %v", err)
	}
	l = virtual()
	if err := start(t, l, func(me *Task) {}); err != nil {
		t.Errorf("the failures were not forgotten: %v", err)
	}
}

func TestSpawnSite(t *testing.T) {
	if got := site(0); got != "the loop" {
		t.Errorf("without an address the site is %q", got)
	}
	pc, _, _, _ := runtime.Caller(0)
	if got := site(pc); !strings.Contains(got, "report_test.go:") {
		t.Errorf("the site is %q", got)
	}
}
