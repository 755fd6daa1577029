package kernel

import (
	"errors"
	"testing"
	"time"
)

var errScope = errors.New("the scope was cancelled")

// canceled tells how a task in a sleep of an hour fares: it reports to the map.
func sleepers(me *Task, names map[string]*Scope) (got map[string]Outcome, tasks map[string]*Task) {
	got, tasks = make(map[string]Outcome), make(map[string]*Task)
	for name, base := range names {
		tasks[name] = spawn(me.Loop(), base, func(me *Task) { got[name] = me.Sleep(time.Hour) })
	}
	settle(me)
	return got, tasks
}

func TestCancelReachesMembersAndNobodyElse(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		group, other := me.Detach(nil), me.Detach(nil)
		inner := me.Detach(nil)
		got, tasks := sleepers(me, map[string]*Scope{"member": group, "other": other, "free": nil, "inner": inner})
		group.Cancel(errScope)
		if tasks["member"].Cause() != errScope {
			t.Errorf("the member's cause is %v", tasks["member"].Cause())
		}
		me.Sleep(2 * time.Hour)
		for name, want := range map[string]Outcome{"member": Canceled, "other": TimedOut, "free": TimedOut, "inner": TimedOut} {
			if got[name] != want {
				t.Errorf("the sleep of %s ended with %v, want %v", name, got[name], want)
			}
		}
		group.Leave()
		other.Leave()
		inner.Leave()
	})
}

// A member that opens no scope of its own makes a group: the group hangs on the
// group that the member was born in.
func TestCancelReachesGroupsMadeByMembers(t *testing.T) {
	for _, own := range []bool{false, true} {
		run(t, func(l *Loop, me *Task) {
			outer := me.Detach(nil)
			var got Outcome
			spawn(l, outer, func(me *Task) {
				if own {
					me.Enter(0, nil)
				}
				inner := me.Detach(nil)
				spawn(l, inner, func(me *Task) {
					deepest := me.Detach(nil)
					spawn(l, deepest, func(me *Task) { got = me.Sleep(time.Hour) })
					me.Sleep(time.Hour)
				})
			})
			settle(me)
			begin := l.Now()
			outer.Cancel(errScope)
			settle(me)
			if got != Canceled || l.Now() != begin {
				t.Errorf("own scope %v: the task two groups down was not cancelled", own)
			}
			outer.Leave()
		})
	}
}

func TestDeadlineOfAScopeReachesGroupsMadeInside(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		begin := l.Time()
		scope := me.Enter(l.After(time.Second), func(*Scope) error { return errScope })
		group := me.Detach(nil)
		var cause error
		member := spawn(l, group, func(me *Task) {
			me.Sleep(time.Hour)
			cause = me.Cause()
		})
		me.Sleep(time.Hour)
		shield := me.EnterShield(0)
		member.Join(me, 0)
		shield.Leave()
		group.Leave()
		scope.Leave()
		if cause != errScope || l.Time().Sub(begin) != time.Second {
			t.Errorf("the member left with %v after %v", cause, l.Time().Sub(begin))
		}
	})
}

// The group outlives the scope in which it was made: what the scope's end did to
// the members stays, also when they work out their cause anew.
func TestGroupThatOutlivesACanceledScopeStaysCanceled(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		scope := me.Enter(0, nil)
		group := me.Detach(nil)
		var inside, after Outcome
		member := spawn(l, group, func(me *Task) {
			me.Sleep(time.Hour)
			s := me.EnterShield(0)
			inside = me.Sleep(time.Second)
			s.Leave()
			after = me.Sleep(time.Hour)
		})
		settle(me)
		scope.Cancel(errScope)
		scope.Leave()
		late := spawn(l, group, func(me *Task) { me.Sleep(time.Hour) })
		member.Join(me, 0)
		if inside != TimedOut || after != Canceled {
			t.Errorf("shielded sleep %v, later sleep %v; want a full one and a cancelled one", inside, after)
		}
		if late.Cause() != errScope {
			t.Error("a task born in the cancelled group later was not born cancelled")
		}
		group.Leave()
	})
}

func TestGroupThatOutlivesAShieldFeelsWhatIsOutside(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		scope := me.Enter(0, nil)
		shield := me.EnterShield(0)
		group := me.Detach(nil)
		var got Outcome
		member := spawn(l, group, func(me *Task) { got = me.Sleep(time.Hour) })
		settle(me)
		scope.Cancel(errScope)
		settle(me)
		if member.Cause() != nil {
			t.Error("the member felt through the shield")
		}
		shield.Leave()
		scope.Leave()
		member.Join(me, 0)
		if got != Canceled {
			t.Errorf("the sleep ended with %v after the shield had gone", got)
		}
		group.Leave()
	})
}

