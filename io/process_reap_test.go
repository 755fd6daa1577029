//go:build unix

package io_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// Children of others in the same program, which end while ours do, are left to them.
//
// holds: 96
func TestOthersChildrenAreLeftAlone(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			theirs := procNative("exit 7")
			must(t, theirs.Start())
			for range 5 {
				must(t, procCmd("exit 0").Run())
			}
			// It has ended for long, or does while this waits for it.
			state, err := task.Offload(func() (*os.ProcessState, error) { return theirs.Process.Wait() })
			if err != nil || state.ExitCode() != 7 {
				t.Errorf("its parent got %v, %v", state, err)
			}
		})
	})
}

// A signal for a program that has ended and that nobody has waited for reaches its
// zombie, whose number is nobody else's.
//
// holds: 97
func TestSignalBetweenEndAndWait(t *testing.T) {
	for _, group := range []bool{false, true} {
		procEachWay(t, func(t *testing.T) {
			run(t, func() {
				c := procCmd("exit 0")
				c.Group = group
				ended := procLine(t, c)
				must(t, c.Start())
				ended()
				for range 3 {
					if err := c.Signal(syscall.SIGTERM); err != nil && err != os.ErrProcessDone {
						t.Errorf("Signal returned %v", err)
					}
				}
				_ = c.Wait()
				if c.ProcessState == nil {
					t.Error("it was reaped by somebody else")
				}
			})
		})
	}
}

// Where SIGCHLD is ignored the system reaps by itself, and nobody learns how a program
// ended. Wait says so. It is tried in a program of its own: the Go runtime does not
// forget that the signal was ignored once.
//
// holds: 99
func TestIgnoredSIGCHLD(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			for _, way := range []string{"pidfd", "goroutine"} {
				out, err := procCmd("ignoring " + way).CombinedOutput()
				if string(out) != "ok" || err != nil {
					t.Errorf("by %s: it said %q and ended with %v", way, out, err)
				}
			}
		})
	})
}

// procIgnoring is a program that ignores SIGCHLD and has children.
func procIgnoring(way string) {
	signal.Ignore(syscall.SIGCHLD)
	parent := func() {
		for _, role := range []string{"exit 0", "say something"} {
			c := procCmd(role)
			var out bytes.Buffer
			c.Stdout = &out
			if err := c.Run(); !errors.Is(err, syscall.ECHILD) {
				fmt.Printf("Run returned %v ", err)
			}
			if err := c.Signal(os.Kill); err != os.ErrProcessDone {
				fmt.Printf("Signal returned %v ", err)
			}
		}
	}
	var err error
	if way == "pidfd" {
		err = runtime.Run(parent)
	} else {
		io.WithoutPidfd(func() { err = runtime.Run(parent) })
	}
	if err != nil {
		fmt.Print(err)
		return
	}
	fmt.Print("ok")
}

// A program whose parent ignored SIGCHLD was started with that, and still gets to know
// how its own children ended.
//
// holds: 99
func TestSIGCHLDIgnoredAtStart(t *testing.T) {
	sh, err := io.LookPath("sh")
	if err != nil {
		t.Skip("skipped: needs sh")
	}
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			c := procCmd("parent")
			c.Args = []string{"sh", "-c", `trap "" CHLD; exec "$0"`, os.Args[0]}
			c.Path = sh
			out, err := c.CombinedOutput()
			if string(out) != "exit status 7" || err != nil {
				t.Errorf("it said %q and ended with %v", out, err)
			}
		})
	})
}

// procParent is a program that waits for a child.
func procParent() {
	err := runtime.Run(func() { fmt.Print(procCmd("exit 7").Run()) })
	if err != nil {
		fmt.Print(err)
	}
}

func TestManyEndAtOnce(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			const n = 30
			r, w, err := os.Pipe()
			must(t, err)
			g := task.NewGroup()
			for i := range n {
				c := procCmd("extra") // ends when w is closed
				c.ExtraFiles = []*os.File{r}
				must(t, c.Start())
				g.Go(func() error {
					if err := c.Wait(); err != nil {
						return fmt.Errorf("program %d: %w", i, err)
					}
					return nil
				})
			}
			settle()
			must(t, w.Close())
			must(t, r.Close())
			must(t, g.Wait())
		})
	})
}

// procCat is a program that ends at once, or says why it cannot be had.
func procCat(t *testing.T) string {
	path, err := io.LookPath("cat")
	if err != nil {
		t.Skip("skipped: needs cat")
	}
	return path
}

// holds: 46
func TestProcessCancelEverywhere(t *testing.T) {
	cat := procCat(t)
	procEachWay(t, func(t *testing.T) {
		tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
			s.Go(func() {
				c := io.Command(cat)
				c.Stdin = strings.NewReader("hello")
				out, err := c.Output()
				if err == nil && string(out) != "hello" {
					t.Errorf("%q came out", out)
				}
				if c.Process != nil && c.ProcessState == nil {
					t.Error("it was not reaped")
				}
			})
			s.After(func() { procChildless(t) })
		})
	})
}

func TestProcessFailEverywhere(t *testing.T) {
	cat := procCat(t)
	for _, errno := range []syscall.Errno{unix.EMFILE, unix.ENOMEM, unix.EAGAIN} {
		procEachWay(t, func(t *testing.T) {
			var calls []string
			tasktest.FailEverywhere(t, errno, []string{"pipe2", "epoll_create1", "epoll_ctl", "fork", "pidfd_open", "waitid"},
				func(call string) { calls = append(calls, call) },
				func() {
					c := io.Command(cat)
					c.Stdin = strings.NewReader("hello")
					out, err := c.Output()
					if err == nil && string(out) != "hello" || err != nil && !errors.Is(err, errno) {
						t.Errorf("%q came out, and %v", out, err)
					}
					if c.Process == nil && err == nil {
						t.Error("it was not started")
					}
					procChildless(t)
				})
			if len(calls) < 6 {
				t.Errorf("only these calls failed: %q", calls)
			}
		})
	}
}
