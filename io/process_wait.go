//go:build unix

package io

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// patience is how long a program lives on that was asked to end by a Cancel of the
// user's because a task was cancelled, if no WaitDelay says how long: Trio's number.
const patience = 5 * time.Second

// Wait waits until the program has ended and what it had written to Cmd.Stdout and
// Cmd.Stderr has been copied, reaps it and closes its pipes. It returns nil if the
// program succeeded, an [*ExitError] if it failed, and else the error of a done context,
// of copying, or [ErrWaitDelay]: what os/exec would. If a Writer or Reader of the user's
// has panicked meanwhile, Wait panics with that.
//
// It is a checkpoint. When the task is cancelled, Wait returns the error of the block
// that ended, and the program lives on: Wait may be called again. It may be called from
// any goroutine.
func (c *Cmd) Wait() error {
	if c.loop != nil && kernel.CurrentLoop() != c.loop {
		_, err := socket.Carry(c.loop, func() (none struct{}, err error) { return none, c.Wait() })
		return err
	}
	t := kernel.MustTask("Cmd.Wait")
	switch {
	case c.Process == nil:
		return errors.New("exec: not started")
	case c.waited || c.waiting:
		return errors.New("exec: Wait was already called")
	}
	c.waiting = true
	defer func() { c.waiting = false }()
	if err := c.end.await(t); err != nil {
		return err
	}
	c.over()
	if !c.awaitCopies(t) {
		return t.Interrupted()
	}
	return c.finish()
}

// procCopies is a Cmd as a reason to wait.
type procCopies Cmd

// Waiting implements kernel.Reason.
func (c *procCopies) Waiting() (string, *kernel.Task) {
	return fmt.Sprintf("the %d tasks that copy for %s", c.active, c.end.what), nil
}

// awaitCopies waits until nothing is copied any more, and returns false if the task was
// cancelled before.
func (c *Cmd) awaitCopies(t *kernel.Task) bool {
	for c.active > 0 {
		if c.idle.Wait(t, (*procCopies)(c), 0) == kernel.Canceled {
			return false
		}
	}
	return true
}

// over is called when the program has ended, and sees to it that copying does, too.
func (c *Cmd) over() {
	if c.seen {
		return
	}
	c.seen = true
	for _, one := range c.copies {
		switch {
		case one.source != nil && c.WaitDelay == 0:
			one.source.drain()
		case one.source == nil && (c.WaitDelay == 0 || !one.end.heard()):
			one.stop()
		}
	}
	if c.active > 0 {
		c.startDelay(c.WaitDelay)
	}
}

// startDelay sets the timer after which patience is over.
func (c *Cmd) startDelay(d time.Duration) {
	if d > 0 && c.delay == nil {
		c.delay = c.loop.CallAt("Cmd.Wait", c.loop.After(d), c.delayOver)
	}
}

// delayOver kills a program that did not end, and closes pipes that others hold.
func (c *Cmd) delayOver() {
	if !c.seen {
		_ = c.kill()
	}
	c.delayed = c.active > 0
	c.stopCopies()
	c.closeEnds()
}

func (c *Cmd) stopCopies() {
	for _, one := range c.copies {
		one.stop()
	}
}

// contextDone is called on the root when the context is done.
func (c *Cmd) contextDone() {
	if c.waited {
		return
	}
	c.startDelay(c.WaitDelay)
	if c.seen || c.Cancel == nil {
		return
	}
	c.active++
	t := c.loop.Spawn(func() {
		switch err := c.Cancel(); {
		case err == nil:
			c.canceled = c.ctx.Err()
		case !isDone(err):
			c.canceled = fmt.Errorf("exec: canceling Cmd: %w", err)
		}
	}, nil, nil, 0)
	t.SetName("Cancel of " + c.end.what)
	t.Contain(func(t *kernel.Task) {
		if err := t.Err(); err != nil && c.canceled == nil {
			c.canceled = fmt.Errorf("exec: canceling Cmd: %w", err)
		}
		c.oneLess()
	})
}

// finish reaps the program and says how it all went.
func (c *Cmd) finish() error {
	state, err := c.end.reap()
	c.ProcessState = state
	c.release()
	for _, one := range c.copies {
		if one.panicked != nil {
			one.task.Observe(true)
			panic(one.panicked)
		}
	}
	switch {
	case err != nil:
		return err
	case !state.Success():
		return &ExitError{ProcessState: state}
	case c.canceled != nil:
		return c.canceled
	case c.delayed:
		return ErrWaitDelay
	}
	return c.copied()
}

// release gives back what the command holds.
func (c *Cmd) release() {
	c.waited = true
	if c.unfollow != nil {
		c.unfollow()
	}
	if c.delay != nil {
		c.delay.Cancel()
	}
	c.closeEnds()
}

// terminate ends the program of a Run that is left, and everything about it.
func (c *Cmd) terminate() {
	t := kernel.Running()
	shield := t.EnterShield(0)
	defer shield.Leave()
	defer func() {
		if !c.waited { // a Cancel that panicked, or shields that hold no more
			_ = c.kill()
			c.stopCopies()
			c.end.forsake()
			c.release()
		}
	}()
	switch {
	case !c.seen:
		c.ask()
	case c.Group: // the leader has ended, and those it left are to follow
		_ = c.kill()
	}
	if c.end.await(t) != nil {
		return
	}
	c.seen = true
	c.stopCopies()
	if c.awaitCopies(t) {
		_ = c.finish()
	}
}

// ask has the program end, gently if the user has said how.
func (c *Cmd) ask() {
	if c.Cancel == nil || c.ctx != nil && c.ctx.Err() != nil {
		_ = c.kill()
		return
	}
	d := c.WaitDelay
	if d <= 0 {
		d = patience
	}
	c.startDelay(d)
	if err := c.Cancel(); err != nil && !isDone(err) {
		_ = c.kill()
	}
}

// kill kills the program, and its group if it leads one.
func (c *Cmd) kill() error { return c.Signal(os.Kill) }
