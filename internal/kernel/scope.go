package kernel

import (
	"time"

	"github.com/evergreen-go/evergreen/internal/timers"
)

// How a wait is interrupted.
//
// A scope is a stretch of a task's execution that can be cancelled as one: the
// body of timeout.Run, the children of a group. Scopes nest. A task is in a chain
// of them, from the innermost (Task.scope) outward through its own scopes to the
// one it was born in (its base), and on through the scopes around that.
//
// Cancellation is a level, not an event: once a scope is cancelled every
// checkpoint inside it fails until the scope is left. Where several scopes of the
// chain are cancelled the outermost governs, since that is how far the task has to
// go anyway. A shield cuts the chain: what is cancelled outside of it is not felt
// inside. A kill is the cancellation of everything up to the task itself.
//
// Which scope governs (Task.cause) is worked out when something changes (a scope
// is cancelled, entered or left) and not when it is asked for, because every
// checkpoint asks.

// Scope is a stretch of execution that can be cancelled as one.
type Scope struct {
	loop *Loop
	// owner is the task that opened the scope around its own execution; nil for a
	// detached scope, which is around other tasks only.
	owner  *Task
	parent *Scope

	canceled bool
	shield   bool
	left     bool
	// makeErr makes err, the error of every call that fails because of this scope,
	// the first time it is asked for.
	makeErr func(*Scope) error
	err     error
	timer   timers.Timer

	// members heads the list of tasks born in the scope.
	members *Task
	// details heads the list of detached scopes made inside this one; detail and
	// prevDetail link them.
	details            *Scope
	detail, prevDetail *Scope

	// aimed tells that the owner has left for the edge of this scope by a panic.
	aimed bool

	// MembersEnded, if set, is called when a task that was born in the scope has ended.
	MembersEnded func(*Task)

	// Limit belongs to whoever opened the scope: the time it was given.
	Limit time.Duration
}

// killScope stands for a kill where the cause of an interruption is asked for.
var killScope = Scope{canceled: true, err: ErrKilled}

// unwinding is the panic that carries a task from a call that cannot return an
// error to the edge of a cancelled scope.
type unwinding struct{ scope *Scope }

// Error tells whoever recovers it by mistake what it is.
func (u *unwinding) Error() string {
	return "evergreen: the task is on its way out of a cancelled scope (" + u.scope.Err().Error() + "); pass this panic on, the scope's edge recovers it"
}

// Unwrap gives the error of the scope.
func (u *unwinding) Unwrap() error { return u.scope.Err() }

// Enter opens a scope around the running task's execution until Leave. The scope
// is cancelled at deadline, if that is not 0, and then fails calls with the error
// that makeErr makes.
func (t *Task) Enter(deadline int64, makeErr func(*Scope) error) *Scope {
	s := &Scope{loop: t.loop, owner: t, parent: t.scope, makeErr: makeErr}
	s.timer.Owner = s
	t.scope = s
	s.SetDeadline(deadline)
	return s
}

// EnterShield opens a scope that keeps cancellations from outside away, at most
// until deadline, if that is not 0.
func (t *Task) EnterShield(deadline int64) *Scope {
	s := t.Enter(deadline, nil)
	s.shield = true
	t.refresh()
	return s
}

// Detach makes a scope for tasks to be born in, which is itself inside the scope
// of t. It has no edge; it is over when it is left.
func (t *Task) Detach(makeErr func(*Scope) error) *Scope {
	s := &Scope{loop: t.loop, parent: t.scope, makeErr: makeErr}
	s.timer.Owner = s
	s.hang()
	return s
}

// hang enters a detached scope in its parent's list.
func (s *Scope) hang() {
	p := s.parent
	s.detail, s.prevDetail = nil, nil
	if p == nil {
		return
	}
	s.detail = p.details
	if p.details != nil {
		p.details.prevDetail = s
	}
	p.details = s
}

// unhang takes a detached scope out of its parent's list.
func (s *Scope) unhang() {
	switch {
	case s.prevDetail != nil:
		s.prevDetail.detail = s.detail
	case s.parent != nil && s.parent.details == s:
		s.parent.details = s.detail
	}
	if s.detail != nil {
		s.detail.prevDetail = s.prevDetail
	}
	s.detail, s.prevDetail = nil, nil
}

// Leave ends the scope. Scopes are left in the reverse order of their opening; one
// that is left out of order is without effect at once, and its place in the chain
// goes when those inside it are left.
func (s *Scope) Leave() {
	if s.left {
		return
	}
	s.left = true
	s.loop.timers.Remove(&s.timer)
	s.promote()
	if s.owner == nil {
		s.unhang()
		return // members that outlive it stay cancelled
	}
	wasFelt := s.canceled || s.shield
	s.canceled, s.shield = false, false
	if s.aimed && s.parent != nil && s.parent.owner == s.owner {
		s.parent.aimed = true // should nobody catch the owner here
	}
	t := s.owner
	for t.scope != nil && t.scope.owner == t && t.scope.left {
		t.scope = t.scope.parent
	}
	if t.rare != nil && t.rare.watches != nil {
		t.unwatch(s)
	}
	if wasFelt {
		t.refresh()
	}
}

// promote moves the groups that outlive the scope to the one around it. What has
// been cancelled stays so; what a shield kept away is felt from now on.
func (s *Scope) promote() {
	outer := s.parent
	for outer != nil && outer.left {
		outer = outer.parent
	}
	for g := s.details; g != nil; g = s.details {
		g.unhang()
		g.parent = outer
		g.hang()
		if s.canceled {
			g.Cancel(s.Err())
		}
		g.spreadToMembers()
	}
}

