//go:build unix

package io

import (
	"os"
	"os/signal"
	"slices"
	stdsync "sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// modeKeeper knows which terminals are in another mode than they were found in, and
// restores them before a signal ends or stops the program.
//
// While there is one, a goroutine takes the signals that have such an effect. It puts
// the terminals back, gives the signal up, and sends it to the program once more, which
// then has its usual effect: the parent sees that the program died of the signal, or was
// stopped. A program that handles a signal itself goes on, and so do its modes.
type modeKeeper struct {
	// mu guards the rest, and is held while a terminal is changed: what the signal
	// restores cannot be changed again behind it.
	mu stdsync.Mutex
	// changed are the changes under way, the latest last.
	changed []*mode
	// loops are those that will restore at their end what was left changed.
	loops map[*kernel.Loop]bool
	// stop ends the goroutine that takes signals; nil while there is none.
	stop chan struct{}
}

var keeper = modeKeeper{loops: make(map[*kernel.Loop]bool)}

// fatal are the signals that end a program which does not handle them; stops is the one
// that Ctrl-Z sends.
var (
	fatal = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}
	stops = syscall.SIGTSTP
)

// resumption is how long a signal to ourselves may take to have its effect. A program
// that is still there is meant to go on.
const resumption = 100 * time.Millisecond

// change changes a terminal.
func (k *modeKeeper) change(m *mode, to func(*unix.Termios)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	before, err := unix.IoctlGetTermios(m.fd, getTermios)
	if err != nil {
		return err
	}
	m.before, m.after = *before, *before
	to(&m.after)
	if len(k.changed) == 0 {
		k.stop = make(chan struct{})
		incoming := make(chan os.Signal, 16)
		listen(incoming, 0)
		go k.take(incoming, k.stop)
	}
	k.changed = append(k.changed, m)
	if err = m.set(&m.after); err != nil {
		k.drop(m)
		return err
	}
	if !k.loops[m.loop] {
		k.loops[m.loop] = true
		m.loop.AtEnd(func() { k.end(m.loop) })
	}
	return nil
}

// listen takes the signals, all but one.
func listen(incoming chan os.Signal, but syscall.Signal) {
	for _, s := range fatal {
		if s != but && !signal.Ignored(s) { // nohup(1)
			signal.Notify(incoming, s)
		}
	}
	signal.Notify(incoming, stops, syscall.SIGCONT)
}

// end restores what a run has left behind.
func (k *modeKeeper) end(l *kernel.Loop) {
	k.mu.Lock()
	left := slices.Clone(k.changed)
	delete(k.loops, l)
	k.mu.Unlock()
	for _, m := range slices.Backward(left) {
		if m.loop == l {
			_ = k.restore(m)
		}
	}
}

// restore changes a terminal back and forgets it.
func (k *modeKeeper) restore(m *mode) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if m.over {
		return nil
	}
	m.over = true
	err := m.set(&m.before)
	k.drop(m)
	_ = unix.Close(m.fd)
	return err
}

// drop forgets a change. Called with mu held.
func (k *modeKeeper) drop(m *mode) {
	k.changed = slices.DeleteFunc(k.changed, func(other *mode) bool { return other == m })
	if len(k.changed) == 0 {
		close(k.stop)
	}
}

// take handles signals until stop is closed.
func (k *modeKeeper) take(incoming chan os.Signal, stop chan struct{}) {
	defer signal.Stop(incoming)
	for {
		select {
		case s := <-incoming:
			switch {
			case s == syscall.SIGCONT:
				k.again() // a shell may have changed it
			case kernel.Handled(s):
			case s == stops:
				k.pause()
			default:
				k.die(incoming, s.(syscall.Signal))
			}
		case <-stop:
			return
		}
	}
}

// again makes each change once more.
func (k *modeKeeper) again() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range k.changed {
		_ = m.set(&m.after)
	}
}

// back restores every terminal, the latest change first. Called with mu held.
func (k *modeKeeper) back() {
	for _, m := range slices.Backward(k.changed) {
		_ = m.set(&m.before)
	}
}

// die restores the terminals and lets the signal have its effect. Whoever takes the
// signal by package os/signal, of whom nobody can know, gets it twice, once, and goes on.
func (k *modeKeeper) die(incoming chan os.Signal, s syscall.Signal) {
	k.mu.Lock()
	k.back()
	signal.Stop(incoming)
	_ = unix.Kill(unix.Getpid(), s)
	<-time.After(resumption)
	listen(incoming, s)
	k.mu.Unlock()
	k.again()
}

// pause restores the terminals, stops the program, and changes them again when it goes
// on.
func (k *modeKeeper) pause() {
	k.mu.Lock()
	k.back()
	stopSelf()
	k.mu.Unlock()
	k.again()
}

// afterStop waits until the program, which has sent itself a signal to stop, goes on. The
// stop takes a moment to come, and when it is over the time is up.
func afterStop() { <-time.After(resumption) }
