//go:build unix

package io_test

import (
	"bytes"
	"errors"
	stdio "io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// fileSlow gives a File whose reads take as long as the test wants, in a call of the
// system that nothing can interrupt, as with a disk that is slow: the far end is a pipe
// and the descriptor in the way of regular files, blocking.
func fileSlow(t testing.TB) (slow *io.File, disk *os.File) {
	t.Helper()
	var p [2]int
	must(t, unix.Pipe(p[:]))
	return io.NewOSFile(os.NewFile(uintptr(p[0]), "slow")), os.NewFile(uintptr(p[1]), "disk")
}

// fileUnderWay waits until a function is at work in the pool for files.
func fileUnderWay(t testing.TB, n int) {
	t.Helper()
	for _, s := range task.OffloadStats() {
		if s.Name == "file" && s.Running != n {
			t.Fatalf("%+v, want %d that run", s, n)
		}
	}
}

// A disk that is slow stops nobody but those who wait for it.
func TestOthersGoOnWhileTheDiskIsSlow(t *testing.T) {
	run(t, func() {
		slow, disk := fileSlow(t)
		defer fileClose(t, slow)
		got := ""
		reader := task.Go(func() {
			p := make([]byte, 10)
			n, err := slow.Read(p)
			must(t, err)
			got = string(p[:n])
		})
		for range 1000 {
			task.Yield()
		}
		if on := reader.Waiting(); on != "a function on a plain goroutine (file)" {
			t.Errorf("the reader waits for %q", on)
		}
		if n, err := task.Offload(func() (int, error) { return 7, nil }); n != 7 || err != nil {
			t.Errorf("Offload returned %d, %v", n, err)
		}
		_, err := disk.WriteString("at last")
		must(t, err)
		must(t, disk.Close())
		if _ = reader.Join(); got != "at last" {
			t.Errorf("read %q", got)
		}
	}, runtime.WithFileLimit(1), runtime.WithOffloadLimit(1))
}

// holds: 46, 92
// A read that is cancelled is waited for: what it has read is the caller's, and what
// it has not is still there.
func TestCancelledReadIsWaitedFor(t *testing.T) {
	run(t, func() {
		slow, disk := fileSlow(t)
		defer fileClose(t, slow)
		p, n, after := make([]byte, 4), 0, error(nil)
		g := task.NewGroup()
		g.Go(func() (err error) {
			if n, err = slow.Read(p); err != nil {
				t.Error(err)
			}
			_, after = slow.Read(p)
			return after
		})
		task.Yield()
		fileUnderWay(t, 1)
		g.Cancel()
		for range 10 {
			task.Yield()
		}
		fileUnderWay(t, 1)
		_, err := disk.WriteString("abcdef")
		must(t, err)
		_ = g.Wait()
		if n != 4 || string(p) != "abcd" || !errors.Is(after, task.ErrCanceled) {
			t.Errorf("read %q, and then %v", p[:n], after)
		}
		if n, err := slow.Read(p); string(p[:n]) != "ef" || err != nil {
			t.Errorf("the rest is %q, %v", p[:n], err)
		}
		must(t, disk.Close())
	})
}

// holds: 91
// A disk that never answers holds a run up for the grace and no longer.
func TestDiskThatNeverAnswersDoesNotHoldRun(t *testing.T) {
	slow, disk := fileSlow(t)
	deferred := false
	err := runtime.Run(func() {
		task.Go(func() {
			defer func() { deferred = true }()
			defer slow.Close()
			_, _ = slow.Read(make([]byte, 1))
			t.Error("the read has ended")
		})
		task.Yield()
		runtime.Current().Stop()
	}, runtime.WithGrace(time.Millisecond))
	if err == nil || !strings.Contains(err.Error(), "of the file pool") || !deferred {
		t.Errorf("Run returned %v; the deferred calls have run: %v", err, deferred)
	}
	must(t, disk.Close()) // ends what is left
}

// holds: 46
// What is opened as a pipe by Open gives up a read at once, and loses nothing.
func TestReadOfAPipeIsHurried(t *testing.T) {
	run(t, func() {
		name := filepath.Join(t.TempDir(), "fifo")
		must(t, unix.Mkfifo(name, 0o600))
		f, err := io.OpenFile(name, os.O_RDWR, 0)
		must(t, err)
		defer fileClose(t, f)
		p, patient := make([]byte, 8), ""
		other := task.Go(func() {
			q := make([]byte, 8)
			n, err := f.Read(q)
			if err != nil {
				t.Errorf("the read of another task ended with %v", err)
			}
			patient = string(q[:n])
		})
		for i := range 20 {
			err := timeout.Run(time.Millisecond*time.Duration(i%3), func() error {
				n, err := f.Read(p)
				if n != 0 {
					t.Errorf("read %q", p[:n])
				}
				return err
			})
			var e *timeout.Error
			if !errors.As(err, &e) {
				t.Errorf("the read ended with %v", err)
			}
		}
		victim := task.Go(func() { _, _ = f.Read(p) })
		task.Yield()
		victim.Kill()
		if err := victim.Join(); err != task.ErrKilled {
			t.Errorf("the victim ended with %v", err)
		}
		_, err = f.WriteString("all of it")
		must(t, err)
		_ = other.Join()
		if n, err := f.Read(p); patient+string(p[:n]) != "all of it" || err != nil {
			t.Errorf("read %q and then %q, %v", patient, p[:n], err)
		}
	})
}

// Tasks that are cancelled at the same time do not undo each other's hurry.
func TestReadsOfAPipeAreHurriedTogether(t *testing.T) {
	run(t, func() {
		name := filepath.Join(t.TempDir(), "fifo")
		must(t, unix.Mkfifo(name, 0o600))
		f, err := io.OpenFile(name, os.O_RDWR, 0)
		must(t, err)
		defer fileClose(t, f)
		for range 50 {
			g := task.NewGroup()
			for range 4 {
				g.Go(func() error {
					if _, err := f.Read(make([]byte, 1)); !errors.Is(err, task.ErrCanceled) {
						t.Errorf("a read ended with %v", err)
					}
					return nil
				})
			}
			task.Yield()
			g.Cancel()
			_ = g.Wait()
		}
	})
}

// The deadlines of the user are kept through all that.
func TestDeadlinesOfAPipe(t *testing.T) {
	run(t, func() {
		name := filepath.Join(t.TempDir(), "fifo")
		must(t, unix.Mkfifo(name, 0o600))
		f, err := io.OpenFile(name, os.O_RDWR, 0)
		must(t, err)
		defer fileClose(t, f)
		read := func() error { _, err := f.Read(make([]byte, 1)); return err }
		must(t, f.SetReadDeadline(time.Now().Add(time.Millisecond)))
		if err := read(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the read ended with %v", err)
		}
		must(t, f.SetDeadline(time.Time{}))
		victim := task.Go(func() { _ = read() })
		task.Yield()
		victim.Kill()
		must(t, f.SetReadDeadline(time.Unix(1, 0))) // while the other is hurried
		_ = victim.Join()
		if err := read(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the read ended with %v", err)
		}
		regular, err := io.Open(fileWith(t, ""))
		must(t, err)
		defer fileClose(t, regular)
		if err := regular.SetDeadline(time.Now()); !errors.Is(err, os.ErrNoDeadline) {
			t.Errorf("a regular file took a deadline: %v", err)
		}
	})
}

// holds: 64
// Close ends what waits on a pipe, and returns while the disk is at work.
func TestCloseOfAFileInUse(t *testing.T) {
	run(t, func() {
		name := filepath.Join(t.TempDir(), "fifo")
		must(t, unix.Mkfifo(name, 0o600))
		f, err := io.OpenFile(name, os.O_RDWR, 0)
		must(t, err)
		var end error
		reader := task.Go(func() { _, end = f.Read(make([]byte, 1)) })
		task.Yield()
		fileClose(t, f)
		if _ = reader.Join(); !errors.Is(end, fs.ErrClosed) {
			t.Errorf("the read ended with %v", end)
		}

		slow, disk := fileSlow(t)
		got := ""
		reader = task.Go(func() {
			p := make([]byte, 8)
			n, _ := slow.Read(p)
			got = string(p[:n])
		})
		_, _ = task.Offload(func() (int, error) { return 0, nil })
		fileClose(t, slow)
		// The call keeps the descriptor open, if it came to the system before Close did.
		_, err = disk.WriteString("answer")
		if _ = reader.Join(); (got == "answer") != (err == nil) || got == "" && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("read %q after a write that returned %v", got, err)
		}
		must(t, disk.Close())
	})
}

