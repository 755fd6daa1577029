//go:build unix

package io_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	stdio "io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/io"
)

// noContext is what stands for none.
var noContext context.Context

// procLike is what a Cmd of either package can do.
type procLike interface {
	Run() error
	Start() error
	Wait() error
	Output() ([]byte, error)
	CombinedOutput() ([]byte, error)
	StdinPipe() (stdio.WriteCloser, error)
	StdoutPipe() (stdio.ReadCloser, error)
	StderrPipe() (stdio.ReadCloser, error)
	Environ() []string
	String() string
}

// procTwin has a Cmd of this package with the fields of one of os/exec.
func procTwin(ctx context.Context, c *exec.Cmd) *io.Cmd {
	twin := new(io.Cmd)
	if ctx != nil {
		twin = io.CommandContext(ctx, "twin")
		twin.Cancel = c.Cancel
	}
	twin.Path, twin.Args, twin.Env, twin.Dir, twin.Err = c.Path, c.Args, c.Env, c.Dir, c.Err
	twin.Stdin, twin.Stdout, twin.Stderr = c.Stdin, c.Stdout, c.Stderr
	twin.ExtraFiles, twin.SysProcAttr, twin.WaitDelay = c.ExtraFiles, c.SysProcAttr, c.WaitDelay
	return twin
}

// procErr is an error as a test compares it: its type, its text, and an ExitError's
// excerpt.
func procErr(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Sprintf("%T %v %q", err, err, exit.Stderr)
	}
	return fmt.Sprint(err)
}

func procOutputOf(c procLike) string {
	out, err := c.Output()
	return fmt.Sprintf("%q %s", out, procErr(err))
}

