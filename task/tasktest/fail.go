package tasktest

import (
	"syscall"
	"testing"
)

// FailEverywhere runs a scenario once to count its system calls on descriptors, and
// then once for each of them, with that call failing by the errno; calls, if any
// are given, narrows it to calls of these names ("read", "write", "accept4",
// "socket", "bind", "listen", "connect", "getsockopt", "epoll_ctl",
// "epoll_create1"). Of "close" it has to be asked for by name: it has closed although it
// fails, and the deferred calls of a program do not look. After each run nothing may be left, as in [Run]; the scenario
// has to take the failure as a program would. failing, which may be nil, is told
// before each run which call it will be, "" for the first run in which none fails.
// It stops at the first failure of the test. It must not be called in a task, and is
// not a checkpoint.
func FailEverywhere(t testing.TB, errno syscall.Errno, calls []string, failing func(call string), scenario func()) {
	t.Helper()
	wanted := make(map[string]bool)
	for _, c := range calls {
		wanted[c] = true
	}
	var names []string
	one := func(k int) {
		t.Helper()
		seen := 0
		r := &trial{schedule: fifo{}}
		r.hooks.Fault = func(call string) syscall.Errno {
			if call == "" || len(wanted) > 0 && !wanted[call] || call == "close" && !wanted[call] {
				return 0
			}
			if seen++; k == 0 {
				names = append(names, call)
			}
			if seen == k {
				return errno
			}
			return 0
		}
		r.run(scenario)
		r.tell(t, false)
	}
	if failing == nil {
		failing = func(string) {}
	}
	failing("")
	one(0)
	for k, name := range names {
		if t.Failed() {
			return
		}
		failing(name)
		one(k + 1)
		if t.Failed() {
			t.Logf("it was the %s that failed with %v: call %d of %d", name, errno, k+1, len(names))
		}
	}
}
