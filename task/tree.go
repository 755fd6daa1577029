package task

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// All yields the living tasks of the running loop, oldest first: those that live
// when the range begins and have not ended when it comes to them. It panics outside
// a loop. It is not a checkpoint.
func All() iter.Seq[*Task] {
	l, _ := kernel.MustLoop("task.All")
	return func(yield func(*Task) bool) {
		for _, t := range living(l) {
			if !t.Ended() && !yield((*Task)(t)) {
				return
			}
		}
	}
}

// living lists the tasks of the loop, oldest first.
func living(l *kernel.Loop) []*kernel.Task {
	tasks := slices.Collect(l.Tasks)
	slices.Reverse(tasks)
	return tasks
}

// Parent returns the number of the task that started this one, 0 if none did. It is
// not a checkpoint.
func (t *Task) Parent() uint64 { return t.k().Parent() }

// SpawnSite returns the file and line of the call that started the task. It is not
// a checkpoint.
func (t *Task) SpawnSite() string { return t.k().SpawnSite() }

// Waiting says what the task waits for and which task has that, if one does: "the
// end of task 7, held by task 7". It is empty for a task that does not wait. When
// the run is over anybody may ask. It is not a checkpoint.
func (t *Task) Waiting() string {
	t.k().Loop().MayRead("Task.Waiting")
	return waiting(t.k())
}

func waiting(t *kernel.Task) string {
	on, holder := t.Blocked()
	if holder != nil {
		on += ", held by " + holder.Name()
	}
	return on
}

// maxIndent bounds how far a line of a Tree is indented: a chain of n tasks, each
// started by the one before, would have n spaces on average in each of n lines.
const maxIndent = 32

// Tree draws the living tasks of the running loop, each below the one that started
// it: its name, what it does or waits for, and where it was started. Each task has
// one line, whoever waits for it; tasks whose parent has ended stand at the left. It
// panics outside a loop; Loop.Do takes a debugger's goroutine there. It is not a
// checkpoint.
func Tree() string {
	l, _ := kernel.MustLoop("task.Tree")
	tasks := living(l)
	known := make(map[uint64]bool, len(tasks))
	children := make(map[uint64][]*kernel.Task)
	for _, t := range tasks {
		known[t.ID()] = true
		parent := t.Parent()
		if !known[parent] { // a parent is older than its children
			parent = 0
		}
		children[parent] = append(children[parent], t)
	}
	var b strings.Builder
	type level struct{ rest []*kernel.Task }
	// By hand and not by recursion: the chain may be as long as there are tasks.
	for path := []level{{children[0]}}; len(path) > 0; {
		top := &path[len(path)-1]
		if len(top.rest) == 0 {
			path = path[:len(path)-1]
			continue
		}
		t := top.rest[0]
		top.rest = top.rest[1:]
		writeNode(&b, t, len(path)-1, known[t.Parent()])
		path = append(path, level{children[t.ID()]})
	}
	return b.String()
}

func writeNode(b *strings.Builder, t *kernel.Task, depth int, below bool) {
	for range min(depth, maxIndent) {
		b.WriteString("  ")
	}
	if depth > maxIndent {
		fmt.Fprintf(b, "(level %d) ", depth)
	}
	b.WriteString(t.Name())
	if numbered := fmt.Sprintf("task %d", t.ID()); t.Name() != numbered {
		fmt.Fprintf(b, " (%s)", numbered)
	}
	if on := waiting(t); on != "" {
		b.WriteString(" waits for " + on)
	} else {
		b.WriteString(" is " + t.Step())
	}
	fmt.Fprintf(b, "; spawned at %s", t.SpawnSite())
	if t.Parent() != 0 && !below {
		fmt.Fprintf(b, " by task %d, which has ended", t.Parent())
	}
	b.WriteByte('\n')
}
