package timers

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// reference is the obvious implementation: a slice kept in order.
type reference struct {
	sorted []entry
	seq    uint64
}

func (r *reference) add(t *Timer, when int64) {
	r.seq++
	i := 0
	for i < len(r.sorted) && r.sorted[i].when <= when {
		i++
	}
	r.sorted = slices.Insert(r.sorted, i, entry{when, r.seq, t})
}

func (r *reference) remove(t *Timer) bool {
	n := len(r.sorted)
	r.sorted = slices.DeleteFunc(r.sorted, func(e entry) bool { return e.t == t })
	return len(r.sorted) < n
}

func (r *reference) popDue(now int64) *Timer {
	if len(r.sorted) == 0 || r.sorted[0].when > now {
		return nil
	}
	t := r.sorted[0].t
	r.sorted = r.sorted[1:]
	return t
}

// run performs the operations that script encodes, three bytes each, on a heap and on the reference
// and compares them after each.
func run(t *testing.T, script []byte) {
	var h Heap
	var ref reference
	timers := make([]Timer, 256)
	for step := 0; len(script) >= 3; step, script = step+1, script[3:] {
		timer, when := &timers[script[1]], int64(int8(script[2])) // few deadlines, so that many are equal
		switch op := script[0] % 8; op {
		case 0, 1, 2: // more often than the rest, or the heap stays small
			if !timer.Active() {
				h.Add(timer, when)
				ref.add(timer, when)
			}
		case 3, 4:
			got, want := h.Remove(timer), ref.remove(timer)
			if got != want {
				t.Fatalf("step %d: Remove = %v, want %v", step, got, want)
			}
		case 5:
			h.Reset(timer, when)
			ref.remove(timer)
			ref.add(timer, when)
		case 6, 7:
			got, want := h.PopDue(when), ref.popDue(when)
			if got != want {
				t.Fatalf("step %d: PopDue(%d) = %p, want %p", step, when, got, want)
			}
		}
		compare(t, step, &h, &ref)
	}
	for {
		got, want := h.PopDue(127), ref.popDue(127)
		if got != want {
			t.Fatalf("at the end: PopDue = %p, want %p", got, want)
		}
		if got == nil {
			return
		}
	}
}

func compare(t *testing.T, step int, h *Heap, ref *reference) {
	if h.Len() != len(ref.sorted) {
		t.Fatalf("step %d: Len = %d, want %d", step, h.Len(), len(ref.sorted))
	}
	when, ok := h.Next()
	if ok != (len(ref.sorted) > 0) || ok && when != ref.sorted[0].when {
		t.Fatalf("step %d: Next = %d, %v", step, when, ok)
	}
	for i, e := range h.entries {
		if e.t.slot != i+1 || e.t.When() != e.when || !e.t.Active() {
			t.Fatalf("step %d: the timer in entry %d says slot %d and deadline %d, want deadline %d",
				step, i, e.t.slot, e.t.When(), e.when)
		}
		if i > 0 && e.before(&h.entries[(i-1)/arity]) {
			t.Fatalf("step %d: entry %d is before its parent", step, i)
		}
	}
}

// holds: 33
func TestAgainstReference(t *testing.T) {
	for range 20 {
		seed := rand.Uint64()
		t.Logf("seed %d", seed) // shown only on failure
		rng := rand.New(rand.NewPCG(seed, 0))
		script := make([]byte, 3*2000)
		for i := range script {
			script[i] = byte(rng.Uint32())
		}
		run(t, script)
	}
}

func FuzzHeap(f *testing.F) {
	f.Add([]byte{0, 1, 5, 0, 2, 5, 3, 1, 0, 6, 0, 9})
	f.Add([]byte{0, 1, 9, 0, 2, 8, 0, 3, 7, 5, 1, 1, 4, 2, 0, 7, 0, 127})
	f.Fuzz(run)
}
