package io_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	stdio "io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// fsBoth is the same call in both worlds.
type fsBoth struct {
	name      string
	std, ours func(a, b string) (string, error)
}

// fsText makes calls that return nothing into such that return text.
func fsText(f func(a, b string) error) func(a, b string) (string, error) {
	return func(a, b string) (string, error) { return "", f(a, b) }
}

func fsInfo(info fs.FileInfo, err error) (string, error) {
	if err != nil {
		return "", err
	}
	size := info.Size()
	if info.IsDir() {
		size = 0 // the disk's own business
	}
	return fmt.Sprint(info.Name(), info.Mode(), size), nil
}

func fsEntries(entries []fs.DirEntry, err error) (string, error) {
	return fmt.Sprint(entries), err
}

// fsWalk is a walk that skips and stops here and there.
func fsWalk(walk func(string, fs.WalkDirFunc) error, root, stop string) (string, error) {
	var text strings.Builder
	err := walk(root, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		fmt.Fprintln(&text, rel, d, err != nil)
		switch {
		case err != nil:
			return err
		case strings.HasSuffix(path, "b"):
			return fs.SkipDir
		case filepath.Base(path) == filepath.Base(stop):
			return fs.SkipAll
		}
		return nil
	})
	return text.String(), err
}

var fsCalls = []fsBoth{
	{"mkdir", fsText(func(a, _ string) error { return os.Mkdir(a, 0o755) }), fsText(func(a, _ string) error { return io.Mkdir(a, 0o755) })},
	{"mkdirall", fsText(func(a, _ string) error { return os.MkdirAll(a, 0o750) }), fsText(func(a, _ string) error { return io.MkdirAll(a, 0o750) })},
	{"write", fsText(func(a, b string) error { return os.WriteFile(a, []byte(filepath.Base(b)), 0o644) }), fsText(func(a, b string) error { return io.WriteFile(a, []byte(filepath.Base(b)), 0o644) })},
	{"read", func(a, _ string) (string, error) { s, err := os.ReadFile(a); return string(s), err }, func(a, _ string) (string, error) { s, err := io.ReadFile(a); return string(s), err }},
	{"stat", func(a, _ string) (string, error) { return fsInfo(os.Stat(a)) }, func(a, _ string) (string, error) { return fsInfo(io.Stat(a)) }},
	{"lstat", func(a, _ string) (string, error) { return fsInfo(os.Lstat(a)) }, func(a, _ string) (string, error) { return fsInfo(io.Lstat(a)) }},
	{"readdir", func(a, _ string) (string, error) { return fsEntries(os.ReadDir(a)) }, func(a, _ string) (string, error) { return fsEntries(io.ReadDir(a)) }},
	{"remove", fsText(func(a, _ string) error { return os.Remove(a) }), fsText(func(a, _ string) error { return io.Remove(a) })},
	{"removeall", fsText(func(a, _ string) error { return os.RemoveAll(a) }), fsText(func(a, _ string) error { return io.RemoveAll(a) })},
	{"rename", fsText(os.Rename), fsText(io.Rename)},
	{"link", fsText(os.Link), fsText(io.Link)},
	{"symlink", fsText(func(a, b string) error { return os.Symlink(filepath.Base(a), b) }), fsText(func(a, b string) error { return io.Symlink(filepath.Base(a), b) })},
	{"readlink", func(a, _ string) (string, error) { return os.Readlink(a) }, func(a, _ string) (string, error) { return io.Readlink(a) }},
	{"truncate", fsText(func(a, _ string) error { return os.Truncate(a, 3) }), fsText(func(a, _ string) error { return io.Truncate(a, 3) })},
	{"chmod", fsText(func(a, _ string) error { return os.Chmod(a, 0o700) }), fsText(func(a, _ string) error { return io.Chmod(a, 0o700) })},
	{"chown", fsText(func(a, _ string) error { return os.Chown(a, -1, -1) }), fsText(func(a, _ string) error { return io.Chown(a, -1, -1) })},
	{"lchown", fsText(func(a, _ string) error { return os.Lchown(a, -1, -1) }), fsText(func(a, _ string) error { return io.Lchown(a, -1, -1) })},
	{"chtimes", fsText(func(a, _ string) error { return os.Chtimes(a, time.Unix(5, 0), time.Unix(6, 0)) }), fsText(func(a, _ string) error { return io.Chtimes(a, time.Unix(5, 0), time.Unix(6, 0)) })},
	{"glob", func(a, _ string) (string, error) { s, err := filepath.Glob(a + "*"); return fmt.Sprint(s), err }, func(a, _ string) (string, error) { s, err := io.Glob(a + "*"); return fmt.Sprint(s), err }},
	{"eval", func(a, _ string) (string, error) { return filepath.EvalSymlinks(a) }, func(a, _ string) (string, error) { return io.EvalSymlinks(a) }},
	{"walk", func(a, b string) (string, error) { return fsWalk(filepath.WalkDir, filepath.Dir(a), b) }, func(a, b string) (string, error) { return fsWalk(io.WalkDir, filepath.Dir(a), b) }},
	{"append", fsText(func(a, _ string) error { return fsAppend(os.OpenFile(a, os.O_APPEND|os.O_RDWR|os.O_CREATE, 0o600)) }), fsText(func(a, _ string) error { return fsAppend(io.OpenFile(a, os.O_APPEND|os.O_RDWR|os.O_CREATE, 0o600)) })},
}

