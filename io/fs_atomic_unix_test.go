//go:build unix

package io_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/evergreen-go/evergreen/task"
)

// A program that is killed at any moment leaves the old file or the new one.
func TestFileOfAProgramThatIsKilled(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	procClean(t, func(t *testing.T) {
		run(t, func() {
			for n := range 20 {
				c := procCmd("replace " + name)
				out, err := c.StdoutPipe()
				must(t, err)
				must(t, c.Start())
				for range 1 + n%3 { // the file is there from the first time on
					_, err = out.Read(make([]byte, 1))
					must(t, err)
				}
				for range n * 100 { // wherever that is
					task.Yield()
				}
				must(t, c.Signal(os.Kill))
				_ = c.Wait()
				text, err := os.ReadFile(name)
				if a := bytes.Count(text, []byte("a")); err != nil || len(text) != 100_000 || a != 0 && a != len(text) {
					t.Errorf("the file has %d bytes, %d of them of one time, %v", len(text), a, err)
				}
			}
		})
	})
}
