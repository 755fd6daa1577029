//go:build unix

package io_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	stdnet "net"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	stdio "io"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// descNoise is data in which a part that is missing shows.
func descNoise(size int) []byte {
	random := rand.New(rand.NewPCG(1, uint64(size)))
	p := make([]byte, size)
	for i := range p {
		p[i] = byte(random.Uint32())
	}
	return p
}

// descPipe makes a pipe in a task, and fails the test where that fails.
func descPipe(t testing.TB) (r, w *io.Descriptor) {
	t.Helper()
	r, w, err := io.OSPipe()
	must(t, err)
	return r, w
}

// descPair makes the two ends of a stream in a task.
func descPair() (a, b *io.Descriptor, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	if a, err = io.NewDescriptor(fds[0], "a"); err != nil {
		_, _ = unix.Close(fds[0]), unix.Close(fds[1])
		return nil, nil, err
	}
	if b, err = io.NewDescriptor(fds[1], "b"); err != nil {
		_, _ = a.Close(), unix.Close(fds[1])
		return nil, nil, err
	}
	return a, b, nil
}

// descConn is a descriptor as a net.Conn.
type descConn struct{ *io.Descriptor }

func (descConn) LocalAddr() stdnet.Addr  { return nil }
func (descConn) RemoteAddr() stdnet.Addr { return nil }

// holds: 46, 64, 67, 85, 87
func TestDescriptorsKeepTheRulesForTasks(t *testing.T) {
	tasktest.TestConn(t, func() (stdnet.Conn, stdnet.Conn, error) {
		a, b, err := descPair()
		if err != nil {
			return nil, nil, err
		}
		return descConn{a}, descConn{b}, nil
	})
}

// descPipes are two pipes as a connection: one for each direction.
type descPipes struct {
	r, w *io.Descriptor
	descConn
}

func (c descPipes) Read(p []byte) (int, error)        { return c.r.Read(p) }
func (c descPipes) Write(p []byte) (int, error)       { return c.w.Write(p) }
func (c descPipes) Close() error                      { return errors.Join(c.r.Close(), c.w.Close()) }
func (c descPipes) SetReadDeadline(t time.Time) error { return c.r.SetReadDeadline(t) }
func (c descPipes) SetDeadline(t time.Time) error {
	return errors.Join(c.r.SetDeadline(t), c.w.SetDeadline(t))
}

// holds: 46, 64, 67, 85, 87
func TestPipesKeepTheRulesForTasks(t *testing.T) {
	tasktest.TestConn(t, func() (stdnet.Conn, stdnet.Conn, error) {
		r1, w1, err := io.OSPipe()
		if err != nil {
			return nil, nil, err
		}
		r2, w2, err := io.OSPipe()
		if err != nil {
			return nil, nil, errors.Join(err, r1.Close(), w1.Close())
		}
		return descPipes{r: r1, w: w2}, descPipes{r: r2, w: w1}, nil
	})
}

func TestDescriptorIsAGoodReader(t *testing.T) {
	data := descNoise(10_000)
	run(t, func() {
		for name, open := range map[string]func() (*io.Descriptor, *io.Descriptor, error){"pipe": io.OSPipe, "socket": descPair} {
			r, w, err := open()
			must(t, err)
			writer := task.Go(func() {
				_, _ = w.Write(data)
				_ = w.Close()
			})
			if err := iotest.TestReader(r, data); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			must(t, writer.Join())
			must(t, r.Close())
		}
	})
}

// holds: 72
func TestRegularFileIsNoDescriptor(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	must(t, err)
	defer f.Close()
	run(t, func() {
		for name, open := range map[string]func() (*io.Descriptor, error){
			"NewDescriptor": func() (*io.Descriptor, error) { return io.NewDescriptor(int(f.Fd()), "f") },
			"FromFile":      func() (*io.Descriptor, error) { return io.FromFile(f) },
		} {
			d, err := open()
			if d != nil || !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "io.Open") {
				t.Errorf("%s returned %v, %v", name, d, err)
			}
		}
	})
	if _, err := f.WriteString("still mine"); err != nil {
		t.Errorf("the file is not the caller's any more: %v", err)
	}
}

