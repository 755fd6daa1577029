package task

import (
	"fmt"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Threads is a named bound on how many plain goroutines work for the tasks of a loop
// at a time, for one purpose: what is offloaded to it waits its turn behind its like,
// and takes no place from other work. It belongs to the tasks of one loop at a time,
// as a lock does. Its zero value is of no use: see [NewThreads].
type Threads kernel.Pool

func (p *Threads) k() *kernel.Pool { return (*kernel.Pool)(p) }

// NewThreads makes a bound of so many goroutines. The name says in reports what they
// are for. It panics if limit is less than one. It is not a checkpoint.
func NewThreads(name string, limit int) *Threads {
	mustHavePlace("NewThreads", limit)
	return (*Threads)(kernel.NewPool(name, limit))
}

func mustHavePlace(call string, limit int) {
	if limit < 1 {
		panic(fmt.Sprintf("evergreen: task.%s was called with a limit of %d, with which nothing would ever run: give at least 1", call, limit))
	}
}

// SetLimit changes how many functions may run at a time. A higher limit lets those
// that wait begin; a lower one takes nothing away from those that run. It panics if
// limit is less than one, and outside the loop. It is not a checkpoint.
func (p *Threads) SetLimit(limit int) {
	mustHavePlace("Threads.SetLimit", limit)
	p.k().SetLimit(limit)
}

// ThreadsStats is what a bound on goroutines holds and has done.
type ThreadsStats struct {
	Name      string        // what the goroutines are for
	Limit     int           // how many functions may run at a time
	Running   int           // functions that run, abandoned ones included
	Abandoned int           // those of them that no task waits for any more
	Queued    int           // tasks that wait for a place
	Total     uint64        // functions that have begun
	Waited    uint64        // calls that had to wait for a place
	Longest   time.Duration // the longest of these waits, on the loop's clock
}

// Stats returns what there is under way now and what has been. It belongs to the
// loop's tasks and callbacks, or to anyone while the loop does not run. It is not a
// checkpoint.
func (p *Threads) Stats() ThreadsStats { return ThreadsStats(p.k().Stats()) }

// OffloadStats returns the statistics of the running loop: those of its general
// goroutines (named "offload"), of those for names ("lookup") and for files ("file"),
// and of each [Threads] that has something under way. It panics outside a loop and is
// not a checkpoint.
func OffloadStats() []ThreadsStats {
	l, _ := kernel.MustLoop("task.OffloadStats")
	var all []ThreadsStats
	for _, s := range l.Pools() {
		all = append(all, ThreadsStats(s))
	}
	return all
}
