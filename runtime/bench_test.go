package runtime_test

import (
	"context"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/timeout"
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

// BenchmarkTimer is a timer that is started and stopped again, as most are, while
// a thousand others are pending.
func BenchmarkTimer(b *testing.B) {
	const pending = 1000
	b.Run("CallLater+Cancel", func(b *testing.B) {
		inLoop(b, func(b *testing.B) {
			l := runtime.Current()
			for i := range pending {
				defer l.CallLater(time.Duration(i+1)*time.Hour, func() {}).Cancel()
			}
			b.ResetTimer()
			for range b.N {
				l.CallLater(time.Minute, func() {}).Cancel()
			}
		})
	})
	b.Run("time.AfterFunc+Stop", func(b *testing.B) {
		b.ReportAllocs()
		for i := range pending {
			defer time.AfterFunc(time.Duration(i+1)*time.Hour, func() {}).Stop()
		}
		b.ResetTimer()
		for range b.N {
			time.AfterFunc(time.Minute, func() {}).Stop()
		}
	})
}

// BenchmarkTimeout is a block with a time limit that is not reached.
func BenchmarkTimeout(b *testing.B) {
	b.Run("timeout.Run", func(b *testing.B) {
		inLoop(b, func(b *testing.B) {
			for range b.N {
				_ = timeout.Run(time.Minute, func() error { return nil })
			}
		})
	})
	b.Run("context.WithTimeout", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			_, cancel := context.WithTimeout(context.Background(), time.Minute)
			cancel()
		}
	})
}

// BenchmarkForeignCall is one call from a plain goroutine, in a flood of them.
func BenchmarkForeignCall(b *testing.B) {
	b.Run("CallThreadsafe", func(b *testing.B) {
		inLoop(b, func(b *testing.B) {
			l := runtime.Current()
			elsewhere(l, func() {
				for range b.N {
					_, _ = l.CallThreadsafe(func() {})
				}
			})
		})
	})
	b.Run("channel", func(b *testing.B) {
		b.ReportAllocs()
		calls, done := make(chan func(), 1000), make(chan struct{})
		go func() {
			for f := range calls {
				f()
			}
			close(done)
		}()
		for range b.N {
			calls <- func() {}
		}
		close(calls)
		<-done
	})
}