// What a method returns, and what the standard library's returns.
func TestErrorsAreThoseOfFiles(t *testing.T) {
	run(t, func() {
		r, w := descPipe(t)
		stdR, stdW, err := os.Pipe()
		must(t, err)
		same := func(what string, got, want error) {
			t.Helper()
			var a, b *fs.PathError
			if !errors.As(got, &a) || !errors.As(want, &b) || a.Op != b.Op || a.Path != b.Path || a.Err.Error() != b.Err.Error() {
				t.Errorf("%s returned %v, that of a file %v", what, got, want)
			}
			for _, target := range []error{os.ErrClosed, os.ErrDeadlineExceeded, syscall.EPIPE, syscall.EBADF} {
				if errors.Is(got, target) != errors.Is(want, target) {
					t.Errorf("%s returned %v, that of a file %v: only one is %v", what, got, want, target)
				}
			}
		}
		_, err = w.Read(make([]byte, 1))
		_, want := stdW.Read(make([]byte, 1))
		same("Read of the writing end", err, want)
		_, err = r.Write([]byte("x"))
		_, want = stdR.Write([]byte("x"))
		same("Write of the reading end", err, want)
		_, _ = r.SetReadDeadline(time.Unix(1, 0)), stdR.SetReadDeadline(time.Unix(1, 0))
		_, err = r.Read(make([]byte, 1))
		_, want = stdR.Read(make([]byte, 1))
		same("Read past its deadline", err, want)
		_, _ = r.Close(), stdR.Close()
		_, err = w.Write([]byte("x"))
		_, want = stdW.Write([]byte("x"))
		same("Write to nobody", err, want)
		_, _ = w.Close(), stdW.Close()
		_, err = w.Write([]byte("x"))
		_, want = stdW.Write([]byte("x"))
		same("Write after Close", err, want)
		same("Close again", w.Close(), stdW.Close())
		same("SetDeadline after Close", w.SetDeadline(time.Time{}), &fs.PathError{Op: "set deadline", Path: "|1", Err: os.ErrClosed})
		if w.Fd() != ^uintptr(0) {
			t.Errorf("Fd after Close returned %d", w.Fd())
		}
	})
}

// holds: 80
func TestCloseWriteIsForSockets(t *testing.T) {
	run(t, func() {
		a, b, err := descPair()
		must(t, err)
		must(t, a.CloseWrite())
		if n, err := b.Read(make([]byte, 1)); n != 0 || err != stdio.EOF {
			t.Errorf("after CloseWrite the peer read %d, %v", n, err)
		}
		_, err = b.WriteString("back")
		must(t, err)
		must(t, b.Close())
		if got, err := stdio.ReadAll(a); string(got) != "back" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		must(t, a.Close())
		r, w := descPipe(t)
		if err := w.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("CloseWrite of a pipe returned %v", err)
		}
		must(t, r.Close())
		must(t, w.Close())
	})
}

// An open file that came blocking is left so, since others may have it.
func TestCloseLeavesTheFileBlocking(t *testing.T) {
	fds := make([]int, 2)
	must(t, unix.Pipe(fds))
	twin, err := unix.Dup(fds[0])
	must(t, err)
	defer unix.Close(twin)
	defer unix.Close(fds[1])
	blocks := func() bool {
		flags, err := unix.FcntlInt(uintptr(twin), unix.F_GETFL, 0)
		must(t, err)
		return flags&unix.O_NONBLOCK == 0
	}
	run(t, func() {
		d, err := io.NewDescriptor(fds[0], "pipe")
		must(t, err)
		if d.Fd() != uintptr(fds[0]) || d.Name() != "pipe" {
			t.Errorf("descriptor %d is called %q and has number %d", fds[0], d.Name(), d.Fd())
		}
		if blocks() {
			t.Error("the open file blocks while it is used")
		}
		must(t, d.Close())
	})
	if !blocks() {
		t.Error("the open file does not block any more")
	}
}

// FromFile leaves alone what others have, too, and does not wait all the same.
func TestSharedFilesAreLeftBlocking(t *testing.T) {
	for name, open := range map[string]func() (int, int, error){
		"pipe": func() (int, int, error) {
			fds := make([]int, 2)
			err := unix.Pipe(fds)
			return fds[0], fds[1], err
		},
		"socket": func() (int, int, error) {
			fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			return fds[0], fds[1], err
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, w, err := open()
			must(t, err)
			fr, fw := os.NewFile(uintptr(r), "r"), os.NewFile(uintptr(w), "w")
			defer fr.Close()
			defer fw.Close()
			data := descNoise(300_000) // more than a pipe holds
			run(t, func() {
				a, err := io.FromFile(fr)
				must(t, err)
				b, err := io.FromFile(fw)
				must(t, err)
				tasks(
					func() {
						got := make([]byte, len(data))
						if n, err := stdio.ReadFull(a, got); err != nil || !bytes.Equal(got, data) {
							t.Errorf("%d bytes came, %v", n, err)
						}
						err := timeout.Run(time.Millisecond, func() error {
							_, err := a.Read(got)
							return err
						})
						if !errors.Is(err, os.ErrDeadlineExceeded) {
							t.Errorf("a read with nothing to read returned %v", err)
						}
					},
					func() {
						settle() // the reader waits first
						if n, err := b.Write(data); n != len(data) || err != nil {
							t.Errorf("Write returned %d, %v", n, err)
						}
					},
				)
				must(t, a.Close())
				must(t, b.Close())
			})
			for _, fd := range []int{r, w} {
				if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
					t.Errorf("the open file does not block any more (%v)", err)
				}
			}
		})
	}
}

