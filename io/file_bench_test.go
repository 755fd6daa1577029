package io_test

import (
	"fmt"
	stdio "io"
	"os"
	"path/filepath"
	"testing"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
)

// fileBench measures f inside a task, and twin on a plain goroutine: the same with
// package os.
func fileBench(b *testing.B, bytes int, f, twin func()) {
	b.Run("io", func(b *testing.B) {
		if err := runtime.Run(func() {
			b.SetBytes(int64(bytes))
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		}); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("os", func(b *testing.B) {
		b.SetBytes(int64(bytes))
		b.ReportAllocs()
		for b.Loop() {
			twin()
		}
	})
}

var fileSizes = []int{1 << 10, 1 << 20, 64 << 20}

// BenchmarkReadFile reads a file that the system has in memory: what is measured is
// what a task's wait costs.
func BenchmarkReadFile(b *testing.B) {
	for _, size := range fileSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			name := fileWith(b, string(make([]byte, size)))
			fileBench(b, size, func() { _, err := io.ReadFile(name); must(b, err) }, func() { _, err := os.ReadFile(name); must(b, err) })
		})
	}
}

func BenchmarkWriteFile(b *testing.B) {
	for _, size := range fileSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			name, data := filepath.Join(b.TempDir(), "file"), make([]byte, size)
			fileBench(b, size, func() { must(b, io.WriteFile(name, data, 0o600)) }, func() { must(b, os.WriteFile(name, data, 0o600)) })
		})
	}
}

// BenchmarkFileReadAt reads pieces of an open file.
func BenchmarkFileReadAt(b *testing.B) {
	name := fileWith(b, string(make([]byte, 1<<20)))
	for _, size := range []int{64, 4 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			p := make([]byte, size)
			f, err := os.Open(name)
			must(b, err)
			ours := io.NewOSFile(f)
			defer f.Close()
			fileBench(b, size, func() { _, err := ours.ReadAt(p, 0); must(b, err) }, func() { _, err := f.ReadAt(p, 0); must(b, err) })
		})
	}
}

// BenchmarkFileCopy copies 16 MiB to a writer that does nothing with them.
func BenchmarkFileCopy(b *testing.B) {
	const size = 16 << 20
	f, err := os.Open(fileWith(b, string(make([]byte, size))))
	must(b, err)
	defer f.Close()
	ours := io.NewOSFile(f)
	sink := struct{ stdio.Writer }{stdio.Discard}
	rewind := func() { _, err := f.Seek(0, stdio.SeekStart); must(b, err) }
	fileBench(b, size, func() { rewind(); _, err := stdio.Copy(sink, ours); must(b, err) }, func() { rewind(); _, err := stdio.Copy(sink, f); must(b, err) })
}
