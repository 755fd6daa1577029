package net_test

import (
	"errors"
	"maps"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// Whichever system call fails, somebody is told, nobody waits for ever, and no
// descriptor is left: neither registered nor, as a pipe between two connections is,
// open beside the loop.
func TestEveryFailureIsToldAndLeavesNothing(t *testing.T) {
	names(t, map[string][]string{"both.test.": {"127.0.0.1", "::1"}})
	for name, one := range dramas {
		t.Run(name, func(t *testing.T) {
			for _, errno := range []syscall.Errno{syscall.ENOMEM, syscall.ECONNRESET, syscall.EPERM, syscall.EMFILE} {
				t.Run(errno.Error(), func(t *testing.T) {
					failEverywhere(t, errno, one.calls, one.play)
				})
			}
		})
	}
}

func failEverywhere(t *testing.T, errno syscall.Errno, calls []string, play func(*drama)) {
	before, failed := 0, ""
	made := make(map[string]int)
	tasktest.FailEverywhere(t, errno, nil, func(call string) {
		if made[call]++; call == "" {
			return
		}
		if before == 0 {
			before = openFiles(t) // after one run, which has opened what is opened once
		} else if openAsBefore(t, before); t.Failed() {
			t.Logf("that was after %s had failed", failed)
		}
		failed = call
	}, func() {
		d := &drama{t: t, spawn: task.Go}
		// Nothing here takes time, so on the virtual clock this is the end of those who
		// wait for something that does not come.
		if err := timeout.Run(24*time.Hour, func() error { play(d); return nil }); err != nil {
			t.Errorf("%s has failed, and somebody waits for ever: %v", failed, err)
		}
		d.judge(errno, failed)
	})
	for _, call := range calls {
		if made[call] == 0 {
			t.Errorf("%s was never called; there were %v", call, slices.Sorted(maps.Keys(made)))
		}
	}
	openAsBefore(t, before)
}

// judge looks at what the conversation was told.
func (d *drama) judge(errno syscall.Errno, failed string) {
	d.t.Helper()
	told := errors.Join(d.told...)
	switch {
	case failed == "" && told != nil:
		d.t.Errorf("nothing failed, and there were these errors: %v", told)
	case failed != "" && !errors.Is(told, errno) && !d.overcome:
		d.t.Errorf("%s failed with %v, and nobody was told; there were these errors: %v", failed, errno, told)
	}
}

// A call that a signal interrupts is made again, and nobody is told. (Of connect that
// cannot be had this way: where the system interrupts it, it goes on by itself.)
//
// holds: 71
func TestInterruptedCallsAreMadeAgain(t *testing.T) {
	again := []string{"accept4", "read", "write", "recvfrom", "sendto", "recvmsg", "sendmsg", "writev", "splice", "sendfile"}
	made := make(map[string]bool)
	for name, one := range dramas {
		if name == "two families" {
			continue // the name server is none of these calls
		}
		t.Run(name, func(t *testing.T) {
			failed := ""
			tasktest.FailEverywhere(t, syscall.EINTR, again, func(call string) {
				failed = call
				made[call] = true
			}, func() {
				d := &drama{t: t, spawn: task.Go}
				if err := timeout.Run(24*time.Hour, func() error { one.play(d); return nil }); err != nil {
					t.Errorf("%s was interrupted, and somebody waits for ever: %v", failed, err)
				}
				if len(d.told) > 0 {
					t.Errorf("%s was interrupted, and somebody was told: %v", failed, d.told)
				}
			})
		})
	}
	for _, call := range again {
		if !made[call] {
			t.Errorf("%s was never called", call)
		}
	}
}