// fsAppend uses a file in ways of which some fail.
func fsAppend[F interface {
	comparable
	stdio.ReadWriteCloser
	stdio.ReaderAt
	stdio.WriterAt
}](f F, err error) error {
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write([]byte("tail"))
	_, e := f.WriteAt([]byte("x"), 0)
	_, e2 := f.ReadAt(make([]byte, 100), 2)
	return errors.Join(err, errors.New(fmt.Sprint(e, e2)))
}

// Random scripts in two folders, by package os and by ours, have the same results, the
// same errors and leave the same folders.
func TestFilesAreThoseOfPackageOS(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	names := []string{"a", "b", "c", "a/b", "a/c", "b/a", "b/b/a", "a/a/b", "."}
	run(t, func() {
		for range 10 {
			// Of the same name, since some answers have it.
			stdRoot, ourRoot := t.TempDir(), t.TempDir()
			std, ours := filepath.Join(stdRoot, "in", "here"), filepath.Join(ourRoot, "in", "here")
			must(t, os.MkdirAll(std, 0o755))
			must(t, os.MkdirAll(ours, 0o755))
			for step := range 100 {
				c := fsCalls[random.IntN(len(fsCalls))]
				a, b := names[random.IntN(len(names))], names[random.IntN(len(names))]
				if c.name == "removeall" && random.IntN(5) > 0 || a == "." && slices.Contains([]string{"remove", "removeall", "rename"}, c.name) {
					continue
				}
				want, wantErr := c.std(filepath.Join(std, a), filepath.Join(std, b))
				got, gotErr := c.ours(filepath.Join(ours, a), filepath.Join(ours, b))
				want = strings.ReplaceAll(want, stdRoot, ourRoot)
				if got != want || fsError(gotErr) != strings.ReplaceAll(fsError(wantErr), stdRoot, ourRoot) {
					t.Fatalf("seed %d, step %d: %s of %s and %s gave\n\t%q, %v, want\n\t%q, %v", seed, step, c.name, a, b, got, gotErr, want, wantErr)
				}
			}
			if got, want := fsTree(t, ours), fsTree(t, std); !slices.Equal(got, want) {
				t.Fatalf("seed %d: there is\n\t%q, want\n\t%q", seed, got, want)
			}
		}
	})
}

func fsError(err error) string {
	text := fmt.Sprintf("%T %v", err, err)
	var path *fs.PathError
	if errors.As(err, &path) {
		text += fmt.Sprint(path.Op, path.Path, path.Err)
	}
	return text
}

// fsTree lists what is in a folder, with contents and modes.
func fsTree(t *testing.T, dir string) (tree []string) {
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		text := fmt.Sprint(rel, " ", info.Mode(), " ", info.Mode().IsRegular() && info.ModTime().Unix() == 6)
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += " " + string(data)
		}
		tree = append(tree, text)
		return nil
	}))
	return tree
}

