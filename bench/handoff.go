//go:build linux

package main

import (
	stdruntime "runtime"
	stdsync "sync"

	"github.com/evergreen-go/evergreen/task"
)

// turnsEach is how often each of those that take turns does so before all are waited
// for, which is seldom enough for their spawn not to count.
const turnsEach = 1000

var handoffArea = &area{
	name: "handoff", title: "Hand-off",
	about: "A hundred take turns. One operation is one turn: of a task that calls `task.Yield`, of a goroutine that calls " +
		"`runtime.Gosched`, and one item over an unbuffered channel, which is how goroutines take turns in a given order.",
	metrics:  operations,
	pictures: []picture{bars(cpuNS, "One hand-off")},
	peers: []peer{
		{name: us, works: map[string]func(*meter){"turns": inLoop(func(m *meter) {
			tasks := make([]*task.Task, m.Count)
			m.run(func() int {
				for i := range tasks {
					tasks[i] = task.Go(func() {
						for range turnsEach {
							task.Yield()
						}
					})
				}
				for _, t := range tasks {
					_ = t.Join()
				}
				return m.Count * turnsEach
			})
		})}},
		{name: "Gosched", works: map[string]func(*meter){"turns": func(m *meter) {
			m.run(func() int {
				var wg stdsync.WaitGroup
				for range m.Count {
					wg.Go(func() {
						for range turnsEach {
							stdruntime.Gosched()
						}
					})
				}
				wg.Wait()
				return m.Count * turnsEach
			})
		}}},
		{name: "channel", works: map[string]func(*meter){"turns": func(m *meter) {
			items := make(chan int)
			go func() {
				for range items {
				}
			}()
			m.batch(func(n int) {
				for range n {
					items <- 1
				}
			})
			close(items)
		}}},
	},
	scenes: []scene{workload("100 in turn", "turns", job{Count: 100})},
}
