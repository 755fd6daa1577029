package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Group is a set of tasks, its children, that succeed or fail as one:
//
//	g := task.NewGroup()
//	for _, url := range urls {
//		g.Go(func() error { return fetch(url) })
//	}
//	err := g.Wait()
//
// The first child that fails (returns an error, panics, is killed, calls Goexit)
// cancels the others: their checkpoints fail with [ErrCanceled], as in a block of
// package timeout that has expired. Wait returns when all have ended.
//
// The children live inside the blocks around the call of NewGroup: if one of those
// expires, they are cancelled as well. A group that is not waited for is cancelled
// when the task that made it ends, and what went wrong in it is returned by Run.
type Group struct {
	loop  *kernel.Loop
	scope *kernel.Scope
	// watch tells of the end of the task that made the group.
	watch kernel.Watch

	// live counts the children, and the places given to those who wait for one.
	live  int
	limit int // negative for none
	// places lists who waits for the limit, waiter who is in Wait.
	places, waiter kernel.WaitList

	// errs are the children's failures; echoes are the ends of children that were
	// killed or cancelled from outside of the group.
	errs, echoes []error
	// panicked is the first panic of a child.
	panicked *PanicError

	// waiting: a Wait is under way. closed: one has returned. orphan: the task that
	// made the group has ended before that.
	waiting, closed, orphan bool
}

// GroupError is the error of a [Group], whether one child has failed or many.
// errors.Is and errors.As look into each of the errors.
type GroupError struct {
	// Errors are those of the children, in the order in which they failed. Those of
	// children that were killed, or cancelled with a block around the group, come last.
	Errors []error
}

// maxTold is how many errors the text of a GroupError names.
const maxTold = 10

// Error gives the texts of the errors, of many the first ones.
func (e *GroupError) Error() string {
	var b strings.Builder
	if n := len(e.Errors); n == 1 {
		b.WriteString("evergreen: a task of the group failed")
	} else {
		fmt.Fprintf(&b, "evergreen: %d tasks of the group failed", n)
	}
	sep := ": "
	for _, err := range e.Errors[:min(len(e.Errors), maxTold)] {
		b.WriteString(sep + err.Error())
		sep = "; "
	}
	if more := len(e.Errors) - maxTold; more > 0 {
		fmt.Fprintf(&b, "; and %d more", more)
	}
	return b.String()
}

// Unwrap returns the errors.
func (e *GroupError) Unwrap() []error { return e.Errors }

// NewGroup makes a group inside the blocks around the call. It panics outside a
// task. It is not a checkpoint.
func NewGroup() *Group {
	t := kernel.MustTask("task.NewGroup")
	g := &Group{loop: t.Loop(), limit: -1}
	g.scope = t.Detach(func(*kernel.Scope) error { return ErrCanceled })
	g.scope.MembersEnded = g.childEnded
	t.WatchEnd(&g.watch, (*groupWatcher)(g))
	return g
}

// Go starts f as a child of the group. If the group has as many children as
// [Group.SetLimit] allows, Go waits until one has ended; those who wait are served
// in order. In a group that is cancelled the child is born cancelled: its first
// checkpoint fails.
//
// Go panics when Wait has returned. It is a checkpoint; when the calling task is
// killed or the time of a block around it is up, it does not return, and f is not
// started.
//
//go:noinline
func (g *Group) Go(f func() error) {
	pc := goroutine.CallerPC()
	me := g.task("Group.Go")
	if f == nil {
		panic("evergreen: Group.Go was called with nil: give a function")
	}
	if !me.Checkpoint() {
		me.Unwind()
	}
	switch {
	case g.closed:
		g.refuse()
	case g.room():
		g.live++
	default:
		g.await(me)
	}
	g.loop.SpawnJob(f, me, g.scope, pc)
}

// TryGo is like [Group.Go] but never waits: it returns false, and does nothing, if
// the limit is reached or the group is closed. It may be called in callbacks of the
// loop as well. It is not a checkpoint.
//
//go:noinline
func (g *Group) TryGo(f func() error) bool {
	pc := goroutine.CallerPC()
	g.mine("Group.TryGo")
	if f == nil {
		panic("evergreen: Group.TryGo was called with nil: give a function")
	}
	if g.closed || !g.room() {
		return false
	}
	g.live++
	g.loop.SpawnJob(f, kernel.Running(), g.scope, pc)
	return true
}

// SetLimit bounds how many children the group has at a time; a negative n, as at
// the beginning, is no bound, and with zero none can be started. Children that are
// too many now stay. It is not a checkpoint.
func (g *Group) SetLimit(n int) {
	g.mine("Group.SetLimit")
	g.limit = n
	for g.room() && g.places.Wake() != nil {
		g.live++
	}
}

// Cancel cancels the children: their checkpoints fail with [ErrCanceled]. Children
// that end because of that have not failed, so Wait then returns nil. It is not a
// checkpoint.
func (g *Group) Cancel() {
	g.mine("Group.Cancel")
	g.scope.Cancel(nil)
}

