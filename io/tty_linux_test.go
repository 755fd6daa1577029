package io_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"time"

	stdio "io"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// ttyPair makes a pseudo-terminal: who has the master sits at the keyboard.
func ttyPair(t testing.TB) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("skipped: needs a pty")
	}
	t.Cleanup(func() { _ = master.Close() })
	raw, err := master.SyscallConn()
	must(t, err)
	n := 0
	must(t, raw.Control(func(fd uintptr) {
		must(t, unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0))
		n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		must(t, err)
	}))
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	t.Cleanup(func() { _ = slave.Close() })
	return master, slave
}

// ttyMode is the mode of a terminal.
func ttyMode(t testing.TB, f *os.File) (m unix.Termios) {
	t.Helper()
	raw, err := f.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) {
		p, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		must(t, err)
		m = *p
	}))
	return m
}

// ttyScreen is what a terminal has shown.
type ttyScreen struct {
	t      testing.TB
	master *os.File
	seen   bytes.Buffer
}

// until reads what is shown until text is among it, and returns all of it; what follows
// is for the next call.
func (s *ttyScreen) until(text string) string {
	s.t.Helper()
	must(s.t, s.master.SetReadDeadline(time.Now().Add(time.Minute)))
	for {
		if i := strings.Index(s.seen.String(), text); i >= 0 {
			return string(s.seen.Next(i + len(text)))
		}
		p := make([]byte, 1000)
		n, err := s.master.Read(p)
		s.seen.Write(p[:n])
		if err != nil {
			s.t.Fatalf("the terminal ended with %v, it has shown %q and not %q", err, s.seen.String(), text)
		}
	}
}

func (s *ttyScreen) press(keys string) {
	s.t.Helper()
	_, err := s.master.WriteString(keys)
	must(s.t, err)
}

// ttyUser sits at the terminal of a program with a role.
type ttyUser struct {
	ttyScreen
	slave  *os.File
	leader *exec.Cmd
	report *os.File // of the leader: the program's number, and how it ended
	hold   *os.File // the leader stays while it is open
	pid    int
}

// ttyStart runs a program on a new terminal. It is started by another one, as by a
// shell, which leads the session: when the leader ends the system puts the terminal
// back by itself, and a test would see nothing.
func ttyStart(t testing.TB, role string) *ttyUser {
	t.Helper()
	master, slave := ttyPair(t)
	must(t, (&ttyUser{slave: slave}).size(24, 80))
	u := &ttyUser{ttyScreen: ttyScreen{t: t, master: master}, slave: slave}
	u.leader = stdioCommand(t, "leader")
	u.leader.Env = append(u.leader.Env, "EVERGREEN_IO_LED="+role)
	u.leader.Stdin, u.leader.Stdout, u.leader.Stderr = slave, slave, slave
	u.leader.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	report, reporter, err := os.Pipe()
	must(t, err)
	held, hold, err := os.Pipe()
	must(t, err)
	u.leader.ExtraFiles = []*os.File{reporter, held}
	must(t, u.leader.Start())
	u.report, u.hold = report, hold
	must(t, errors.Join(reporter.Close(), held.Close()))
	t.Cleanup(func() {
		must(t, errors.Join(u.hold.Close(), u.report.Close()))
		_ = u.leader.Wait()
	})
	_, err = fmt.Fscanln(report, &u.pid)
	must(t, err)
	return u
}

func (u *ttyUser) size(rows, columns uint16) error {
	raw, err := u.slave.SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	return errors.Join(raw.Control(func(fd uintptr) {
		refused = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
	}), refused)
}

// end waits for the program's end and returns how that was.
func (u *ttyUser) end() string {
	u.t.Helper()
	must(u.t, u.master.SetReadDeadline(time.Time{}))
	var reading stdsync.WaitGroup
	reading.Go(func() { _, _ = stdio.Copy(&u.seen, u.master) }) // or it could not write its last words
	how := make([]byte, 100)
	n, err := u.report.Read(how)
	must(u.t, err)
	must(u.t, u.master.SetReadDeadline(time.Unix(1, 0)))
	reading.Wait()
	return string(how[:n])
}

