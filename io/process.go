//go:build unix

package io

import (
	"context"
	"errors"
	stdio "io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// How a program is started.
//
// The system makes a process by copying this one and having the copy begin anew, and
// whoever asks for it waits until that is done: half a millisecond, or however long it
// takes to find the file on a slow disk. So a plain goroutine asks, and the other tasks
// go on. The task that starts a program is not interrupted meanwhile: there would be a
// process that nobody has.

// Start starts the program and does not wait for it. Who starts a program waits for it
// with [Cmd.Wait]: that is what takes it out of the table of processes. It returns what
// os/exec returns: Cmd.Err, an *os.PathError of "fork/exec", or the error of the
// context. It is a checkpoint; a task that is cancelled before does not start the
// program, and one that is cancelled meanwhile has started it.
func (c *Cmd) Start() (err error) {
	t := kernel.MustTask("Cmd.Start")
	if c.started {
		return errors.New("exec: already started")
	}
	c.started = true
	defer func() {
		if c.Process == nil { // also for a kill
			c.closeChildFiles()
			c.closeEnds()
			c.copies = nil
		}
	}()
	if err := c.home(t.Loop(), "Cmd.Start"); err != nil {
		return err
	}
	if !t.Checkpoint() {
		return t.Interrupted()
	}
	if err := c.startable(); err != nil {
		return err
	}
	attr, err := c.attributes()
	if err != nil {
		return err
	}
	argv := c.Args
	if len(argv) == 0 {
		argv = []string{c.Path}
	}
	if e := c.loop.Fault("fork"); e != 0 {
		return &os.PathError{Op: "fork/exec", Path: c.Path, Err: e}
	}
	if err := c.launch(t, argv, attr); err != nil {
		return err
	}
	c.end = procEnd{process: c.Process, what: filepath.Base(c.Path)}
	for _, one := range c.copies {
		c.startCopy(one, t)
	}
	c.follow()
	return nil
}

// home ties the command to the loop.
func (c *Cmd) home(l *kernel.Loop, call string) error {
	if c.loop != nil && c.loop != l {
		return errors.New("evergreen: " + call + " was called in another loop than the one where the command has a pipe: make the pipes and start the program in one loop")
	}
	c.loop = l
	return nil
}

// startable is what os/exec looks at before it starts anything.
func (c *Cmd) startable() error {
	if c.Path == "" && c.Err == nil {
		c.Err = errors.New("exec: no command")
	}
	if c.Err != nil {
		return c.Err
	}
	if c.ctx != nil {
		return c.ctx.Err()
	}
	return nil
}

// attributes opens what the program gets.
func (c *Cmd) attributes() (*os.ProcAttr, error) {
	in, err := c.input()
	if err != nil {
		return nil, err
	}
	out, err := c.output("stdout", c.Stdout)
	if err != nil {
		return nil, err
	}
	errs := out
	if c.Stderr == nil || !sameWriter(c.Stderr, c.Stdout) {
		if errs, err = c.output("stderr", c.Stderr); err != nil {
			return nil, err
		}
	}
	for _, pair := range c.Env {
		if strings.IndexByte(pair, 0) >= 0 {
			return nil, errors.New("exec: environment variable contains NUL")
		}
	}
	return &os.ProcAttr{
		Dir:   c.Dir,
		Env:   c.Environ(),
		Files: append([]*os.File{in, out, errs}, c.ExtraFiles...),
		Sys:   c.system(),
	}, nil
}

// system is SysProcAttr with what Group adds.
func (c *Cmd) system() *syscall.SysProcAttr {
	if !c.Group || c.SysProcAttr != nil && (c.SysProcAttr.Setpgid || c.SysProcAttr.Setsid) {
		return c.SysProcAttr // the leader of a session leads a group as well
	}
	var sys syscall.SysProcAttr
	if c.SysProcAttr != nil {
		sys = *c.SysProcAttr
	}
	sys.Setpgid = true
	return &sys
}

// sameWriter tells whether the two are the same, as far as they can be compared.
func sameWriter(a, b stdio.Writer) bool {
	defer func() { _ = recover() }()
	return a == b
}

// null returns the device that holds nothing, opened once for all three streams.
func (c *Cmd) null() (*os.File, error) {
	for _, f := range c.childFiles {
		if f.Name() == os.DevNull {
			return f, nil
		}
	}
	// Not by os.Open, which would ask the Go runtime's poller to take the device.
	fd, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: os.DevNull, Err: err}
	}
	f := os.NewFile(uintptr(fd), os.DevNull)
	c.childFiles = append(c.childFiles, f)
	return f, nil
}

// pipe makes a pipe to the program or from it.
func (c *Cmd) pipe(weRead bool) (*Descriptor, *os.File, error) {
	ours, theirs, err := newProcPipe(c.loop, weRead)
	if err != nil {
		return nil, nil, err
	}
	c.ends = append(c.ends, ours)
	c.childFiles = append(c.childFiles, theirs)
	return ours, theirs, nil
}

