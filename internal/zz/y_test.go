package zz

import (
	gort "runtime"
	"sync"
	"testing"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func BenchmarkYield100(b *testing.B) {
	runtime.Run(func() {
		left := b.N
		for range 100 {
			task.Go(func() {
				for left > 0 {
					left--
					task.Yield()
				}
			})
		}
	})
}
func BenchmarkGosched100(b *testing.B) {
	var wg sync.WaitGroup
	left := b.N
	for range 100 {
		wg.Go(func() {
			for left > 0 {
				left--
				gort.Gosched()
			}
		})
	}
	wg.Wait()
}
func BenchmarkChan(b *testing.B) {
	c := make(chan int)
	go func() {
		for range b.N {
			c <- 1
		}
		close(c)
	}()
	for range c {
	}
}
func BenchmarkSpawnJoin(b *testing.B) {
	b.ReportAllocs()
	runtime.Run(func() {
		for range b.N {
			task.Go(func() {}).Join()
		}
	})
}
func BenchmarkGoWG(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		var wg sync.WaitGroup
		wg.Add(1)
		go func() { wg.Done() }()
		wg.Wait()
	}
}
func BenchmarkSpawnJoinBatch(b *testing.B) {
	b.ReportAllocs()
	runtime.Run(func() {
		var ts [1000]*task.Task
		for i := 0; i < b.N; i += 1000 {
			for j := range ts {
				ts[j] = task.Go(func() {})
			}
			for j := range ts {
				ts[j].Join()
			}
		}
	})
}
func BenchmarkGoWGBatch(b *testing.B) {
	b.ReportAllocs()
	for i := 0; i < b.N; i += 1000 {
		var wg sync.WaitGroup
		wg.Add(1000)
		for range 1000 {
			go func() { wg.Done() }()
		}
		wg.Wait()
	}
}
