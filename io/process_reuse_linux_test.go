package io_test

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/io"
)

// namespaceRole tells the program that it has numbers of processes of its own.
const namespaceRole = "EVERGREEN_IO_NAMESPACE"

// inNamespace runs the test in a program that counts processes by itself: to wind the
// count of the whole machine back would have others meet numbers that they know.
func inNamespace(t *testing.T) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), namespaceRole+"=1", "GORACE=atexit_sleep_ms=0")
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	out, err := child.CombinedOutput()
	if child.Process == nil {
		t.Skip("skipped: needs the right to count processes by itself: ", err)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The number of a program that was reaped is given to another one, which must not be
// hit by what is meant for the first.
//
// holds: 97
func TestReusedPidIsNotSignalled(t *testing.T) {
	if os.Getenv(namespaceRole) == "" {
		inNamespace(t)
		return
	}
	const last = "/proc/sys/kernel/ns_last_pid"
	next := func(pid int) error { return os.WriteFile(last, []byte(strconv.Itoa(pid-1)), 0o644) }
	for _, group := range []bool{false, true} {
		procEachWay(t, func(t *testing.T) {
			run(t, func() {
				c := procCmd("exit 0")
				c.Group = group
				must(t, c.Run())
				var other *io.Cmd
				for range 1000 { // threads are numbered with processes, so others may come first
					must(t, next(c.Process.Pid))
					other = procCmd("cat")
					other.Group = true // its group has the same number, too
					in, err := other.StdinPipe()
					must(t, err)
					must(t, other.Start())
					if other.Process.Pid == c.Process.Pid {
						if err := c.Signal(os.Kill); err != os.ErrProcessDone {
							t.Errorf("Signal returned %v", err)
						}
						must(t, in.Close())
						must(t, other.Wait()) // it lives to see the end of its input
						return
					}
					must(t, in.Close())
					must(t, other.Wait())
				}
				t.Log("not tested: the number was not given again") // Skip would end the task
			})
		})
	}
}