// userPipe is pipe for those whose other end the user gets.
func (c *Cmd) userPipe(call, stream string, set, weRead bool) (*Descriptor, *os.File, error) {
	switch {
	case set:
		return nil, nil, errors.New("exec: " + stream + " already set")
	case c.started: // or about to be
		return nil, nil, errors.New("exec: " + stream + "Pipe after process started")
	}
	l, _ := kernel.MustLoop("Cmd." + call)
	if err := c.home(l, "Cmd."+call); err != nil {
		return nil, nil, err
	}
	return c.pipe(weRead)
}

// StdinPipe returns a pipe to the program's standard input. Wait closes it when the
// program has ended; close it before to let the program see the end of its input. Its
// writes are checkpoints, and any goroutine may make them. It is called in a task or
// callback and is not a checkpoint.
func (c *Cmd) StdinPipe() (stdio.WriteCloser, error) {
	ours, theirs, err := c.userPipe("StdinPipe", "Stdin", c.Stdin != nil, false)
	if err != nil {
		return nil, err
	}
	c.Stdin = theirs
	return ours, nil
}

// StdoutPipe returns a pipe from the program's standard output. Wait closes it when the
// program has ended, so read it to its end before. Its reads are checkpoints, and any
// goroutine may make them. It is called in a task or callback and is not a checkpoint.
func (c *Cmd) StdoutPipe() (stdio.ReadCloser, error) {
	ours, theirs, err := c.userPipe("StdoutPipe", "Stdout", c.Stdout != nil, true)
	if err != nil {
		return nil, err
	}
	c.Stdout = theirs
	return ours, nil
}

// StderrPipe is [Cmd.StdoutPipe] for the standard error. It is not a checkpoint.
func (c *Cmd) StderrPipe() (stdio.ReadCloser, error) {
	ours, theirs, err := c.userPipe("StderrPipe", "Stderr", c.Stderr != nil, true)
	if err != nil {
		return nil, err
	}
	c.Stderr = theirs
	return ours, nil
}

func (c *Cmd) closeChildFiles() {
	for _, f := range c.childFiles {
		_ = f.Close()
	}
	c.childFiles = nil
}

func (c *Cmd) closeEnds() {
	for _, end := range c.ends {
		_ = end.Close()
	}
	c.ends = nil
}

// procBirth is where the goroutine that starts a program leaves it, or finds that
// nobody will take it.
type procBirth struct {
	mu        sync.Mutex
	process   *os.Process
	err       error
	abandoned bool
}

// launch has a goroutine make the process, and sets c.Process.
func (c *Cmd) launch(t *kernel.Task, argv []string, attr *os.ProcAttr) error {
	b := new(procBirth)
	shield := t.EnterShield(0)
	o := t.Outside(kernel.Plain("the start of "+filepath.Base(c.Path)), func(done func()) {
		files, path := c.childFiles, c.Path
		c.childFiles = nil
		go func() {
			defer done()
			p, err := os.StartProcess(path, argv, attr)
			for _, f := range files {
				_ = f.Close()
			}
			b.deliver(p, err)
		}()
	})
	shield.Leave()
	if o == kernel.Canceled { // the end of the loop's grace, where shields hold no more
		b.abandon()
		return t.Interrupted()
	}
	c.Process = b.process
	return b.err
}

func (b *procBirth) deliver(p *os.Process, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.process, b.err = p, err
	if b.abandoned && p != nil {
		b.end()
	}
}

func (b *procBirth) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.abandoned = true
	if b.process != nil { // else deliver finds that nobody wants it
		go b.end()
	}
}

// end kills and reaps what nobody took.
func (b *procBirth) end() {
	_ = b.process.Kill()
	_, _ = b.process.Wait()
}

// Signal sends a signal to the program, or under Cmd.Group to the group that it leads.
// When Wait has returned, and so the program's number may be another's, it returns
// os.ErrProcessDone and signals nobody. It may be called from any goroutine and is not
// a checkpoint in a task of the command's loop.
func (c *Cmd) Signal(sig os.Signal) error {
	if c.loop == nil {
		return errors.New("exec: not started")
	}
	if kernel.CurrentLoop() != c.loop {
		_, err := socket.Carry(c.loop, func() (none struct{}, err error) { return none, c.Signal(sig) })
		return err
	}
	switch {
	case c.Process == nil:
		return errors.New("exec: not started")
	case c.waited:
		return os.ErrProcessDone
	case !c.Group:
		return c.Process.Signal(sig)
	}
	number, ok := sig.(syscall.Signal)
	if !ok {
		return errors.New("os: unsupported signal type")
	}
	group := c.Process.Pid
	if s := c.SysProcAttr; s != nil && s.Setpgid && s.Pgid != 0 {
		group = s.Pgid // which has at least our program in it, so that its number is taken
	}
	switch err := unix.Kill(-group, number); {
	case err == unix.ESRCH, err == unix.EPERM && c.seen: // Darwin says so of a group of zombies
		return os.ErrProcessDone
	default:
		return err
	}
}

// follow has the program asked to end when the context is done.
func (c *Cmd) follow() {
	if c.ctx == nil || c.ctx.Done() == nil || c.Cancel == nil && c.WaitDelay == 0 {
		return
	}
	c.unfollow = context.AfterFunc(c.ctx, func() {
		_, _ = c.loop.CallThreadsafe(c.contextDone) // refused when the loop is over, and so are we
	})
}
