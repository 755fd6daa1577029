package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// PanicError is how a panic of a task reaches whoever waits for the task: Run, a
// Join, a Group, a Future.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // the task's stack at that moment
	Task  string // the task's name; empty for a callback of the loop
}

// Error gives the value and the stack.
func (e *PanicError) Error() string {
	who := "a callback of the loop"
	if e.Task != "" {
		who = e.Task
	}
	return fmt.Sprintf("evergreen: %s panicked: %v\n\n%s", who, e.Value, e.Stack)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// DeadlockError is returned by Run when all tasks waited and nothing could wake
// them: no timer, no descriptor, no offloaded function, no callback to come.
type DeadlockError struct {
	Total int       // how many tasks waited
	Tasks []Blocked // the oldest thousand of them
}

// Blocked is one task in a deadlock.
type Blocked struct {
	ID      uint64 // the task's number
	Name    string // its name, or "task" and its number
	Parent  uint64 // the number of the task that spawned it, 0 for none
	On      string // what it waits for
	Holder  string // the name of the task that has it, empty for none
	Spawned string // file and line of the call that spawned it
	Stack   string // where it waits; empty beyond the first hundred tasks
}

// Error says who waits for what, held by whom, and where each was spawned; the
// stacks are in Tasks.
func (e *DeadlockError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "evergreen: deadlock: all tasks wait (%d) and nothing can wake them; if something outside the loop will, say so with Loop.Hold", e.Total)
	for _, t := range e.Tasks {
		fmt.Fprintf(&b, "\n  %s waits for %s", t.Name, t.On)
		if t.Holder != "" {
			fmt.Fprintf(&b, ", held by %s", t.Holder)
		}
		fmt.Fprintf(&b, " (spawned at %s)", t.Spawned)
	}
	if more := e.Total - len(e.Tasks); more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

// ErrInterrupted is what the errors of calls match, and that of Run, when a signal of
// [WithInterrupt] has interrupted the program. The error itself is an [*InterruptError].
var ErrInterrupted = errors.New("evergreen: a signal has interrupted the program")

// InterruptError says by which signal a program was interrupted; see [WithInterrupt]. It
// matches [ErrInterrupted], and context.Canceled: to code that knows nothing of signals
// it is a cancellation.
type InterruptError struct {
	Signal os.Signal // the first that came
}

// Error names the signal.
func (e *InterruptError) Error() string {
	return "evergreen: interrupted by the signal " + e.Signal.String()
}

// Is makes the error match ErrInterrupted and context.Canceled.
func (e *InterruptError) Is(target error) bool {
	return target == ErrInterrupted || target == context.Canceled
}

func init() {
	kernel.NewInterruptError = func(sig os.Signal) error { return &InterruptError{sig} }
	kernel.NewPanicError = func(t *kernel.Task, value any, stack []byte) error {
		if e, ok := value.(*PanicError); ok {
			return e // passed on by a second task: the first stack is the one to see
		}
		e := &PanicError{Value: value, Stack: stack}
		if t != nil {
			e.Task = t.Name()
		}
		return e
	}
	kernel.NewDeadlockError = func(total int, tasks []kernel.Blocked) error {
		e := &DeadlockError{Total: total}
		for _, t := range tasks {
			e.Tasks = append(e.Tasks, Blocked(t))
		}
		return e
	}
}
