//go:build linux

package main

import (
	stdruntime "runtime"
	stdsync "sync"
	"sync/atomic"

	"github.com/evergreen-go/evergreen/task"
)

// growthArea is hand-off and memory among ever more. For connections, see tcpArea.
var growthArea = &area{
	name: "growth", title: "How it grows with the number of tasks",
	about: "So many take turns without end, by `task.Yield` and by `runtime.Gosched`. One operation is one turn; the bytes are what " +
		"each takes when all have begun.",
	metrics: []*metric{wallNS, cpuNS, perTask, peak},
	pictures: []picture{
		growth(cpuNS, "One hand-off among ever more", "tasks or goroutines", "", " tasks", 1),
		growth(perTask, "Memory of each among ever more", "tasks or goroutines", "", " tasks", 100),
	},
	peers: []peer{
		{name: us, works: map[string]func(*meter){"ring": inLoop(ourRing)}},
		{name: "goroutine", works: map[string]func(*meter){"ring": stdRing}},
	},
	scenes: []scene{
		workload("1 task", "ring", job{Count: 1}),
		workload("10 tasks", "ring", job{Count: 10}),
		workload("100 tasks", "ring", job{Count: 100}),
		workload("1,000 tasks", "ring", job{Count: 1000}),
		workload("10,000 tasks", "ring", job{Count: 10_000}),
		long(workload("100,000 tasks", "ring", job{Count: 100_000})),
		long(workload("1,000,000 tasks", "ring", job{Count: 1_000_000})),
	},
}

// ourRing is a ring of tasks. The ready queue is served in order, so when it is this
// task's turn again all the others have had theirs.
func ourRing(m *meter) {
	stop := false
	m.grow(func() {
		for range m.Count - 1 {
			task.Go(func() {
				for !stop {
					task.Yield()
				}
			})
		}
		task.Yield()
	})
	m.uncollected = true
	m.run(func() int {
		task.Yield()
		return m.Count
	})
	stop = true
}

// stdRing is the same of goroutines. Go's scheduler promises no order, so each counts
// its turns: now and then if it has many, so that the counting does not count.
func stdRing(m *meter) {
	step := int64(1)
	if m.Count <= 1000 {
		step = 64
	}
	var stop atomic.Bool
	var turns atomic.Int64
	turn := func(mine *int64) {
		stdruntime.Gosched()
		if *mine++; *mine == step {
			turns.Add(step)
			*mine = 0
		}
	}
	// They wait while the memory is looked at: runtime.GC gives way once for each span that
	// it sweeps, and would wait for all their turns each time.
	gate := make(chan struct{})
	var there stdsync.WaitGroup
	m.grow(func() {
		there.Add(m.Count - 1)
		for range m.Count - 1 {
			go func() {
				there.Done()
				<-gate
				for mine := int64(0); !stop.Load(); {
					turn(&mine)
				}
			}()
		}
		there.Wait()
	})
	close(gate)
	mine := int64(0)
	m.uncollected = true
	m.run(func() int {
		turn(&mine)
		return int(turns.Swap(0))
	})
	stop.Store(true)
}
