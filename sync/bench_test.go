package sync_test

import (
	stdruntime "runtime"
	stdsync "sync"
	"testing"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
)

// inLoop measures f inside a task.
func inLoop(b *testing.B, f func()) {
	if err := runtime.Run(func() {
		b.ReportAllocs()
		b.ResetTimer()
		f()
		b.StopTimer()
	}); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkMutex(b *testing.B) {
	b.Run("evergreen", func(b *testing.B) {
		inLoop(b, func() {
			var m sync.Mutex
			n := 0
			for range b.N {
				m.Lock()
				n++
				m.Unlock()
			}
		})
	})
	b.Run("std", func(b *testing.B) {
		var m stdsync.Mutex
		n := 0
		for range b.N {
			m.Lock()
			n++
			m.Unlock()
		}
	})
}

// BenchmarkMutexContended is one hand-over of a lock between two who both want it
// all the time. The standard library's mutex needs a yield inside for that: without
// it one goroutine locks and unlocks alone for its whole slice.
func BenchmarkMutexContended(b *testing.B) {
	b.Run("evergreen", func(b *testing.B) {
		inLoop(b, func() {
			var m sync.Mutex
			work := func() {
				for range b.N / 2 {
					m.Lock()
					task.Yield()
					m.Unlock()
				}
			}
			t := task.Go(work)
			work()
			_ = t.Join()
		})
	})
	b.Run("std", func(b *testing.B) {
		defer stdruntime.GOMAXPROCS(stdruntime.GOMAXPROCS(1))
		b.ReportAllocs()
		var m stdsync.Mutex
		var wg stdsync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for range b.N / 2 {
					m.Lock()
					stdruntime.Gosched()
					m.Unlock()
				}
			})
		}
		wg.Wait()
	})
}

// twin measures the same of the standard library on one processor, which is what
// tasks have.
func twin(b *testing.B, f func(b *testing.B)) {
	b.Run("std", func(b *testing.B) {
		defer stdruntime.GOMAXPROCS(stdruntime.GOMAXPROCS(1))
		b.ReportAllocs()
		f(b)
	})
}

func BenchmarkRWMutexRead(b *testing.B) {
	b.Run("evergreen", func(b *testing.B) {
		inLoop(b, func() {
			var m sync.RWMutex
			n := 0
			for range b.N {
				m.RLock()
				n++
				m.RUnlock()
			}
		})
	})
	twin(b, func(b *testing.B) {
		var m stdsync.RWMutex
		n := 0
		for range b.N {
			m.RLock()
			n++
			m.RUnlock()
		}
	})
}

// BenchmarkWaitGroup is one Add, Done and Wait with nothing to wait for.
func BenchmarkWaitGroup(b *testing.B) {
	b.Run("evergreen", func(b *testing.B) {
		inLoop(b, func() {
			var g sync.WaitGroup
			for range b.N {
				g.Add(1)
				g.Done()
				g.Wait()
			}
		})
	})
	twin(b, func(b *testing.B) {
		var g stdsync.WaitGroup
		for range b.N {
			g.Add(1)
			g.Done()
			g.Wait()
		}
	})
}

// BenchmarkWaitGroupGo is one of a hundred tasks that are started and waited for.
func BenchmarkWaitGroupGo(b *testing.B) {
	const at = 100
	b.Run("evergreen", func(b *testing.B) {
		inLoop(b, func() {
			for n := 0; n < b.N; n += at {
				var g sync.WaitGroup
				for range at {
					g.Go(func() {})
				}
				g.Wait()
			}
		})
	})
	twin(b, func(b *testing.B) {
		for n := 0; n < b.N; n += at {
			var g stdsync.WaitGroup
			for range at {
				g.Go(func() {})
			}
			g.Wait()
		}
	})
}

// turns is what two players who wait for each other do n times.
func turns(n, me int, turn *int, lock, wait, wake, unlock func()) {
	lock()
	for range n {
		for *turn != me {
			wait()
		}
		*turn = 1 - me
		wake()
	}
	unlock()
}

// BenchmarkCond is one notification from one task to another, which sends one back.
func BenchmarkCond(b *testing.B) {
	b.Run("evergreen", func(b *testing.B) {
		inLoop(b, func() {
			var m sync.Mutex
			c, turn := sync.NewCond(&m), 0
			t := task.Go(func() { turns(b.N/2, 1, &turn, m.Lock, c.Wait, c.Signal, m.Unlock) })
			turns(b.N/2, 0, &turn, m.Lock, c.Wait, c.Signal, m.Unlock)
			_ = t.Join()
		})
	})
	twin(b, func(b *testing.B) {
		var m stdsync.Mutex
		var g stdsync.WaitGroup
		c, turn := stdsync.NewCond(&m), 0
		for me := range 2 {
			g.Go(func() { turns(b.N/2, me, &turn, m.Lock, c.Wait, c.Signal, m.Unlock) })
		}
		g.Wait()
	})
}

// BenchmarkEvent is one hand-over by an event that is set and cleared. The standard
// library's nearest is a channel with room for one.
func BenchmarkEvent(b *testing.B) {
	b.Run("evergreen", func(b *testing.B) {
		inLoop(b, func() {
			var to [2]sync.Event
			play := func(me int) {
				for range b.N / 2 {
					to[me].Wait()
					to[me].Clear()
					to[1-me].Set()
				}
			}
			to[0].Set()
			t := task.Go(func() { play(1) })
			play(0)
			_ = t.Join()
		})
	})
	twin(b, func(b *testing.B) {
		to := [2]chan struct{}{make(chan struct{}, 1), make(chan struct{}, 1)}
		var g stdsync.WaitGroup
		to[0] <- struct{}{}
		for me := range 2 {
			g.Go(func() {
				for range b.N / 2 {
					<-to[me]
					to[1-me] <- struct{}{}
				}
			})
		}
		g.Wait()
	})
}

// BenchmarkSemaphore is one permit taken and given back. The standard library's
// nearest is a channel with as much room as there are permits.
func BenchmarkSemaphore(b *testing.B) {
	b.Run("evergreen", func(b *testing.B) {
		inLoop(b, func() {
			s := sync.NewSemaphore(10)
			for range b.N {
				_ = s.Acquire(1)
				s.Release(1)
			}
		})
	})
	twin(b, func(b *testing.B) {
		s := make(chan struct{}, 10)
		for range b.N {
			s <- struct{}{}
			<-s
		}
	})
}
