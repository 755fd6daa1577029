package kernel

import (
	"strings"
	"testing"
)

// refusal returns what f panics with, "" if it does not.
func refusal(f func()) (said string) {
	defer func() {
		if r := recover(); r != nil {
			said, _ = r.(string)
		}
	}()
	f()
	return ""
}

// An object used from elsewhere is not silently wrong: neither in another loop, nor
// on a plain goroutine, nor where a callback would have to wait.
//
// holds: 94
func TestBondNoticesForeignCallers(t *testing.T) {
	var b Bond
	run(t, func(l *Loop, me *Task) {
		if b.Home() != nil || b.Task("X.Do") != me || b.Home() != l {
			t.Error("the first use did not tie the object to its loop")
		}
		if b.Loop("X.Do") != l || b.Task("X.Do") != me {
			t.Error("a further use found another loop or task")
		}
		done := make(chan [3]string)
		go func() {
			var said [3]string
			said[0] = refusal(func() { b.Task("X.Wait") })
			said[1] = refusal(func() { b.Loop("X.Set") })
			other := virtual()
			_ = other.Run(func() { said[2] = refusal(func() { b.Task("X.Wait") }) }, false, 0)
			_ = other.Close()
			done <- said
		}()
		said := <-done
		for i, want := range []string{"X.Wait was called outside a task", "X.Set was called outside a loop", "X.Wait was called in another loop"} {
			if !strings.Contains(said[i], want) || !strings.Contains(said[i], "Loop.Do") {
				t.Errorf("%d: it said %q, want %q and the way out", i, said[i], want)
			}
		}
		l.CallSoon(func() {
			if b.Loop("X.Set") != l {
				t.Error("a callback of the loop is not let in")
			}
			if said := refusal(func() { b.Task("X.Wait") }); !strings.Contains(said, "which must not wait") {
				t.Errorf("a callback that would have to wait is told %q", said)
			}
		})
	})
	run(t, func(l *Loop, me *Task) {
		if b.Task("X.Do") != me || b.Home() != l {
			t.Error("an object of a loop that has ended cannot be used again")
		}
	})
}

// The task that calls is never another one, whoever ran before: one that just
// started, was woken, ended, was killed, or came to its end by a Goexit.
func TestBondNamesTheTaskThatCalls(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		b := BondHere()
		check := func(me *Task) {
			t.Helper()
			if got := b.Task("X.Do"); got != me {
				t.Errorf("%s was taken for %s", me.Name(), got.Name())
			}
			if b.Here() && b.Current() != me {
				t.Errorf("%s was taken for %s in short", me.Name(), b.Current().Name())
			}
		}
		for i := range 20 {
			victim := spawn(l, nil, func(me *Task) {
				defer check(me)
				check(me)
				me.Yield()
				check(me)
				if i%3 == 0 {
					me.Park(Plain("nothing"), 0)
				}
				me.Unwind()
			})
			check(me)
			me.Yield()
			check(me)
			if i%2 == 0 {
				victim.Kill()
			}
			me.Yield()
			check(me)
			victim.Kill()
			victim.Join(me, 0)
			check(me)
		}
	})
}

func TestBondTicksTheSliceAway(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		b := BondHere()
		me.Yield()
		ticks := 0
		for b.Tick() {
			ticks++
		}
		if ticks != sliceBudget-1 {
			t.Errorf("%d ticks before a checkpoint is due, want %d", ticks, sliceBudget-1)
		}
		me.Checkpoint()
		if !b.Tick() {
			t.Error("no tick in a new slice")
		}
		s := me.Enter(0, nil)
		s.Cancel(ErrKilled)
		if b.Tick() {
			t.Error("a tick in a cancelled scope")
		}
		s.Leave()
	})
}
