//go:build unix

package io

import (
	"errors"
	stdio "io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/runtime"
)

// procCopy is a task that copies between a stream of a program and what the user gave
// for it. Each stream has its own, so that no full pipe can hold up another.
type procCopy struct {
	name string
	end  *Descriptor
	// source is what the program's output is read by, nil for its input.
	source *procOutput
	run    func() error
	// scope is around run, nil before the task has begun; stopped tells that run was told
	// to end, so that its error says nothing, and ended that it has by itself.
	scope          *kernel.Scope
	stopped, ended bool
	err            error
	// panicked is what run panicked with, for whoever waits; if nobody does it is what
	// the task ended with that nobody joined.
	panicked *runtime.PanicError
	task     *kernel.Task
}

// errStopped is the error of calls in a copy that was stopped; it goes no further.
var errStopped = errors.New("evergreen: the program has ended, and nobody takes what is copied any more")

// input returns the program's standard input.
func (c *Cmd) input() (*os.File, error) {
	if c.Stdin == nil {
		return c.null()
	}
	if f := handed(c.Stdin); f != nil {
		return f, nil
	}
	ours, theirs, err := c.pipe(false)
	if err != nil {
		return nil, err
	}
	c.copies = append(c.copies, &procCopy{name: "stdin", end: ours, run: func() error {
		err := procTransfer(ours, c.Stdin)
		var pe *fs.PathError
		if errors.As(err, &pe) && pe.Op == "write" && pe.Path == ours.name && pe.Err == syscall.EPIPE {
			return nil // the program did not want it all
		}
		return err
	}})
	return theirs, nil
}

// output returns the program's standard output or error.
func (c *Cmd) output(name string, w stdio.Writer) (*os.File, error) {
	if w == nil {
		return c.null()
	}
	if f := handed(w); f != nil {
		return f, nil
	}
	ours, theirs, err := c.pipe(true)
	if err != nil {
		return nil, err
	}
	source := &procOutput{end: ours}
	c.copies = append(c.copies, &procCopy{name: name, end: ours, source: source, run: func() error {
		return procTransfer(w, source)
	}})
	return theirs, nil
}

// procBuffers are those of the copies.
var procBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// procTransfer copies all there is. It knows no short cuts: the ReadFrom of a bytes.Buffer,
// and its WriteTo, would be in the middle of their work while this task waits, and a
// task that used the same buffer meanwhile, such as the copy of another stream, would
// lose what it wrote. Reads and Writes of such things do not wait.
func procTransfer(w stdio.Writer, r stdio.Reader) error {
	buf := procBuffers.Get().(*[32 << 10]byte)
	defer procBuffers.Put(buf)
	_, err := stdio.CopyBuffer(struct{ stdio.Writer }{w}, struct{ stdio.Reader }{r}, buf[:])
	return err
}

// startCopy starts the task. It belongs to the program, and to no block around the call
// of Start: the program would wait for a copy that has gone.
func (c *Cmd) startCopy(one *procCopy, by *kernel.Task) {
	c.active++
	t := c.loop.Spawn(func() {
		one.scope = kernel.Running().Enter(0, nil)
		if one.stopped {
			one.scope.Cancel(errStopped)
		}
		one.err = one.run()
	}, by, nil, 0)
	one.task = t
	t.SetName(one.name + " of " + c.end.what)
	t.Contain(func(t *kernel.Task) {
		one.ended = true
		if err := t.Err(); err != nil {
			one.err = err
			one.panicked, _ = err.(*runtime.PanicError)
			t.Observe(one.panicked == nil)
		}
		_ = one.end.Close() // the program sees the end of its input, or that nobody reads
		c.oneLess()
	})
}

// oneLess notes that one of those that Wait waits for has ended.
func (c *Cmd) oneLess() {
	if c.active--; c.active == 0 {
		c.idle.WakeAll()
	}
}

// stop ends the copy at its next checkpoint.
func (one *procCopy) stop() {
	if one.stopped || one.ended {
		return
	}
	one.stopped = true
	if one.scope != nil {
		one.scope.Cancel(errStopped)
	}
	_ = one.end.Close()
}

// copied is the error of the copies: that of the first that failed by itself.
func (c *Cmd) copied() error {
	for _, one := range c.copies {
		if one.err != nil && !one.stopped {
			return one.err
		}
	}
	return nil
}

// procOutput reads what a program writes: to the end of the stream, or to what was in
// the pipe when the program had ended, whoever else might write to it.
type procOutput struct {
	end *Descriptor
	// drains tells that left bytes are still to come.
	drains bool
	left   int
}

// drain has the reading end with what the pipe holds now. What the program wrote is in
// there: it has ended.
func (o *procOutput) drain() {
	if o.drains {
		return
	}
	o.drains, o.left = true, o.end.inside()
	if o.left == 0 {
		_ = o.end.SetReadDeadline(time.Unix(1, 0)) // a read that waits has nothing to wait for
	}
}

// Read implements io.Reader. It is a checkpoint.
func (o *procOutput) Read(p []byte) (int, error) {
	if o.drains && o.left <= 0 {
		return 0, stdio.EOF
	}
	n, err := o.end.Read(p)
	if o.drains { // maybe since a moment ago
		o.left -= n
		if errors.Is(err, os.ErrDeadlineExceeded) && o.left <= 0 {
			err = stdio.EOF
		}
	}
	return n, err
}
