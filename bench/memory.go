//go:build linux

package main

import (
	"log"
	"os"
	stdruntime "runtime"
	"runtime/debug"
	stdsync "sync"

	"github.com/evergreen-go/evergreen/task"
)

var memoryArea = &area{
	name: "memory", title: "Memory of what waits",
	about:    "So many tasks that wait for one to end, and as many goroutines that wait for a channel to be closed.",
	metrics:  []*metric{perTask, perRSS, spawnNS, peak},
	pictures: []picture{bars(perTask, "Memory of one that waits")},
	peers: []peer{
		{name: us, works: map[string]func(*meter){"park": inLoop(func(m *meter) {
			gate := task.Go(func() { task.Sleep(1 << 62) })
			task.Yield()
			m.grow(func() {
				for range m.Count {
					task.Go(func() { _ = gate.Join() })
				}
				task.Yield() // all run until they wait
			})
			gate.Kill()
		})}},
		{name: "goroutine", works: map[string]func(*meter){"park": func(m *meter) {
			gate := make(chan struct{})
			var parked stdsync.WaitGroup
			m.grow(func() {
				parked.Add(m.Count)
				for range m.Count {
					go func() {
						parked.Done()
						<-gate
					}()
				}
				parked.Wait()
			})
			close(gate)
		}}},
	},
	scenes: []scene{
		workload("10,000", "park", job{Count: 10_000}),
		long(workload("1,000,000", "park", job{Count: 1_000_000})),
	},
}

// long marks a scene as one that a short run leaves out.
func long(s scene) scene {
	s.long = true
	return s
}

// grow notes how much larger the process has become by f, for each of those that it
// starts.
func (m *meter) grow(f func()) {
	settled := func() (heap, rss float64) {
		stdruntime.GC()
		debug.FreeOSMemory()
		rss, err := memoryOf(os.Getpid(), "RssAnon")
		if err != nil {
			log.Fatal(err)
		}
		return float64(inUse()), rss
	}
	heap, rss := settled()
	began := now()
	f()
	took := now() - began
	heapNow, rssNow := settled()
	n := float64(m.Count)
	m.found[perTask] = (heapNow - heap) / n
	m.found[perRSS] = (rssNow - rss) / n
	m.found[spawnNS] = float64(took) / n
}
