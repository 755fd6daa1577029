package sync

import (
	"fmt"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/internal/kernel"
)

// WaitGroup waits until a number of things are done, a drop-in for the standard
// library's. The zero WaitGroup has nothing to wait for. It must not be copied after
// its first use. A task.Group also sees to errors and cancellation.
type WaitGroup struct {
	bond    kernel.Bond
	count   int
	waiters kernel.WaitList
}

// waitGroupReason is a WaitGroup as a reason to wait.
type waitGroupReason WaitGroup

// Waiting implements kernel.Reason.
func (g *waitGroupReason) Waiting() (string, *kernel.Task) {
	return fmt.Sprintf("a sync.WaitGroup with %d things to be done", g.count), nil
}

// Add adds delta, which may be negative, to the number of things to be done. At zero
// those who wait are woken. It panics if the number becomes negative. It is not a
// checkpoint.
func (g *WaitGroup) Add(delta int) {
	g.bond.Loop("WaitGroup.Add")
	g.count += delta
	negative := g.count < 0
	if negative {
		g.count = 0
	}
	if g.count == 0 && !g.waiters.Empty() {
		g.waiters.WakeAll()
	}
	if negative {
		panic(tooManyDone)
	}
}

const tooManyDone = "evergreen: the number of a sync.WaitGroup became negative: Done was called more often than Add has announced"

// Done says that one thing is done. It panics if none was left. It is not a
// checkpoint.
func (g *WaitGroup) Done() { g.Add(-1) }

// Wait waits until the number is zero. It is a checkpoint; when the task is killed or
// the time of a block around it is up, it does not return.
func (g *WaitGroup) Wait() {
	t := g.bond.Task("WaitGroup.Wait")
	if g.count == 0 {
		if !g.bond.Tick() && !t.Checkpoint() {
			t.Unwind()
		}
		return
	}
	if g.waiters.Wait(t, (*waitGroupReason)(g), 0) == kernel.Canceled {
		t.Unwind()
	}
}

// Go starts f as a task, as task.Go does, and counts it until it has ended: also if
// it is killed before its first step, which no deferred Done would see. If f has
// called Done, which is one too many, its task panics. It is not a checkpoint.
//
//go:noinline
func (g *WaitGroup) Go(f func()) {
	pc := goroutine.CallerPC()
	l := g.bond.Loop("WaitGroup.Go")
	if f == nil {
		panic("evergreen: WaitGroup.Go was called with nil: give a function")
	}
	g.count++
	m := &member{group: g, f: f}
	l.Spawn(m.run, kernel.Running(), nil, pc).WatchEnd(&m.watch, m)
}

// member is a task of a WaitGroup.
type member struct {
	group *WaitGroup
	f     func()
	watch kernel.Watch
}

// run is the task's function. While it runs it is one of those to be done.
func (m *member) run() {
	m.f()
	if m.group.count == 0 {
		panic(tooManyDone)
	}
}

// Over implements kernel.Watcher: the task has ended.
func (m *member) Over(error) {
	if g := m.group; g.count > 0 { // else a Done was too many, and somebody has panicked or been killed
		if g.count--; g.count == 0 {
			g.waiters.WakeAll()
		}
	}
}