// holds: 94
func TestDescriptorFromAnywhere(t *testing.T) {
	loop := start(t)
	var r, w *io.Descriptor
	must(t, loop.Do(func() error { r, w = descPipe(t); return nil }))
	data := descNoise(200_000)
	var all stdsync.WaitGroup
	all.Go(func() { // another loop
		run(t, func() {
			if n, err := w.Write(data); n != len(data) || err != nil {
				t.Errorf("Write returned %d, %v", n, err)
			}
			must(t, w.Close())
		})
	})
	all.Go(func() { // a plain goroutine
		if got, err := stdio.ReadAll(r); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes came, %v", len(got), err)
		}
	})
	all.Wait()
	must(t, r.Close())
}

// A read from elsewhere ends with its caller's block and takes nothing along.
func TestCancelledReadFromAnotherLoopLosesNothing(t *testing.T) {
	loop := start(t)
	var r, w *io.Descriptor
	must(t, loop.Do(func() error { r, w = descPipe(t); return nil }))
	run(t, func() {
		for range 20 {
			err := timeout.Run(time.Millisecond, func() error {
				_, err := r.Read(make([]byte, 10))
				return err
			})
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Read returned %v", err)
			}
		}
		_, err := w.WriteString("all of it")
		must(t, err)
		must(t, w.Close())
		if got, err := stdio.ReadAll(r); string(got) != "all of it" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		must(t, r.Close())
	})
}

// holds: 68
func TestHangupWakesReaderAndWriter(t *testing.T) {
	run(t, func() {
		r, w := descPipe(t)
		reader := task.Go(func() {
			if n, err := r.Read(make([]byte, 1)); n != 0 || err != stdio.EOF {
				t.Errorf("Read returned %d, %v, want io.EOF", n, err)
			}
		})
		settle()
		must(t, w.Close())
		must(t, reader.Join())
		must(t, r.Close())
		r, w = descPipe(t)
		writer := task.Go(func() {
			n, err := w.Write(make([]byte, 1<<20))
			if n == 0 || !errors.Is(err, syscall.EPIPE) {
				t.Errorf("Write returned %d, %v, want EPIPE", n, err)
			}
		})
		settle()
		must(t, r.Close())
		must(t, writer.Join())
		must(t, w.Close())
	})
}

// holds: 85
func TestCancelledWriteSaysHowMuchItWrote(t *testing.T) {
	run(t, func() {
		r, w := descPipe(t)
		data := descNoise(1 << 20)
		n := 0
		err := timeout.Run(time.Millisecond, func() (err error) {
			n, err = w.Write(data)
			return err
		})
		if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 {
			t.Errorf("Write returned %d, %v", n, err)
		}
		must(t, w.Close())
		if got, err := stdio.ReadAll(r); err != nil || !bytes.Equal(got, data[:n]) {
			t.Errorf("%d bytes came, %v; the write said %d", len(got), err, n)
		}
		must(t, r.Close())
	})
}

// Whatever system call fails, nothing is left.
func TestDescriptorFailEverywhere(t *testing.T) {
	tasktest.FailEverywhere(t, syscall.EIO, nil, nil, func() {
		r, w, err := io.OSPipe()
		if err != nil {
			return
		}
		tasks(
			func() { _, _ = w.Write(make([]byte, 100_000)); _ = w.Close() },
			func() { _, _ = stdio.ReadAll(r); _ = r.Close() },
		)
	})
}

// A descriptor of a loop that has ended is closed, and says so.
func TestDescriptorAfterItsLoop(t *testing.T) {
	var r, w *io.Descriptor
	must(t, runtime.Run(func() { r, w = descPipe(t) }))
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read returned %v", err)
	}
	if err := w.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Close returned %v", err)
	}
}

// A number that somebody else has closed, while a copy keeps its file open, does not keep
// the loop busy.
//
// holds: 69, 70
func TestNumberClosedBehindOurBack(t *testing.T) {
	run(t, func() {
		r, w := descPipe(t)
		twin, err := unix.Dup(int(r.Fd()))
		must(t, err)
		defer unix.Close(twin)
		waiting := task.Go(func() { _, _ = r.Read(make([]byte, 1)) })
		settle()
		must(t, unix.Close(int(r.Fd())))
		before := runtime.Current().Stats().Wakeups
		for range 3 {
			_, err := unix.Write(int(w.Fd()), []byte("x")) // not by a hint of ours
			must(t, err)
			settle()
		}
		task.Sleep(20 * time.Millisecond)
		if n := runtime.Current().Stats().Wakeups - before; n > 10 {
			t.Errorf("the loop was woken %d times by 3 bytes that nobody can read", n)
		}
		_ = r.Close()
		_ = waiting.Join()
		must(t, w.Close())
	})
}
