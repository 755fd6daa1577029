package sync

// PriorityQueue is a [Queue] in which the least item is got first. Equal items are
// got in the order in which they were put.
type PriorityQueue[T any] struct{ queue[T] }

// NewPriorityQueue makes an empty queue for at most limit items, 0 for no limit.
// less tells whether a is to be got before b; it must not wait. It panics if the
// limit is negative or less is nil. It is not a checkpoint.
func NewPriorityQueue[T any](limit int, less func(a, b T) bool) *PriorityQueue[T] {
	if less == nil {
		panic("evergreen: sync.NewPriorityQueue needs a function that orders the items: give one, or use NewQueue")
	}
	return &PriorityQueue[T]{newQueue("NewPriorityQueue", limit, store[T]{order: byPriority, less: less})}
}
