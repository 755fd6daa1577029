package sync

// store holds the items of a queue in the order in which they are to come out:
// first in first out, last in first out, or by priority. One type with a switch
// costs a Get less than an interface would.
type store[T any] struct {
	order order
	// fifo: a ring, of which length items from head on are in use. Otherwise a stack, or
	// a heap, in items[:length].
	items        []T
	head, length int
	// less orders a heap; arrivals says how manieth each item is, so that equal ones
	// come out in the order in which they came in.
	less     func(a, b T) bool
	arrivals []uint64
	arrived  uint64
}

type order uint8

const (
	fifo order = iota
	lifo
	byPriority
)

// minRoom is the smallest room for items.
const minRoom = 8

func (s *store[T]) push(item T) {
	if s.length == len(s.items) {
		s.grow()
	}
	if s.order == fifo {
		at := s.head + s.length
		if at >= len(s.items) {
			at -= len(s.items)
		}
		s.items[at] = item
		s.length++
		return
	}
	s.items[s.length] = item
	s.length++
	if s.order == byPriority {
		s.arrived++
		s.arrivals[s.length-1] = s.arrived
		s.up(s.length - 1)
	}
}

// pop takes the next item; there must be one.
func (s *store[T]) pop() (item T) {
	var none T
	s.length--
	switch s.order {
	case fifo:
		item = s.items[s.head]
		s.items[s.head] = none // the collector's
		if s.head++; s.head == len(s.items) {
			s.head = 0
		}
		return item
	case lifo:
		item = s.items[s.length]
	default:
		item = s.items[0]
		s.items[0], s.arrivals[0] = s.items[s.length], s.arrivals[s.length]
		s.down(0)
	}
	s.items[s.length] = none
	return item
}

// clear drops all items and returns how many there were.
func (s *store[T]) clear() int {
	n := s.length
	clear(s.items)
	s.head, s.length = 0, 0
	return n
}

func (s *store[T]) grow() {
	items := make([]T, max(minRoom, 2*len(s.items)))
	n := copy(items, s.items[s.head:])
	copy(items[n:], s.items[:s.head])
	s.items, s.head = items, 0
	if s.order == byPriority {
		s.arrivals = append(s.arrivals, make([]uint64, len(items)-len(s.arrivals))...)
	}
}

// before orders the heap.
func (s *store[T]) before(i, j int) bool {
	switch a, b := s.items[i], s.items[j]; {
	case s.less(a, b):
		return true
	case s.less(b, a):
		return false
	}
	return s.arrivals[i] < s.arrivals[j]
}

func (s *store[T]) swap(i, j int) {
	s.items[i], s.items[j] = s.items[j], s.items[i]
	s.arrivals[i], s.arrivals[j] = s.arrivals[j], s.arrivals[i]
}

func (s *store[T]) up(i int) {
	for i > 0 && s.before(i, (i-1)/2) {
		s.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (s *store[T]) down(i int) {
	for {
		child := 2*i + 1
		if child >= s.length {
			return
		}
		if child+1 < s.length && s.before(child+1, child) {
			child++
		}
		if !s.before(child, i) {
			return
		}
		s.swap(i, child)
		i = child
	}
}
