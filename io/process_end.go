//go:build unix

package io

import (
	"errors"
	"os"
	"sync"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// How the end of a program is noticed.
//
// Linux has a descriptor for a process, which the loop's poller watches as it does
// sockets. Elsewhere, and where there is no descriptor left, a goroutine for each
// program waits in the system. Neither listens to SIGCHLD: a signal tells of some
// child or other and whoever asks for "any child" takes those of others in the same
// program. Nor does it matter what the program was started to do with that signal.
//
// Noticing is not reaping. The program stays a zombie until Wait returns, and its
// number is nobody else's so long; that is what makes it safe to signal a group, for
// which there is no descriptor, from the loop that will reap. (Where the system cannot
// wait for a program without reaping it, on macOS and the BSDs, the goroutine does both,
// and between that and the return of Wait the number of a group may be another's.)

// procEnd waits for the end of one program. The zero value is ready.
type procEnd struct {
	process *os.Process
	what    string
	// fd is the process's descriptor, nil before it is needed.
	fd *socket.FD
	// vigil is the goroutine that takes its place, nil for none.
	vigil *procVigil
}

// procVigil is a goroutine that waits for a program.
type procVigil struct {
	mu   sync.Mutex
	over bool
	tell []func()
	// state and err are what reaping gave, where waiting and reaping are one.
	reaped bool
	state  *os.ProcessState
	err    error
}

// usePidfd can be switched off by a test.
var usePidfd = true

// Waiting implements kernel.Reason.
func (e *procEnd) Waiting() (string, *kernel.Task) { return "the end of " + e.what, nil }

// await parks the task until the program has ended. It is a checkpoint.
func (e *procEnd) await(t *kernel.Task) error {
	if e.fd == nil && e.vigil == nil {
		e.begin(t.Loop())
	}
	if e.fd != nil {
		var failed bool
		err := e.fd.Retry(kernel.Read, func(fd int) bool {
			ended, err := pidfdEnded(fd)
			failed = err != nil || t.Loop().Fault("waitid") != 0
			return ended || failed
		})
		if err != nil || !failed {
			return err
		}
		e.close()
		e.watch() // a system that is not what it seemed
	}
	if t.Outside(e, e.vigil.join) == kernel.Canceled {
		return t.Interrupted()
	}
	return nil
}

// begin chooses the means.
func (e *procEnd) begin(l *kernel.Loop) {
	if usePidfd && l.Fault("pidfd_open") == 0 {
		if fd, err := pidfd(e.process); err == nil {
			e.fd, _ = socket.New(fd, "the end of "+e.what, socket.Device)
		}
	}
	if e.fd == nil {
		e.watch()
	}
}

// watch begins a vigil.
func (e *procEnd) watch() {
	e.vigil = new(procVigil)
	go e.vigil.keep(e.process)
}

// join has done called when the program has ended.
func (v *procVigil) join(done func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over {
		done()
		return
	}
	v.tell = append(v.tell, done)
}

// keep is the goroutine.
func (v *procVigil) keep(p *os.Process) {
	var state *os.ProcessState
	var err error
	reaped := !awaitPid(p)
	if reaped {
		state, err = p.Wait()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.over, v.reaped, v.state, v.err = true, reaped, state, err
	for _, done := range v.tell {
		done()
	}
	v.tell = nil
}

// reap takes the zombie of a program that has ended out of the world. It does not wait.
func (e *procEnd) reap() (*os.ProcessState, error) {
	defer e.close()
	if v := e.vigil; v != nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.reaped {
			return v.state, v.err
		}
	}
	return e.process.Wait()
}

// forsake leaves the reaping of a program that was killed to a goroutine: no zombie is
// left although nobody can wait any more.
func (e *procEnd) forsake() {
	e.close()
	if e.vigil == nil {
		p := e.process
		go func() { _, _ = p.Wait() }()
		return
	}
	e.vigil.join(func() {
		if !e.vigil.reaped {
			_, _ = e.process.Wait()
		}
	})
}

// close gives the descriptor back.
func (e *procEnd) close() {
	if e.fd != nil {
		_ = e.fd.Close()
		e.fd = nil
	}
}

// isDone tells whether an error says that the process has ended.
func isDone(err error) bool { return errors.Is(err, os.ErrProcessDone) }
