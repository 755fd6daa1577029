package timers_test

import (
	"fmt"

	"github.com/evergreen-go/evergreen/internal/timers"
)

type alarm struct {
	timer timers.Timer
	name  string
}

func (a *alarm) Fire() { fmt.Println(a.name) }

func Example() {
	var heap timers.Heap
	add := func(name string, when int64) *alarm {
		a := &alarm{name: name}
		a.timer.Owner = a
		heap.Add(&a.timer, when)
		return a
	}
	add("late", 30)
	add("early", 10)
	cancelled := add("cancelled", 15)
	add("early too", 10)
	heap.Remove(&cancelled.timer)

	const now = 20
	for t := heap.PopDue(now); t != nil; t = heap.PopDue(now) {
		t.Owner.Fire()
	}
	next, _ := heap.Next()
	fmt.Println("next at", next)
	// Output:
	// early
	// early too
	// next at 30
}