// The callback of a walk runs in the task: it may wait, and its panic is the task's.
func TestWalkRunsItsCallbackInTheTask(t *testing.T) {
	dir := t.TempDir()
	for i := range 20 {
		must(t, os.MkdirAll(filepath.Join(dir, fmt.Sprint(i%4), fmt.Sprint(i)), 0o755))
	}
	run(t, func() {
		me, seen := task.Current(), 0
		must(t, io.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if task.Current() != me {
				t.Error("the callback runs elsewhere")
			}
			task.Yield()
			if _, err := d.Info(); err != nil {
				t.Error(err)
			}
			seen++
			return err
		}))
		if seen != 25 {
			t.Errorf("%d entries were seen", seen)
		}
		asked := 0
		over, cancel := context.WithCancel(context.Background())
		cancel()
		err := timeout.WithContext(over, func() error {
			return io.WalkDir(dir, func(_ string, _ fs.DirEntry, err error) error { asked++; return nil })
		})
		if !errors.Is(err, context.Canceled) || asked != 0 {
			t.Errorf("a cancelled walk returned %v and asked %d times", err, asked)
		}
	})
}

// A reader that fails, a writer that is short, a limit: the copy says what it did.
func TestFileCopies(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789abcdef"), 40_000) // more than two blocks
	name := fileWith(t, string(text))
	broken := errors.New("broken")
	run(t, func() {
		from, err := io.Open(name)
		must(t, err)
		defer fileClose(t, from)
		to, err := io.Create(filepath.Join(t.TempDir(), "copy"))
		must(t, err)
		defer fileClose(t, to)

		var all bytes.Buffer
		if n, err := stdio.Copy(&all, from); n != int64(len(text)) || err != nil || !bytes.Equal(all.Bytes(), text) {
			t.Errorf("the copy to memory returned %d, %v", n, err)
		}
		rewind := func(f *io.File) { _, err := f.Seek(0, stdio.SeekStart); must(t, err) }
		rewind(from)
		if n, err := stdio.CopyN(to, from, 100); n != 100 || err != nil {
			t.Errorf("CopyN returned %d, %v", n, err)
		}
		if n, err := to.ReadFrom(from); n != int64(len(text))-100 || err != nil {
			t.Errorf("the copy of the rest returned %d, %v", n, err)
		}
		if n, err := to.ReadFrom(stdio.MultiReader(strings.NewReader("x"), &fsBroken{3, broken})); n != 4 || err != broken {
			t.Errorf("the copy from a broken reader returned %d, %v", n, err)
		}
		rewind(to)
		if got, err := stdio.ReadAll(to); !bytes.Equal(got, append(slices.Clone(text), "x..."...)) || err != nil {
			t.Errorf("the copy has %d bytes, %v", len(got), err)
		}
		rewind(from)
		if n, err := from.WriteTo(&fsBroken{5, broken}); n != 5 || err != broken {
			t.Errorf("the copy to a broken writer returned %d, %v", n, err)
		}
		if n, err := from.WriteTo(&fsBroken{5, nil}); n != 5 || err != stdio.ErrShortWrite {
			t.Errorf("the copy to a short writer returned %d, %v", n, err)
		}
	})
}

// fsBroken reads and writes n bytes, and then fails.
type fsBroken struct {
	n   int
	err error
}

func (b *fsBroken) Read(p []byte) (n int, err error) {
	for n = range min(len(p), b.n) {
		p[n] = '.'
	}
	n = min(len(p), b.n)
	b.n -= n
	return n, b.err
}

func (b *fsBroken) Write(p []byte) (int, error) {
	n := min(len(p), b.n)
	b.n -= n
	return n, b.err
}

// The errors are those of the system, whatever the call.
func TestFileErrors(t *testing.T) {
	run(t, func() {
		missing := filepath.Join(t.TempDir(), "missing")
		if _, err := io.Open(missing); !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, syscall.ENOENT) {
			t.Errorf("Open returned %v", err)
		}
		if _, err := io.FS(filepath.Dir(missing)).Open("../escape"); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("an invalid name gave %v", err)
		}
		if err := io.WriteFileAtomic(filepath.Join(missing, "x"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("WriteFileAtomic returned %v", err)
		}
	})
}
