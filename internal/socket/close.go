//go:build unix

package socket

import (
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// file is what there is to close. It does not refer to the FD, so that it outlives
// one that was forgotten.
type file struct {
	desc *kernel.Desc
	// number is the descriptor, -1 once it has been given back to the system.
	number atomic.Int64
	// lingers tells that the system may wait in close until the peer has everything.
	lingers atomic.Bool
	// blocked tells that the open file was made non-blocking for us, and is to block
	// again: others may have it, too.
	blocked bool

	// mu guards the rest. It is held for a few instructions.
	mu sync.Mutex
	// lent counts the calls of Lend under way outside the loop; owed is the number that
	// the last of them gives back, since the file was closed meanwhile, else -1.
	lent, owed int
}

// Close wakes everybody who waits for the descriptor with net.ErrClosed and closes
// it. A second Close returns net.ErrClosed. In a task of the descriptor's loop it
// is not a checkpoint; elsewhere it waits until it is done, also in a task that is
// cancelled, since otherwise nobody would close the descriptor.
func (f *FD) Close() error {
	f.cleanup.Stop()
	return f.file.close()
}

func (f *file) close() error {
	here := kernel.CurrentLoop()
	switch {
	case f.number.Load() < 0:
		return net.ErrClosed
	case here == f.desc.Loop():
		return f.end()
	case here == nil:
		var result error
		over := kernel.NewLatch()
		f.endFromOutside(func(err error) {
			result = err
			over.Open()
		})
		over.Wait()
		return result
	}
	t := kernel.Running()
	if t == nil { // a callback of another loop, which must not wait
		f.endFromOutside(func(error) {})
		return nil
	}
	shield := t.EnterShield(0)
	defer shield.Leave()
	result := make(chan error, 1)
	begun := false
	o := t.Outside(inOtherLoop, func(done func()) {
		begun = true
		f.endFromOutside(func(err error) {
			result <- err
			done()
		})
	})
	if !begun { // shields do not hold any more
		f.endFromOutside(func(error) {})
	}
	if o == kernel.Canceled {
		return nil
	}
	return <-result
}

// end ends the registration and gives the descriptor back. The caller holds the
// baton of the loop, or keeps it from starting.
func (f *file) end() error {
	fd := int(f.number.Swap(-1))
	if fd < 0 {
		return net.ErrClosed
	}
	f.desc.Evict()
	if f.owe(fd) {
		return nil
	}
	return f.release(fd)
}

// release gives the descriptor back to the system.
func (f *file) release(fd int) error {
	if f.blocked {
		_ = unix.SetNonblock(fd, false)
	}
	if f.lingers.Load() {
		go unix.Close(fd) // the loop must not wait with it
		return nil
	}
	err := closeFD(fd)
	if e := f.desc.Loop().Fault("close"); e != 0 {
		err = e // a close that fails has closed all the same, and must not be made again
	}
	return os.NewSyscallError("close", err)
}

// endFromOutside has the loop call end, or calls it itself if the loop has ended,
// and has told called with the outcome. It does not wait. It goes by a callback
// and not by a task, because a loop that is ending starts no task any more.
func (f *file) endFromOutside(told func(error)) {
	l := f.desc.Loop()
	for {
		var err error
		if l.IfStopped(func() { err = f.end() }) {
			told(err)
			return
		}
		if _, err := l.CallThreadsafe(func() { told(f.end()) }); err == nil {
			return
		}
		runtime.Gosched() // the loop takes no more calls and will have stopped in a moment
	}
}

// owe leaves the release to those whom the number is lent to, and tells whether there
// is anybody.
func (f *file) owe(fd int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lent == 0 {
		return false
	}
	f.owed = fd
	return true
}

// lend returns the number, which stays valid until giveBack, or -1. The caller keeps
// the loop from starting.
func (f *file) lend() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	fd := int(f.number.Load())
	if fd >= 0 {
		f.lent++
	}
	return fd
}

func (f *file) giveBack() {
	f.mu.Lock()
	f.lent--
	fd := -1
	if f.lent == 0 {
		fd, f.owed = f.owed, -1
	}
	f.mu.Unlock()
	if fd >= 0 {
		_ = f.release(fd)
	}
}

// Lend is [FD.Control] for a function of the user's: it may call any method of the
// descriptor that does not wait, Close too, and no lock is held meanwhile. It is not a
// checkpoint in a task of the descriptor's loop.
func (f *FD) Lend(use func(fd int) error) error {
	if kernel.CurrentLoop() == f.Loop() {
		return f.Control(use)
	}
	fd := -1
	if !f.Loop().IfStopped(func() { fd = f.file.lend() }) {
		_, err := Carry(f.Loop(), func() (none struct{}, err error) { return none, f.Control(use) })
		return err
	}
	if fd < 0 {
		return net.ErrClosed
	}
	defer f.file.giveBack()
	return use(fd)
}

// forgotten closes what the collector found. It runs on the runtime's goroutine
// for cleanups, which must not wait for a loop.
func (f *file) forgotten() { f.endFromOutside(func(error) {}) }

// Linger notes that close may take its time from now on.
func (f *FD) Linger(on bool) { f.file.lingers.Store(on) }
