package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// shell is one session.
type shell struct {
	lines *io.StreamReader
	out   io.Writer
	// dir is where programs run: the shell's own directory is the whole process's.
	dir string
	// limit is how long a command may take, 0 for as long as it likes.
	limit time.Duration
	// tick is how often the clock is drawn, 0 for never.
	tick time.Duration
	// launching interrupts the start of a job, nil where there is none; foreground is what
	// runs now, nil for nothing; jobs are in the background.
	launching  func()
	foreground *job
	jobs       []*job
	started    int
	// news are of jobs that have ended, to be told before the next prompt: what is typed
	// meanwhile is not to be torn apart.
	news []string
	// over tells that exit was called.
	over bool
}

func newShell(in io.Reader, out io.Writer, limit time.Duration) *shell {
	dir, err := os.Getwd()
	if err != nil {
		dir = "/"
	}
	return &shell{lines: io.NewStreamReader(in), out: out, dir: dir, limit: limit}
}

// interrupt is what Ctrl-C does. Where nothing runs, the terminal has thrown away what
// was typed, and a new line begins.
func (s *shell) interrupt() {
	switch {
	case s.launching != nil:
		s.launching()
	case s.foreground != nil:
		s.foreground.signal(syscall.SIGINT)
	default:
		s.prompt("\n")
	}
}

// prompt asks for a line.
func (s *shell) prompt(before string) {
	text := before + strings.Join(s.news, "") + "> "
	s.news = nil
	fmt.Fprint(s.out, text)
}

// run reads lines and does what they say, until the last or exit.
func (s *shell) run() {
	for !s.over {
		s.prompt("")
		text, err := s.lines.ReadLine()
		s.do(string(text))
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) { // a line that just ends
				fmt.Fprint(s.out, "\n", err)
			}
			fmt.Fprintln(s.out)
			break
		}
	}
	for _, j := range s.jobs { // which nobody could see or stop any more
		j.signal(os.Kill)
	}
}

func (s *shell) do(text string) {
	l, err := parse(text)
	switch {
	case err != nil:
		fmt.Fprintln(s.out, err)
	case len(l.commands) == 0:
	case l.commands[0].words[0] == "exit":
		s.over = true
	case l.commands[0].words[0] == "cd":
		s.cd(l.commands[0].words[1:])
	case l.commands[0].words[0] == "jobs":
		for _, j := range s.jobs {
			fmt.Fprintf(s.out, "[%d] %s\n", j.number, j.text)
		}
	default:
		s.start(l)
	}
}

func (s *shell) cd(words []string) {
	dir, err := os.UserHomeDir()
	if len(words) > 0 {
		dir, err = s.path(words[0]), nil
	}
	if err == nil {
		_, err = os.ReadDir(dir)
	}
	if err != nil {
		fmt.Fprintln(s.out, err)
		return
	}
	s.dir = dir
}

// path is a file's, as seen from the shell's directory.
func (s *shell) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.dir, name)
}

// start starts a line's programs, and waits for them unless they are to run in the
// background.
func (s *shell) start(l line) {
	var j *job
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.launching = cancel
	err := timeout.WithContext(ctx, func() (err error) { // who opens a named pipe may wait for long
		j, err = s.launch(l)
		return err
	})
	s.launching = nil
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	if err != nil {
		fmt.Fprintln(s.out, err)
		return
	}
	if l.background {
		s.started++
		j.number = s.started
		j.text = strings.TrimSpace(strings.TrimSuffix(l.text, "&"))
		s.jobs = append(s.jobs, j)
		fmt.Fprintf(s.out, "[%d] started\n", j.number)
		task.Go(func() {
			err := j.wait(s.limit)
			s.jobs = slices.DeleteFunc(s.jobs, func(one *job) bool { return one == j })
			s.news = append(s.news, fmt.Sprintf("[%d] %s: %s\n", j.number, verdict(err), j.text))
		})
		return
	}
	s.foreground = j
	var clock *task.Task
	if s.tick > 0 {
		clock = task.Go(s.clock)
	}
	err = j.wait(s.limit)
	s.foreground = nil
	if clock != nil {
		clock.Kill()
		_ = clock.Join()
		fmt.Fprint(s.out, corner+back)
	}
	if err != nil {
		fmt.Fprintln(s.out, verdict(err))
	}
}

// corner goes to the upper right corner, where a clock is in nobody's way, and empties it;
// back returns to where the program writes.
const (
	corner = "\x1b7\x1b[1;999H\x1b[9D\x1b[K"
	back   = "\x1b8"
)

// clock draws how long the command has taken.
func (s *shell) clock() {
	for n := time.Duration(1); ; n++ {
		task.Sleep(s.tick)
		fmt.Fprintf(s.out, corner+"%10v"+back, n*s.tick)
	}
}

func verdict(err error) string {
	if err == nil {
		return "done"
	}
	return err.Error()
}
