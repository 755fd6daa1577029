package main

import (
	"bufio"
	"errors"
	"fmt"
	stdio "io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/task"
)

// shell is one session.
type shell struct {
	lines *bufio.Reader
	out   stdio.Writer
	// dir is where programs run: the shell's own directory is the whole process's.
	dir string
	// limit is how long a command may take, 0 for as long as it likes.
	limit time.Duration
	// tick is how often the clock is drawn, 0 for never.
	tick time.Duration
	// foreground is what runs now, nil for nothing; jobs are in the background.
	foreground *job
	jobs       []*job
	started    int
	// over tells that exit was called.
	over bool
}

func newShell(in stdio.Reader, out stdio.Writer, limit time.Duration) *shell {
	dir, err := os.Getwd()
	if err != nil {
		dir = "/"
	}
	return &shell{lines: bufio.NewReader(input{in}), out: out, dir: dir, limit: limit}
}

// interrupt is what Ctrl-C does.
func (s *shell) interrupt() {
	if s.foreground != nil {
		s.foreground.signal(syscall.SIGINT)
	}
}

// run reads lines and does what they say, until the last or exit.
func (s *shell) run() {
	for !s.over {
		fmt.Fprint(s.out, "> ")
		text, err := s.lines.ReadString('\n')
		if text != "" {
			s.do(text)
		}
		if err != nil {
			fmt.Fprintln(s.out)
			if !errors.Is(err, stdio.EOF) {
				fmt.Fprintln(s.out, err)
			}
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
	j, err := s.launch(l)
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
			if !s.over {
				fmt.Fprintf(s.out, "[%d] %s\n", j.number, verdict(err))
			}
		})
		return
	}
	s.foreground = j
	var clock *task.Task
	if s.tick > 0 {
		clock = task.Go(func() { s.clock(j) })
	}
	err = j.wait(s.limit)
	s.foreground = nil
	if clock != nil {
		clock.Kill()
		_ = clock.Join()
	}
	if err != nil {
		fmt.Fprintln(s.out, verdict(err))
	}
}

// clock draws how long the job has taken, in the line where the cursor is.
func (s *shell) clock(j *job) {
	defer fmt.Fprint(s.out, "\r\x1b[K")
	for n := time.Duration(1); ; n++ {
		task.Sleep(s.tick)
		fmt.Fprintf(s.out, "\r\x1b[K%v %s", n*s.tick, j.text)
	}
}

func verdict(err error) string {
	if err == nil {
		return "done"
	}
	return err.Error()
}
