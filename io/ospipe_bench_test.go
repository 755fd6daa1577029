//go:build unix

package io_test

import (
	"os"
	stdsync "sync"
	"testing"

	stdio "io"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// ospipeSend writes n times, and ends with a close.
func ospipeSend(b *testing.B, w stdio.WriteCloser, size, n int) {
	p := make([]byte, size)
	for range n {
		if _, err := w.Write(p); err != nil {
			b.Error(err)
			break
		}
	}
	if err := w.Close(); err != nil {
		b.Error(err)
	}
}

func ospipeReceive(b *testing.B, r stdio.Reader, size, n int) {
	p := make([]byte, 64<<10)
	total := 0
	for {
		k, err := r.Read(p)
		total += k
		if err != nil {
			break
		}
	}
	if total != size*n {
		b.Errorf("%d bytes came, want %d", total, size*n)
	}
}

// BenchmarkOSPipe is one way through a pipe of the system: tasks over OSPipe, goroutines
// over os.Pipe.
func BenchmarkOSPipe(b *testing.B) {
	for _, c := range []struct {
		name string
		size int
	}{{"512B", 512}, {"64KiB", 64 << 10}} {
		b.Run(c.name+"/evergreen", func(b *testing.B) {
			b.SetBytes(int64(c.size))
			must(b, runtime.Run(func() {
				r, w := descPipe(b)
				b.ResetTimer()
				t := task.Go(func() { ospipeSend(b, w, c.size, b.N) })
				ospipeReceive(b, r, c.size, b.N)
				must(b, t.Join())
				must(b, r.Close())
			}))
		})
		b.Run(c.name+"/std", func(b *testing.B) {
			b.SetBytes(int64(c.size))
			r, w, err := os.Pipe()
			must(b, err)
			b.ResetTimer()
			var all stdsync.WaitGroup
			all.Go(func() { ospipeSend(b, w, c.size, b.N) })
			ospipeReceive(b, r, c.size, b.N)
			all.Wait()
			must(b, r.Close())
		})
	}
}

func ospipePing(b *testing.B, r stdio.Reader, w stdio.Writer, n int) {
	p := make([]byte, 64)
	for range n {
		if _, err := w.Write(p); err != nil {
			b.Error(err)
			return
		}
		if _, err := stdio.ReadFull(r, p); err != nil {
			b.Error(err)
			return
		}
	}
}

func ospipePong(r stdio.Reader, w stdio.WriteCloser) {
	defer w.Close()
	p := make([]byte, 64)
	for {
		n, err := r.Read(p)
		if err != nil {
			return
		}
		if _, err := w.Write(p[:n]); err != nil {
			return
		}
	}
}

// BenchmarkOSPipePingPong is a question and an answer of 64 bytes over two pipes.
func BenchmarkOSPipePingPong(b *testing.B) {
	b.Run("evergreen", func(b *testing.B) {
		must(b, runtime.Run(func() {
			r1, w1 := descPipe(b)
			r2, w2 := descPipe(b)
			b.ResetTimer()
			t := task.Go(func() { ospipePong(r1, w2) })
			ospipePing(b, r2, w1, b.N)
			b.StopTimer()
			must(b, w1.Close())
			must(b, t.Join())
			must(b, r1.Close())
			must(b, r2.Close())
		}))
	})
	b.Run("std", func(b *testing.B) {
		r1, w1, err := os.Pipe()
		must(b, err)
		r2, w2, err := os.Pipe()
		must(b, err)
		b.ResetTimer()
		var all stdsync.WaitGroup
		all.Go(func() { ospipePong(r1, w2) })
		ospipePing(b, r2, w1, b.N)
		b.StopTimer()
		must(b, w1.Close())
		all.Wait()
		must(b, r1.Close())
		must(b, r2.Close())
	})
}