// A task that was killed closes its file in a deferred call.
func TestDeferredCloseAfterAKill(t *testing.T) {
	name := fileWith(t, "text")
	run(t, func() {
		var f *io.File
		closed := errors.New("Close did not return")
		victim := task.Go(func() {
			var err error
			f, err = io.Open(name)
			must(t, err)
			defer func() { closed = f.Close() }()
			task.Sleep(time.Hour)
		})
		for f == nil || victim.Waiting() != "a sleep" {
			task.Yield()
		}
		victim.Kill()
		_ = victim.Join()
		must(t, closed)
		if err := f.Close(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("the second Close returned %v", err)
		}
	})
}

// holds: 46, 92
// An open that is abandoned closes what it opens when it comes to its end.
func TestAbandonedOpenClosesTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fifo")
	must(t, unix.Mkfifo(name, 0o600))
	run(t, func() {
		err := timeout.Run(time.Millisecond, func() error {
			_, err := io.Open(name) // waits for a writer
			return err
		})
		var e *timeout.Error
		if !errors.As(err, &e) {
			t.Fatalf("the open ended with %v", err)
		}
		fileUnderWay(t, 1)
		writer, err := io.OpenFile(name, os.O_WRONLY, 0) // lets it go on
		must(t, err)
		for over := false; !over; task.Yield() {
			for _, s := range task.OffloadStats() {
				over = over || s.Name == "file" && s.Running == 0
			}
		}
		// Nobody has the reading end open now.
		if _, err := writer.WriteString("x"); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a write to the pipe returned %v", err)
		}
		fileClose(t, writer)
	})
}

