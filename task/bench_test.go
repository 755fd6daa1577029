package task_test

import (
	"fmt"
	stdruntime "runtime"
	"sync"
	"testing"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// inLoop measures f inside a task.
func inLoop(b *testing.B, f func(b *testing.B)) {
	if err := runtime.Run(func() {
		b.ReportAllocs()
		b.ResetTimer()
		f(b)
		b.StopTimer()
	}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkHandOff is one hand-over of the turn among a hundred, and one item over
// an unbuffered channel, which is the native way to take turns in a given order.
func BenchmarkHandOff(b *testing.B) {
	const n = 100
	b.Run("task.Yield", func(b *testing.B) {
		inLoop(b, func(b *testing.B) {
			left := b.N
			tasks := make([]*task.Task, n)
			for i := range tasks {
				tasks[i] = task.Go(func() {
					for left > 0 {
						left--
						task.Yield()
					}
				})
			}
			for _, t := range tasks {
				_ = t.Join()
			}
		})
	})
	b.Run("runtime.Gosched", func(b *testing.B) {
		b.ReportAllocs()
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				for range b.N/n + min(1, max(0, b.N%n-i)) {
					stdruntime.Gosched()
				}
			})
		}
		wg.Wait()
	})
	b.Run("channel", func(b *testing.B) {
		b.ReportAllocs()
		items := make(chan int)
		var wg sync.WaitGroup
		wg.Go(func() {
			for range items {
			}
		})
		for i := range b.N {
			items <- i
		}
		close(items)
		wg.Wait()
	})
}

// BenchmarkSpawn is a task that does nothing, from its spawn to its join.
func BenchmarkSpawn(b *testing.B) {
	for _, batch := range []int{1, 1000} {
		b.Run(fmt.Sprintf("task.Go/%d", batch), func(b *testing.B) {
			inLoop(b, func(b *testing.B) {
				tasks := make([]*task.Task, batch)
				for done := 0; done < b.N; done += batch {
					for i := range tasks {
						tasks[i] = task.Go(func() {})
					}
					for _, t := range tasks {
						_ = t.Join()
					}
				}
			})
		})
		b.Run(fmt.Sprintf("go/%d", batch), func(b *testing.B) {
			b.ReportAllocs()
			for done := 0; done < b.N; done += batch {
				var wg sync.WaitGroup
				for range batch {
					wg.Go(func() {})
				}
				wg.Wait()
			}
		})
	}
}

// BenchmarkOffload is a function that does nothing on a plain goroutine, while the
// caller waits for its result.
func BenchmarkOffload(b *testing.B) {
	b.Run("task.Offload", func(b *testing.B) {
		inLoop(b, func(b *testing.B) {
			for range b.N {
				_, _ = task.Offload(func() (int, error) { return 0, nil })
			}
		})
	})
	b.Run("go+channel", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			result := make(chan int)
			go func() { result <- 0 }()
			<-result
		}
	})
}

// BenchmarkParkedMemory says what one parked task and one parked goroutine take.
// The time it reports means nothing. Goroutines come first: Go gives new goroutines
// the stack that the last ones needed on average, and a task needs more.
func BenchmarkParkedMemory(b *testing.B) {
	n := 1_000_000
	if testing.Short() {
		n = 50_000
	}
	b.Run("goroutine", func(b *testing.B) {
		for range b.N {
			gate := make(chan struct{})
			var parked, ended sync.WaitGroup
			before := inUse()
			parked.Add(n)
			for range n {
				ended.Go(func() {
					parked.Done()
					<-gate
				})
			}
			parked.Wait()
			b.ReportMetric(float64(inUse()-before)/float64(n), "B/goroutine")
			close(gate)
			ended.Wait()
		}
	})
	b.Run("task", func(b *testing.B) {
		for range b.N {
			inLoop(b, func(b *testing.B) {
				gate := task.Go(func() { task.Sleep(1 << 62) })
				before := inUse()
				for range n {
					task.Go(func() { _ = gate.Join() })
				}
				task.Yield()
				b.ReportMetric(float64(inUse()-before)/float64(n), "B/task")
				gate.Kill()
				_ = gate.Join()
			})
		}
	})
}

// inUse is the memory that heap objects and stacks take.
func inUse() uint64 {
	stdruntime.GC()
	var m stdruntime.MemStats
	stdruntime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// nativeGroup is x/sync's errgroup in short: the same closure per child, the same
// WaitGroup and Once.
type nativeGroup struct {
	wg   sync.WaitGroup
	once sync.Once
	err  error
}

func (g *nativeGroup) Go(f func() error) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if err := f(); err != nil {
			g.once.Do(func() { g.err = err })
		}
	}()
}

func (g *nativeGroup) Wait() error {
	g.wg.Wait()
	return g.err
}

// BenchmarkGroup is one of a thousand children that do nothing, from its spawn to
// the end of the group.
func BenchmarkGroup(b *testing.B) {
	const n = 1000
	b.Run("task.Group", func(b *testing.B) {
		inLoop(b, func(b *testing.B) {
			for done := 0; done < b.N; done += n {
				g := task.NewGroup()
				for range n {
					g.Go(func() error { return nil })
				}
				_ = g.Wait()
			}
		})
	})
	b.Run("errgroup", func(b *testing.B) {
		b.ReportAllocs()
		for done := 0; done < b.N; done += n {
			var g nativeGroup
			for range n {
				g.Go(func() error { return nil })
			}
			_ = g.Wait()
		}
	})
}
