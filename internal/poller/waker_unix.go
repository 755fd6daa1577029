//go:build unix

package poller

import (
	"encoding/binary"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// waker makes a Wait return, from any goroutine: it writes to a descriptor that the poller watches.
// A million wakes cost one write, because only the first since the last Wait gets as far as that.
type waker struct {
	pending atomic.Bool // a Wake has been sent and no Wait has seen it
	closed  atomic.Bool

	// mu keeps a write and the close apart. Otherwise a late Wake might write to whatever has got
	// the number of the descriptor since.
	mu sync.Mutex
	fd int
}

// one is what an eventfd is written: 1 in the byte order of the machine. For a pipe any bytes do.
var one = binary.NativeEndian.AppendUint64(nil, 1)

// Wake implements Poller.
func (w *waker) Wake() error {
	if w.closed.Load() {
		return ErrClosed
	}
	// Not a Load first: the Swap also publishes what the caller has written so far to the Wait
	// that resets the flag, even if another Wake does the writing.
	if w.pending.Swap(true) {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed.Load() {
		return ErrClosed
	}
	if _, err := unix.Write(w.fd, one); err != nil {
		w.pending.Store(false) // or no later Wake would try again
		return os.NewSyscallError("write", err)
	}
	return nil
}

// seen is called by Wait when it has seen the descriptor ready, after emptying it if it needs that.
// A Wake from now on writes again; one before did not need to, since this Wait returns. It is a Swap
// and not a Store because only what reads the flag also gets to see what the wakers wrote.
func (w *waker) seen() { w.pending.Swap(false) }

// close closes the descriptor. It returns false if that has been done before.
func (w *waker) close() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed.Swap(true) {
		return false
	}
	unix.Close(w.fd)
	return true
}
