//go:build unix

package io_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	stdio "io"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/timeout"
)

// stdioRole is what the test program does in a process of its own.
const stdioRole = "EVERGREEN_IO_ROLE"

// stdioRoles are the programs; they end by os.Exit, so that nothing of the test kit is
// written.
var stdioRoles = map[string]func() error{
	"cat": func() error {
		return runtime.Run(func() { stdioCheck(stdio.Copy(io.Stdout, io.Stdin)) })
	},
	// In pieces, by two loops, and each read is cancelled a few times before.
	"patient cat": func() error {
		for range 2 {
			if err := runtime.Run(stdioPatience); err != nil {
				return err
			}
		}
		return nil
	},
	"goroutine cat": func() error {
		_, err := stdio.Copy(io.Stdout, io.Stdin)
		return err
	},
	// Reads half in a loop, and the rest on a plain goroutine.
	"half cat": func() error {
		if err := runtime.Run(func() {
			p := make([]byte, 10)
			_, err := stdio.ReadFull(io.Stdin, p)
			stdioCheck(0, err)
			_, err = io.Stdout.Write(p)
			stdioCheck(0, err)
		}); err != nil {
			return err
		}
		_, err := stdio.Copy(io.Stdout, io.Stdin)
		return err
	},
	"shout": func() error {
		return runtime.Run(func() {
			for {
				if _, err := io.Stdout.Write(make([]byte, 1000)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
			}
		})
	},
}

func stdioCheck(_ int64, err error) {
	if err != nil {
		panic(err)
	}
}

// stdioPatience copies some 700 bytes in reads that are nearly all cancelled before they
// end, or after, and then what there is.
func stdioPatience() {
	p := make([]byte, 7)
	for i, total := 0, 0; i < 3000 && total < 700; i++ {
		var n int
		err := timeout.Run(time.Duration(i%4)*10*time.Microsecond, func() (err error) {
			n, err = io.Stdin.Read(p)
			return err
		})
		_, _ = io.Stdout.Write(p[:n])
		if total += n; err == stdio.EOF {
			return
		}
	}
	if stdioPatient++; stdioPatient < 2 {
		return // the other loop goes on
	}
	_, err := stdio.Copy(struct{ stdio.Writer }{io.Stdout}, struct{ stdio.Reader }{io.Stdin})
	stdioCheck(0, err)
}

var stdioPatient int // how many loops have been patient

// TestStdioProgram is no test but the programs that other tests start.
func TestStdioProgram(t *testing.T) {
	f := stdioRoles[os.Getenv(stdioRole)]
	if f == nil {
		t.Skip("it is started by other tests")
	}
	if err := f(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// stdioCommand is a process with a role.
func stdioCommand(t testing.TB, role string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStdioProgram$")
	// Under the race detector a program waits for a second before it ends.
	c.Env = append(os.Environ(), stdioRole+"="+role, "GORACE=atexit_sleep_ms=0")
	c.Stderr = os.Stderr
	return c
}

// stdioFeeds are kinds of standard input: one that gives data, and what is to be called
// when the process runs.
var stdioFeeds = map[string]func(t testing.TB, data []byte) (f *os.File, running func()){
	"file": func(t testing.TB, data []byte) (*os.File, func()) {
		name := filepath.Join(t.TempDir(), "f")
		must(t, os.WriteFile(name, data, 0o600))
		f, err := os.Open(name)
		must(t, err)
		return f, func() {}
	},
	"pipe": func(t testing.TB, data []byte) (*os.File, func()) {
		r, w, err := os.Pipe()
		must(t, err)
		return r, func() { stdioWrite(w, data) }
	},
	"socket": func(t testing.TB, data []byte) (*os.File, func()) {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		must(t, err)
		unix.CloseOnExec(fds[1])
		w := os.NewFile(uintptr(fds[1]), "w")
		return os.NewFile(uintptr(fds[0]), "r"), func() { stdioWrite(w, data) }
	},
	"null": func(t testing.TB, data []byte) (*os.File, func()) {
		f, err := os.Open(os.DevNull)
		must(t, err)
		return f, func() {}
	},
}

func stdioWrite(w *os.File, data []byte) {
	for len(data) > 0 {
		n, err := w.Write(data[:min(len(data), 5000)])
		if err != nil {
			break
		}
		data = data[n:]
	}
	_ = w.Close()
}

// Whatever standard input and output are, and whoever reads: all arrives, and the shared
// open files are left blocking.
//
// holds: 72
func TestStandardFiles(t *testing.T) {
	for role := range stdioRoles {
		if !strings.HasSuffix(role, "cat") {
			continue
		}
		for in, feed := range stdioFeeds {
			for _, out := range []string{"pipe", "file"} {
				t.Run(role+" from "+in+" to "+out, func(t *testing.T) {
					data := descNoise(200_000)
					switch {
					case in == "null":
						data = nil
					case role == "patient cat":
						data = data[:2000]
					}
					if in == "null" && role == "half cat" {
						t.Skip("there is no half of nothing")
					}
					c := stdioCommand(t, role)
					f, running := feed(t, data)
					c.Stdin = f
					var got bytes.Buffer
					c.Stdout = &got
					sink := filepath.Join(t.TempDir(), "out")
					if out == "file" {
						file, err := os.Create(sink)
						must(t, err)
						defer file.Close()
						c.Stdout = file
					}
					must(t, c.Start())
					running()
					must(t, c.Wait())
					flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
					if err != nil || flags&unix.O_NONBLOCK != 0 {
						t.Errorf("standard input was left non-blocking (%v)", err)
					}
					must(t, f.Close())
					all := got.Bytes()
					if out == "file" {
						all, err = os.ReadFile(sink)
						must(t, err)
					}
					if !bytes.Equal(all, data) {
						t.Errorf("%d bytes came, want %d", len(all), len(data))
					}
				})
			}
		}
	}
}

// Who writes to a pipe that nobody reads dies of it, as with package os.
func TestStandardOutputDiesOfSIGPIPE(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	c := stdioCommand(t, "shout")
	c.Stdout = w
	must(t, c.Start())
	must(t, w.Close())
	_, err = r.Read(make([]byte, 10))
	must(t, err)
	must(t, r.Close())
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGPIPE {
		t.Errorf("it ended with %v, want SIGPIPE", err)
	}
}

// In a callback there is no waiting, and the sentence says so.
func TestStandardInACallback(t *testing.T) {
	run(t, func() {
		said := make(chan any, 1)
		runtime.Current().CallSoon(func() {
			defer func() { said <- recover() }()
			_, _ = io.Stdin.Read(nil)
		})
		settle()
		if s := fmt.Sprint(<-said); !strings.Contains(s, "callback") || !strings.Contains(s, "task.Go") {
			t.Errorf("it panicked with %q", s)
		}
	})
	if io.Stdin.Fd() != 0 || io.Stdout.Name() != "/dev/stdout" {
		t.Errorf("standard input is %d, standard output %s", io.Stdin.Fd(), io.Stdout.Name())
	}
}
