//go:build unix

package io_test

import (
	"bytes"
	"context"
	"errors"
	stdio "io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// Both pipes are full before the program reads anything, and its input is full too.
//
// holds: 98
func TestFullPipesBothWays(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			const size = 1 << 20
			in := strings.Repeat("y", size)
			c := procCmd("flood 1048576")
			c.Stdin = strings.NewReader(in)
			var out, errs bytes.Buffer
			c.Stdout, c.Stderr = &out, &errs
			must(t, c.Run())
			flood := strings.Repeat("x", size)
			if out.String() != flood+in || errs.String() != flood {
				t.Errorf("%d and %d bytes came out, want %d and %d", out.Len(), errs.Len(), 2*size, size)
			}
		})
	})
}

// The same by the pipes that the user works.
//
// holds: 98
func TestPipesInTasks(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			const size = 1 << 20
			c := procCmd("flood 1048576")
			in, err := c.StdinPipe()
			must(t, err)
			out, err := c.StdoutPipe()
			must(t, err)
			errs, err := c.StderrPipe()
			must(t, err)
			must(t, c.Start())
			var got, gotErrs []byte
			tasks(
				func() {
					_, err := in.Write(make([]byte, size))
					if err == nil {
						err = in.Close()
					}
					if err != nil {
						t.Error(err)
					}
				},
				func() { got, _ = stdio.ReadAll(out) },
				func() { gotErrs, _ = stdio.ReadAll(errs) },
			)
			must(t, c.Wait())
			if len(got) != 2*size || len(gotErrs) != size {
				t.Errorf("%d and %d bytes came out, want %d and %d", len(got), len(gotErrs), 2*size, size)
			}
		})
	})
}

// The program ends and leaves a child that holds its pipes and says no more.
//
// holds: 98
func TestGrandchildHoldsThePipe(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		for _, one := range []struct {
			name  string
			delay time.Duration
			want  error
		}{{"default", 0, nil}, {"delay", time.Millisecond, io.ErrWaitDelay}} {
			t.Run(one.name, func(t *testing.T) {
				run(t, func() {
					c := procCmd("leave")
					c.Group = true
					c.WaitDelay = one.delay
					ended := procLine(t, c)
					var out bytes.Buffer
					c.Stdout = &out
					c.Stdin = endless{} // which must not hold us up either
					must(t, c.Start())
					// Without a delay only what was there is read, so let the grandchild speak before.
					for one.delay == 0 && !strings.Contains(out.String(), "here") {
						task.Yield()
					}
					waiting := task.Go(func() {
						if err := c.Wait(); err != one.want {
							t.Errorf("Wait returned %v, want %v", err, one.want)
						}
					})
					_ = waiting.Join()
					// The group outlives its leader, and nobody can know any more whose number it is.
					if err := c.Signal(os.Kill); err != os.ErrProcessDone {
						t.Errorf("Signal after Wait returned %v", err)
					}
					must(t, syscall.Kill(-c.Process.Pid, syscall.SIGKILL))
					ended()
				})
			})
		}
	})
}

// A grandchild that writes without end is not listened to for ever.
//
// holds: 98
func TestGrandchildThatBabbles(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			c := procCmd("leave babble")
			ended := procLine(t, c) // the program alone: the grandchild has not got it
			gate := new(gatedWriter)
			c.Stdout = gate
			must(t, c.Start())
			ended()
			for gate.n == 0 { // the grandchild speaks, and fills the pipe meanwhile
				task.Yield()
			}
			waiting := task.Go(func() { must(t, c.Wait()) })
			settle()
			gate.open = true
			must(t, waiting.Join())
		})
	})
}

// gatedWriter lets nothing pass before it is open.
type gatedWriter struct {
	n    int
	open bool
}

func (g *gatedWriter) Write(p []byte) (int, error) {
	g.n += len(p)
	for !g.open {
		task.Yield()
	}
	return len(p), nil
}

