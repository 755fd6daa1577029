//go:build unix

package poller

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// NewPoll returns a poller over poll(2), which every Unix has.
func NewPoll() (Poller, error) {
	p, err := newPoll()
	if err != nil {
		return nil, err
	}
	return p, nil
}

// poll waits with poll(2), which is level-triggered. To look edge-triggered, a direction is watched
// only from Arm until it has been reported.
//
// Its arrays run in parallel: polled is what the system gets, tokens what belongs to it. Entry 0 is
// the pipe that carries a Wake. The system skips entries with a negative descriptor; the entry of a
// descriptor that nobody waits for has its number inverted, or else poll would report a hang-up,
// which cannot be left out by asking for nothing, time and again.
type poll struct {
	waker // its descriptor is the writing end of the pipe

	polled []unix.PollFd
	tokens []uint64
	index  map[int]int // from descriptor to entry
	next   int         // the entry where the next report starts, so that the last get their turn
	dump   [16]byte    // takes what drain reads
}

func newPoll() (*poll, error) {
	var pipe [2]int
	syscall.ForkLock.RLock() // no fork in between, or the child would inherit the pipe
	err := unix.Pipe(pipe[:])
	if err == nil {
		unix.CloseOnExec(pipe[0])
		unix.CloseOnExec(pipe[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("pipe", err)
	}
	for _, fd := range pipe {
		if err := unix.SetNonblock(fd, true); err != nil {
			unix.Close(pipe[0])
			unix.Close(pipe[1])
			return nil, os.NewSyscallError("fcntl", err)
		}
	}
	return &poll{
		waker:  waker{fd: pipe[1]},
		polled: []unix.PollFd{{Fd: int32(pipe[0]), Events: unix.POLLIN}},
		tokens: []uint64{reservedToken},
		index:  map[int]int{},
		next:   1,
	}, nil
}

// Name implements Poller.
func (p *poll) Name() string { return "poll" }

// Add implements Poller. The system would take any descriptor at this point, so Add looks for itself
// at what epoll refuses.
func (p *poll) Add(fd int, token uint64) error {
	checkToken(token)
	if p.closed.Load() {
		return ErrClosed
	}
	if _, busy := p.index[fd]; busy {
		return fmt.Errorf("%w (descriptor %d)", ErrBusy, fd)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFDIR, unix.S_IFBLK:
		return fmt.Errorf("%w (descriptor %d)", ErrNotSupported, fd)
	}
	p.index[fd] = len(p.polled)
	p.polled = append(p.polled, unix.PollFd{Fd: ^int32(fd)})
	p.tokens = append(p.tokens, token)
	return nil
}

// Arm implements Poller.
func (p *poll) Arm(fd int, m Mode) error {
	if p.closed.Load() {
		return ErrClosed
	}
	i, ok := p.index[fd]
	if !ok {
		return os.NewSyscallError("poll", unix.ENOENT)
	}
	e := &p.polled[i]
	if m&Read != 0 {
		e.Events |= unix.POLLIN | pollRdhup
	}
	if m&Write != 0 {
		e.Events |= unix.POLLOUT
	}
	if m&Hangup != 0 {
		e.Events |= pollRdhup
	}
	if m != 0 {
		e.Fd = int32(fd)
	}
	return nil
}

// Remove implements Poller. The last entry takes the place of the removed one.
func (p *poll) Remove(fd int) error {
	if p.closed.Load() {
		return ErrClosed
	}
	i, ok := p.index[fd]
	if !ok {
		return os.NewSyscallError("poll", unix.ENOENT)
	}
	delete(p.index, fd)
	last := len(p.polled) - 1
	if i != last {
		p.polled[i], p.tokens[i] = p.polled[last], p.tokens[last]
		p.index[number(p.polled[i].Fd)] = i
	}
	p.polled, p.tokens = p.polled[:last], p.tokens[:last]
	return nil
}

// number returns the descriptor of an entry, whether it is watched or not.
func number(fd int32) int { return int(max(fd, ^fd)) }

// Close implements Poller.
func (p *poll) Close() error {
	if !p.waker.close() {
		return ErrClosed
	}
	return os.NewSyscallError("close", unix.Close(int(p.polled[0].Fd)))
}

// Wait implements Poller.
func (p *poll) Wait(events []Event, timeout time.Duration) (int, error) {
	if p.closed.Load() {
		return 0, ErrClosed
	}
	if len(events) == 0 {
		return 0, os.NewSyscallError("poll", unix.EINVAL)
	}
	clock := newCountdown(timeout)
	for left := timeout; ; {
		n, err := unix.Poll(p.polled, millis(left))
		if n > 0 {
			return p.report(events), nil
		}
		if err != nil && err != unix.EINTR {
			return 0, os.NewSyscallError("poll", err)
		}
		// A signal, or the time is up by the kernel's reckoning: now by ours. After a signal one more
		// look is due, for it may have come before the kernel looked.
		if left = clock.left(); left == 0 && err == nil {
			return 0, nil
		}
	}
}

// report translates what the system has found and returns the number of events. A Wake is not one.
// What finds no room stays armed.
func (p *poll) report(events []Event) int {
	if p.polled[0].Revents != 0 {
		p.drain()
		p.seen()
	}
	n := 0
	for range len(p.polled) - 1 {
		if p.next >= len(p.polled) {
			p.next = 1
		}
		e := &p.polled[p.next]
		if e.Revents != 0 {
			if n == len(events) {
				break
			}
			events[n] = Event{p.tokens[p.next], p.take(e)}
			n++
		}
		p.next++
	}
	return n
}

// take returns what entry e reports and disarms that.
func (p *poll) take(e *unix.PollFd) (m Mode) {
	bits := e.Revents
	if bits&unix.POLLIN != 0 {
		m |= Read
	}
	if bits&unix.POLLOUT != 0 {
		m |= Write
	}
	if bits&pollRdhup != 0 {
		m |= Read | Hangup
	}
	if bits&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0 {
		m |= Read | Write | Hangup
	}
	if m&Read != 0 {
		e.Events &^= unix.POLLIN | pollRdhup
	}
	if m&Write != 0 {
		e.Events &^= unix.POLLOUT
	}
	if e.Events == 0 {
		e.Fd = ^e.Fd
	}
	return m
}

// drain empties the pipe. There is at most one Wake in it.
func (p *poll) drain() {
	for {
		n, err := unix.Read(int(p.polled[0].Fd), p.dump[:])
		if err != unix.EINTR && n < len(p.dump) {
			return
		}
	}
}
