package main

import (
	"bytes"
	"errors"
	stdio "io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func TestMain(m *testing.M) {
	if os.Getenv("EVERGREEN_SHELL_TEST") != "" { // see TestProgram
		os.Args = os.Args[:1]
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// The program as a whole reads its standard input to the end, and ends well.
func TestProgram(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := runtime.Run(func() {
		c := io.Command(program)
		c.Env = append(os.Environ(), "EVERGREEN_SHELL_TEST=1")
		c.Stdin = strings.NewReader("echo hello\nsleep 1000 &\necho cut off")
		out, err := c.CombinedOutput()
		if want := "> hello\n> [1] started\n> cut off\n\n"; string(out) != want || err != nil {
			t.Errorf("it said\n%s\nand ended with %v", out, err)
		}
	}); err != nil {
		t.Error(err)
	}
}

// Ctrl-C is felt by a command that waits for a named pipe to be opened.
func TestInterruptOfAnOpen(t *testing.T) {
	session(t, 0, func(s *shell, in *os.File, out *bytes.Buffer) {
		if err := syscall.Mkfifo(s.path("fifo"), 0o600); err != nil {
			t.Error(err)
			return
		}
		if _, err := stdio.WriteString(in, "cat < fifo\n"); err != nil {
			t.Fatal(err)
		}
		until(func() bool { return s.launching != nil })
		s.interrupt()
		until(func() bool { return out.String() == "> interrupted\n> " })
		typeIn(t, in, out, "echo still there")
		if !strings.HasSuffix(out.String(), "> still there\n> ") {
			t.Errorf("the session was\n%s", out)
		}
		f, err := os.OpenFile(s.path("fifo"), os.O_RDWR, 0) // ends what was given up
		if err != nil {
			t.Error(err)
			return
		}
		f.Close()
	})
}

// session has a shell run in a new directory, on what the test writes to in.
func session(t *testing.T, limit time.Duration, test func(s *shell, in *os.File, out *bytes.Buffer)) {
	t.Helper()
	for _, name := range []string{"cat", "echo", "sh", "sleep"} {
		if _, err := io.LookPath(name); err != nil {
			t.Skip("skipped: needs " + name)
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := runtime.Run(func() {
		var out bytes.Buffer
		lines, err := io.FromFile(r)
		if err != nil {
			t.Error(err)
			return
		}
		defer lines.Close()
		s := newShell(lines, &out, limit)
		s.dir = t.TempDir()
		running := task.Go(s.run)
		test(s, w, &out)
		w.Close()
		_ = running.Join()
	}); err != nil {
		t.Error(err)
	}
}

// typeIn writes lines and waits until the shell has done them all.
func typeIn(t *testing.T, in *os.File, out *bytes.Buffer, lines ...string) {
	t.Helper()
	prompts := strings.Count(out.String(), "> ")
	if _, err := stdio.WriteString(in, strings.Join(lines, "\n")+"\n"); err != nil {
		t.Fatal(err)
	}
	until(func() bool { return strings.Count(out.String(), "> ") >= prompts+len(lines) })
}

func until(condition func() bool) {
	for !condition() {
		task.Yield()
	}
}

func TestSession(t *testing.T) {
	session(t, 0, func(s *shell, in *os.File, out *bytes.Buffer) {
		until(func() bool { return out.String() == "> " })
		typeIn(t, in, out,
			`echo hello 'big  world'`,
			`echo one | cat | cat`,
			`echo first > file`,
			`echo second >> file`,
			`cat < file`,
			`cat < nothing`,
			`sh -c 'exit 3'`,
			`sh -c 'echo oops >&2'`,
			`no-such-program`,
			``,
			`cd /`,
			`sh -c pwd`,
			`cd /no/such/directory`,
			`echo 'open`,
			`| cat`,
		)
		got := out.String()
		for _, part := range []string{
			"> hello big  world\n> one\n> > > first\nsecond\n> open ",
			"nothing: no such file or directory\n> exit status 3\n> oops\n> exec: \"no-such-program\": executable file not found in $PATH\n> > > /\n> open /no/such/directory: no such file or directory\n> a quotation mark is not closed\n> a command is missing\n> ",
		} {
			if !strings.Contains(got, part) {
				t.Errorf("the session was\n%s\nand lacks\n%s", got, part)
			}
		}
	})
}

// The limit ends the whole pipeline and what its programs have started.
func TestLimit(t *testing.T) {
	session(t, 50*time.Millisecond, func(_ *shell, in *os.File, out *bytes.Buffer) {
		typeIn(t, in, out, `sh -c 'sleep 1000; echo no' | cat`)
		until(func() bool { return strings.Contains(out.String(), "> killed after 50ms\n> ") })
	})
}

// Ctrl-C reaches what runs, and not the shell.
func TestInterrupt(t *testing.T) {
	session(t, 0, func(s *shell, in *os.File, out *bytes.Buffer) {
		if _, err := stdio.WriteString(in, "sh -c 'echo here; exec sleep 1000'\n"); err != nil {
			t.Fatal(err)
		}
		until(func() bool { return strings.Contains(out.String(), "here\n") })
		s.interrupt()
		until(func() bool { return strings.HasSuffix(out.String(), "signal: interrupt\n> ") })
		s.interrupt() // there is nothing to interrupt
		typeIn(t, in, out, "echo still there")
		if !strings.Contains(out.String(), "still there\n") {
			t.Errorf("the session was\n%s", out)
		}
	})
}

func TestBackground(t *testing.T) {
	session(t, 0, func(s *shell, in *os.File, out *bytes.Buffer) {
		until(func() bool { return out.String() == "> " })
		typeIn(t, in, out, "sleep 1000 &", "sleep 2000 &", "jobs", "echo meanwhile")
		if want := "> [1] started\n> [2] started\n> [1] sleep 1000\n[2] sleep 2000\n> meanwhile\n> "; out.String() != want {
			t.Errorf("the session was\n%s", out)
		}
		s.jobs[0].signal(syscall.SIGTERM)
		until(func() bool { return len(s.jobs) == 1 })
		typeIn(t, in, out, "")
		if !strings.HasSuffix(out.String(), "> [1] signal: terminated: sleep 1000\n> ") {
			t.Errorf("the session was\n%s", out)
		}
		_, err := stdio.WriteString(in, "exit\n") // which ends the other; the loop waits for that
		if err != nil {
			t.Fatal(err)
		}
	})
}

// The clock is drawn while a command runs, and is gone afterwards.
func TestClock(t *testing.T) {
	session(t, 0, func(s *shell, in *os.File, out *bytes.Buffer) {
		s.tick = time.Millisecond
		if _, err := stdio.WriteString(in, "sleep 1000\n"); err != nil {
			t.Fatal(err)
		}
		until(func() bool { return strings.Contains(out.String(), corner+"       3ms"+back) })
		s.interrupt()
		until(func() bool { return strings.HasSuffix(out.String(), corner+back+"signal: interrupt\n> ") })
	})
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		`a b`:                 `[[a b]]`,
		`a  'b  c' "d'e"f ''`: `[[a b  c d'ef ]]`,
		`a|b | c`:             `[[a] [b] [c]]`,
		`a<in>out`:            `[[a] < in > out]`,
		`a >>out <in`:         `[[a] < in >> out]`,
		`a '>' b`:             `[[a > b]]`,
		`a &`:                 `[[a]] &`,
		`é|ü`:                 `[[é] [ü]]`,
		``:                    `[]`,
	} {
		l, err := parse(text)
		if got := render(l); got != want || err != nil {
			t.Errorf("%s was read as %s, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]error{
		`a 'b`: errQuote, `a "b`: errQuote, `|`: errEmpty, `a |`: errEmpty, `a | | b`: errEmpty,
		`<`: errFile, `a <`: errFile, `a > | b`: errFile, `a & b`: errAnd, `> file`: errEmpty,
	} {
		if _, err := parse(text); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}

// render writes a line as the table has it.
func render(l line) string {
	var all []string
	for _, c := range l.commands {
		one := "[" + strings.Join(c.words, " ") + "]"
		if c.in != "" {
			one += " < " + c.in
		}
		if c.out != "" {
			one += map[bool]string{false: " > ", true: " >> "}[c.appended] + c.out
		}
		all = append(all, one)
	}
	s := "[" + strings.Join(all, " ") + "]"
	if l.background {
		s += " &"
	}
	return s
}