// A task that is cancelled while its program is made has it.
//
// holds: 46
func TestStartIsNotInterrupted(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			c := procCmd("exit 0")
			ctx, cancel := context.WithCancel(context.Background())
			starter := task.Go(func() {
				if err := timeout.WithContext(ctx, c.Start); err != nil || c.Process == nil {
					t.Errorf("Start returned %v, the process is %v", err, c.Process)
				}
			})
			task.Yield() // it has begun
			cancel()
			must(t, starter.Join())
			must(t, c.Wait())
		})
	})
}

// A pipe that is asked for while the program is made would be nobody's.
func TestPipeWhileStarting(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			c := procCmd("exit 0")
			starter := task.Go(func() { must(t, c.Start()) })
			task.Yield() // it has begun
			if _, err := c.StdoutPipe(); err == nil {
				t.Error("StdoutPipe made a pipe")
			}
			_ = starter.Join()
			must(t, c.Wait())
		})
	})
}

// endless is a reader that has something each time.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A negative WaitDelay waits for whoever has the pipe, as os/exec does without one.
func TestNegativeWaitDelayWaitsForAll(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			c := procCmd("leave")
			c.Group, c.WaitDelay = true, -1
			var out bytes.Buffer
			c.Stdout = &out
			must(t, c.Start())
			for out.String() != "here" { // the grandchild lives
				task.Yield()
			}
			waiting := task.Go(func() { must(t, c.Wait()) })
			settle()
			if !waiting.Alive() {
				t.Error("Wait returned while the pipe was open")
			}
			must(t, c.Signal(os.Kill)) // the group has a member left
			must(t, waiting.Join())
		})
	})
}

// A Stdin that waits for ever ends with the program.
func TestInputThatNeverComes(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			for _, delay := range []time.Duration{0, time.Hour, -1} {
				c := procCmd("say done")
				c.Stdin, _ = tasktest.Streams(0)
				c.WaitDelay = delay
				out, err := c.Output()
				if string(out) != "done" || err != nil {
					t.Errorf("with a WaitDelay of %v: %q, %v", delay, out, err)
				}
			}
		})
	})
}

// What the program has written arrives, however late it is read.
func TestSlowWriterGetsEverything(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			c := procCmd("flood 60000") // which a pipe holds, so that the program ends early
			slow := new(slowWriter)
			c.Stdout = slow
			must(t, c.Run())
			if slow.n != 60000 {
				t.Errorf("%d bytes arrived of 60000", slow.n)
			}
		})
	})
}

// Several programs may write to one buffer: between two checkpoints nobody is in it.
func TestProgramsShareABuffer(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			var out bytes.Buffer
			g := task.NewGroup()
			for range 8 {
				c := procCmd("both")
				c.Stdout, c.Stderr = &out, stdio.MultiWriter(&out) // by two pipes
				g.Go(c.Run)
			}
			for range 1000 {
				out.WriteString("x")
				task.Yield()
			}
			must(t, g.Wait())
			for part, n := range map[string]int{"x": 1000, "out": 16, "again": 8, "err": 8} {
				if got := strings.Count(out.String(), part); got != n {
					t.Errorf("there is %d times %q, want %d", got, part, n)
				}
			}
		})
	})
}

// slowWriter has the others run for a long time with each write.
type slowWriter struct{ n int }

func (s *slowWriter) Write(p []byte) (int, error) {
	settle()
	s.n += len(p)
	return len(p), nil
}

// procStay starts a program in its Run and returns when it is there.
func procStay(t *testing.T, c *io.Cmd, around func(run func() error) error) (*task.Task, *error) {
	t.Helper()
	out := new(bytes.Buffer)
	c.Stdout = out
	result := new(error)
	runner := task.Go(func() { *result = around(c.Run) })
	for out.String() != "here" {
		task.Yield()
	}
	return runner, result
}

