package io_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// A name may be as long as the system lets it be.
func TestReplaceAFileOfALongName(t *testing.T) {
	run(t, func() {
		for _, base := range []string{strings.Repeat("n", 255), strings.Repeat("é", 127), "a*b*", "-"} {
			name := filepath.Join(t.TempDir(), base)
			if err := io.WriteFileAtomic(name, []byte("text"), 0o600); err != nil {
				t.Errorf("%d bytes: %v", len(base), err)
			}
			if text, err := os.ReadFile(name); string(text) != "text" {
				t.Errorf("%d bytes: %q, %v", len(base), text, err)
			}
		}
	})
}

// A loop that gives its tasks no time to clean up leaves no temporary file either, nor
// is one left that nobody got.
//
// holds: 46
func TestTemporaryFilesAfterTheGrace(t *testing.T) {
	for name, work := range map[string]func(dir string){
		"while it is written": func(dir string) {
			_ = io.ReplaceFile(filepath.Join(dir, "file"), 0o600, func(*io.File) error {
				task.Sleep(time.Hour)
				return nil
			})
		},
		"at any time": func(dir string) {
			_ = io.WriteFileAtomic(filepath.Join(dir, "file"), make([]byte, 10000), 0o600)
		},
		"CreateTemp": func(dir string) {
			if f, err := io.CreateTemp(dir, "*"); err == nil {
				_ = f.OS().Close()
				_ = os.Remove(f.Name())
			}
		},
		"MkdirTemp": func(dir string) {
			if name, err := io.MkdirTemp(dir, "*"); err == nil {
				_ = os.Remove(name)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, known := t.TempDir(), goleak.IgnoreCurrent()
			for yields := range 20 {
				_ = runtime.Run(func() { // that something goes on is no failure here
					task.Go(func() { work(dir) })
					for range yields {
						task.Yield()
					}
					runtime.Current().Stop()
				}, runtime.WithGrace(0))
			}
			if !fileSoon(func() bool { return goleak.Find(known) == nil }) {
				t.Fatal("goroutines that went on have not ended")
			}
			names, err := filepath.Glob(filepath.Join(dir, "*"))
			must(t, err)
			hidden, err := filepath.Glob(filepath.Join(dir, ".*"))
			must(t, err)
			for _, left := range append(names, hidden...) {
				if filepath.Base(left) != "file" {
					t.Errorf("%s is left", left)
				}
			}
		})
	}
}
