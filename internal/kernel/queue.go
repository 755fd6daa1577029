package kernel

// queue is a FIFO in a ring whose length is a power of two.
type queue[T any] struct {
	ring       []*T
	head, tail uint // positions counted without end; the difference is the length
}

func (q *queue[T]) len() int { return int(q.tail - q.head) }

func (q *queue[T]) push(t *T) {
	if q.len() == len(q.ring) {
		q.resize(max(64, 2*len(q.ring)))
	}
	q.ring[q.tail&uint(len(q.ring)-1)] = t
	q.tail++
}

func (q *queue[T]) pop() *T {
	p := &q.ring[q.head&uint(len(q.ring)-1)]
	t := *p
	*p = nil // what has ended must not live on in the ring
	q.head++
	return t
}

// at returns the i-th.
func (q *queue[T]) at(i int) *T { return q.ring[(q.head+uint(i))&uint(len(q.ring)-1)] }

// bring moves the i-th to the front; the one in front takes its place.
func (q *queue[T]) bring(i int) {
	mask := uint(len(q.ring) - 1)
	a, b := &q.ring[q.head&mask], &q.ring[(q.head+uint(i))&mask]
	*a, *b = *b, *a
}

// trim gives memory back after a peak. The queue must be empty.
func (q *queue[T]) trim() {
	if len(q.ring) > 1<<16 {
		q.resize(64)
	}
}

func (q *queue[T]) resize(n int) {
	ring := make([]*T, n)
	length := q.len()
	for i := range length {
		ring[i] = q.at(i)
	}
	q.ring, q.head, q.tail = ring, 0, uint(length)
}