// ttyLead is the leader: it starts the program in the foreground, as a shell does, and
// waits until the test has seen what it wants to see.
func ttyLead() error {
	signal.Ignore(syscall.SIGTTOU)
	c := exec.Command(os.Args[0], "-test.run=^TestStdioProgram$")
	c.Env = append(os.Environ(), stdioRole+"="+os.Getenv("EVERGREEN_IO_LED"))
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Foreground: true, Ctty: 0}
	if err := c.Start(); err != nil {
		return err
	}
	report, held := os.NewFile(3, "report"), os.NewFile(4, "held")
	fmt.Fprintln(report, c.Process.Pid)
	_ = c.Wait()
	fmt.Fprint(report, c.ProcessState)
	_, _ = held.Read(make([]byte, 1))
	return nil
}

func init() {
	stdioRoles["leader"] = ttyLead
	for name, f := range ttyRoles {
		stdioRoles[name] = func() error {
			err := runtime.Run(func() {
				tty, err := io.OpenTTY()
				stdioCheck(0, err)
				defer tty.Close()
				f(tty)
			})
			// The first line says what it was.
			text, _, _ := strings.Cut(fmt.Sprint(err), "\n")
			fmt.Printf("ended: %.60s\r\n", text)
			return nil
		}
	}
}

// ttyWait is what most programs do in raw mode: they say so, and wait for a q.
func ttyWait(tty *io.TTY) error {
	fmt.Fprint(tty, "in raw mode")
	for p := make([]byte, 1); p[0] != 'q'; {
		if _, err := tty.Read(p); err != nil {
			return err
		}
	}
	return nil
}

var ttyRoles = map[string]func(tty *io.TTY){
	"tour": ttyTour,
	"raw":  func(tty *io.TTY) { _ = tty.Raw(func() error { return ttyWait(tty) }) },
	"raw and killed": func(tty *io.TTY) {
		t := task.Go(func() {
			_ = tty.Raw(func() error { fmt.Fprint(tty, "in raw mode"); var e sync.Event; e.Wait(); return nil })
		})
		_, _ = tty.Read(make([]byte, 1))
		t.Kill()
		_ = t.Join()
	},
	"raw and a panic": func(tty *io.TTY) {
		_ = tty.Raw(func() error {
			_ = ttyWait(tty)
			panic("in raw mode")
		})
	},
	"raw and out of time": func(tty *io.TTY) {
		_ = tty.Raw(func() error {
			_ = ttyWait(tty)
			return timeout.Run(time.Millisecond, func() error { return ttyWait(tty) })
		})
	},
	"raw and a deadlock": func(tty *io.TTY) {
		_ = tty.Raw(func() error {
			_ = ttyWait(tty)
			var e sync.Event
			e.Wait()
			return nil
		})
	},
	"raw and forgotten": func(tty *io.TTY) {
		_, err := tty.MakeRaw()
		stdioCheck(0, err)
		_ = ttyWait(tty)
	},
	"raw and closed": func(tty *io.TTY) {
		_ = tty.Raw(func() error {
			_ = ttyWait(tty)
			return tty.Close()
		})
	},
	"raw with a handler": func(tty *io.TTY) {
		h, err := runtime.Current().AddSignalHandler(os.Interrupt, func() {
			task.Go(func() { fmt.Fprint(tty, "handled") })
		})
		stdioCheck(0, err)
		defer h.Cancel()
		_ = tty.Raw(func() error { return ttyWait(tty) })
	},
	"raw with os/signal": func(tty *io.TTY) {
		c := make(chan os.Signal, 8)
		signal.Notify(c, os.Interrupt)
		_ = tty.Raw(func() error { return ttyWait(tty) })
		fmt.Fprintf(tty, "%d signals\r\n", len(c))
	},
	"password": func(tty *io.TTY) {
		name, err := tty.Prompt("name? ")
		fmt.Fprintf(tty, "[%s %v]", name, err)
		word, err := tty.Password("password? ")
		fmt.Fprintf(tty, "[%s %v]", word, err)
	},
	"lines": func(tty *io.TTY) {
		for {
			line, err := tty.Prompt("> ")
			fmt.Fprintf(tty, "[%s %v]", line, err)
			if err != nil {
				return
			}
		}
	},
	"sizes": func(tty *io.TTY) {
		h, err := tty.OnResize(func(s io.WinSize) {
			task.Go(func() { fmt.Fprintf(tty, "told of %d columns.", s.Columns) })
		})
		stdioCheck(0, err)
		defer h.Cancel()
		for s := range tty.Resizes() {
			fmt.Fprintf(tty, "%d rows of %d.", s.Rows, s.Columns)
			if s.Rows == 1 {
				return
			}
		}
	},
	// The shell's terminal as standard input and output, and what is typed in reads that
	// are cancelled again and again.
	"patience": func(tty *io.TTY) {
		fmt.Fprintf(io.Stdout, "%v %v.", io.Stdin.IsTerminal(), io.Stdout.IsTerminal())
		p := make([]byte, 3)
		for {
			n := 0
			err := timeout.Run(time.Millisecond, func() (err error) {
				n, err = io.Stdin.Read(p)
				return err
			})
			if n > 0 {
				fmt.Fprintf(io.Stdout, "[%s]", p[:n])
			}
			if err == stdio.EOF {
				return
			}
		}
	},
}

