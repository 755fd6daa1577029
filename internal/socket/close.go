//go:build unix

package socket

import (
	"net"
	"os"
	"runtime"
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
	o := t.Outside(inOtherLoop, nil, func(done func()) {
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
	if f.lingers.Load() {
		go unix.Close(fd) // the loop must not wait with it
		return nil
	}
	return os.NewSyscallError("close", closeFD(fd))
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

// forgotten closes what the collector found. It runs on the runtime's goroutine
// for cleanups, which must not wait for a loop.
func (f *file) forgotten() { f.endFromOutside(func(error) {}) }

// Linger notes that close may take its time from now on.
func (f *FD) Linger(on bool) { f.file.lingers.Store(on) }
