package kernel

import (
	"slices"
	"testing"
	"time"
)

// crowd spawns n tasks that wait in the list one after the other, and returns
// them parked. Each tells woken when its wait ends well.
func crowd(me *Task, list *WaitList, n int, woken func(i int)) []*Task {
	tasks := make([]*Task, n)
	for i := range tasks {
		tasks[i] = spawn(me.Loop(), nil, func(me *Task) {
			if list.Wait(me, Plain("the list"), 0) == Woken && !me.Interruptible() {
				woken(i)
			}
		})
	}
	settle(me)
	return tasks
}

func TestWaitersAreServedInOrder(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		var got []int
		tasks := crowd(me, &list, 5, func(i int) { got = append(got, i) })
		if list.First() != tasks[0] || list.Len() != 5 {
			t.Errorf("the list has %d places and is not headed by the first task", list.Len())
		}
		for range 5 {
			if list.Wake() == nil {
				t.Error("nobody was woken")
			}
			me.Yield()
		}
		if want := []int{0, 1, 2, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("woken in the order %v, want %v", got, want)
		}
		if list.Wake() != nil || list.First() != nil || list.WakeAll() != 0 {
			t.Error("an empty list woke somebody")
		}
	})
}

// holds: 10
func TestWaiterIsOutOfTheListWhenItsWaitReturns(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		check := func(why string) {
			if !list.Empty() || list.Len() != 0 {
				t.Errorf("after a %s the list has %d places", why, list.Len())
			}
		}
		list.Wait(me, Plain("a timeout"), l.After(time.Second))
		check("timeout")
		victim := spawn(l, nil, func(me *Task) {
			list.Wait(me, Plain("a kill"), 0)
			check("kill")
		})
		settle(me)
		victim.Kill()
		victim.Join(me, 0)
		scope := me.Enter(l.After(time.Second), nil)
		list.Wait(me, Plain("a scope's end"), 0)
		check("scope's end")
		list.Wait(me, Plain("nothing, in a cancelled scope"), 0)
		check("wait in a cancelled scope")
		scope.Leave()
	})
}

// holds: 11
func TestWakeAfterATimeoutReachesTheNext(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		list.Wait(me, Plain("a timeout"), l.After(time.Second))
		woken := false
		crowd(me, &list, 1, func(int) { woken = true })
		list.Wake()
		settle(me)
		if !woken {
			t.Error("the wake went to the waiter that had timed out")
		}
	})
}

// holds: 12, 13
// The chosen waiter is killed before it runs. It is told, by Interruptible, and
// passes on what it was given.
func TestClaimedWaiterThatIsKilledCanPassOn(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		var got []int
		tasks := make([]*Task, 3)
		for i := range tasks {
			tasks[i] = spawn(l, nil, func(me *Task) {
				if list.Wait(me, Plain("the list"), 0) != Woken {
					t.Errorf("waiter %d was claimed and not told", i)
				}
				if me.Interruptible() {
					list.Wake()
					return
				}
				got = append(got, i)
			})
		}
		settle(me)
		list.Wake()
		tasks[0].Kill()
		settle(me)
		if !slices.Equal(got, []int{1}) {
			t.Errorf("the wake reached %v, want waiter 1", got)
		}
		list.Wake()
		settle(me)
	})
}

// holds: 14
func TestWakeSkipsAndRemovesTheCanceled(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		var got []int
		tasks := crowd(me, &list, 4, func(i int) { got = append(got, i) })
		tasks[0].Kill()
		tasks[1].Kill()
		if list.First() != tasks[2] {
			t.Error("a cancelled waiter counts as the first")
		}
		if w := list.Wake(); w == nil || w.Task() != tasks[2] {
			t.Error("the wake went to a cancelled waiter")
		}
		if list.Len() != 1 {
			t.Errorf("the list has %d places, want that of the last waiter only", list.Len())
		}
		settle(me)
		if !slices.Equal(got, []int{2}) {
			t.Errorf("woken: %v, want waiter 2", got)
		}
		list.Wake()
	})
}

// A place that is asked for in the middle, at the head and at the end goes without
// breaking the chain.
func TestPlacesGoInAnyOrder(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		for _, victims := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}} {
			var list WaitList
			var got []int
			tasks := crowd(me, &list, 4, func(i int) { got = append(got, i) })
			for i, v := range victims {
				tasks[v].Kill()
				settle(me)
				if list.Len() != 3-i {
					t.Errorf("%d places after %d kills", list.Len(), i+1)
				}
			}
			list.Wake()
			settle(me)
			if !slices.Equal(got, []int{3}) {
				t.Errorf("woken: %v, want waiter 3", got)
			}
		}
	})
}

// A select has a place in each of several lists. The first wake claims the park;
// the other lists pass over the places that are left.
func TestPlacesInSeveralListsAreClaimedOnce(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var a, b WaitList
		var places [2]Waiter
		claims := 0
		spawn(l, nil, func(me *Task) {
			a.Add(&places[0], me)
			b.Add(&places[1], me)
			if me.Park(Plain("a or b"), 0) == Woken {
				claims++
			}
			places[0].Remove()
			places[1].Remove()
		})
		next := 0
		settle(me)
		crowd(me, &b, 1, func(int) { next++ })
		if a.Wake() != &places[0] {
			t.Error("the first list did not wake its waiter")
		}
		if w := b.Wake(); w == nil || w == &places[1] {
			t.Error("the second list woke a park that was claimed")
		}
		settle(me)
		if claims != 1 || next != 1 || a.Len()+b.Len() != 0 {
			t.Errorf("%d claims, %d others woken, %d places left", claims, next, a.Len()+b.Len())
		}
	})
}

func TestSlotIsHandedOverAndForgotten(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		var item int
		s := spawn(l, nil, func(me *Task) { list.WaitWith(me, Plain("an item"), 0, &item) })
		settle(me)
		*list.Wake().Slot.(*int) = 42
		s.Join(me, 0)
		if item != 42 || s.waiter.Slot != nil {
			t.Errorf("got item %d, and slot %v is left", item, s.waiter.Slot)
		}
	})
}

func TestDeadlineOfAListMoves(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		var list WaitList
		begin := l.Time()
		crowd(me, &list, 3, func(int) { t.Error("a waiter was woken") })
		list.SetDeadline(l.After(time.Minute))
		for list.Len() > 0 {
			me.Sleep(time.Second)
		}
		if got := l.Time().Sub(begin); got != time.Minute {
			t.Errorf("the waiters left after %v, want a minute", got)
		}
	})
}
