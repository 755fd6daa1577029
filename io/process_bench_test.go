//go:build unix

package io_test

import (
	"os/exec"
	"sync"
	"testing"

	"github.com/evergreen-go/evergreen/io"
)

// BenchmarkSpawn runs true eight at once, by tasks and by goroutines with os/exec; an
// operation is one program. To compare them, run both with -count.
func BenchmarkSpawn(b *testing.B) {
	path, err := exec.LookPath("true")
	if err != nil {
		b.Skip("needs the program true")
	}
	const atOnce = 8
	b.Run("evergreen", func(b *testing.B) {
		run(b, func() {
			left := b.N
			all := make([]func(), atOnce)
			for i := range all {
				all[i] = func() {
					for left > 0 {
						left--
						if err := io.Command(path).Run(); err != nil {
							b.Error(err)
						}
					}
				}
			}
			tasks(all...)
		})
	})
	b.Run("native", func(b *testing.B) {
		var group sync.WaitGroup
		work := make(chan struct{})
		for range atOnce {
			group.Go(func() {
				for range work {
					if err := exec.Command(path).Run(); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for range b.N {
			work <- struct{}{}
		}
		close(work)
		group.Wait()
	})
}
