//go:build unix

package io

import (
	"os"
	stdsync "sync"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// slowFile reads a file that cannot be polled on plain goroutines. A read that its task
// does not wait for any more goes on; what it brings is kept for the next.
type slowFile struct {
	file *os.File
	// one is held during a read, on a plain goroutine: those of other loops and
	// goroutines come after it.
	one stdsync.Mutex

	// mu guards the rest. It is held for a few instructions.
	mu stdsync.Mutex
	// kept is what abandoned reads have brought, keptErr how the last of them ended.
	kept    []byte
	keptErr error
}

// slowRead is one read by a task.
type slowRead struct {
	n   int
	err error
	// over tells that it was done, abandoned that the task has gone before. Both are
	// guarded by the file's mu.
	over, abandoned bool
}

// read is a read on the goroutine that calls. What is kept comes first.
func (f *slowFile) read(p []byte) (int, error) {
	f.one.Lock()
	defer f.one.Unlock()
	return f.next(p)
}

// next is read with one held.
func (f *slowFile) next(p []byte) (int, error) {
	if n, err := f.take(p); n > 0 || err != nil {
		return n, err
	}
	return f.file.Read(p)
}

// take returns what is kept.
func (f *slowFile) take(p []byte) (n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n = copy(p, f.kept)
	if f.kept = f.kept[n:]; len(f.kept) == 0 {
		f.kept = nil
		if n == 0 {
			err, f.keptErr = f.keptErr, nil
		}
	}
	return n, err
}

// offload is read on a plain goroutine, while the task waits.
func (f *slowFile) offload(t *kernel.Task, p []byte) (int, kernel.Outcome, error) {
	r := new(slowRead)
	own := make([]byte, len(p)) // p is the task's, which may be gone
	o, failed := t.Loop().Offloads().Offload(t, func() {
		f.one.Lock() // until the bytes are where the next reader finds them
		defer f.one.Unlock()
		n, err := f.next(own)
		f.mu.Lock()
		defer f.mu.Unlock()
		if r.abandoned {
			f.kept = append(own[:n], f.kept...)
			if err != nil {
				f.keptErr = err
			}
			return
		}
		r.n, r.err, r.over = n, err, true
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	if o == kernel.Canceled && !r.over {
		r.abandoned = true
		return 0, o, nil
	}
	if failed != nil {
		return 0, kernel.Woken, failed
	}
	return copy(p, own[:r.n]), kernel.Woken, r.err
}
