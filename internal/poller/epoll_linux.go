package poller

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// New returns the best poller of the platform, here epoll.
func New() (Poller, error) {
	p, err := newEpoll()
	if err != nil {
		return nil, err
	}
	return p, nil
}

// epoll waits with epoll(7), edge-triggered. Each descriptor is registered once, for everything, so
// neither a wait nor its end costs a system call of its own.
type epoll struct {
	waker // its descriptor is an eventfd

	fd        int
	coarse    bool                 // the kernel has no epoll_pwait2: count in milliseconds
	collected [256]unix.EpollEvent // one Wait's worth; more than that come with the next
}

// Urgent data counts as a hang-up, since it has the same effect on reads: they stop short at its mark,
// and so a short read does not show that nothing more has come.
const epollEverything = unix.EPOLLIN | unix.EPOLLPRI | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

func newEpoll() (*epoll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	wakeFd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("eventfd", err)
	}
	p := &epoll{fd: fd, waker: waker{fd: wakeFd}}

	// The eventfd is never read. It is edge-triggered, and each write is an edge whatever the
	// counter says, so reading would be a system call per Wake for nothing. The counter is full
	// after 2^64 writes: at ten million a second, in 58,000 years.
	if err := p.control(unix.EPOLL_CTL_ADD, wakeFd, unix.EPOLLIN|unix.EPOLLET, reservedToken); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Name implements Poller.
func (p *epoll) Name() string { return "epoll" }

// Add implements Poller.
func (p *epoll) Add(fd int, token uint64) error {
	checkToken(token)
	if p.closed.Load() {
		return ErrClosed
	}
	err := p.control(unix.EPOLL_CTL_ADD, fd, epollEverything, token)
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w (descriptor %d)", ErrNotSupported, fd)
	case errors.Is(err, unix.EEXIST):
		return fmt.Errorf("%w (descriptor %d)", ErrBusy, fd)
	}
	return err
}

// Arm implements Poller. There is nothing to do: the edge that the caller wants to see, after the
// EAGAIN it has just had, is reported anyway.
func (p *epoll) Arm(int, Mode) error {
	if p.closed.Load() {
		return ErrClosed
	}
	return nil
}

// Remove implements Poller.
func (p *epoll) Remove(fd int) error {
	if p.closed.Load() {
		return ErrClosed
	}
	return p.control(unix.EPOLL_CTL_DEL, fd, 0, 0)
}

// control calls epoll_ctl. The kernel hands the 64 bits of data back as they are; in Go they are the
// fields Fd and Pad.
func (p *epoll) control(op, fd int, events uint32, token uint64) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(uint32(token)), Pad: int32(uint32(token >> 32))}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, op, fd, &ev))
}

// Close implements Poller.
func (p *epoll) Close() error {
	if !p.waker.close() {
		return ErrClosed
	}
	return os.NewSyscallError("close", unix.Close(p.fd))
}

// Wait implements Poller.
func (p *epoll) Wait(events []Event, timeout time.Duration) (int, error) {
	if p.closed.Load() {
		return 0, ErrClosed
	}
	room := p.collected[:min(len(events), len(p.collected))]
	if len(room) == 0 {
		return 0, os.NewSyscallError("epoll_wait", unix.EINVAL)
	}
	clock := newCountdown(timeout)
	for left := timeout; ; {
		n, err := p.wait(room, left)
		if n > 0 {
			return p.report(events, room[:n]), nil
		}
		if err != nil && err != unix.EINTR {
			return 0, os.NewSyscallError("epoll_wait", err)
		}
		// A signal, or the time is up by the kernel's reckoning: now by ours. After a signal one more
		// look is due, for it may have come before the kernel looked.
		if left = clock.left(); left == 0 && err == nil {
			return 0, nil
		}
	}
}

// wait makes one system call. One that cannot block is raw, which saves telling the Go scheduler
// about it: a loop that is never idle looks at its poller all the time.
func (p *epoll) wait(room []unix.EpollEvent, timeout time.Duration) (int, error) {
	if timeout == 0 {
		// Not epoll_wait: newer architectures have only epoll_pwait. Without a signal mask they
		// are the same.
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd),
			uintptr(unsafe.Pointer(&room[0])), uintptr(len(room)), 0, 0, 0)
		if errno != 0 {
			return 0, errno
		}
		return int(n), nil
	}
	if timeout < 0 || p.coarse {
		return unix.EpollWait(p.fd, room, millis(timeout))
	}

	// The kernel takes 64-bit fields on every architecture, which unix.Timespec does not have.
	ts := struct{ sec, nsec int64 }{int64(timeout / time.Second), int64(timeout % time.Second)}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd),
		uintptr(unsafe.Pointer(&room[0])), uintptr(len(room)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	switch errno {
	case 0:
		return int(n), nil
	case unix.ENOSYS, unix.EPERM: // before Linux 5.11, or a sandbox that does not know the call
		p.coarse = true
		return unix.EpollWait(p.fd, room, millis(timeout))
	}
	return 0, errno
}

// report translates what the kernel has found and returns the number of events. A Wake is not one.
func (p *epoll) report(events []Event, found []unix.EpollEvent) int {
	n := 0
	for i := range found {
		token := uint64(uint32(found[i].Pad))<<32 | uint64(uint32(found[i].Fd))
		if token == reservedToken {
			p.seen()
			continue
		}
		events[n] = Event{token, epollMode(found[i].Events)}
		n++
	}
	return n
}

func epollMode(bits uint32) (m Mode) {
	if bits&unix.EPOLLIN != 0 {
		m |= Read
	}
	if bits&unix.EPOLLOUT != 0 {
		m |= Write
	}
	if bits&(unix.EPOLLRDHUP|unix.EPOLLPRI) != 0 {
		m |= Read | Hangup
	}
	if bits&(unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		m |= Read | Write | Hangup
	}
	return m
}
