package timers

import "iter"

const (
	// arity is the number of children of a node.
	arity = 4

	// minCap is the capacity below which the array is never shrunk.
	minCap = 64
)

// A Heap is a set of timers ordered by deadline, and by order of addition where deadlines are
// equal. The zero value is an empty heap. It is not safe for concurrent use.
type Heap struct {
	entries []entry
	seq     uint64 // of the last addition; at a billion a second it lasts 500 years
}

// entry is one timer in the heap, with all that a comparison needs.
type entry struct {
	when int64
	seq  uint64
	t    *Timer
}

func (e *entry) before(other *entry) bool {
	return e.when < other.when || e.when == other.when && e.seq < other.seq
}

// Len returns the number of timers in h.
func (h *Heap) Len() int { return len(h.entries) }

// Add puts t into h with the deadline when, in nanoseconds on the clock of the loop. Of timers with
// equal deadlines the one added first is popped first. Add panics if t is active.
func (h *Heap) Add(t *Timer, when int64) {
	if t.Active() {
		panic("timers: the timer to be added is already active")
	}
	h.seq++
	t.when = when
	h.entries = append(h.entries, entry{})
	h.up(len(h.entries)-1, entry{when, h.seq, t})
}

// Remove takes t out of h. It returns false, and does nothing, if t is not in h.
func (h *Heap) Remove(t *Timer) bool {
	if !h.holds(t) {
		return false
	}
	h.removeAt(t.slot - 1)
	return true
}

// Reset gives t the deadline when, as Remove followed by Add would: among equal deadlines t is now
// the last. An inactive timer is added. Reset panics if t is active in another heap.
func (h *Heap) Reset(t *Timer, when int64) {
	if !h.holds(t) {
		h.Add(t, when) // which panics if t is in another heap
		return
	}
	h.seq++
	t.when = when
	h.place(t.slot-1, entry{when, h.seq, t})
}

// Next returns the earliest deadline in h; ok is false if h is empty.
func (h *Heap) Next() (when int64, ok bool) {
	if len(h.entries) == 0 {
		return 0, false
	}
	return h.entries[0].when, true
}

// PopDue takes the earliest timer out of h and returns it, if its deadline is now or before. It
// returns nil if no timer is due. The caller calls the Owner's Fire.
func (h *Heap) PopDue(now int64) *Timer {
	if len(h.entries) == 0 || h.entries[0].when > now {
		return nil
	}
	t := h.entries[0].t
	h.removeAt(0)
	return t
}

// All iterates over the timers of h in no particular order, for reports. The heap must not change
// meanwhile.
func (h *Heap) All() iter.Seq[*Timer] {
	return func(yield func(*Timer) bool) {
		for i := range h.entries {
			if !yield(h.entries[i].t) {
				return
			}
		}
	}
}

// holds reports whether t is in this very heap. The slot alone would not tell: t may be in another.
func (h *Heap) holds(t *Timer) bool {
	i := t.slot - 1
	return i >= 0 && i < len(h.entries) && h.entries[i].t == t
}

// removeAt takes out entry i: the last entry moves into the gap.
func (h *Heap) removeAt(i int) {
	h.entries[i].t.slot = 0
	n := len(h.entries) - 1
	last := h.entries[n]
	h.entries[n] = entry{} // or the array would keep the timer and its owner alive
	h.entries = h.entries[:n]
	if i < n {
		h.place(i, last)
	}
	h.shrink()
}

// place puts e where it belongs, given that entry i is a gap.
func (h *Heap) place(i int, e entry) {
	if i > 0 && e.before(&h.entries[(i-1)/arity]) {
		h.up(i, e)
	} else {
		h.down(i, e)
	}
}

// up moves the gap at i towards the root until e fits into it. Moving a gap instead of swapping
// writes each entry once.
func (h *Heap) up(i int, e entry) {
	for i > 0 {
		parent := (i - 1) / arity
		if !e.before(&h.entries[parent]) {
			break
		}
		h.set(i, h.entries[parent])
		i = parent
	}
	h.set(i, e)
}

// down moves the gap at i towards the leaves until e fits into it.
func (h *Heap) down(i int, e entry) {
	for {
		first := i*arity + 1
		if first >= len(h.entries) {
			break
		}
		children := h.entries[first:min(first+arity, len(h.entries))]
		least := 0
		for c := 1; c < len(children); c++ {
			if children[c].before(&children[least]) {
				least = c
			}
		}
		if !children[least].before(&e) {
			break
		}
		h.set(i, children[least])
		i = first + least
	}
	h.set(i, e)
}

func (h *Heap) set(i int, e entry) {
	h.entries[i] = e
	e.t.slot = i + 1
}

// shrink halves the array once three quarters of it are unused. Then it is half full: it takes as
// many additions again to fill it or half as many removals to halve it once more, so that a number
// of timers that goes up and down around one value never causes copying.
func (h *Heap) shrink() {
	n, c := len(h.entries), cap(h.entries)
	if c <= minCap || n >= c/4 {
		return
	}
	smaller := make([]entry, n, max(c/2, minCap))
	copy(smaller, h.entries)
	h.entries = smaller
}
