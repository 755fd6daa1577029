package io_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	stdio "io"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// fileWith makes a file in a folder of the test's own.
func fileWith(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(name, []byte(text), 0o644))
	return name
}

// fileClose closes a file and minds the error.
func fileClose(t testing.TB, f *io.File) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// holds: 72
// A regular file is read and written by the pool for files; the poller never hears of
// it.
func TestRegularFilesNeverGoToThePoller(t *testing.T) {
	name := fileWith(t, "some text")
	run(t, func() {
		f, err := io.OpenFile(name, os.O_RDWR, 0)
		must(t, err)
		defer fileClose(t, f)
		text, err := stdio.ReadAll(f)
		if string(text) != "some text" || err != nil {
			t.Errorf("read %q, %v", text, err)
		}
		_, err = f.WriteString(", and more")
		must(t, err)
		must(t, f.Sync())
		s := runtime.Current().Stats()
		if s.Descriptors != 0 || s.Polls != 0 || s.Offloads < 4 {
			t.Errorf("%d descriptors are registered, the poller was asked %d times, %d functions were offloaded", s.Descriptors, s.Polls, s.Offloads)
		}
		for _, p := range task.OffloadStats() {
			if p.Name == "file" && p.Total != s.Offloads || p.Name != "file" && p.Total != 0 {
				t.Errorf("of %d functions %d were those of the %s pool", s.Offloads, p.Total, p.Name)
			}
		}
	})
}

func TestFileContract(t *testing.T) {
	text := strings.Repeat("a line of text\n", 1000)
	name := fileWith(t, text)
	run(t, func() {
		f, err := io.Open(name)
		must(t, err)
		defer fileClose(t, f)
		if err := iotest.TestReader(f, []byte(text)); err != nil {
			t.Error(err)
		}
	})
}

func TestFSContract(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "a", "b", "deep"), []byte("deep"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "top"), []byte("top"), 0o644))
	must(t, os.Symlink("top", filepath.Join(dir, "link")))
	run(t, func() {
		if err := fstest.TestFS(io.FS(dir), "top", "a/b/deep", "link"); err != nil {
			t.Error(err)
		}
		sub, err := fs.Sub(io.FS(dir), "a")
		must(t, err)
		if err := fstest.TestFS(sub, "b/deep"); err != nil {
			t.Error(err)
		}
	})
}

// Two tasks read through one file: every byte is read once.
func TestTasksShareAFile(t *testing.T) {
	const n = 200
	name := fileWith(t, strings.Repeat("0123456789", n))
	run(t, func() {
		f, err := io.Open(name)
		must(t, err)
		defer fileClose(t, f)
		read := 0
		tens := func() {
			for p := make([]byte, 10); ; {
				k, err := f.Read(p)
				if err == stdio.EOF {
					return
				}
				if string(p[:k]) != "0123456789" || err != nil {
					t.Errorf("read %q, %v", p[:k], err)
					return
				}
				read++
			}
		}
		tasks(tens, tens, tens)
		if read != n {
			t.Errorf("%d pieces were read of %d", read, n)
		}
	})
}

// A file is of use on plain goroutines and on other loops too.
func TestFileOutsideTheLoop(t *testing.T) {
	name := fileWith(t, "abc")
	run(t, func() {
		f, err := io.Open(name)
		must(t, err)
		p := make([]byte, 1)
		one := func(want string) {
			t.Helper()
			if _, err := f.Read(p); string(p) != want || err != nil {
				t.Errorf("read %q, %v", p, err)
			}
		}
		one("a")
		_, _ = task.Offload(func() (int, error) {
			one("b")
			return 0, runtime.Run(func() { one("c"); fileClose(t, f) })
		})
		if _, err := f.Read(p); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("a Read after Close returned %v", err)
		}
		called := make(chan any, 1)
		runtime.Current().CallSoon(func() {
			defer func() { called <- recover() }()
			_, _ = io.Stat(name)
		})
		task.Yield()
		if s, ok := (<-called).(string); !ok || !strings.Contains(s, "io.Stat was called in a loop callback") {
			t.Errorf("in a callback it panicked with %q", s)
		}
	})
	if text, err := io.ReadFile(name); string(text) != "abc" || err != nil {
		t.Errorf("outside of all loops ReadFile returned %q, %v", text, err)
	}
}

func TestNilFile(t *testing.T) {
	run(t, func() {
		var f *io.File
		_, err := f.Read(nil)
		for _, err := range []error{err, f.Close(), f.Sync(), f.Chmod(0), f.SetDeadline(runtime.Current().Now())} {
			if !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("a call on a nil File returned %v", err)
			}
		}
		if _, err := f.Stat(); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Stat returned %v", err)
		}
		if f := io.NewOSFile(nil); f != nil {
			t.Error("a File was made of nothing")
		}
	})
}

// holds: 105
// The virtual clock does not move while the disk is at work.
func TestVirtualClockWaitsForTheDisk(t *testing.T) {
	name := fileWith(t, "text")
	run(t, func() {
		begin := runtime.Current().Now()
		alarm := task.GoAfter(1, func() { t.Error("the clock has moved") })
		for range 50 {
			_, err := io.ReadFile(name)
			must(t, err)
		}
		if d := runtime.Current().Now().Sub(begin); d != 0 {
			t.Errorf("the clock has moved by %v", d)
		}
		alarm.Kill()
	}, runtime.WithVirtualClock())
}

// A read takes no memory, from the system's memory or by a plain goroutine.
func TestReadTakesNoMemory(t *testing.T) {
	if goroutine.Race || goroutine.Portable || testing.CoverMode() != "" {
		t.Skip("the tools of the test take memory, and have sync.Pool forget things")
	}
	name := fileWith(t, strings.Repeat("x", 1<<17))
	run(t, func() {
		f, err := io.Open(name)
		must(t, err)
		defer fileClose(t, f)
		for _, size := range []int{64, 1 << 17} {
			p := make([]byte, size)
			if n := testing.AllocsPerRun(200, func() { _, _ = f.ReadAt(p, 0) }); n > 0 {
				t.Errorf("a ReadAt of %d bytes took %v allocations", size, n)
			}
		}
	})
}
