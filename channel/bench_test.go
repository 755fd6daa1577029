package channel_test

import (
	stdruntime "runtime"
	stdsync "sync"
	"testing"

	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/runtime"
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

// native measures f with the goroutines of one processor, as a loop has one.
func native(b *testing.B, f func()) {
	defer stdruntime.GOMAXPROCS(stdruntime.GOMAXPROCS(1))
	b.ReportAllocs()
	b.ResetTimer()
	f()
}

// BenchmarkChannel is one value from one task to another.
func BenchmarkChannel(b *testing.B) {
	for name, capacity := range map[string]int{"unbuffered": 0, "buffered": 128} {
		b.Run(name+"/evergreen", func(b *testing.B) {
			inLoop(b, func() {
				c := channel.New[int](capacity)
				sender := task.Go(func() {
					for i := range b.N {
						_ = c.Send(i)
					}
				})
				for range b.N {
					_, _ = c.Receive()
				}
				_ = sender.Join()
			})
		})
		goroutines := func(b *testing.B) {
			c := make(chan int, capacity)
			go func() {
				for i := range b.N {
					c <- i
				}
			}()
			for range b.N {
				<-c
			}
		}
		b.Run(name+"/native", func(b *testing.B) { native(b, func() { goroutines(b) }) })
		b.Run(name+"/native on all processors", goroutines)
	}
}

// BenchmarkSelect is one value received by a select of four channels, of which one
// has a sender that is always ready.
func BenchmarkSelect(b *testing.B) {
	b.Run("evergreen", func(b *testing.B) {
		inLoop(b, func() {
			var c [4]*channel.Channel[int]
			for i := range c {
				c[i] = channel.New[int](0)
			}
			sender := task.Go(func() {
				for i := range b.N {
					_ = c[2].Send(i)
				}
			})
			sum := 0
			add := func(n int, _ error) { sum += n }
			cases := []channel.Case{channel.Recv(c[0], add), channel.Recv(c[1], add), channel.Recv(c[2], add), channel.Recv(c[3], add)}
			for range b.N {
				channel.Select(cases...)
			}
			_ = sender.Join()
		})
	})
	b.Run("native", func(b *testing.B) {
		native(b, func() {
			var c [4]chan int
			for i := range c {
				c[i] = make(chan int)
			}
			var wg stdsync.WaitGroup
			wg.Go(func() {
				for i := range b.N {
					c[2] <- i
				}
			})
			sum := 0
			for range b.N {
				select {
				case n := <-c[0]:
					sum += n
				case n := <-c[1]:
					sum += n
				case n := <-c[2]:
					sum += n
				case n := <-c[3]:
					sum += n
				}
			}
			wg.Wait()
		})
	})
}
