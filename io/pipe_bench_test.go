//go:build unix

package io_test

import (
	"testing"

	"github.com/evergreen-go/evergreen/io"
)

// BenchmarkPipe is a message through a pipe in memory: between tasks, or between
// goroutines by the standard library's.
func BenchmarkPipe(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"64B", 64}, {"4KiB", 4096}} {
		transfer := func(b *testing.B, r pipeReader, w pipeWriter, together func(...func())) {
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			b.ResetTimer()
			together(func() {
				data := make([]byte, size.bytes)
				for range b.N {
					_, _ = w.Write(data)
				}
				_ = w.Close()
			}, func() {
				buf := make([]byte, size.bytes)
				for {
					if _, err := r.Read(buf); err == io.EOF {
						return
					}
				}
			})
		}
		b.Run(size.name+"/evergreen", func(b *testing.B) {
			run(b, func() { r, w := pipeOurs(); transfer(b, r, w, tasks) })
		})
		b.Run(size.name+"/std", func(b *testing.B) {
			r, w := pipeTheirs()
			transfer(b, r, w, pipeGoroutines)
		})
	}
}