// LeaveAll ends the scope and those inside it that the owner has left open.
func (s *Scope) LeaveAll() {
	for t := s.owner; !s.left && t.scope != t.base(); {
		t.scope.Leave()
	}
}

// SetDeadline moves the time at which the scope is cancelled; 0 for never.
func (s *Scope) SetDeadline(deadline int64) {
	l := s.loop
	l.timers.Remove(&s.timer)
	if deadline != 0 && !s.left && !s.canceled {
		l.timers.Add(&s.timer, deadline)
	}
}

// Fire implements timers.Firer: the deadline has passed.
func (s *Scope) Fire() {
	if s.shield {
		s.shield = false
		s.spread()
		return
	}
	s.Cancel(nil)
}

// Cancel makes every checkpoint inside the scope fail until it is left: with err,
// or where that is nil with the error the scope makes itself. The first Cancel
// counts.
func (s *Scope) Cancel(err error) {
	if s.left || s.canceled {
		return
	}
	s.canceled = true
	s.err = err
	s.loop.timers.Remove(&s.timer)
	s.spread()
}

// Canceled tells whether the scope has been cancelled and not yet left.
func (s *Scope) Canceled() bool { return s.canceled }

// Owner returns the task that opened the scope, nil for a detached one.
func (s *Scope) Owner() *Task { return s.owner }

// Causes yields the errors of the cancelled scopes among s and those around it that
// are felt inside.
func (s *Scope) Causes(yield func(error) bool) {
	for ; s != nil; s = s.parent {
		if s.canceled && !yield(s.Err()) || s.shield {
			return
		}
	}
}

// Member returns one of the tasks that were born in the scope and have not ended,
// nil if there is none.
func (s *Scope) Member() *Task { return s.members }

// Loop returns the loop that the scope belongs to.
func (s *Scope) Loop() *Loop { return s.loop }

// Err returns the error of the calls that fail because of this scope.
func (s *Scope) Err() error {
	if s.err == nil && s.makeErr != nil {
		s.err = s.makeErr(s)
	}
	return s.err
}

// Aimed tells whether the owner has left for the edge of this scope by a panic, so
// that the edge has reason to recover.
func (s *Scope) Aimed() bool { return s.aimed }

// Unwinding tells whether a recovered value carries a task out of a cancelled scope.
func Unwinding(recovered any) bool {
	_, ok := recovered.(*unwinding)
	return ok
}

// Catch tells whether a recovered value is an unwinding that ends at this scope.
func (s *Scope) Catch(recovered any) bool {
	u, ok := recovered.(*unwinding)
	return ok && u.scope == s
}

// Stray tells whether a recovered value is an unwinding that was meant for a scope
// inside, which was left where nobody could recover, and returns its error.
func (s *Scope) Stray(recovered any) (error, bool) {
	if u, ok := recovered.(*unwinding); ok && u.scope.left {
		return u.scope.Err(), true
	}
	return nil, false
}

// spread makes everybody inside the scope feel its new state.
func (s *Scope) spread() {
	if t := s.owner; t != nil {
		t.feel(s.parent)
	} else {
		s.spreadToMembers()
	}
}

func (s *Scope) spreadToMembers() {
	for t := s.members; t != nil; t = t.sibling {
		t.feel(s)
	}
	for g := s.details; g != nil; g = g.detail {
		g.spreadToMembers()
	}
}

// feel brings t up to date, and everybody in groups made in t's scopes inside
// outer.
func (t *Task) feel(outer *Scope) {
	t.refresh()
	t.interrupt()
	for s := t.scope; s != outer && s != nil; s = s.parent {
		for g := s.details; g != nil; g = g.detail {
			g.spreadToMembers()
		}
	}
}

// refresh works out which cancelled scope governs the task.
func (t *Task) refresh() {
	t.cause = t.governing(t.scope)
	if t.rare != nil && t.rare.watches != nil {
		t.tellWatches()
	}
}

// governing returns the cancelled scope that governs inside s, one of the scopes
// that the task is in.
func (t *Task) governing(s *Scope) (cause *Scope) {
	kill := t.killed
	for ; s != nil; s = s.parent {
		if s.canceled {
			cause = s
		}
		if s.shield && !t.loop.forced {
			if s.owner == t {
				kill = false
			}
			break
		}
	}
	if kill {
		return &killScope
	}
	return cause
}

// interrupt ends the task's park if the task has cause to go.
func (t *Task) interrupt() {
	if t.cause != nil && t.state == parked {
		t.wake(Canceled)
	}
}

// Kill makes every checkpoint of the task fail until it has ended, as by Goexit. A
// task that has not started never will. It returns false if the task has been
// killed before or has ended.
func (t *Task) Kill() bool {
	if t.killed || t.state == ended {
		return false
	}
	t.killed = true
	t.refresh()
	t.interrupt()
	return true
}

// Scope returns the innermost scope that t is in, nil for none.
func (t *Task) Scope() *Scope { return t.scope }

// Cause returns the error that the task's next checkpoint will fail with, nil
// while all is well.
func (t *Task) Cause() error {
	if t.cause == nil {
		return nil
	}
	return t.cause.Err()
}

// admit enters a newborn task in the scope's list.
func (s *Scope) admit(t *Task) {
	t.sibling = s.members
	if s.members != nil {
		s.members.prevSibling = t
	}
	s.members = t
}

// dismiss takes an ended task out of it.
func (s *Scope) dismiss(t *Task) {
	if t.prevSibling != nil {
		t.prevSibling.sibling = t.sibling
	} else {
		s.members = t.sibling
	}
	if t.sibling != nil {
		t.sibling.prevSibling = t.prevSibling
	}
	t.sibling, t.prevSibling = nil, nil
}