// procScripts are uses of a command. Each says what it saw, which must be the same with
// both packages. prepare sets the fields, and is called for each.
var procScripts = []struct {
	name    string
	prepare func() *exec.Cmd
	use     func(procLike) string
}{
	{"success", func() *exec.Cmd { return procNative("say hello") }, procOutputOf},
	{"failure", func() *exec.Cmd { return procNative("exit 3") }, procOutputOf},
	{"killed", func() *exec.Cmd { return procNative("die 9") }, procOutputOf},
	{"complaint", func() *exec.Cmd { return procNative("complain 3") }, procOutputOf},
	{"long complaint", func() *exec.Cmd { return procNative("complain 100000") }, procOutputOf},
	{"combined", func() *exec.Cmd { return procNative("both") }, func(c procLike) string {
		out, err := c.CombinedOutput()
		return string(out) + procErr(err)
	}},
	{"input", func() *exec.Cmd {
		c := procNative("cat")
		c.Stdin = strings.NewReader("some input")
		return c
	}, procOutputOf},
	{"input nobody reads", func() *exec.Cmd {
		c := procNative("say hello")
		c.Stdin = bytes.NewReader(make([]byte, 1<<20))
		return c
	}, procOutputOf},
	{"input that fails", func() *exec.Cmd {
		c := procNative("cat")
		c.Stdin = stdio.MultiReader(strings.NewReader("some"), procBadReader{})
		return c
	}, procOutputOf},
	{"output that fails", func() *exec.Cmd {
		c := procNative("say hello")
		c.Stdout = procBadWriter{}
		return c
	}, func(c procLike) string { return procErr(c.Run()) }},
	{"output to a file", func() *exec.Cmd {
		c := procNative("exit 0")
		c.Stdout = os.Stdout // which is not said anything
		return c
	}, func(c procLike) string { return procErr(c.Run()) }},
	{"no streams", func() *exec.Cmd { return procNative("cat") }, func(c procLike) string { return procErr(c.Run()) }},
	{"environment", func() *exec.Cmd {
		c := procNative("env COLOUR")
		c.Env = append(c.Env, "COLOUR=red", "COLOUR=blue")
		return c
	}, func(c procLike) string { return procOutputOf(c) + strings.Join(c.Environ(), ";") }},
	{"a zero in it", func() *exec.Cmd {
		c := procNative("env COLOUR")
		c.Env = append(c.Env, "COLOUR=red\x00blue")
		return c
	}, procOutputOf},
	{"directory", func() *exec.Cmd {
		c := procNative("dir")
		c.Dir = "/"
		return c
	}, procOutputOf},
	{"no such directory", func() *exec.Cmd {
		c := procNative("dir")
		c.Dir = "/no/such/directory"
		return c
	}, procOutputOf},
	{"no such program", func() *exec.Cmd { return exec.Command("no-such-program") }, procOutputOf},
	{"no such path", func() *exec.Cmd { return exec.Command("/no/such/program") }, procOutputOf},
	{"a directory", func() *exec.Cmd { return exec.Command("/") }, procOutputOf},
	{"nothing", func() *exec.Cmd { return new(exec.Cmd) }, procOutputOf},
	{"text", func() *exec.Cmd { return exec.Command("/bin/a", "b c", "d") }, procLike.String},
	{"text of no program", func() *exec.Cmd { return exec.Command("no-such-program", "b c") }, procLike.String},
	{"streams set", func() *exec.Cmd {
		c := procNative("cat")
		c.Stdin, c.Stdout, c.Stderr = strings.NewReader(""), stdio.Discard, stdio.Discard
		return c
	}, func(c procLike) string {
		_, a := c.Output()
		_, b := c.CombinedOutput()
		_, d := c.StdinPipe()
		_, e := c.StdoutPipe()
		_, f := c.StderrPipe()
		return fmt.Sprint(a, b, d, e, f)
	}},
	{"order", func() *exec.Cmd { return procNative("exit 0") }, func(c procLike) string {
		all := []any{c.Wait(), c.Start(), c.Start()}
		_, a := c.StdinPipe()
		_, b := c.StdoutPipe()
		return fmt.Sprint(append(all, a, b, c.Wait(), c.Wait(), c.Start())...)
	}},
	{"pipes", func() *exec.Cmd { return procNative("cat") }, func(c procLike) string {
		in, a := c.StdinPipe()
		out, b := c.StdoutPipe()
		d := c.Start()
		_, e := stdio.WriteString(in, "through the program")
		f := in.Close()
		got, g := stdio.ReadAll(out)
		h := c.Wait()
		_, i := out.Read(make([]byte, 1))
		_, j := in.Write([]byte("x"))
		return fmt.Sprint(a, b, d, e, f, string(got), g, h, i, j, in.Close(), out.Close())
	}},
	{"pipe to one that has ended", func() *exec.Cmd { return procNative("say bye") }, func(c procLike) string {
		in, _ := c.StdinPipe()
		out, _ := c.StdoutPipe()
		_ = c.Start()
		_, _ = stdio.ReadAll(out)
		_, err := in.Write(make([]byte, 1<<20))
		return fmt.Sprint(err, errors.Is(err, syscall.EPIPE), c.Wait())
	}},
	{"group", func() *exec.Cmd {
		c := procNative("say hello")
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		return c
	}, procOutputOf},
	{"delay without need", func() *exec.Cmd {
		c := procNative("say hello")
		c.WaitDelay = time.Hour
		return c
	}, procOutputOf},
	{"no memory", func() *exec.Cmd { return exec.Command(filepath.Join("/", strings.Repeat("x", 300))) }, procOutputOf},
}

type (
	procBadReader struct{}
	procBadWriter struct{}
)

func (procBadReader) Read([]byte) (int, error)  { return 0, errors.New("a bad reader") }
func (procBadWriter) Write([]byte) (int, error) { return 0, errors.New("a bad writer") }

// What a program sees and how it ends is the same as with os/exec, by type and text.
func TestLikeExec(t *testing.T) {
	for _, script := range procScripts {
		t.Run(script.name, func(t *testing.T) {
			want := script.use(script.prepare())
			procEachWay(t, func(t *testing.T) {
				run(t, func() {
					if got := script.use(procTwin(noContext, script.prepare())); got != want {
						t.Errorf("it saw\n\t%s\nwith os/exec\n\t%s", procShort(got), procShort(want))
					}
				})
			})
		})
	}
}

func procShort(s string) string { return s[:min(len(s), 1000)] }