// However a program in raw mode ends, its terminal is as it was.
func TestRawModeIsRestored(t *testing.T) {
	sig := func(s syscall.Signal) func(u *ttyUser) {
		return func(u *ttyUser) { must(u.t, syscall.Kill(u.pid, s)) }
	}
	key := func(keys string) func(u *ttyUser) { return func(u *ttyUser) { u.press(keys) } }
	for _, c := range []struct {
		role, ends string
		happen     func(u *ttyUser)
	}{
		{"raw", "exit status 0", key("q")},
		{"raw", "signal: interrupt", sig(syscall.SIGINT)},
		{"raw", "signal: terminated", sig(syscall.SIGTERM)},
		{"raw", "signal: hangup", sig(syscall.SIGHUP)},
		{"raw", "exit status 2", sig(syscall.SIGQUIT)}, // a program in Go writes its stacks
		{"raw", "exit status 0", key("\x03\x1a\x04q")}, // Ctrl-C, Ctrl-Z and Ctrl-D are bytes
		{"raw and killed", "exit status 0", key("k")},
		{"raw and a panic", "exit status 0", key("q")},
		{"raw and out of time", "exit status 0", key("q")},
		{"raw and a deadlock", "exit status 0", key("q")},
		{"raw and forgotten", "exit status 0", key("q")},
		{"raw and closed", "exit status 0", key("q")},
	} {
		t.Run(c.role+", "+c.ends, func(t *testing.T) {
			u := ttyStart(t, c.role)
			// The leader has the slave open, so its mode stays.
			before := ttyMode(t, u.slave)
			u.until("in raw mode")
			// The program has written that after the change of mode.
			if m := ttyMode(t, u.slave); m.Lflag&(unix.ECHO|unix.ICANON|unix.ISIG) != 0 {
				t.Errorf("the terminal is not in raw mode: %+v", m)
			}
			c.happen(u)
			if c.role != "raw" {
				u.until("ended: ") // after Run has returned
			}
			if got := u.end(); got != c.ends {
				t.Errorf("the program ended with %s", got)
			}
			u.same(ttyMode(t, u.slave), ttyBefore(before))
		})
	}
}

// ttyBefore is the mode of a new terminal, which the program may have changed before the
// test has looked.
func ttyBefore(m unix.Termios) unix.Termios {
	m.Lflag |= unix.ECHO | unix.ICANON | unix.ISIG | unix.IEXTEN
	m.Iflag |= unix.ICRNL | unix.IXON
	m.Oflag |= unix.OPOST
	return m
}

func (u *ttyUser) same(got, want unix.Termios) {
	u.t.Helper()
	if got != want {
		u.t.Errorf("the terminal's mode is\n%+v, it was\n%+v", got, want)
	}
}

// ttyUntilMode waits for a change of mode that another process makes.
func (u *ttyUser) untilMode(ok func(m unix.Termios) bool) {
	u.t.Helper()
	for !ok(ttyMode(u.t, u.slave)) {
		if u.t.Context().Err() != nil {
			return
		}
	}
}

func ttyIsRaw(m unix.Termios) bool { return m.Lflag&unix.ICANON == 0 }

// A program that is stopped leaves the shell a terminal to work with, and has its own
// mode again when it goes on.
func TestRawModeWhileStopped(t *testing.T) {
	u := ttyStart(t, "raw")
	u.until("in raw mode")
	must(t, syscall.Kill(u.pid, syscall.SIGTSTP))
	for !ttyStopped(t, u.pid) {
	}
	m := ttyMode(t, u.slave)
	u.same(m, ttyBefore(m))
	must(t, syscall.Kill(u.pid, syscall.SIGCONT))
	u.untilMode(ttyIsRaw)
	u.press("q")
	if got := u.end(); got != "exit status 0" {
		t.Errorf("the program ended with %s", got)
	}
	m = ttyMode(t, u.slave)
	u.same(m, ttyBefore(m))
}

