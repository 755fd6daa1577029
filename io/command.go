//go:build unix

package io

import (
	"bytes"
	"context"
	"errors"
	stdio "io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

type (
	// ExitError is the error of a program that ran and failed: that of package os/exec.
	ExitError = exec.ExitError
	// ExecError is the error of [LookPath]: what package os/exec calls Error.
	ExecError = exec.Error
)

var (
	// ErrNotFound says that a program is in none of the directories of $PATH.
	ErrNotFound = exec.ErrNotFound
	// ErrDot says that a program was found in the current directory only, from where it
	// is not run unless its path says so.
	ErrDot = exec.ErrDot
	// ErrWaitDelay says that the pipes of a program that has ended were still held open
	// by others when Cmd.WaitDelay was over.
	ErrWaitDelay = exec.ErrWaitDelay
)

// Cmd is a program that is to run, or does: exec.Cmd for tasks. The fields mean what
// they mean there; what differs is said with each. It belongs to the loop of the task
// that starts it. A Cmd runs once.
//
// # Differences to os/exec
//
//   - [Cmd.Wait] returns when the program has ended and what it had written has been
//     copied; it does not wait for those to whom the program left its pipes. See
//     Cmd.WaitDelay for other choices.
//   - Copying from Cmd.Stdin ends with the program, so a reader that never ends holds
//     nobody up.
//   - [Cmd.Run], [Cmd.Output] and [Cmd.CombinedOutput] own the program: if the task is
//     killed, or the time of a block around it is up, the program is killed and reaped
//     before the call is left. [Cmd.Wait] alone only stops waiting.
//   - Cmd.Group has the program lead a process group, and whatever is meant for the
//     program, a kill above all, reaches the whole group.
//   - The pipes of StdinPipe and its like are made in a task. Their ends may be used
//     from any goroutine, as connections may.
type Cmd struct {
	// Path is the program's path, relative to Dir unless it is absolute.
	Path string
	// Args are its arguments, the first of which is its own name; {Path} if empty.
	Args []string
	// Env is its environment as "key=value", the last of equal keys counting; nil for
	// that of this process.
	Env []string
	// Dir is the directory it runs in, "" for that of this process.
	Dir string
	// Stdin is what it reads: nil for nothing. An *os.File, a *[File] and [Stdin] are
	// given to the program itself; from anything else a task copies, by way of a pipe.
	Stdin stdio.Reader
	// Stdout and Stderr are where it writes: nil for nowhere. An *os.File, a *[File],
	// [Stdout] and [Stderr] are given to the program itself; to anything else a task
	// copies, by way of a pipe. If both are the same, they share the pipe.
	Stdout, Stderr stdio.Writer
	// ExtraFiles are its descriptors from number 3 on.
	ExtraFiles []*os.File
	// SysProcAttr has further wishes for how it is started. It is started on another
	// thread than the loop's, and not by one that stays.
	SysProcAttr *syscall.SysProcAttr
	// Process is the program once it has been started. Wait for it by Cmd.Wait only.
	Process *os.Process
	// ProcessState says how it ended, once Wait has returned.
	ProcessState *os.ProcessState
	// Err is why it cannot be started, as [Command] found out.
	Err error

	// Cancel asks the program to end: when the context of [CommandContext] is done, and
	// when a task is cancelled in Run. Nil kills it, but for the first with a Cancel
	// that was set to nil, which does nothing. It is called in a task and may wait. If
	// it returns an error that is os.ErrProcessDone the program counts as ended by
	// itself.
	Cancel func() error
	// WaitDelay is how long Wait goes on when the program has ended and others hold its
	// pipes, and how long the program lives on when it was asked to end, before it is
	// killed.
	//
	// Zero: Wait takes what the program has written and returns; a program that was
	// asked to end by a context is not killed, one whose Run was cancelled is after five
	// seconds. Positive: when it is over, the pipes are closed and Wait returns
	// [ErrWaitDelay] if there is nothing worse to say. Negative: there is no limit,
	// which is what zero means in os/exec.
	WaitDelay time.Duration

	// Group has the program lead a process group of its own, which its children are
	// born into, and has kills and [Cmd.Signal] go to the group. With
	// SysProcAttr.Setpgid and Pgid it joins the group of another.
	Group bool

	// ctx is what CommandContext was given.
	ctx context.Context
	// started tells that Start was called, waiting that a Wait is under way, waited that
	// the program was reaped and nothing is left of it.
	started, waiting, waited bool
	// loop is that of the task that called Start, or made a pipe.
	loop *kernel.Loop
	// childFiles are what only the program needs, to be closed when it has them.
	childFiles []*os.File
	// ends are our ends of its pipes.
	ends []*Descriptor
	// copies are the tasks that copy, active how many have not ended, a Cancel under way
	// included; idle is where Wait waits for them.
	copies []*procCopy
	active int
	idle   kernel.WaitList
	// end is how we learn that the program has ended, seen that we have.
	end  procEnd
	seen bool
	// delay is the timer of WaitDelay, delayed that it found copies under way.
	delay   *kernel.Handle
	delayed bool
	// unfollow ends the watch over ctx; canceled is what a done ctx makes of the result.
	unfollow func() bool
	canceled error
}

// Command makes a [Cmd] of a program's name and its arguments. A name without a slash
// is looked up by [LookPath]; what goes wrong with that is returned by Start. It may be
// called anywhere and is not a checkpoint.
func Command(name string, arg ...string) *Cmd {
	std := exec.Command(name, arg...)
	return &Cmd{Path: std.Path, Args: std.Args, Err: std.Err}
}

// CommandContext is [Command] for a program that ends with the context at the latest:
// by Cmd.Cancel, which is set to kill it. It panics if the context is nil. It is not a
// checkpoint.
func CommandContext(ctx context.Context, name string, arg ...string) *Cmd {
	if ctx == nil {
		panic("evergreen: CommandContext was called with a nil context: give context.Background(), or use Command")
	}
	c := Command(name, arg...)
	c.ctx = ctx
	c.Cancel = func() error { return c.Signal(os.Kill) }
	return c
}

// LookPath looks for a program in the directories of $PATH, and returns its path or an
// [*ExecError] that wraps [ErrNotFound] or [ErrDot]. It is not a checkpoint.
func LookPath(file string) (string, error) { return exec.LookPath(file) }

// std is the command as os/exec sees it, for what is the same there.
func (c *Cmd) std() *exec.Cmd {
	return &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Dir: c.Dir, SysProcAttr: c.SysProcAttr, Err: c.Err}
}

