//go:build unix

package io_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

func ExampleCmd_Output() {
	_ = runtime.Run(func() {
		out, err := io.Command("echo", "hello").Output()
		fmt.Printf("%q %v\n", out, err)
	})
	// Output: "hello\n" <nil>
}

// What a program reads and writes are any Reader and Writer. Neither can hold up the
// other.
func ExampleCmd_Run() {
	_ = runtime.Run(func() {
		c := io.Command("tr", "a-z", "A-Z")
		c.Stdin = strings.NewReader("louder, please\n")
		c.Stdout = os.Stdout
		if err := c.Run(); err != nil {
			fmt.Println(err)
		}
	})
	// Output: LOUDER, PLEASE
}

// A time limit goes around a program as it does around anything that waits. The program
// and, with Group, all that it has started are gone when Run returns.
func ExampleCmd_Run_timeout() {
	_ = runtime.Run(func() {
		c := io.Command("sh", "-c", "sleep 1000; echo too late")
		c.Group = true
		err := timeout.Run(10*time.Millisecond, c.Run)
		fmt.Println(err, errors.Is(err, context.DeadlineExceeded))
		fmt.Println(c.ProcessState)
	})
	// Output:
	// timed out after 10ms true
	// signal: killed
}

// A conversation with a program, line by line, while other tasks go on.
func ExampleCmd_StdinPipe() {
	_ = runtime.Run(func() {
		c := io.Command("cat")
		in, _ := c.StdinPipe()
		out, _ := c.StdoutPipe()
		if err := c.Start(); err != nil {
			fmt.Println(err)
			return
		}
		answers := bufio.NewScanner(out)
		for _, line := range []string{"one", "two"} {
			fmt.Fprintln(in, line)
			answers.Scan()
			fmt.Println("it said", answers.Text())
		}
		_ = in.Close()
		fmt.Println(c.Wait())
	})
	// Output:
	// it said one
	// it said two
	// <nil>
}

// A program that is asked to end in its own way, and has a second for it.
func ExampleCmd_Signal() {
	_ = runtime.Run(func() {
		c := io.Command("sh", "-c", `trap "echo tidying up; exit 0" TERM; echo ready; while :; do sleep 0.01; done`)
		c.WaitDelay = time.Second
		c.Cancel = func() error { return c.Signal(syscall.SIGTERM) }
		out := new(strings.Builder)
		c.Stdout = out
		runner := task.Go(func() { _ = c.Run() })
		for out.Len() == 0 {
			task.Yield()
		}
		runner.Kill()
		_ = runner.Join()
		fmt.Println(c.ProcessState)
	})
	// Output: exit status 0
}
