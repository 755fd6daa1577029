// Package poller waits until file descriptors are ready.
//
// It is the one place where a loop blocks. A [Poller] is told of a descriptor once, for both
// directions, and from then on reports each time that it becomes ready:
//
//	p, err := poller.New()
//	...
//	err = p.Add(fd, token)             // once; the token is yours and comes back in events
//
//	n, err := unix.Read(fd, buf)       // always try first
//	if err == unix.EAGAIN {
//		err = p.Arm(fd, poller.Read)   // about to wait for it
//	}
//
//	n, err := p.Wait(events, timeout)
//	for _, e := range events[:n] {
//		if e.Mode&poller.Read != 0 {
//			// whoever waits to read on e.Token tries again
//		}
//	}
//
//	err = p.Remove(fd)                 // first this, then close the descriptor
//
// # Rules
//
// Readiness is edge-triggered. An event says that something has changed; it is not repeated while
// nothing more happens. So try the operation first, and wait only after it has returned EAGAIN. (A
// short read of a stream socket, too, means that it is drained.) Call Arm before each such wait.
// With epoll that costs nothing, since one registration reports every edge; a level-triggered
// backend reports each direction once and then needs to be told that it is wanted again.
//
// An event is a hint, never a promise. It may name a direction nobody has armed, or one that is not
// ready any more. Try again, and wait again on EAGAIN.
//
// A hang-up or an error wakes both sides: the event has Read and Write set as well as Hangup, for
// only the next read or write can tell what has happened. A peer that has only stopped sending
// (RDHUP) sets Read and Hangup.
//
// Descriptors must be non-blocking; this package does not look.
//
// Remove a descriptor before closing it. Events already returned by Wait are yours to discard, so a
// token should carry a generation beside the number of the descriptor. No later Wait reports a
// removed token.
//
// Wait, Add, Arm, Remove and Close belong to one goroutine at a time, the one that runs the loop.
// Wake may be called from any goroutine, and at any time: it makes the Wait under way return, or else
// the next one. What was written before Wake is visible after that Wait. Wakes coalesce until Wait
// has seen one, so look for what the wakers left after every Wait, whatever it returned.
//
// # Timeouts
//
// A negative timeout waits for ever, zero only looks, and a positive one is never cut short: without
// an event or a Wake, Wait does not return before it has passed. What the system cannot express is
// rounded up, so that a loop whose next timer is 300 microseconds away waits for it instead of
// asking again and again. A signal does not end a wait, nor does it start the timeout anew. Time is
// what time.Now says, without the wall clock.
//
// # Edges
//
// Regular files and directories are always ready, so waiting for them has no meaning: Add returns
// ErrNotSupported. Such files belong on another thread.
//
// A descriptor closed without Remove is a mistake. If a duplicate keeps the file open, epoll goes on
// reporting it under the old token, at most once for each thing that happens; poll reports once that
// the number is dead. Neither spins.
//
// The token 1<<64 - 1 is reserved; Add panics on it. Wait with no room for events is an error.
//
// # Backends
//
// New returns epoll on Linux and poll(2) on every other Unix. NewPoll returns poll(2) everywhere on
// Unix, Linux included: it is the readable reference, and the same suite of tests runs over both.
// Its Wait takes time in proportion to the number of descriptors. A kqueue backend for macOS and the
// BSDs is a later step and changes nothing here. On systems that are not Unix both return
// ErrNotSupported.
package poller

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

var (
	// ErrNotSupported is returned by Add for a file that cannot be polled, and by New on a system
	// without a backend. errors.Is finds errors.ErrUnsupported in it.
	ErrNotSupported = fmt.Errorf("poller: this kind of file or system cannot be polled: %w", errors.ErrUnsupported)

	// ErrBusy is returned by Add for a descriptor that is registered already.
	ErrBusy = errors.New("poller: the descriptor is already registered")

	// ErrClosed is returned by every method after Close.
	ErrClosed = errors.New("poller: the poller is closed")
)

// reservedToken is what epoll stores for the descriptor that carries a Wake.
const reservedToken = math.MaxUint64

// A Poller waits for many descriptors at once. See the package comment for the rules that go with
// it. Errors of the system come as *os.SyscallError.
type Poller interface {
	// Add registers fd in both directions. Its events carry token. Add returns ErrNotSupported for
	// a regular file, ErrBusy if fd is registered already, and an error of the system such as
	// EBADF. It panics if token is 1<<64 - 1.
	Add(fd int, token uint64) error

	// Arm says that the caller is about to wait for m on fd, having seen EAGAIN. A direction that
	// has become ready in between is reported by the next Wait. Arm of a descriptor that is not
	// registered may return ENOENT.
	Arm(fd int, m Mode) error

	// Remove ends the registration of fd; no later Wait reports its token. Call it before closing
	// fd. The error is ENOENT if fd is not registered.
	Remove(fd int) error

	// Wait waits until there is an event, Wake is called or timeout has passed, and fills events
	// from the start. It returns how many events there are: 0 after a timeout, and also when a
	// Wake ended the wait. What does not fit comes with the next Wait. A negative timeout means for
	// ever, 0 means not to wait.
	Wait(events []Event, timeout time.Duration) (n int, err error)

	// Wake makes the current Wait return, or the next one if none is under way. It never blocks.
	Wake() error

	// Close releases the descriptors of the poller itself; it leaves the registered ones alone. No
	// Wait may be under way.
	Close() error

	// Name returns "epoll" or "poll".
	Name() string
}

// Mode is a set of directions.
type Mode uint8

const (
	// Read is set when a read may get on: there is data, an end of file or an error.
	Read Mode = 1 << iota

	// Write is set when a write may get on: there is room, or an error.
	Write

	// Hangup is set, besides the directions it wakes, when the peer has stopped sending or has gone
	// away, or when the descriptor is in error.
	Hangup
)

// String returns the names of the directions in m, as in "read|hangup", or "none".
func (m Mode) String() string {
	var names []string
	for i, name := range [...]string{"read", "write", "hangup"} {
		if m&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, "|")
}

// An Event says that a descriptor has become ready.
type Event struct {
	Token uint64 // as given to Add
	Mode  Mode   // never empty
}

// checkToken panics if token is the reserved one.
func checkToken(token uint64) {
	if token == reservedToken {
		panic("poller: the token 1<<64 - 1 is reserved")
	}
}
