package main

import (
	"errors"
	"fmt"
	stdio "io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reader is who reads what tail writes.
type reader struct {
	t    *testing.T
	got  []string
	rest string // of a line that has not come as a whole
	more sync.Event
}

func (r *reader) Write(p []byte) (int, error) {
	lines := strings.Split(r.rest+string(p), "\n")
	r.got, r.rest = append(r.got, lines[:len(lines)-1]...), lines[len(lines)-1]
	r.more.Set()
	return len(p), nil
}

// expect waits for lines, in this order.
func (r *reader) expect(lines ...string) {
	r.t.Helper()
	r.until(len(lines))
	if got := strings.Join(r.got[:len(lines)], "|"); got != strings.Join(lines, "|") {
		r.t.Fatalf("there are %q, want %q", r.got, lines)
	}
	r.got = r.got[len(lines):]
}

// until waits for so many lines.
func (r *reader) until(n int) {
	r.t.Helper()
	for len(r.got) < n {
		if err := r.more.WaitTimeout(time.Minute); err != nil {
			r.t.Fatalf("there are %q, and nothing comes; want %d lines", r.got, n)
		}
		r.more.Clear()
	}
}

// ways are those of noticing changes.
var ways = map[string]time.Duration{"told": 0, "looking": time.Millisecond}

// following runs test while files are followed.
func following(t *testing.T, lines int, files []string, test func(r *reader)) {
	t.Helper()
	for way, poll := range ways {
		t.Run(way, func(t *testing.T) {
			for _, name := range files {
				_ = os.Remove(name)
			}
			err := runtime.Run(func() {
				r := &reader{t: t}
				for _, name := range files {
					if !strings.Contains(name, "later") {
						put(t, name, "1\n2\n3\n")
					}
				}
				g := task.NewGroup()
				g.Go(func() error {
					return follow(options{lines: lines, poll: poll, files: files}, r)
				})
				g.Go(func() error {
					defer g.Cancel() // also when the test fails
					test(r)
					return nil
				})
				if err := g.Wait(); err != nil && !errors.Is(err, task.ErrCanceled) {
					t.Error(err)
				}
				if len(r.got) != 0 {
					t.Errorf("there is more than was written: %q", r.got)
				}
			})
			if err != nil && !t.Failed() {
				t.Error(err)
			}
		})
	}
}

// put adds text to a file.
func put(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestFollowsOneFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	following(t, 2, []string{name}, func(r *reader) {
		r.expect("2", "3")
		put(t, name, "4\n5")
		r.expect("4")
		put(t, name, "th\n\nseven\n")
		r.expect("5th", "", "seven")
		long := strings.Repeat("x", 3*part)
		put(t, name, long+"\n")
		r.expect(long)
	})
}

func TestFileThatIsCutOff(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	following(t, 1, []string{name}, func(r *reader) {
		r.expect("3")
		if err := os.Truncate(name, 0); err != nil {
			t.Fatal(err)
		}
		put(t, name, "a\n")
		r.expect("a")
	})
}

func TestFileThatIsRotated(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	following(t, 1, []string{name}, func(r *reader) {
		r.expect("3")
		put(t, name, "first\n")
		r.expect("first")
		for i := range 3 {
			old := fmt.Sprintf("%s.%d", name, i)
			if err := os.Rename(name, old); err != nil {
				t.Fatal(err)
			}
			put(t, old, "last words") // of a program that has it open still
			put(t, name, fmt.Sprintf("new %d\n", i))
			r.expect("last words", fmt.Sprintf("new %d", i))
			_ = os.Remove(old)
		}
	})
}

func TestSeveralFilesAreMerged(t *testing.T) {
	dir := t.TempDir()
	a, b, later := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "later")
	following(t, 1, []string{a, b, later}, func(r *reader) {
		r.until(2)
		slices.Sort(r.got) // either may be the first to be opened
		r.expect(a+": 3", b+": 3")
		for range 3 {
			put(t, a, "one\n")
			r.expect(a + ": one")
			put(t, b, "two\n")
			r.expect(b + ": two")
		}
		put(t, later, "at last\n") // all of it: it was not there before
		r.expect(later + ": at last")
	})
}

// Lines stay whole where the output lets others run in the middle of them.
func TestLinesAreNotMixed(t *testing.T) {
	dir := t.TempDir()
	var files []string
	want := map[string]int{}
	for _, name := range []string{"a", "b", "c"} {
		file := filepath.Join(dir, name)
		files = append(files, file)
		for i := range 300 {
			line := fmt.Sprint(i, strings.Repeat(name, 100))
			put(t, file, line+"\n")
			want[file+": "+line]++
		}
	}
	err := runtime.Run(func() {
		r := &slowReader{}
		g := task.NewGroup()
		g.Go(func() error { return follow(options{lines: 300, files: files}, r) })
		for range 10_000 {
			if strings.Count(r.got.String(), "\n") >= len(want) {
				break
			}
			task.Sleep(time.Millisecond)
		}
		g.Cancel()
		if err := g.Wait(); err != nil && !errors.Is(err, task.ErrCanceled) {
			t.Error(err)
		}
		for line := range strings.Lines(r.got.String()) {
			want[strings.TrimSuffix(line, "\n")]--
		}
	})
	for line, n := range want {
		if n != 0 {
			t.Errorf("of the line %.20q… there are %d too few", line, n)
			break
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// slowReader has others run during each write.
type slowReader struct{ got strings.Builder }

func (r *slowReader) Write(p []byte) (int, error) {
	own := string(p)
	for range 10 {
		task.Yield()
	}
	return r.got.WriteString(own)
}

func TestLastLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"", 3, ""},
		{"a\nb\nc\n", 0, ""},
		{"a\nb\nc\n", 1, "c\n"},
		{"a\nb\nc", 2, "b\nc"},
		{"a\nb\nc\n", 3, "a\nb\nc\n"},
		{"a\nb\nc\n", 9, "a\nb\nc\n"},
		{"\n\n", 1, "\n"},
		{"a\n" + strings.Repeat("x", 2*part) + "\nb\n", 2, strings.Repeat("x", 2*part) + "\nb\n"},
	} {
		if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := io.Open(name) // outside of a task it is read as package os does
		if err != nil {
			t.Fatal(err)
		}
		at, err := lastLines(f, c.n)
		if got := c.text[at:]; err != nil || got != c.want {
			t.Errorf("the last %d lines of %.20q are %.20q (%v)", c.n, c.text, got, err)
		}
		_ = f.Close()
	}
}

func TestCommandLine(t *testing.T) {
	var out strings.Builder
	if code := run([]string{"-h"}, &out); code != 0 || !strings.HasPrefix(out.String(), "usage: tail") {
		t.Errorf("-h: %d, %q", code, &out)
	}
	out.Reset()
	if code := run(nil, &out); code != 2 || !strings.Contains(out.String(), "at least one file") {
		t.Errorf("no file: %d, %q", code, &out)
	}
	out.Reset()
	if code := run([]string{t.TempDir()}, &out); code != 1 || out.Len() == 0 {
		t.Errorf("a directory: %d, %q", code, &out)
	}
}

var _ stdio.Writer = (*reader)(nil)
