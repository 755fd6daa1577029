package sync

// LifoQueue is a [Queue] in which the item put last is got first.
type LifoQueue[T any] struct{ queue[T] }

// NewLifoQueue makes an empty queue for at most limit items, 0 for no limit. It
// panics if the limit is negative. It is not a checkpoint.
func NewLifoQueue[T any](limit int) *LifoQueue[T] {
	return &LifoQueue[T]{newQueue("NewLifoQueue", limit, store[T]{order: lifo})}
}