// Wait waits until all children have ended, those included that are started
// meanwhile, and closes the group. It returns nil or a [*GroupError] with the errors
// of the children that failed. What a child returns when the group is cancelled
// counts only if it says more than [ErrCanceled].
//
// If a child panicked, Wait panics in turn, when all have ended, with a
// [*PanicError] that has the stack of the child. Further panics are returned by Run.
//
// It is a checkpoint. When the calling task is killed or the time of a block around
// it is up, Wait cancels the children, goes on to wait until they have ended, and
// then returns the error of the block, or does not return, for a kill. Calls of Wait
// after the first return the same again; two at once are a mistake, and panic.
func (g *Group) Wait() error {
	me := g.task("Group.Wait")
	if g.waiting {
		panic("evergreen: Group.Wait was called while another task is in it: have one task wait for the group, and let others join that task")
	}
	if me.Base() == g.scope {
		panic("evergreen: Group.Wait was called by a task of the group, which would wait for itself: call it outside, in the task that made the group")
	}
	g.waiting, g.orphan = true, false
	ok := me.Checkpoint()
	for ok && g.live > 0 {
		ok = g.waiter.Wait(me, (*groupReason)(g), 0) == kernel.Woken
	}
	if !ok {
		g.endShielded(me)
	}
	g.waiting = false
	g.close()
	if g.panicked != nil {
		panic(g.panicked)
	}
	if !ok {
		return me.Interrupted()
	}
	return g.result()
}

// endShielded cancels the children and waits for their end where no cancellation
// reaches the waiter, but that of a loop whose grace has passed.
func (g *Group) endShielded(me *kernel.Task) {
	g.scope.Cancel(nil)
	shield := me.EnterShield(0)
	defer shield.Leave()
	for g.live > 0 && g.waiter.Wait(me, (*groupReason)(g), 0) == kernel.Woken {
		continue
	}
}

func (g *Group) close() {
	if g.closed {
		return
	}
	g.closed = true
	g.watch.Stop()
	g.scope.Leave()
	g.places.WakeAll()
}

func (g *Group) result() error {
	if len(g.errs)+len(g.echoes) == 0 {
		return nil
	}
	return &GroupError{Errors: slices.Concat(g.errs, g.echoes)}
}

func (g *Group) room() bool { return g.limit < 0 || g.live < g.limit }

// await waits for a place.
func (g *Group) await(me *kernel.Task) {
	o := g.places.Wait(me, kernel.Plain("a free place in a group"), 0)
	if o == kernel.Canceled || me.Interruptible() {
		if o == kernel.Woken && !g.closed {
			g.free() // given and not wanted any more: the next one gets it
		}
		me.Unwind()
	}
	if g.closed {
		g.refuse()
	}
}

func (g *Group) refuse() {
	panic("evergreen: Group.Go was called when Wait had returned, and nobody would wait for the task: start it before, or in a new group")
}

// free gives the place of a child to whoever has waited longest for one.
func (g *Group) free() {
	if g.limit >= 0 && g.live <= g.limit && g.places.Wake() != nil {
		return
	}
	if g.live--; g.live == 0 {
		g.waiter.Wake()
	}
}

// childEnded is called at the end of every child.
func (g *Group) childEnded(t *kernel.Task) {
	if err := t.Err(); err != nil {
		p, panicked := err.(*PanicError)
		switch {
		case !panicked || t.Returned():
			g.fail(err)
		case g.panicked == nil:
			g.panicked = p
			g.scope.Cancel(nil)
		default:
			g.loop.Unheard(p)
			g.scope.Cancel(nil)
		}
	}
	g.free()
	if g.live == 0 && g.orphan {
		g.abandon()
	}
}

// fail takes down the error of a child and cancels the others, unless the error is
// only the echo of that.
func (g *Group) fail(err error) {
	switch {
	case g.scope.Canceled() && onlyCanceled(err):
		return
	case errors.Is(err, ErrKilled) || g.echo(err):
		g.echoes = append(g.echoes, err)
	default:
		g.errs = append(g.errs, err)
	}
	g.scope.Cancel(nil)
}

// echo tells whether an error only says that a block around the group was cancelled.
func (g *Group) echo(err error) bool {
	for cause := range g.scope.Causes {
		if cause == ErrCanceled && onlyCanceled(err) || cause != ErrCanceled && errors.Is(err, cause) {
			return true
		}
	}
	return false
}

// onlyCanceled tells whether an error says ErrCanceled and, where it is joined of
// several, nothing else.
func onlyCanceled(err error) bool {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			if !onlyCanceled(part) {
				return false
			}
		}
		return len(e.Unwrap()) > 0
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return onlyCanceled(inner)
		}
	}
	return errors.Is(err, context.Canceled)
}

// abandon is the end of a group that nobody waited for.
func (g *Group) abandon() {
	g.close()
	// As with tasks that nobody joins, a kill is no failure: it was meant.
	g.echoes = nil
	if err := g.result(); err != nil {
		g.loop.Unheard(fmt.Errorf("evergreen: nobody waited for a group, so call its Wait: %w", err))
	}
	if g.panicked != nil {
		g.loop.Unheard(g.panicked)
	}
}

// groupWatcher is a Group that watches the task that made it.
type groupWatcher Group

// Over implements kernel.Watcher: nobody will wait for the children.
func (w *groupWatcher) Over(error) {
	g := (*Group)(w)
	if g.waiting {
		return // another task does
	}
	g.orphan = true
	g.scope.Cancel(nil)
	if g.live == 0 {
		g.abandon()
	}
}

// groupReason is a Group as a reason to wait.
type groupReason Group

// Waiting implements kernel.Reason.
func (r *groupReason) Waiting() (string, *kernel.Task) {
	return fmt.Sprintf("the %d tasks of a group", r.live), r.scope.Member()
}

// task returns the task that calls, of the loop that the group belongs to.
func (g *Group) task(call string) *kernel.Task {
	t := kernel.MustTask(call)
	if t.Loop() != g.loop {
		g.elsewhere(call)
	}
	return t
}

func (g *Group) mine(call string) {
	if kernel.CurrentLoop() != g.loop {
		g.elsewhere(call)
	}
}

func (g *Group) elsewhere(call string) {
	panic("evergreen: " + call + " was called outside the loop that the group belongs to: use Loop.Do of that loop, or Loop.CallThreadsafe if there is nothing to wait for")
}