// The results that a context leads to are the same.
func TestContextLikeExec(t *testing.T) {
	custom := errors.New("custom")
	for _, one := range []struct {
		name, role string
		delay      time.Duration
		cancel     func(p *os.Process) error // nil for the default
	}{
		{"default", "stay", 0, nil},
		{"asked", "polite 0", 0, func(p *os.Process) error { return p.Signal(syscall.SIGTERM) }},
		{"asked and failed", "polite 4", 0, func(p *os.Process) error { return p.Signal(syscall.SIGTERM) }},
		{"stubborn", "stubborn", time.Millisecond, func(p *os.Process) error { return p.Signal(syscall.SIGTERM) }},
		{"custom error", "polite 0", 0, func(p *os.Process) error {
			_ = p.Signal(syscall.SIGTERM)
			return custom
		}},
		{"done", "polite 0", 0, func(p *os.Process) error {
			_ = p.Signal(syscall.SIGTERM)
			return os.ErrProcessDone
		}},
	} {
		t.Run(one.name, func(t *testing.T) {
			script := func(c procLike, cancel func()) string {
				out, err := c.StdoutPipe()
				must(t, err)
				must(t, c.Start())
				_, err = stdio.ReadFull(out, make([]byte, len("here")))
				must(t, err)
				cancel()
				err = c.Wait()
				return fmt.Sprint(procErr(err), errors.Is(err, custom), errors.Is(err, context.Canceled))
			}
			ctx, cancel := context.WithCancel(context.Background())
			std := exec.CommandContext(ctx, os.Args[0])
			std.Env, std.WaitDelay = procEnv(one.role), one.delay
			if one.cancel != nil {
				std.Cancel = func() error { return one.cancel(std.Process) }
			}
			want := script(std, cancel)
			procEachWay(t, func(t *testing.T) {
				run(t, func() {
					ctx, cancel := context.WithCancel(context.Background())
					c := io.CommandContext(ctx, os.Args[0])
					c.Env, c.WaitDelay = std.Env, std.WaitDelay
					if one.cancel != nil {
						c.Cancel = func() error { return one.cancel(c.Process) }
					}
					if got := script(c, cancel); got != want {
						t.Errorf("Wait returned %s, with os/exec %s", got, want)
					}
					again := io.CommandContext(ctx, os.Args[0])
					if err := again.Run(); err != context.Canceled || again.Process != nil {
						t.Errorf("a program was started by a context that is done: %v", err)
					}
				})
			})
		})
	}
}

func TestCommandLikeExec(t *testing.T) {
	t.Setenv("PATH", ".:/bin:/usr/bin")
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("here", []byte("#!/bin/sh\n"), 0o755))
	for _, name := range []string{"here", "./here", "sh", "", ".", "no-such-program", "/", "./no"} {
		std, ours := exec.Command(name, "a", "b"), io.Command(name, "a", "b")
		if std.Path != ours.Path || !reflect.DeepEqual(std.Args, ours.Args) || procErr(std.Err) != procErr(ours.Err) {
			t.Errorf("Command(%q) is %v, with os/exec %v", name, ours, std)
		}
		wantPath, want := exec.LookPath(name)
		if path, err := io.LookPath(name); path != wantPath || procErr(err) != procErr(want) {
			t.Errorf("LookPath(%q) returned %q, %v, want %q, %v", name, path, err, wantPath, want)
		}
	}
	if err := io.Command("here").Err; !errors.Is(err, io.ErrDot) {
		t.Errorf("a program in the current directory: %v", err)
	}
	var notFound *io.ExecError
	if err := io.Command("no-such-program").Err; !errors.Is(err, io.ErrNotFound) || !errors.As(err, &notFound) {
		t.Errorf("no program: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a nil context was taken")
		}
	}()
	io.CommandContext(noContext, "sh")
}

// A program is given files of ours itself, as it is given those of package os: nobody
// copies.
func TestProcessIsGivenFiles(t *testing.T) {
	if _, err := os.Stat("/dev/stdin"); err != nil {
		t.Skip("skipped: needs /dev/stdin")
	}
	dir := t.TempDir()
	run(t, func() {
		must(t, io.WriteFile(dir+"/in", []byte("a line\n"), 0o600))
		in, err := io.Open(dir + "/in")
		must(t, err)
		defer in.Close()
		out, err := io.Create(dir + "/out")
		must(t, err)
		defer out.Close()
		c := io.Command("sh", "-c", "test -f /dev/stdin && test -f /dev/stdout && test -f /dev/stderr && cat")
		c.Stdin, c.Stdout, c.Stderr = in, out, out
		must(t, c.Run())
		text, err := io.ReadFile(dir + "/out")
		if string(text) != "a line\n" || err != nil {
			t.Errorf("the file has %q, %v", text, err)
		}
	})
}
