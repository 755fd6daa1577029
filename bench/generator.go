//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// load is what one measurement asks of a server: on each connection one message is
// under way at a time.
type load struct {
	conns, size int
	udp         bool
	// churn: each message has a connection of its own, made for it.
	churn bool
	// backend: what is sent comes back on a connection that the server makes.
	backend bool
	// ask: what is sent is a request, and something else comes back, see answer.
	ask *question
}

// generator keeps connections busy by an epoll loop of its own, edge-triggered and
// with raw system calls: it must not be slower than the fastest server.
type generator struct {
	load
	dialer
	ep    int
	links []link
	// message is what is sent; got is where it, or the answer of so many bytes, comes back.
	message, got []byte
	answer       int
	// verify: what comes back is compared with what was sent. That is done while warming
	// up; later long answers are not even copied out of the kernel.
	verify bool
	times  histogram
	done   int // messages that came back
	lost   int // datagrams that did not
}

// link is one connection, or what goes out on one and comes back on another.
type link struct {
	out, in int
	unsent  int   // bytes still to be written
	pending int   // bytes still to come back
	start   int64 // when the message began
}

var epoch = time.Now()

// now is the time in nanoseconds since the process began.
func now() int64 { return int64(time.Since(epoch)) }

func newGenerator(l load, d dialer) (*generator, error) {
	g := &generator{load: l, dialer: d, message: make([]byte, l.size), answer: l.size}
	for i := range g.message {
		g.message[i] = byte(i*7 + i>>8)
	}
	if l.ask != nil {
		g.message = []byte(l.ask.text)
		var err error
		if g.answer, err = l.ask.probe(d); err != nil {
			return nil, err
		}
	}
	g.got = make([]byte, max(4096, g.answer))
	var err error
	g.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return g, err
}

// open makes the connections.
func (g *generator) open() error {
	for i := range g.conns {
		g.links = append(g.links, link{out: -1, in: -1})
		if err := g.connect(i); err != nil {
			return err
		}
	}
	return nil
}

// connect makes the connection of a link.
func (g *generator) connect(i int) error {
	fd, err := g.dial(i)
	if err != nil {
		return err
	}
	l := &g.links[i]
	l.out, l.in = fd, fd
	if g.backend {
		if l.in, err = g.arrival(); err != nil {
			return err
		}
		if err := g.watch(l.in, i, unix.EPOLLIN); err != nil {
			return err
		}
		return g.watch(l.out, i, unix.EPOLLOUT)
	}
	return g.watch(fd, i, unix.EPOLLIN|unix.EPOLLOUT)
}

func (g *generator) watch(fd, i int, events uint32) error {
	return unix.EpollCtl(g.ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events | unix.EPOLLET, Fd: int32(i)})
}

// begin sends the link's next message.
func (g *generator) begin(l *link, at int64) error {
	l.start, l.unsent, l.pending = at, len(g.message), g.answer
	return g.send(l)
}

func (g *generator) send(l *link) error {
	for l.unsent > 0 {
		n, e := transfer(unix.SYS_SENDTO, l.out, g.message[len(g.message)-l.unsent:], unix.MSG_NOSIGNAL)
		switch e {
		case 0:
			l.unsent -= n
		case unix.EAGAIN:
			return nil // the rest when there is room
		case unix.EINTR:
		default:
			return fmt.Errorf("sending: %w", e)
		}
	}
	return nil
}

// receive takes in what has come and tells whether the message is back.
func (g *generator) receive(l *link) (bool, error) {
	for l.pending > 0 {
		flags, at := 0, g.answer-l.pending
		if !g.verify && g.answer > 4096 {
			flags = unix.MSG_TRUNC // TCP throws it away, and it is not copied
		}
		asked := g.got[at:max(g.answer, 4096)]
		n, e := transfer(unix.SYS_RECVFROM, l.in, asked, flags)
		switch {
		case e == unix.EAGAIN:
			return false, nil
		case e == unix.EINTR:
			continue
		case e != 0:
			return false, fmt.Errorf("receiving: %w", e)
		case n == 0:
			return false, errors.New("the server closed a connection")
		case n > l.pending:
			return false, fmt.Errorf("the server sent %d bytes too many", n-l.pending)
		}
		if g.verify {
			if err := g.right(at, n); err != nil {
				return false, err
			}
		}
		l.pending -= n
		if l.pending > 0 && n < len(asked) {
			return false, nil // drained: the next edge tells of more
		}
	}
	return true, nil
}

// right looks at a piece of what came back.
func (g *generator) right(at, n int) error {
	switch {
	case g.ask != nil && at == 0 && n == g.answer:
		return g.ask.right(g.got[:n])
	case g.ask == nil && !bytes.Equal(g.got[at:at+n], g.message[at:at+n]):
		return errors.New("what came back is not what was sent")
	}
	return nil // one piece of several answers' in the same buffer
}

func transfer(call uintptr, fd int, p []byte, flags int) (int, unix.Errno) {
	n, _, e := unix.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), uintptr(flags), 0, 0)
	return int(n), e
}

// drive answers every answer with the next message until the time is up.
func (g *generator) drive(length time.Duration) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pin(0, loadCPU)
	// A collection here would be seen as a pause of the server.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	events := make([]unix.EpollEvent, 512)
	end := now() + int64(length)
	for i := range g.links {
		if l := &g.links[i]; l.pending == 0 {
			if err := g.begin(l, now()); err != nil {
				return err
			}
		}
	}
	for now() < end {
		n, err := unix.EpollWait(g.ep, events, 100)
		if err != nil && err != unix.EINTR {
			return err
		}
		for _, ev := range events[:max(n, 0)] {
			if err := g.handle(int(ev.Fd), ev.Events); err != nil {
				return err
			}
		}
		if g.udp {
			g.resend()
		}
	}
	return nil
}

// handle does what an event calls for.
func (g *generator) handle(i int, events uint32) error {
	l := &g.links[i]
	if err := g.send(l); err != nil {
		return err
	}
	if l.pending == 0 || events == unix.EPOLLOUT {
		return nil
	}
	back, err := g.receive(l)
	if err != nil || !back {
		return err
	}
	at := now()
	g.times.add(at - l.start)
	g.done++
	if g.churn {
		hangUp(l.out)
		if err := g.connect(i); err != nil {
			return err
		}
	}
	return g.begin(l, at)
}

// resend sends again what must be lost by now.
func (g *generator) resend() {
	const late = int64(200 * time.Millisecond)
	at := now()
	if at-g.checked < late {
		return
	}
	g.checked = at
	for i := range g.links {
		if l := &g.links[i]; l.pending > 0 && at-l.start > late {
			g.lost++
			_ = g.begin(l, at)
		}
	}
}

func (g *generator) close() {
	for _, l := range g.links {
		_ = unix.Close(l.out)
		if l.in != l.out {
			_ = unix.Close(l.in)
		}
	}
	_ = unix.Close(g.ep)
}