// Scopes left out of order leave no group unreachable.
func TestGroupFollowsScopesLeftOutOfOrder(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		outer := me.Enter(0, nil)
		middle := me.Enter(0, nil)
		inner := me.Enter(0, nil)
		group := me.Detach(nil)
		middle.Leave()
		inner.Leave()
		got, _ := sleepers(me, map[string]*Scope{"member": group})
		outer.Cancel(errScope)
		shield := me.EnterShield(0)
		settle(me)
		shield.Leave()
		if got["member"] != Canceled {
			t.Error("the outer scope does not reach the group any more")
		}
		group.Leave()
		outer.Leave()
		if me.scope != nil {
			t.Error("the task is still in a scope")
		}
	})
}

func TestTaskThatEndsLeavesItsScopes(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		outer := me.Detach(nil)
		var group *Scope
		spawn(l, outer, func(me *Task) {
			me.Enter(l.After(time.Hour), nil)
			group = me.Detach(nil)
		}).Join(me, 0)
		if n := l.timers.Len(); n != 0 {
			t.Errorf("%d timers are left by scopes of a task that has ended", n)
		}
		got, _ := sleepers(me, map[string]*Scope{"member": group})
		outer.Cancel(errScope)
		settle(me)
		if got["member"] != Canceled {
			t.Error("the cancellation does not reach the group of a task that has ended")
		}
		group.Leave()
		outer.Leave()
	})
}

// holds: 47
func TestOutermostCanceledScopeGoverns(t *testing.T) {
	errs := []error{errors.New("outer"), errors.New("middle"), errors.New("inner")}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {2, 0}, {1}} {
		run(t, func(l *Loop, me *Task) {
			var scopes [3]*Scope
			for i := range scopes {
				scopes[i] = me.Enter(0, nil)
			}
			least := 3
			for _, i := range order {
				scopes[i].Cancel(errs[i])
				least = min(least, i)
				if me.Cause() != errs[least] {
					t.Errorf("%v: cancelling %v made the cause %v", order, errs[i], me.Cause())
				}
			}
			for i := 2; i >= 0; i-- {
				scopes[i].Leave()
				if i == least && me.Cause() != nil {
					t.Errorf("%v: outside of %v the cause is still %v", order, errs[i], me.Cause())
				}
			}
			if me.Sleep(time.Second) != TimedOut {
				t.Errorf("%v: a sleep outside was hit", order)
			}
		})
	}
}

func TestShieldsCutTheChain(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		outer := me.Enter(0, nil)
		shield := me.EnterShield(l.After(time.Minute))
		inner := me.Enter(0, nil)
		outer.Cancel(errScope)
		if me.Sleep(time.Second) != TimedOut {
			t.Error("the outer scope was felt under the shield")
		}
		inner.Cancel(ErrClosed)
		if me.Sleep(time.Second) != Canceled || me.Cause() != ErrClosed {
			t.Error("a scope inside the shield was not felt")
		}
		inner.Leave()
		begin := l.Time()
		if me.Sleep(time.Hour) != Canceled || l.Time().Sub(begin) != time.Minute-time.Second {
			t.Errorf("the shield held for another %v", l.Time().Sub(begin))
		}
		shield.Leave()
		outer.Leave()
	})
}

// A task that is killed inside a shield of the task that made its group is not
// protected by it: the shield is around the other one.
func TestShieldOfAnotherTaskDoesNotStopAKill(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		shield := me.EnterShield(0)
		group := me.Detach(nil)
		var got Outcome
		member := spawn(l, group, func(me *Task) { got = me.Sleep(time.Hour) })
		settle(me)
		member.Kill()
		member.Join(me, 0)
		if got != Canceled || !member.Ended() {
			t.Error("the member was not killed")
		}
		group.Leave()
		shield.Leave()
	})
}

func TestFirstCancelCounts(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		s := me.Enter(l.After(time.Hour), func(*Scope) error { return ErrClosed })
		s.Cancel(errScope)
		s.Cancel(ErrKilled)
		s.Fire()
		if s.Err() != errScope || me.Cause() != errScope {
			t.Errorf("the error is %v", s.Err())
		}
		if l.timers.Len() != 0 {
			t.Error("the deadline of a cancelled scope is still pending")
		}
		s.SetDeadline(l.After(time.Second))
		s.Leave()
		s.Leave()
		s.Cancel(ErrKilled)
		if me.Cause() != nil || l.timers.Len() != 0 {
			t.Error("a scope that was left still acts")
		}
	})
}