// ttyStopped tells whether a process is stopped.
func ttyStopped(t testing.TB, pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	must(t, err)
	_, rest, _ := strings.Cut(string(text), ") ")
	return strings.HasPrefix(rest, "T")
}

// Who handles the signal goes on in raw mode.
func TestRawModeWithAHandler(t *testing.T) {
	u := ttyStart(t, "raw with a handler")
	u.until("in raw mode")
	must(t, syscall.Kill(u.pid, syscall.SIGINT))
	u.until("handled")
	if !ttyIsRaw(ttyMode(t, u.slave)) {
		t.Error("the terminal is not in raw mode any more")
	}
	u.press("q")
	if got := u.end(); got != "exit status 0" {
		t.Errorf("the program ended with %s", got)
	}
}

// Who takes the signal by os/signal goes on as well.
func TestRawModeWithOsSignal(t *testing.T) {
	u := ttyStart(t, "raw with os/signal")
	u.until("in raw mode")
	must(t, syscall.Kill(u.pid, syscall.SIGINT))
	u.untilMode(func(m unix.Termios) bool { return !ttyIsRaw(m) })
	u.untilMode(ttyIsRaw)
	u.press("q")
	u.until("signals")
	if got := u.end(); got != "exit status 0" {
		t.Errorf("the program ended with %s", got)
	}
}

func TestPasswordIsNotShown(t *testing.T) {
	u := ttyStart(t, "password")
	u.until("name? ")
	u.press("ada\r")
	u.until("[ada <nil>]")
	u.until("password? ")
	u.press("secrex\x7ft\r")
	if shown := u.until("]"); shown != "\r\n[secret <nil>]" {
		t.Errorf("after the password the terminal has shown %q", shown)
	}
	if got := u.end(); got != "exit status 0" {
		t.Errorf("the program ended with %s", got)
	}
	m := ttyMode(t, u.slave)
	u.same(m, ttyBefore(m))
}

// Ctrl-C at a password ends the program, and what is typed is shown again.
func TestCtrlCAtAPassword(t *testing.T) {
	u := ttyStart(t, "password")
	u.until("name? ")
	u.press("\r")
	u.until("password? ")
	u.press("secr\x03")
	if got := u.end(); got != "signal: interrupt" {
		t.Errorf("the program ended with %s", got)
	}
	m := ttyMode(t, u.slave)
	u.same(m, ttyBefore(m))
}

// holds: 81
func TestLinesOfATerminal(t *testing.T) {
	u := ttyStart(t, "lines")
	u.until("> ")
	u.press("one\r")
	u.until("[one <nil>]> ")
	u.press("tvo\x7f\x7fwo\r\r") // two lines at once, one of them empty
	u.until("[two <nil>]> ")
	u.until("[ <nil>]> ")
	u.press("rest\x04\x04") // what there is of a line, and the end
	u.until("[rest EOF]")
	if got := u.end(); got != "exit status 0" {
		t.Errorf("the program ended with %s", got)
	}
}

func TestResizes(t *testing.T) {
	u := ttyStart(t, "sizes")
	u.until("24 rows of 80.")
	must(t, u.size(50, 132))
	u.until("told of 132 columns.")
	must(t, u.size(1, 10))
	u.until("1 rows of 10.")
	u.end()
}

func TestStandardInputIsATerminal(t *testing.T) {
	u := ttyStart(t, "patience")
	u.until("true true.")
	u.press("hello\r")
	u.until("[hel]")
	u.until("[lo\r\n")
	raw, err := u.slave.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) {
		// The slave of the test was opened by itself; that of the program is another.
		if flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0); err != nil || flags&unix.O_APPEND != 0 {
			t.Errorf("flags %x, %v", flags, err)
		}
	}))
	u.press("\x04")
	u.until("ended: ")
}

