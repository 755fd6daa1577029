package io_test

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// fileExample runs an example in a folder of its own.
func fileExample(main func(dir string)) {
	_ = runtime.Run(func() {
		dir, err := io.MkdirTemp("", "evergreen")
		if err != nil {
			fmt.Println(err)
			return
		}
		defer io.RemoveAll(dir)
		main(dir)
	})
}

func ExampleReadFile() {
	fileExample(func(dir string) {
		name := filepath.Join(dir, "greeting")
		if err := io.WriteFile(name, []byte("hello"), 0o644); err != nil {
			fmt.Println(err)
		}
		// Other tasks run while the disk is at work.
		text, err := io.ReadFile(name)
		fmt.Printf("%s %v\n", text, err)
	})
	// Output: hello <nil>
}

// Small pieces are read through a buffer.
func ExampleFile() {
	fileExample(func(dir string) {
		f, err := io.Create(filepath.Join(dir, "log"))
		if err != nil {
			fmt.Println(err)
			return
		}
		defer f.Close()
		w := bufio.NewWriter(f)
		for i := range 3 {
			fmt.Fprintln(w, "line", i)
		}
		_ = w.Flush()
		_, _ = f.Seek(0, 0)
		for lines := bufio.NewScanner(f); lines.Scan(); {
			fmt.Println(lines.Text())
		}
	})
	// Output:
	// line 0
	// line 1
	// line 2
}

// Whoever opens the file finds all of the old contents or all of the new.
func ExampleWriteFileAtomic() {
	fileExample(func(dir string) {
		name := filepath.Join(dir, "settings")
		for _, text := range []string{"color = green", "color = evergreen"} {
			if err := io.WriteFileAtomic(name, []byte(text), 0o644); err != nil {
				fmt.Println(err)
			}
		}
		text, _ := io.ReadFile(name)
		names, _ := io.Glob(filepath.Join(dir, "*"))
		fmt.Printf("%s; %d file\n", text, len(names))
	})
	// Output: color = evergreen; 1 file
}

// If the function fails, the old file stays as it was.
func ExampleReplaceFile() {
	fileExample(func(dir string) {
		name := filepath.Join(dir, "numbers")
		for _, n := range []int{3, 0} {
			err := io.ReplaceFile(name, 0o644, func(f *io.File) error {
				if n == 0 {
					return fmt.Errorf("there are no numbers")
				}
				_, err := fmt.Fprint(f, n)
				return err
			})
			fmt.Println(err)
		}
		text, _ := io.ReadFile(name)
		fmt.Printf("%s\n", text)
	})
	// Output:
	// <nil>
	// there are no numbers
	// 3
}

// The callback runs in the task and may wait; folders are read on a plain goroutine.
func ExampleWalkDir() {
	fileExample(func(dir string) {
		_ = io.MkdirAll(filepath.Join(dir, "a", "b"), 0o755)
		_ = io.WriteFile(filepath.Join(dir, "a", "file"), []byte("text"), 0o644)
		_ = io.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, _ := filepath.Rel(dir, path)
			if info, err := d.Info(); err == nil && !d.IsDir() {
				fmt.Println(rel, info.Size())
			} else {
				fmt.Println(rel)
			}
			return nil
		})
	})
	// Output:
	// .
	// a
	// a/b
	// a/file 4
}

func ExampleFS() {
	fileExample(func(dir string) {
		_ = os.WriteFile(filepath.Join(dir, "page.html"), []byte("<p>"), 0o644)
		found, err := fs.Glob(io.FS(dir), "*.html")
		fmt.Println(found, err)
	})
	// Output: [page.html] <nil>
}

// How much is under way at the disk, and how long others had to wait.
func ExampleFile_stats() {
	fileExample(func(dir string) {
		for _, s := range task.OffloadStats() {
			if s.Name == "file" {
				fmt.Println(s.Limit, s.Running, s.Queued, s.Total)
			}
		}
	})
	// Output: 32 0 0 1
}
