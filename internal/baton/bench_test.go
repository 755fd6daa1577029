package baton

import (
	"fmt"
	"runtime"
	"testing"
)

// BenchmarkPass measures one hand-over among n workers, and beside it the two
// native ways for goroutines to take turns. Run it with -cpu 1.
func BenchmarkPass(b *testing.B) {
	for _, n := range []int{2, 100, 10_000} {
		b.Run(fmt.Sprintf("baton/%d", n), func(b *testing.B) {
			r := newRing()
			left := 0
			for range n {
				r.spawn(func(w *Worker) {
					for left > 0 {
						left--
						r.yield(w)
					}
				})
			}
			b.ResetTimer()
			left = b.N
			r.run()
		})
		b.Run(fmt.Sprintf("gosched/%d", n), func(b *testing.B) {
			done := make(chan struct{})
			for i := range n {
				go func() {
					for range b.N/n + min(1, max(0, b.N%n-i)) {
						runtime.Gosched()
					}
					done <- struct{}{}
				}()
			}
			for range n {
				<-done
			}
		})
	}
	b.Run("channel/2", func(b *testing.B) {
		there, back := make(chan int), make(chan int)
		go func() {
			for v := range there {
				back <- v
			}
			close(back)
		}()
		for i := 0; i < b.N; i += 2 {
			there <- i
			<-back
		}
		close(there)
		<-back
	})
}
