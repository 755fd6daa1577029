package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/timeout"
)

// job is the programs of a line, which form one process group.
type job struct {
	text     string
	number   int // in the list of jobs
	programs []*io.Cmd
	// waited counts the programs that have ended, result is how the last did.
	waited int
	result error
}

// launch starts the programs of a line. Where one cannot be started those before it are
// killed.
func (s *shell) launch(l line) (j *job, err error) {
	j = &job{text: l.text}
	var files []*os.File // ours no more once the programs have them
	defer func() {
		for _, f := range files {
			_ = f.Close()
		}
		if err != nil {
			j.signal(os.Kill)
			timeout.Shield(func() { _ = j.wait(0) })
		}
	}()
	open := func(name string, flags int) (*os.File, error) {
		f, err := io.OpenFile(s.path(name), flags, 0o666)
		if err == nil {
			files = append(files, f.OS())
		}
		return f.OS(), err
	}
	var from *os.File // what the program before writes to
	for i, c := range l.commands {
		p := io.Command(c.words[0], c.words[1:]...)
		p.Dir, p.Group, p.Stdout, p.Stderr = s.dir, true, s.out, s.out
		if from != nil {
			p.Stdin, from = from, nil
		}
		if i > 0 {
			p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: j.programs[0].Process.Pid}
		}
		if i < len(l.commands)-1 {
			r, w, err := os.Pipe()
			if err != nil {
				return j, err
			}
			files = append(files, r, w)
			p.Stdout, from = w, r
		}
		if c.in != "" {
			if p.Stdin, err = open(c.in, os.O_RDONLY); err != nil {
				return j, err
			}
		}
		if c.out != "" {
			how := os.O_TRUNC
			if c.appended {
				how = os.O_APPEND
			}
			if p.Stdout, err = open(c.out, os.O_WRONLY|os.O_CREATE|how); err != nil {
				return j, err
			}
		}
		if err := p.Start(); err != nil {
			return j, err
		}
		j.programs = append(j.programs, p)
	}
	return j, nil
}

// signal sends a signal to all programs of the job.
func (j *job) signal(sig os.Signal) {
	for _, p := range j.programs[j.waited:] { // any of them reaches the group
		if p.Signal(sig) == nil {
			return
		}
	}
}

// wait waits for the programs, and kills them when the limit has passed, if it is not
// 0. It returns how the last program ended.
func (j *job) wait(limit time.Duration) error {
	if limit == 0 {
		return j.waitAll()
	}
	err := timeout.Run(limit, j.waitAll)
	if errors.Is(err, context.DeadlineExceeded) {
		j.signal(os.Kill)
		_ = j.waitAll()
		return fmt.Errorf("killed after %v", limit)
	}
	return err
}

// waitAll can be called again if it was cancelled.
func (j *job) waitAll() error {
	for j.waited < len(j.programs) {
		p := j.programs[j.waited]
		err := p.Wait()
		if p.ProcessState == nil {
			return err
		}
		j.waited++
		j.result = err
	}
	return j.result
}