// In one process: reads from a terminal can be cancelled and lose nothing, and two
// readers do not take a line from each other.
//
// holds: 46, 67
func TestTTYCancelledEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		master, slave := ttyPair(t)
		tty, err := ttyOf(slave)
		must(t, err)
		var got []string
		read := func() {
			if line, err := tty.ReadLine(); err == nil {
				got = append(got, line)
			}
		}
		s.Go(read)
		s.Go(read)
		typist := task.Go(func() { _, _ = master.WriteString("one\rtwo\r") })
		_ = typist.Join()
		s.After(func() {
			for len(got) < 2 {
				read()
			}
			if strings.Join(got, " ") != "one two" {
				t.Errorf("read %q", got)
			}
			must(t, errors.Join(tty.Close(), master.Close(), slave.Close()))
		})
	})
}

func ttyOf(f *os.File) (*io.TTY, error) {
	d, err := io.FromFile(f)
	if err != nil {
		return nil, err
	}
	return io.NewTTY(d)
}

func TestTTYFailEverywhere(t *testing.T) {
	master, slave := ttyPair(t)
	before := ttyMode(t, slave)
	tasktest.FailEverywhere(t, syscall.EIO, nil, nil, func() {
		tty, err := ttyOf(slave)
		if err != nil {
			return
		}
		defer tty.Close()
		_, err = master.WriteString("secret\r")
		must(t, err)
		word, err := tty.Password("? ")
		if err == nil && word != "secret" {
			t.Errorf("the password is %q", word)
		}
		_ = timeout.Run(time.Second, func() error { // or the next would find it
			_, err := tty.Read(make([]byte, 100))
			return err
		})
		if m := ttyMode(t, slave); m != before {
			t.Errorf("the mode is %+v", m)
		}
		raw, err := master.SyscallConn()
		must(t, err)
		must(t, raw.Read(func(fd uintptr) bool { // what was shown, if anything was
			_, _ = unix.Read(int(fd), make([]byte, 1000))
			return true
		}))
	})
}

// holds: 94
func TestTTYFromAnywhere(t *testing.T) {
	loop := start(t)
	master, slave := ttyPair(t)
	var tty *io.TTY
	must(t, loop.Do(func() (err error) { tty, err = ttyOf(slave); return err }))
	_, err := master.WriteString("one\rtwo\rthree\r")
	must(t, err)
	var all stdsync.WaitGroup
	all.Go(func() {
		if line, err := tty.Prompt("> "); line != "one" || err != nil {
			t.Errorf("read %q, %v", line, err)
		}
		if line, err := tty.Password("> "); line != "two" || err != nil {
			t.Errorf("read %q, %v", line, err)
		}
		p := make([]byte, 10)
		if n, err := tty.Read(p); string(p[:n]) != "three\n" || err != nil {
			t.Errorf("read %q, %v", p[:n], err)
		}
	})
	all.Wait()
	must(t, tty.Close())
}

func TestWhatIsNoTerminal(t *testing.T) {
	run(t, func() {
		r, w := descPipe(t)
		if _, err := io.NewTTY(r); !errors.Is(err, syscall.ENOTTY) {
			t.Errorf("NewTTY of a pipe returned %v", err)
		}
		if io.IsTerminal(int(r.Fd())) {
			t.Error("a pipe is a terminal")
		}
		master, slave := ttyPair(t)
		if !io.IsTerminal(int(slave.Fd())) {
			t.Error("a terminal is none")
		}
		must(t, errors.Join(r.Close(), w.Close(), master.Close()))
	})
}

// The master of a pseudo-terminal that was blocking is not opened anew, which would make
// another one.
func TestMasterIsShared(t *testing.T) {
	master, slave := ttyPair(t)
	_ = master.Fd() // which has it block
	run(t, func() {
		tty, err := ttyOf(master)
		must(t, err)
		must(t, tty.SetWinSize(io.WinSize{Rows: 3, Columns: 4}))
		_, err = slave.WriteString("shown\n")
		must(t, err)
		p := make([]byte, 100)
		if n, err := tty.Read(p); string(p[:n]) != "shown\r\n" || err != nil {
			t.Errorf("read %q, %v", p[:n], err)
		}
		other, err := ttyOf(slave)
		must(t, err)
		if size, err := other.WinSize(); size != (io.WinSize{Rows: 3, Columns: 4}) || err != nil {
			t.Errorf("the size is %v, %v", size, err)
		}
		must(t, errors.Join(tty.Close(), other.Close()))
	})
}
