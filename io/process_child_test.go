//go:build unix

package io_test

import (
	"bytes"
	"fmt"
	stdio "io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
)

// The programs that these tests start are this one: with procRole in its environment it
// does what that says, and never comes to a test.
const procRole = "EVERGREEN_PROCESS_TEST"

func init() {
	if role, ok := os.LookupEnv(procRole); ok {
		name, arg, _ := strings.Cut(role, " ")
		procPlay(name, arg)
		os.Exit(0)
	}
}

// procLast is the descriptor that tests give a program to see it end by: its last
// holder's end is the end of the pipe.
const procLast = 3

func procPlay(name, arg string) {
	switch name {
	case "cat":
		_, _ = stdio.Copy(os.Stdout, os.Stdin)
	case "say":
		fmt.Print(arg)
	case "both":
		fmt.Fprint(os.Stdout, "out ")
		fmt.Fprint(os.Stderr, "err ")
		fmt.Fprint(os.Stdout, "out again")
	case "complain":
		fmt.Fprint(os.Stderr, strings.Repeat("no ", procNumber(arg)))
		os.Exit(1)
	case "exit":
		os.Exit(procNumber(arg))
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.Signal(procNumber(arg)))
		procForever()
	case "env":
		fmt.Print(os.Getenv(arg))
	case "dir":
		dir, _ := os.Getwd()
		fmt.Print(dir, " ", os.Getenv("PWD"))
	case "extra":
		_, _ = stdio.Copy(os.Stdout, os.NewFile(procLast, "extra"))
	case "flood": // as much on each stream as no pipe holds
		chunk := strings.Repeat("x", procNumber(arg))
		fmt.Fprint(os.Stderr, chunk)
		fmt.Fprint(os.Stdout, chunk)
		_, _ = stdio.Copy(os.Stdout, os.Stdin)
	case "stay": // until it is killed; told that it is there
		fmt.Print("here")
		procForever()
	case "stubborn":
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		fmt.Print("here")
		procForever()
	case "polite":
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		fmt.Print("here")
		<-asked
		os.Exit(procNumber(arg))
	case "replace": // a file, again and again
		_ = runtime.Run(func() {
			for n := byte(0); ; n = 1 - n {
				if err := io.WriteFileAtomic(arg, bytes.Repeat([]byte{'a' + n}, 100_000), 0o600); err != nil {
					return
				}
				if n == 0 {
					_, _ = io.Stdout.WriteString(".")
				}
			}
		})
	case "parent":
		procParent()
	case "ignoring":
		procIgnoring(arg)
	case "orphan": // stays, and says so only when its parent has ended
		for os.Getppid() == procNumber(arg) {
			_, _ = unix.Poll(nil, 1)
		}
		procPlay("stay", "")
	case "babble":
		for {
			if _, err := os.Stdout.WriteString("blah "); err != nil {
				return
			}
		}
	case "leave": // a grandchild that has all our streams
		grandchild := procNative("stay")
		switch arg {
		case "babble":
			grandchild = procNative(arg)
		case "":
			grandchild = procNative(fmt.Sprint("orphan ", os.Getpid()))
		}
		grandchild.Stdin, grandchild.Stdout, grandchild.Stderr = os.Stdin, os.Stdout, os.Stderr
		if arg == "babble" {
			unix.CloseOnExec(procLast)
		} else if f := os.NewFile(procLast, "last"); f != nil {
			grandchild.ExtraFiles = []*os.File{f}
		}
		if err := grandchild.Start(); err != nil {
			fmt.Print(err)
		}
		if arg == "wait" {
			procForever()
		}
	default:
		fmt.Print("there is no role ", name)
		os.Exit(1)
	}
}

func procNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func procForever() {
	for {
		_, _ = unix.Poll(nil, -1)
	}
}

// procCmd is a command that plays a role.
func procCmd(role string) *io.Cmd {
	c := io.Command(os.Args[0])
	c.Env = procEnv(role)
	return c
}

// procEnv is the environment that gives a program its role. The race detector's runtime
// would have it sleep for a second at its end.
func procEnv(role string) []string {
	return append(os.Environ(), procRole+"="+role, "GORACE=atexit_sleep_ms=0")
}

// procNative is procCmd for os/exec.
func procNative(role string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = procEnv(role)
	return c
}

// procEachWay runs a test with each means of noticing the end of a program.
func procEachWay(t *testing.T, test func(t *testing.T)) {
	t.Run("pidfd", func(t *testing.T) { procClean(t, test) })
	t.Run("goroutine", func(t *testing.T) {
		io.WithoutPidfd(func() { procClean(t, test) })
	})
}

// procTries is how often, at intervals of a millisecond, a test looks for what a
// goroutine of ours is doing meanwhile before it calls it left behind.
const procTries = 20_000

// procClean runs a test that must leave neither a child, dead or alive, nor a
// descriptor behind.
func procClean(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	before := procDescriptors()
	test(t)
	procChildless(t)
	if before < 0 {
		return
	}
	// A goroutine may be about to close the last of them; descriptors that stay are the
	// business of the test.
	for range procTries {
		if procDescriptors() <= before {
			return
		}
		_, _ = unix.Poll(nil, 1)
	}
	t.Errorf("%d descriptors are open, %d were before", procDescriptors(), before)
}

// procChildless fails the test unless all children of this process have ended and were
// reaped.
func procChildless(t *testing.T) {
	t.Helper()
	var left string
	for range procTries { // one that was forsaken is reaped by a goroutine, in its time
		if left = procChildren(); left == "" {
			return
		}
		_, _ = unix.Poll(nil, 1)
	}
	t.Error(left)
}

// procDescriptors counts the open descriptors, -1 where that cannot be known.
func procDescriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(entries)
}

// procLine is a pipe whose writing end is given to a program and all its children:
// ended waits for the end of the last of them.
func procLine(t *testing.T, c *io.Cmd) (ended func()) {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	c.ExtraFiles = []*os.File{w}
	return func() {
		_ = w.Close()
		_, _ = stdio.Copy(stdio.Discard, r)
		_ = r.Close()
	}
}