// Whatever ends a Run ends the program with it, its group included, and leaves no
// zombie: procClean looks for that.
func TestRunOwnsTheProgram(t *testing.T) {
	plain := func(run func() error) error { return run() }
	procEachWay(t, func(t *testing.T) {
		for _, role := range []string{"stay", "leave", "leave wait", "stubborn"} {
			t.Run("kill "+role, func(t *testing.T) {
				run(t, func() {
					c := procCmd(role)
					c.Group, c.WaitDelay = true, -1
					ended := procLine(t, c)
					runner, _ := procStay(t, c, plain)
					runner.Kill()
					if err := runner.Join(); err != task.ErrKilled {
						t.Errorf("the task ended with %v", err)
					}
					ended()
				})
			})
			t.Run("block "+role, func(t *testing.T) {
				run(t, func() {
					c := procCmd(role)
					c.Group, c.WaitDelay = true, -1
					ended := procLine(t, c)
					ctx, cancel := context.WithCancelCause(context.Background())
					runner, result := procStay(t, c, func(run func() error) error {
						return timeout.WithContext(ctx, run)
					})
					enough := errors.New("enough")
					cancel(enough)
					must(t, runner.Join())
					if *result != enough {
						t.Errorf("Run returned %v", *result)
					}
					ended()
				})
			})
		}
		t.Run("timeout", func(t *testing.T) {
			run(t, func() {
				err := timeout.Run(time.Millisecond, procCmd("stay").Run)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Run returned %v", err)
				}
			})
		})
	})
}

func TestContextEndsTheProgram(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		for _, role := range []string{"stay", "leave wait"} {
			run(t, func() {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				c := io.CommandContext(ctx, os.Args[0])
				c.Env = procEnv(role)
				c.Group = true
				ended := procLine(t, c)
				runner, result := procStay(t, c, func(run func() error) error { return run() })
				cancel()
				must(t, runner.Join())
				var exit *io.ExitError
				if !errors.As(*result, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
					t.Errorf("Run returned %v", *result)
				}
				ended()
			})
		}
	})
}

// Wait alone only stops waiting.
func TestWaitCancelledLeavesTheProgram(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		run(t, func() {
			c := procCmd("cat")
			in, err := c.StdinPipe()
			must(t, err)
			var out bytes.Buffer
			c.Stdout = &out
			must(t, c.Start())
			for range 3 {
				if err := timeout.Run(0, c.Wait); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Wait returned %v", err)
				}
				waiting := task.Go(func() { _ = c.Wait() })
				settle()
				if err := c.Wait(); err == nil || err.Error() != "exec: Wait was already called" {
					t.Errorf("a second Wait returned %v", err)
				}
				waiting.Kill()
				_ = waiting.Join()
			}
			_, err = in.Write([]byte("alive"))
			must(t, err)
			must(t, in.Close())
			must(t, c.Wait())
			if out.String() != "alive" {
				t.Errorf("%q came out", &out)
			}
		})
	})
}

// A program that is asked to end may do so in its own way.
func TestCancelAsksFirst(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		for _, one := range []struct {
			role  string
			delay time.Duration
		}{{"polite 0", 0}, {"stubborn", time.Millisecond}} {
			run(t, func() {
				c := procCmd(one.role)
				c.WaitDelay = one.delay
				c.Cancel = func() error {
					task.Yield() // it may wait
					return c.Signal(syscall.SIGTERM)
				}
				runner, _ := procStay(t, c, func(run func() error) error { return run() })
				runner.Kill()
				_ = runner.Join()
				if polite := c.ProcessState.Success(); polite != (one.delay == 0) {
					t.Errorf("%s: it ended with %v", one.role, c.ProcessState)
				}
			})
		}
	})
}

// The loop is stopped while programs run, and its grace is over at once.
func TestStopLeavesNoZombie(t *testing.T) {
	for _, grace := range []time.Duration{0, time.Minute} {
		procEachWay(t, func(t *testing.T) {
			must(t, runtime.Run(func() {
				for range 3 {
					_, _ = procStay(t, procCmd("stay"), func(run func() error) error { return run() })
				}
				runtime.Current().Stop()
			}, runtime.WithGrace(grace)))
		})
	}
}

// The loop ends while a program is being made, and nobody is left to take it.
func TestStopWhileStarting(t *testing.T) {
	for _, grace := range []time.Duration{0, time.Minute} {
		procEachWay(t, func(t *testing.T) {
			for range 5 {
				c := procCmd("stay")
				must(t, runtime.Run(func() {
					task.Go(func() { _ = c.Run() })
					task.Yield() // it has begun, and waits
					runtime.Current().Stop()
				}, runtime.WithGrace(grace)))
			}
		})
	}
}

