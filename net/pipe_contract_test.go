//go:build unix

package net_test

import (
	stdnet "net"
	"os"
	"path/filepath"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// pairs make the two ends of a connection in a task.
var pairs = map[string]func() (a, b stdnet.Conn, err error){
	"Pipe": func() (a, b stdnet.Conn, err error) {
		a, b = net.Pipe()
		return a, b, nil
	},
	"Unix": func() (a, b stdnet.Conn, err error) {
		dir, err := os.MkdirTemp("", "e")
		if err != nil {
			return nil, nil, err
		}
		defer os.RemoveAll(dir)
		l, err := net.Listen("unix", filepath.Join(dir, "s"))
		if err != nil {
			return nil, nil, err
		}
		defer l.Close()
		a, err = net.Dial("unix", l.Addr().String())
		if err != nil {
			return nil, nil, err
		}
		b, err = l.Accept()
		return a, b, err
	},
}

// That of tasks is for connections with buffers, which a Pipe has none of.
//
// holds: 46, 64, 67, 85, 87
func TestUnixKeepsTheRulesForTasks(t *testing.T) { tasktest.TestConn(t, pairs["Unix"]) }

// Whoever is cancelled when: what a writer says to be written was read, in order, and
// the others go on.
//
// holds: 46, 85
func TestPipeCancelledEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		a, b := net.Pipe()
		written, got := 0, 0
		var writers []*task.Task
		for _, size := range []int{3, 0, 2} {
			writers = append(writers, s.Go(func() {
				n, _ := a.Write(make([]byte, size))
				written += n
			}))
		}
		for range 2 {
			s.Go(func() {
				buf := make([]byte, 2)
				for {
					n, err := b.Read(buf)
					if got += n; err != nil {
						return
					}
				}
			})
		}
		for _, w := range writers {
			_ = w.Join() // each gets rid of what he has, whoever else is cancelled
		}
		must(t, a.Close())
		s.After(func() {
			must(t, b.Close())
			if !s.Cancelled() && (written != 5 || got != 5) {
				t.Errorf("%d bytes were written and %d read, want 5", written, got)
			}
		})
	})
}
