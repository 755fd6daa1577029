package timers

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// popAll pops everything due at now and returns it in order.
func popAll(h *Heap, now int64) []*Timer {
	var popped []*Timer
	for t := h.PopDue(now); t != nil; t = h.PopDue(now) {
		popped = append(popped, t)
	}
	return popped
}

// holds: 33
func TestEqualDeadlinesPopInOrderOfAdd(t *testing.T) {
	var h Heap
	timers := make([]Timer, 1000)
	for i := range timers {
		h.Add(&timers[i], 7)
	}
	// Removals elsewhere move entries about; they must not change the order.
	removed := map[*Timer]bool{}
	for i := 0; i < len(timers); i += 3 {
		removed[&timers[i]] = true
		h.Remove(&timers[i])
	}
	// A Reset, even to the same deadline, is a new addition.
	h.Reset(&timers[1], 7)

	var want []*Timer
	for i := range timers {
		if i != 1 && !removed[&timers[i]] {
			want = append(want, &timers[i])
		}
	}
	want = append(want, &timers[1])
	if got := popAll(&h, 7); !slices.Equal(got, want) {
		t.Errorf("timers with one deadline did not come in the order they were added")
	}
}

// holds: 32
func TestMillionTimersLeaveNoMemory(t *testing.T) {
	const live, million = 10, 1_000_000
	var h Heap
	keep := make([]Timer, live)
	for i := range keep {
		h.Add(&keep[i], int64(i))
	}

	t.Run("one at a time", func(t *testing.T) {
		var one Timer
		for i := range million {
			h.Add(&one, int64(i))
			h.Remove(&one)
		}
		if c := cap(h.entries); c > minCap {
			t.Errorf("room for %d entries with %d live timers, want at most %d", c, live, minCap)
		}
	})

	t.Run("all at once", func(t *testing.T) {
		timers := make([]Timer, million)
		for i := range timers {
			h.Add(&timers[i], int64(i))
		}
		for i := range timers {
			if !h.Remove(&timers[i]) {
				t.Fatalf("timer %d was not in the heap", i)
			}
			if n, c := h.Len(), cap(h.entries); c > max(minCap, 4*(n+1)) {
				t.Fatalf("room for %d entries with %d live timers", c, n)
			}
		}
		if h.Len() != live {
			t.Errorf("Len = %d, want %d", h.Len(), live)
		}
		for _, e := range h.entries[len(h.entries):cap(h.entries)] {
			if e.t != nil {
				t.Fatal("the unused part of the array keeps a removed timer alive")
			}
		}
	})
}

// On the way down the array is copied once per halving, although at each step as many timers again
// come and go as a quarter of the smallest array holds.
func TestShrinkHasHysteresis(t *testing.T) {
	const most = 64 * minCap
	h := Heap{entries: make([]entry, 0, most)}
	timers, others := make([]Timer, most/2), make([]Timer, minCap/4)
	for i := range timers {
		h.Add(&timers[i], int64(i))
	}
	copies, room := 0, cap(h.entries)
	check := func() {
		if c := cap(h.entries); c != room {
			copies, room = copies+1, c
		}
	}
	for i := range timers {
		h.Remove(&timers[i])
		check()
		for j := range others {
			h.Add(&others[j], 0)
			check()
		}
		for j := range others {
			h.Remove(&others[j])
			check()
		}
	}
	if room != minCap || copies != 6 { // 64 is halved six times
		t.Errorf("the array was copied %d times from room for %d to room for %d, want 6 times to %d",
			copies, most, room, minCap)
	}
}

func TestNoAllocation(t *testing.T) {
	var h Heap
	timers := make([]Timer, 1000)
	for i := range timers {
		h.Add(&timers[i], int64(i))
	}
	allocs := testing.AllocsPerRun(100, func() {
		h.Remove(&timers[500])
		h.Add(&timers[500], 3)
		h.Reset(&timers[7], 5)
		h.Add(h.PopDue(0), 0)
	})
	if allocs != 0 {
		t.Errorf("Add, Remove, Reset and PopDue allocate %v times", allocs)
	}
}

func TestRemove(t *testing.T) {
	var h, other Heap
	var a, b Timer
	if h.Remove(&a) {
		t.Error("Remove of a timer that was never added returned true")
	}
	h.Add(&a, 1)
	other.Add(&b, 1)
	if h.Remove(&b) || !b.Active() || other.Len() != 1 {
		t.Error("Remove took a timer out of another heap")
	}
	if !h.Remove(&a) || a.Active() || h.Len() != 0 {
		t.Error("Remove did not take the timer out")
	}
	if h.Remove(&a) {
		t.Error("the second Remove returned true")
	}
	h.Add(&a, 1)
	h.PopDue(1)
	if a.Active() || h.Remove(&a) {
		t.Error("a popped timer is still in the heap")
	}
}

func TestAddActivePanics(t *testing.T) {
	var h, other Heap
	var a Timer
	h.Add(&a, 1)
	for name, f := range map[string]func(){
		"Add":                    func() { h.Add(&a, 2) },
		"Add to another heap":    func() { other.Add(&a, 2) },
		"Reset in another heap":  func() { other.Reset(&a, 2) },
		"Reset in a filled heap": func() { var b Timer; other.Add(&b, 1); defer other.Remove(&b); other.Reset(&a, 2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s of an active timer did not panic", name)
				}
			}()
			f()
		}()
	}
	if a.When() != 1 || h.Len() != 1 || other.Len() != 0 {
		t.Error("a refused Add or Reset left a trace")
	}
}

func TestNextAndPopDue(t *testing.T) {
	var h Heap
	if _, ok := h.Next(); ok {
		t.Error("Next of an empty heap is ok")
	}
	if h.PopDue(math.MaxInt64) != nil {
		t.Error("PopDue of an empty heap returned a timer")
	}
	var early, late Timer
	h.Add(&late, math.MaxInt64)
	h.Add(&early, math.MinInt64)
	if when, ok := h.Next(); !ok || when != math.MinInt64 {
		t.Errorf("Next = %d, %v", when, ok)
	}
	if got := h.PopDue(0); got != &early {
		t.Error("PopDue did not return the timer that is due")
	}
	if h.PopDue(math.MaxInt64-1) != nil {
		t.Error("PopDue returned a timer before its deadline")
	}
	if got := h.PopDue(math.MaxInt64); got != &late {
		t.Error("PopDue did not return a timer at its deadline")
	}
}

func TestAll(t *testing.T) {
	var h Heap
	timers := make([]Timer, 100)
	want := map[*Timer]bool{}
	for i := range timers {
		h.Add(&timers[i], rand.Int64())
		want[&timers[i]] = true
	}
	for timer := range h.All() {
		if !want[timer] {
			t.Fatal("All yields a timer twice, or one that is not in the heap")
		}
		delete(want, timer)
	}
	if len(want) != 0 {
		t.Errorf("All left out %d timers", len(want))
	}
	for range h.All() {
		break // must not go on yielding
	}
}
