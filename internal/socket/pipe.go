//go:build unix

package socket

import "github.com/evergreen-go/evergreen/internal/kernel"

// slot is the unit in which a pipe has room: of so many bytes that were taken away at
// least one is free.
const slot = 4096

// Join notes that two descriptors are the ends of one pipe, in the care of one loop. A
// write then wakes a reader, and a read a writer, without a question to the poller in
// between. It is not a checkpoint.
func Join(r, w *FD) {
	r.peer, w.peer = w.desc, r.desc
	r.Quiet() // nothing can have been written yet
}

// drained tells the writer of a pipe that n bytes were taken, and whether that was all.
func (f *FD) drained(n int, all bool) {
	if n >= slot || n > 0 && all {
		f.peer.Hint(kernel.Write)
	}
}
