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
