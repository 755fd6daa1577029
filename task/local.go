package task

import "github.com/evergreen-go/evergreen/internal/kernel"

// Local is a variable of which every task has its own. A new task begins without a
// value, whoever starts it; when a task ends its value is gone. A Local may be used
// by the tasks of any number of loops, and is usually a package's variable.
type Local[T any] struct {
	init func() T
}

// NewLocal makes a variable that in each task begins as what init returns there, or
// as the zero value if init is nil. It is not a checkpoint.
func NewLocal[T any](init func() T) *Local[T] { return &Local[T]{init: init} }

// Get returns the calling task's value. Where there is none yet, init makes it, and
// it stays. Get panics outside a task. It is not a checkpoint, so init must not be
// one either.
func (l *Local[T]) Get() T {
	values := kernel.MustTask("Local.Get").Locals()
	if v, ok := values[l].(*T); ok {
		return *v
	}
	v := new(T)
	if l.init != nil {
		*v = l.init()
	}
	values[l] = v
	return *v
}

// Set gives the calling task a value. It panics outside a task. It is not a
// checkpoint.
func (l *Local[T]) Set(value T) {
	values := kernel.MustTask("Local.Set").Locals()
	if v, ok := values[l].(*T); ok {
		*v = value
		return
	}
	values[l] = &value
}

// Delete takes the calling task's value away; the next Get begins anew. It panics
// outside a task. It is not a checkpoint.
func (l *Local[T]) Delete() { delete(kernel.MustTask("Local.Delete").Locals(), l) }
