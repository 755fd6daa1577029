package sync_test

import (
	stdruntime "runtime"
	"testing"

	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
)

// BenchmarkQueue is one item from one task to another, and one value over a buffered
// channel between two goroutines of one processor.
func BenchmarkQueue(b *testing.B) {
	const limit = 128
	b.Run("evergreen", func(b *testing.B) {
		inLoop(b, func() {
			q := sync.NewQueue[int](limit)
			putter := task.Go(func() {
				for i := range b.N {
					_ = q.Put(i)
				}
			})
			for range b.N {
				_, _ = q.Get()
			}
			_ = putter.Join()
		})
	})
	b.Run("native", func(b *testing.B) {
		defer stdruntime.GOMAXPROCS(stdruntime.GOMAXPROCS(1))
		b.ReportAllocs()
		c := make(chan int, limit)
		go func() {
			for i := range b.N {
				c <- i
			}
		}()
		for range b.N {
			<-c
		}
	})
}