// A memory that is written to when its reader has gone would be found by the race
// detector.
func TestAbandonedReadFileKeepsToItself(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fifo")
	must(t, unix.Mkfifo(name, 0o600))
	run(t, func() {
		text := []byte("before")
		victim := task.Go(func() { text, _ = io.ReadFile(name) })
		task.Yield()
		victim.Kill()
		_ = victim.Join()
		writer, err := io.OpenFile(name, os.O_WRONLY, 0)
		must(t, err)
		_, err = writer.WriteString("late")
		must(t, err)
		fileClose(t, writer)
		if string(text) != "before" {
			t.Errorf("the text is %q", text)
		}
	})
}

// fileJob is a bit of work on files that takes each failure as it comes.
func fileJob(dir string, note func(error)) {
	mind := func(err error) bool { note(err); return err != nil }
	work, err := io.MkdirTemp(dir, "job")
	if mind(err) {
		return
	}
	defer timeout.Shield(func() { mind(io.RemoveAll(work)) })
	name := filepath.Join(work, "one")
	if mind(io.WriteFile(name, []byte("first"), 0o600)) {
		return
	}
	if mind(io.WriteFileAtomic(name, []byte("second"), 0o600)) {
		return
	}
	f, err := io.OpenFile(name, os.O_RDWR, 0)
	if mind(err) {
		return
	}
	defer func() { mind(f.Close()) }()
	if _, err := f.ReadAt(make([]byte, 2), 1); mind(err) {
		return
	}
	if _, err := f.WriteString("more"); mind(err) {
		return
	}
	g, err := io.Create(filepath.Join(work, "two"))
	if mind(err) {
		return
	}
	defer func() { mind(g.Close()) }()
	if _, err := g.ReadFrom(f); mind(err) {
		return
	}
	mind(io.WalkDir(work, func(_ string, _ fs.DirEntry, err error) error { return err }))
}

// fileDescriptors counts what is open. The poller's own stay out of it: none is made
// for files. It may become less at any time: what another test has forgotten is closed
// when the collector finds it.
func fileDescriptors(t testing.TB) int {
	t.Helper()
	n := 0
	for fd := range 1024 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			n++
		}
	}
	return n
}