// A panic of the user's Writer comes out of Wait, or out of the loop's Run where nobody
// waits.
func TestPanicOfAWriter(t *testing.T) {
	procEachWay(t, func(t *testing.T) {
		boom := errors.New("boom")
		run(t, func() {
			defer func() {
				if p, ok := recover().(*task.PanicError); !ok || p.Value != boom {
					t.Errorf("Run panicked with %v", p)
				}
			}()
			c := procCmd("say something")
			c.Stdout = panics{boom}
			_ = c.Run()
			t.Error("Run returned")
		})
		err := runtime.Run(func() {
			c := procCmd("say something")
			c.Stdout = panics{boom}
			must(t, c.Start())
			_, _ = c.Process.Wait() // and not c.Wait
		})
		if !errors.Is(err, boom) {
			t.Errorf("the loop's Run returned %v", err)
		}
	})
}

type panics struct{ with error }

func (p panics) Write([]byte) (int, error) { panic(p.with) }

// Any goroutine may wait and signal.
func TestProcessFromElsewhere(t *testing.T) {
	elsewhere := func(t *testing.T) {
		l := start(t)
		c := procCmd("stay")
		out := new(bytes.Buffer)
		must(t, l.Do(func() error {
			pipe, err := c.StdoutPipe()
			if err == nil {
				err = c.Start()
			}
			if err == nil {
				_, err = stdio.CopyN(out, pipe, 4)
			}
			return err
		}))
		must(t, c.Signal(os.Kill))
		var exit *io.ExitError
		if err := c.Wait(); !errors.As(err, &exit) {
			t.Errorf("Wait returned %v", err)
		}
		if err := c.Signal(os.Kill); err != os.ErrProcessDone {
			t.Errorf("Signal returned %v", err)
		}
		run(t, func() { // and a task of another loop
			if err := c.Wait(); err == nil || err.Error() != "exec: Wait was already called" {
				t.Errorf("a second Wait returned %v", err)
			}
		})
	}
	procEachWay(t, func(t *testing.T) { t.Run("loop", elsewhere) }) // whose cleanups are done then
}

func TestProcessCheckpoints(t *testing.T) {
	procClean(t, func(t *testing.T) {
		tasktest.Run(t, func() {
			c := procCmd("exit 0")
			tasktest.MustNotCheckpoint(t, func() {
				_, err := c.StdinPipe()
				must(t, err)
			})
			tasktest.MustCheckpoint(t, func() { must(t, c.Start()) })
			tasktest.MustNotCheckpoint(t, func() { must(t, c.Signal(syscall.Signal(0))) })
			tasktest.MustCheckpoint(t, func() { must(t, c.Wait()) })
		})
	})
}

func TestExcerptKeepsBothEnds(t *testing.T) {
	for _, n := range []int{0, 1, io.ExcerptSize, io.ExcerptSize + 1, 2 * io.ExcerptSize, 2*io.ExcerptSize + 1, 5 * io.ExcerptSize} {
		for _, chunk := range []int{1, 1000, io.ExcerptSize, 3 * io.ExcerptSize} {
			all := make([]byte, n)
			for i := range all {
				all[i] = byte('a' + i%26)
			}
			e := io.NewExcerpt()
			for rest := all; len(rest) > 0; {
				k, err := e.Write(rest[:min(chunk, len(rest))])
				must(t, err)
				rest = rest[k:]
			}
			got := string(e.Bytes())
			if n <= 2*io.ExcerptSize {
				if got != string(all) {
					t.Errorf("%d bytes in chunks of %d did not come back", n, chunk)
				}
				continue
			}
			head, tail, ok := strings.Cut(got, "\n... omitting ")
			_, tail, _ = strings.Cut(tail, " bytes ...\n")
			if !ok || head != string(all[:io.ExcerptSize]) || tail != string(all[n-io.ExcerptSize:]) {
				t.Errorf("of %d bytes in chunks of %d the ends did not come back", n, chunk)
			}
		}
	}
}
