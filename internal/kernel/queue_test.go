package kernel

import "testing"

// The queue is compared with a slice, over growth and over many times round the
// ring.
func TestQueueIsFirstInFirstOut(t *testing.T) {
	var q queue[int]
	var model []*int
	next := 0
	for round := range 2000 {
		for range round % 7 * (round % 11) {
			v := next
			next++
			q.push(&v)
			model = append(model, &v)
		}
		if len(model) > 3 && round%5 == 0 {
			q.bring(2)
			model[0], model[2] = model[2], model[0]
		}
		for range min(len(model), round%13*(round%5)) {
			if got := q.pop(); got != model[0] {
				t.Fatalf("round %d: got %d, want %d", round, *got, *model[0])
			}
			model = model[1:]
		}
		if q.len() != len(model) {
			t.Fatalf("round %d: length %d, want %d", round, q.len(), len(model))
		}
	}
}

func TestQueueForgetsWhatIsPopped(t *testing.T) {
	var q queue[int]
	for range 100 {
		q.push(new(int))
	}
	for q.len() > 0 {
		q.pop()
	}
	for i, p := range q.ring {
		if p != nil {
			t.Fatalf("place %d of the ring still holds what was popped", i)
		}
	}
}

func TestQueueGivesMemoryBackAfterAPeak(t *testing.T) {
	var q queue[int]
	v := 1
	for range 1<<16 + 1 {
		q.push(&v)
	}
	for q.len() > 0 {
		q.pop()
	}
	q.trim()
	if len(q.ring) != 64 {
		t.Errorf("the ring still has %d places", len(q.ring))
	}
	q.push(&v)
	if q.pop() != &v {
		t.Error("the trimmed queue does not work")
	}
}