// Whatever is cancelled when, nothing is left of the job: no descriptor, no file.
func TestFilesCancelledEverywhere(t *testing.T) {
	dir := t.TempDir()
	before := fileDescriptors(t)
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		for range 2 {
			s.Go(func() { fileJob(dir, func(error) {}) })
		}
		s.After(func() {
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 && !fileSoon(func() bool { left, _ = os.ReadDir(dir); return len(left) == 0 }) {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	})
	if !fileSoon(func() bool { return fileDescriptors(t) <= before }) {
		t.Errorf("%d descriptors are open, and %d were before", fileDescriptors(t), before)
	}
}

// fileSoon waits for what abandoned calls do after the run.
func fileSoon(what func() bool) bool {
	for begin := time.Now(); time.Since(begin) < 10*time.Second; {
		if what() {
			return true
		}
	}
	return what()
}

// Whichever call fails, the job is told, and nothing is left.
func TestFilesFailEverywhere(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
		dir := t.TempDir()
		before := fileDescriptors(t)
		failing, told, runs := "", false, 0
		tasktest.FailEverywhere(t, errno, nil, func(call string) { failing, told, runs = call, false, runs+1 }, func() {
			fileJob(dir, func(err error) { told = told || errors.Is(err, errno) })
			if told != (failing != "") {
				t.Errorf("%q failed, and the job was told: %v", failing, told)
			}
			left, _ := os.ReadDir(dir)
			if failing == "remove" { // the job itself could not tidy up
				for _, e := range left {
					_ = os.RemoveAll(filepath.Join(dir, e.Name()))
				}
			} else if len(left) > 0 {
				t.Errorf("%v is left", left)
			}
			if !fileSoon(func() bool { return fileDescriptors(t) <= before }) {
				t.Errorf("%d descriptors are open, and %d were before", fileDescriptors(t), before)
			}
		})
		if runs < 15 {
			t.Errorf("%d runs only", runs)
		}
	}
}

// Whatever is cancelled or fails when, the file has its old contents or the new ones,
// and nothing lies beside it.
func TestReplacedFileIsOldOrNew(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	old, fresh := bytes.Repeat([]byte("old"), 1000), bytes.Repeat([]byte("new!"), 2000)
	check := func() {
		text, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(text, old) && !bytes.Equal(text, fresh) {
			t.Errorf("the file has %d bytes, %v", len(text), err)
		}
		entries, _ := os.ReadDir(dir)
		if len(entries) != 1 {
			t.Errorf("%v are there", entries)
		}
	}
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		must(t, os.WriteFile(name, old, 0o644))
		s.Go(func() {
			_ = io.ReplaceFile(name, 0o640, func(f *io.File) error {
				for p := fresh; len(p) > 0; p = p[1000:] {
					if _, err := f.Write(p[:1000]); err != nil {
						return err
					}
				}
				return nil
			})
		})
		s.After(func() {
			check()
			if info, err := os.Stat(name); err == nil && !s.Cancelled() && (info.Mode() != 0o640 || info.Size() != int64(len(fresh))) {
				t.Errorf("the file is %v of %d bytes", info.Mode(), info.Size())
			}
		})
	})
	tasktest.FailEverywhere(t, syscall.EIO, nil, nil, func() {
		must(t, os.WriteFile(name, old, 0o644))
		_ = io.WriteFileAtomic(name, fresh, 0o640)
		check()
	})
	run(t, func() {
		defer check()
		defer func() { _ = recover() }()
		_ = io.ReplaceFile(name, 0, func(*io.File) error { panic("in the middle") })
	})
}

// holds: 85
// A write that is cancelled has written what it says.
func TestCancelledWriteTellsTheTruth(t *testing.T) {
	run(t, func() {
		name := filepath.Join(t.TempDir(), "fifo")
		must(t, unix.Mkfifo(name, 0o600))
		f, err := io.OpenFile(name, os.O_RDWR, 0)
		must(t, err)
		defer fileClose(t, f)
		big, n := make([]byte, 1<<20), -1
		fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		must(t, err)
		defer unix.Close(fd)
		g := task.NewGroup()
		var failed error
		g.Go(func() error {
			n, failed = f.Write(big)
			return nil
		})
		for there := 0; there == 0; task.Yield() { // until it is in the middle
			there, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
			must(t, err)
		}
		g.Cancel()
		_ = g.Wait()
		if !errors.Is(failed, task.ErrCanceled) || n <= 0 || n == len(big) {
			t.Errorf("the write returned %d, %v", n, failed)
		}
		got := 0
		must(t, f.SetReadDeadline(time.Now().Add(time.Minute)))
		for got < n {
			k, err := f.Read(big)
			must(t, err)
			got += k
		}
		must(t, f.SetReadDeadline(time.Now()))
		if k, _ := f.Read(big); got != n || k != 0 {
			t.Errorf("%d bytes were written, and %d are there", n, got+k)
		}
		if _, err := stdio.Copy(stdio.Discard, f); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the copy ended with %v", err)
		}
	})
}
