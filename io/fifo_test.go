//go:build unix

package io_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	stdio "io"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

func fifoAt(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "fifo")
	must(t, io.MkFifo(name, 0o600))
	return name
}

// Whichever end comes first, what is written arrives, and then the end.
func TestFifoBothWays(t *testing.T) {
	for _, first := range []string{"reader", "writer"} {
		t.Run(first+" first", func(t *testing.T) {
			name := fifoAt(t)
			read := func() {
				r, err := io.OpenFifo(name, os.O_RDONLY)
				must(t, err)
				if got, err := stdio.ReadAll(r); string(got) != "hello" || err != nil {
					t.Errorf("read %q, %v", got, err)
				}
				must(t, r.Close())
			}
			write := func() {
				w, err := io.OpenFifo(name, os.O_WRONLY)
				must(t, err)
				_, err = w.WriteString("hello")
				must(t, err)
				must(t, w.Close())
			}
			run(t, func() {
				if first == "reader" {
					tasks(read, func() { settle(); write() })
				} else {
					tasks(write, func() { settle(); read() })
				}
			})
		})
	}
}

// A reader who was there before all writers does not take that for the end, and finds it
// when the last has gone; after that another may come.
//
// holds: 68
func TestFifoWaitsForItsFirstWriter(t *testing.T) {
	name := fifoAt(t)
	run(t, func() {
		r, err := io.OpenFifo(name, os.O_RDONLY)
		must(t, err)
		reader := task.Go(func() {
			if got, err := stdio.ReadAll(r); string(got) != "first" || err != nil {
				t.Errorf("read %q, %v", got, err)
			}
		})
		settle()
		if !reader.Alive() {
			t.Error("a named pipe that nobody has opened to write has ended")
		}
		w, err := io.OpenFifo(name, os.O_WRONLY)
		must(t, err)
		settle()
		if !reader.Alive() {
			t.Error("a named pipe whose writer has written nothing yet has ended")
		}
		_, err = w.WriteString("first")
		must(t, err)
		must(t, w.Close())
		must(t, reader.Join())
		w, err = io.OpenFifo(name, os.O_WRONLY)
		must(t, err)
		_, err = w.WriteString("second")
		must(t, err)
		must(t, w.Close())
		if got, err := stdio.ReadAll(r); string(got) != "second" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		must(t, r.Close())
	})
}

// Who waits for a reader can be cancelled, and leaves nothing.
func TestFifoOpenIsCancelled(t *testing.T) {
	name := fifoAt(t)
	tasktest.Run(t, func() {
		err := timeout.Run(time.Minute, func() error {
			w, err := io.OpenFifo(name, os.O_WRONLY)
			if w != nil {
				t.Error("it was opened, and nobody reads")
			}
			return err
		})
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("OpenFifo returned %v", err)
		}
		opener := task.Go(func() { _, _ = io.OpenFifo(name, os.O_WRONLY) })
		tasktest.WaitAllParked()
		opener.Kill()
		if err := opener.Join(); err != task.ErrKilled {
			t.Errorf("the task ended with %v", err)
		}
	})
}

func TestFifoRefuses(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	must(t, os.WriteFile(name, nil, 0o600))
	run(t, func() {
		if _, err := io.OpenFifo(name, os.O_RDONLY); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("OpenFifo of a regular file returned %v", err)
		}
		if _, err := io.OpenFifo(name+"x", os.O_RDONLY); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("OpenFifo of nothing returned %v", err)
		}
		l, err := net.Listen("unix", name+".socket")
		must(t, err)
		defer l.Close()
		for _, flag := range []int{os.O_RDONLY, os.O_WRONLY} { // the system says of both that nobody reads
			err := timeout.Run(10*time.Second, func() error {
				_, err := io.OpenFifo(name+".socket", flag)
				return err
			})
			if !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("OpenFifo of a socket returned %v", err)
			}
		}
		if err := io.MkFifo(name, 0o600); !errors.Is(err, os.ErrExist) {
			t.Errorf("MkFifo over a file returned %v", err)
		}
	})
}

func TestFifoFailEverywhere(t *testing.T) {
	name := fifoAt(t)
	tasktest.FailEverywhere(t, syscall.EIO, nil, nil, func() {
		r, err := io.OpenFifo(name, os.O_RDONLY)
		if err != nil {
			return
		}
		defer r.Close()
		w, err := io.OpenFifo(name, os.O_WRONLY)
		if err != nil {
			return
		}
		_, _ = w.WriteString("x")
		_ = w.Close()
		_, _ = stdio.ReadAll(r)
	})
}

// While a program waits for a reader there is something that can wake it.
func TestFifoWaitIsNoDeadlock(t *testing.T) {
	name := fifoAt(t)
	err := runtime.Run(func() {
		_ = timeout.Run(20*time.Millisecond, func() error {
			_, err := io.OpenFifo(name, os.O_WRONLY)
			return err
		})
	})
	must(t, err)
}
