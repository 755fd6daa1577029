package kernel

import (
	"slices"
	"testing"
)

// What is registered with AtEnd runs once, after the last task, in order, and in
// the run in which it was registered.
func TestAtEndRunsAfterTheLastTask(t *testing.T) {
	l := virtual()
	var got []string
	for range 2 {
		err := l.Run(func() {
			l.AtEnd(func() {
				got = append(got, "first")
				if l.live != 0 {
					t.Error("a task is left")
				}
			})
			l.AtEnd(func() { got = append(got, "second") })
			spawn(l, nil, func(me *Task) {
				me.Yield()
				got = append(got, "task")
			})
		}, false, 0)
		if err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"task", "first", "second", "task", "first", "second"}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}
