//go:build linux

package main

import (
	stdruntime "runtime"
	stdsync "sync"

	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
)

var lockArea = &area{
	name: "lock", title: "Locks",
	about: "Lock and Unlock with nobody else there; a hand-over between two who always want the lock and give way while they hold " +
		"it (without that, a goroutine keeps the standard mutex to itself for its whole slice); a read lock; a permit of a semaphore " +
		"beside a buffered channel.",
	metrics:  operations,
	pictures: []picture{bars(cpuNS, "Locks and permits")},
	peers: []peer{
		{name: us, works: map[string]func(*meter){
			"free": inLoop(func(m *meter) {
				var l sync.Mutex
				held := 0 // what the lock guards
				m.batch(func(n int) {
					for range n {
						l.Lock()
						held++
						l.Unlock()
					}
				})
			}),
			"contended": inLoop(ourContention),
			"read": inLoop(func(m *meter) {
				var l sync.RWMutex
				held := 0 // what the lock guards
				m.batch(func(n int) {
					for range n {
						l.RLock()
						held++
						l.RUnlock()
					}
				})
			}),
			"permit": inLoop(func(m *meter) {
				s := sync.NewSemaphore(10)
				m.batch(func(n int) {
					for range n {
						_ = s.Acquire(1)
						s.Release(1)
					}
				})
			}),
		}},
		{name: "std", works: map[string]func(*meter){
			"free": func(m *meter) {
				var l stdsync.Mutex
				held := 0 // what the lock guards
				m.batch(func(n int) {
					for range n {
						l.Lock()
						held++
						l.Unlock()
					}
				})
			},
			"contended": stdContention,
			"read": func(m *meter) {
				var l stdsync.RWMutex
				held := 0 // what the lock guards
				m.batch(func(n int) {
					for range n {
						l.RLock()
						held++
						l.RUnlock()
					}
				})
			},
			"permit": func(m *meter) {
				s := make(chan struct{}, 10)
				m.batch(func(n int) {
					for range n {
						s <- struct{}{}
						<-s
					}
				})
			},
		}},
	},
	scenes: []scene{
		workload("Mutex, free", "free", job{}),
		workload("Mutex, contended", "contended", job{}),
		workload("RWMutex, read", "read", job{}),
		workload("Semaphore", "permit", job{}),
	},
}

// ourContention is two tasks that hand a lock to each other.
func ourContention(m *meter) {
	var l sync.Mutex
	m.batch(func(n int) {
		work := func() {
			for range n / 2 {
				l.Lock()
				task.Yield()
				l.Unlock()
			}
		}
		t := task.Go(work)
		work()
		_ = t.Join()
	})
}

// stdContention is the same of two goroutines.
func stdContention(m *meter) {
	var l stdsync.Mutex
	m.batch(func(n int) {
		var wg stdsync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for range n / 2 {
					l.Lock()
					stdruntime.Gosched()
					l.Unlock()
				}
			})
		}
		wg.Wait()
	})
}
