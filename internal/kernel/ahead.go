package kernel

import (
	"unsafe"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/internal/prefetch"
)

// ahead is what is fetched for the tasks that come next, see lookAhead.
type ahead [aheadParts]prefetch.Stretch

// The parts, and how many lines each has.
const (
	aheadTask = iota
	aheadWorker
	aheadDesc
	aheadSlot
	aheadStack
	aheadG
	aheadG2
	aheadNext
	aheadYield
	aheadParts
)

// stackBelow is how far below the mark in Park the stack of a parked task goes;
// above lie the frames of the operation and of the handler that called it.
const stackBelow = 128

// lookAhead fetches what the hand-overs to the next four tasks will touch. They are
// behind pointers, so it takes one stage for each: the task first, by and by what the
// task points to, so that no stage waits for what it reads itself.
func (l *Loop) lookAhead() {
	if l.ready.len() < 4 {
		return
	}
	a := &l.ahead
	*a = ahead{}
	a[aheadTask] = prefetch.Stretch{At: uintptr(unsafe.Pointer(l.ready.at(3))), Lines: 2}
	if t := l.ready.at(2); t.worker != nil {
		a[aheadWorker] = prefetch.Stretch{At: uintptr(unsafe.Pointer(t.worker)), Lines: 2}
		if s, ok := t.on.(*side); ok {
			a[aheadDesc] = prefetch.Stretch{At: uintptr(unsafe.Pointer(s.desc)), Lines: 3}
		}
	}
	if w := l.ready.at(1).worker; w != nil {
		a[aheadSlot] = prefetch.Stretch{At: w.Place(), Lines: 1}
		a[aheadStack] = prefetch.Stretch{At: w.mark - stackBelow, Lines: 11}
		if !goroutine.Portable { // then the ID is where the runtime's record of the goroutine is
			a[aheadG] = prefetch.Stretch{At: uintptr(w.id), Lines: 3}
			a[aheadG2] = prefetch.Stretch{At: uintptr(w.id) + 384, Lines: 1}
		}
	}
	if w := l.ready.at(0).worker; w != nil {
		next, yield := w.Ways()
		a[aheadNext] = prefetch.Stretch{At: next, Lines: 1}
		a[aheadYield] = prefetch.Stretch{At: yield, Lines: 1}
	}
	prefetch.Fetch(&a[0], aheadParts)
}
