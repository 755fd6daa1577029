package io_test

import (
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/task"
)

// A program that is stopped has not ended.
func TestStoppedProgram(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			c := procCmd("stay")
			out, err := c.StdoutPipe()
			must(t, err)
			must(t, c.Start())
			_, _ = out.Read(make([]byte, 4)) // it is there
			must(t, c.Signal(syscall.SIGSTOP))
			var status unix.Siginfo
			for status.Signo == 0 { // until it has stopped
				must(t, unix.Waitid(unix.P_PID, c.Process.Pid, &status, unix.WSTOPPED|unix.WNOWAIT|unix.WNOHANG, nil))
			}
			waiter := task.Go(func() { _ = c.Wait() })
			settle()
			if !waiter.Alive() {
				t.Errorf("Wait returned: %v", c.ProcessState)
			}
			must(t, c.Signal(os.Kill))
			_ = waiter.Join()
			if status := c.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() {
				t.Errorf("it ended with %v", c.ProcessState)
			}
		})
	})
}
