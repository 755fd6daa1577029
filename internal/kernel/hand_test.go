package kernel

import (
	"runtime"
	"testing"

	"github.com/evergreen-go/evergreen/internal/goroutine"
)

// One plain goroutine does what comes one after the other; a Goexit ends it and the
// next function gets another.
func TestHandIsKept(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		first := new(hand)
		for i := range 100 {
			if o, err := l.Offloads().Offload(me, func() {}); o != Woken || err != nil {
				t.Fatalf("the offload ended with %v, %v", o, err)
			}
			if len(l.hands) != 1 || len(l.atWork) != 0 || i > 0 && l.hands[0] != first {
				t.Fatalf("%d hands rest and %d work after %d functions", len(l.hands), len(l.atWork), i+1)
			}
			first = l.hands[0]
		}
		if _, err := l.Offloads().Offload(me, func() { panic("burst") }); err == nil || l.hands[0] != first {
			t.Errorf("after a panic (%v) the hand is another", err)
		}
		if _, err := l.Offloads().Offload(me, runtime.Goexit); err != errOffloadGoexit || len(l.hands) != 0 {
			t.Errorf("the Goexit ended with %v, and %d hands rest", err, len(l.hands))
		}
		if o, err := l.Offloads().Offload(me, func() {}); o != Woken || err != nil {
			t.Errorf("the offload after a Goexit ended with %v, %v", o, err)
		}
	})
}

// With more functions than hands are kept, the rest end with their functions.
func TestNotAllHandsAreKept(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		pool := NewPool("wide", 2*maxHands)
		gate := make(chan struct{})
		for range 2 * maxHands {
			spawn(l, nil, func(me *Task) { _, _ = pool.Offload(me, func() { <-gate }) })
		}
		me.Yield()
		if n := len(l.atWork); n != 2*maxHands {
			t.Errorf("%d hands work", n)
		}
		close(gate)
		settle(me)
		if len(l.hands) != maxHands || len(l.atWork) != 0 {
			t.Errorf("%d hands rest and %d work, want %d and none", len(l.hands), len(l.atWork), maxHands)
		}
	})
}

// The wait itself needs no memory.
func TestOffloadAllocatesNothing(t *testing.T) {
	if goroutine.Race || goroutine.Portable || testing.CoverMode() != "" {
		t.Skip("the tools of the test take memory")
	}
	run(t, func(l *Loop, me *Task) {
		f := func() {}
		if n := testing.AllocsPerRun(100, func() { _, _ = l.Offloads().Offload(me, f) }); n != 0 {
			t.Errorf("an offload took %v allocations", n)
		}
	})
}

// holds: 2, 46
// The cancellation comes first, and before the task runs the report that its function
// has ended: what that has done counts.
func TestReportOvertakesACancellation(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		o := Canceled
		s := spawn(l, nil, func(me *Task) { o, _ = l.Offloads().Offload(me, func() {}) })
		me.Yield()
		for !l.inbox.pending.Load() {
			runtime.Gosched()
		}
		s.Kill()
		if me.Yield(); o != Woken {
			t.Errorf("the outcome is %v", o)
		}
		if n := l.Offloads().Stats(); n.Running != 0 || n.Abandoned != 0 {
			t.Errorf("the pool says %+v", n)
		}
	})
}
