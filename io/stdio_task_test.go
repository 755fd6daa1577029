//go:build unix

package io_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	stdio "io"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// stdioFile is a file with data in it.
func stdioFile(t testing.TB, data []byte) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f")
	must(t, os.WriteFile(name, data, 0o600))
	f, err := os.Open(name)
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestStandardIsAGoodReader(t *testing.T) {
	data := descNoise(3000)
	for name, feed := range stdioFeeds {
		f, running := feed(t, data)
		want := data
		if name == "null" {
			want = nil
		}
		running()
		s := io.NewStandard(f)
		run(t, func() {
			if err := iotest.TestReader(s, want); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		must(t, f.Close())
	}
}

// Several loops one after the other, and a plain goroutine after them.
func TestStandardInSeveralLoops(t *testing.T) {
	data := descNoise(4000)
	for name, feed := range stdioFeeds {
		if name == "null" {
			continue
		}
		f, running := feed(t, data)
		running()
		s := io.NewStandard(f)
		var got []byte
		for range 3 {
			run(t, func() {
				p := make([]byte, 1000)
				if _, err := stdio.ReadFull(s, p); err != nil {
					t.Error(err)
				}
				got = append(got, p...)
			})
		}
		rest, err := stdio.ReadAll(s)
		if got = append(got, rest...); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes came, %v", name, len(got), err)
		}
		must(t, f.Close())
	}
}

// A read of a file goes on after its task has gone, and what it brings is for the next.
//
// holds: 46, 92
func TestStandardFileCancelledEverywhere(t *testing.T) {
	f := stdioFile(t, []byte("hello, world"))
	tasktest.CancelEverywhere(t, func(sc *tasktest.Scene) {
		_, err := f.Seek(0, stdio.SeekStart)
		must(t, err)
		s := io.NewStandard(f)
		var got []byte
		read := func() {
			p := make([]byte, 3)
			n, err := s.Read(p)
			if err == nil {
				got = append(got, p[:n]...)
			}
		}
		a := sc.Go(func() { read(); read() })
		_ = a.Join() // one after the other: two readers have no order between them
		sc.Go(read)
		sc.After(func() {
			rest, err := stdio.ReadAll(s)
			if all := string(got) + string(rest); err != nil || all != "hello, world" {
				t.Errorf("read %q and then %q, %v", got, rest, err)
			}
		})
	})
}

// holds: 46
func TestStandardPipeCancelledEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(sc *tasktest.Scene) {
		r, w, err := os.Pipe()
		must(t, err)
		_, _ = r.Fd(), w.Fd() // which has them block, as those of a shell do
		in, out := io.NewStandard(r), io.NewStandard(w)
		var got []byte
		writer := sc.Go(func() { _, _ = out.Write([]byte("hello")) })
		sc.Go(func() {
			p := make([]byte, 3)
			n, err := in.Read(p)
			if err == nil {
				got = append(got, p[:n]...)
			}
		})
		_ = writer.Join()
		_, err = out.Write([]byte("."))
		must(t, err)
		sc.After(func() {
			for !bytes.HasSuffix(got, []byte(".")) {
				p := make([]byte, 3)
				n, err := in.Read(p)
				must(t, err)
				got = append(got, p[:n]...)
			}
			if all := string(got); all != "hello." && all != "." {
				t.Errorf("read %q", all)
			}
			must(t, errors.Join(r.Close(), w.Close()))
		})
	})
}

// Writes to a file come one after the other, each of them whole.
//
// holds: 85
func TestStandardWritesDoNotMix(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	f, err := os.Create(name)
	must(t, err)
	s := io.NewStandard(f)
	run(t, func() {
		var all []func()
		for range 20 {
			all = append(all, func() {
				for range 10 {
					if n, err := s.WriteString("0123456789\n"); n != 11 || err != nil {
						t.Errorf("WriteString returned %d, %v", n, err)
					}
				}
			})
		}
		tasks(all...)
	})
	must(t, f.Close())
	got, err := os.ReadFile(name)
	if want := bytes.Repeat([]byte("0123456789\n"), 200); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the file has %d bytes (%v), want %d", len(got), err, len(want))
	}
}

func TestStandardFailEverywhere(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	defer w.Close()
	_, _ = r.Fd(), w.Fd()
	tasktest.FailEverywhere(t, syscall.EIO, nil, nil, func() {
		in, out := io.NewStandard(r), io.NewStandard(w)
		if n, err := out.Write([]byte("hello")); err == nil {
			for n > 0 {
				m, err := in.Read(make([]byte, 3))
				if err != nil && !errors.Is(err, syscall.EIO) {
					t.Errorf("Read returned %v", err)
				}
				if n -= m; err != nil { // those that were not read: by the next run's reader
					_, _ = r.Read(make([]byte, n))
					break
				}
			}
		}
	})
}

// While one task waits for standard input the others run, whatever it is.
func TestOthersRunWhileStandardInputIsWaitedFor(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	_ = r.Fd()
	s := io.NewStandard(r)
	run(t, func() {
		reader := task.Go(func() { _, _ = s.Read(make([]byte, 1)) })
		settle()
		if !reader.Alive() {
			t.Error("there was something to read")
		}
		_, err := w.WriteString("x")
		must(t, err)
		must(t, reader.Join())
	})
	must(t, errors.Join(r.Close(), w.Close()))
}

// A run whose grace is over gives up on a write. What the write still takes, and where it
// notes its end, is no longer the caller's.
//
// holds: 92
func TestStandardWriteThatNobodyWaitsFor(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	_ = w.Fd() // which has it block
	l := kernel.New(kernel.Config{Offloads: 1, Hooks: kernel.Hooks{Fault: func(call string) syscall.Errno {
		if call == "epoll_ctl" {
			return syscall.EOPNOTSUPP // so that the pipe passes for a file
		}
		return 0
	}}})
	s := io.NewStandard(w)
	const size = 1 << 20 // more than a pipe holds
	p := bytes.Repeat([]byte("a"), size)
	var n int
	err = l.Run(func() {
		main := kernel.Running()
		l.Spawn(func() {
			defer func() { clear(p) }() // it is ours again
			n, _ = s.Write(p)
		}, main, nil, 0)
		for l.Stats().Offloads == 0 {
			main.Yield()
		}
		panic("the end")
	}, false, 0)
	if n != 0 || err == nil {
		t.Errorf("a write that was given up has written %d bytes; the run ended with %v", n, err)
	}
	must(t, r.SetReadDeadline(time.Now().Add(time.Minute)))
	got := make([]byte, size)
	_, err = stdio.ReadFull(r, got)
	if err != nil || bytes.Count(got, []byte("a")) != size {
		t.Errorf("what was written is not what was to be, %v", err)
	}
	must(t, errors.Join(r.Close(), w.Close()))
}