// String is the command for people to read, and not for a shell. It is not a
// checkpoint.
func (c *Cmd) String() string {
	if len(c.Args) == 0 {
		return c.Path
	}
	return c.std().String()
}

// Environ returns the environment that the program would get. It is not a checkpoint.
func (c *Cmd) Environ() []string { return c.std().Environ() }

// Run starts the program and waits for it as [Cmd.Wait] does. It is a checkpoint. If
// the task is killed or the time of a block around it is up, the program is asked to
// end by Cmd.Cancel, or else killed, and reaped, before Run returns the block's error:
// nothing of it is left. Those whom it has started are killed with it only under
// Cmd.Group.
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	defer func() {
		if !c.waited { // cancelled, killed, or a Cancel that panicked
			c.terminate()
		}
	}()
	return c.Wait()
}

// Output is [Cmd.Run], and returns what the program wrote to its standard output, also
// with an error. If Cmd.Stderr is nil, an [*ExitError] has the beginning and the end of
// what it wrote there. It is a checkpoint.
func (c *Cmd) Output() ([]byte, error) {
	if c.Stdout != nil {
		return nil, errors.New("exec: Stdout already set")
	}
	var out bytes.Buffer
	c.Stdout = &out
	var excerpt *procExcerpt
	if c.Stderr == nil {
		excerpt = new(procExcerpt)
		c.Stderr = excerpt
	}
	err := c.Run()
	var exit *ExitError
	if excerpt != nil && errors.As(err, &exit) {
		exit.Stderr = excerpt.Bytes()
	}
	return out.Bytes(), err
}

// CombinedOutput is [Cmd.Run], and returns what the program wrote to its standard
// output and standard error, in the order in which it did. It is a checkpoint.
func (c *Cmd) CombinedOutput() ([]byte, error) {
	switch {
	case c.Stdout != nil:
		return nil, errors.New("exec: Stdout already set")
	case c.Stderr != nil:
		return nil, errors.New("exec: Stderr already set")
	}
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	return out.Bytes(), err
}
