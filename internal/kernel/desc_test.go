package kernel

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pipe returns a non-blocking pipe.
func pipe(t *testing.T) (r, w int) {
	t.Helper()
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		t.Fatal(err)
	}
	return prepared(t, p)
}

// sockets returns two connected stream sockets.
func sockets(t *testing.T) (a, b int) {
	t.Helper()
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	return prepared(t, p)
}

// prepared makes both non-blocking.
func prepared(t *testing.T, p [2]int) (a, b int) {
	t.Helper()
	for _, fd := range p {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
	}
	return p[0], p[1]
}

func closeAll(fds ...int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}

// real is a loop on the real clock: descriptors do not wait for a virtual one.
func real(t *testing.T, main func(l *Loop, me *Task)) {
	t.Helper()
	l := New(Config{Offloads: 4, Grace: 10 * time.Second})
	if err := start(t, l, func(me *Task) { main(l, me) }); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

func register(t *testing.T, l *Loop, fd int) *Desc {
	t.Helper()
	d, err := l.Register(fd, "the test's descriptor")
	if err != nil {
		t.Error(err)
		panic(err)
	}
	return d
}

// read reads as net does: try, and wait where there is nothing.
func read(d *Desc, me *Task, buf []byte) (n int, s Status) {
	if s := d.Acquire(me, Read); s != Ready {
		return 0, s
	}
	defer d.Release(Read)
	for {
		n, err := unix.Read(d.FD(), buf)
		if err == nil {
			return n, Ready
		}
		d.Blocked(Read)
		if s := d.Wait(me, Read); s != Ready {
			return 0, s
		}
	}
}

// holds: 2, 64
// Four things can end a wait for a descriptor, and each is told apart.
func TestWaitForADescriptorEnds(t *testing.T) {
	real(t, func(l *Loop, me *Task) {
		ends := map[Status]func(d *Desc, peer int, reader *Task){
			Ready:       func(_ *Desc, peer int, _ *Task) { _, _ = unix.Write(peer, []byte("x")) },
			Expired:     func(d *Desc, _ int, _ *Task) { d.SetDeadline(Read, l.After(0)) },
			Interrupted: func(_ *Desc, _ int, reader *Task) { reader.scope.Cancel(ErrClosed) },
			Closing:     func(d *Desc, _ int, _ *Task) { d.Evict() },
		}
		for want, end := range ends {
			a, b := sockets(t)
			d := register(t, l, a)
			var got Status
			reader := spawn(l, nil, func(me *Task) {
				defer me.Enter(0, nil).Leave()
				_, got = read(d, me, make([]byte, 1))
			})
			me.Yield()
			if d.read.task != reader {
				t.Error("the reader does not wait")
			}
			end(d, b, reader)
			reader.Join(me, 0)
			if got != want {
				t.Errorf("the wait ended with %v, want %v", got, want)
			}
			if d.read.task != nil || d.read.busy || l.fdWaits != 0 {
				t.Errorf("status %v left the side in use", want)
			}
			d.Evict()
			closeAll(a, b)
		}
		if l.poller == nil || l.descs.live != 0 {
			t.Errorf("%d descriptors are left", l.descs.live)
		}
	})
}

// holds: 65
// The number is closed and used again while an event for the first registration is
// on its way.
func TestEventOfAnOldRegistrationWakesNobody(t *testing.T) {
	real(t, func(l *Loop, me *Task) {
		a, b := sockets(t)
		old := register(t, l, a)
		token := old.token
		old.Evict()
		closeAll(a, b)
		c, e := sockets(t) // gets the same numbers
		d := register(t, l, c)
		if c != a || uint32(d.token) != uint32(token) {
			t.Errorf("the number %d and the slot are not used again, so that the test shows nothing", c)
		}
		if l.descs.find(token) != nil {
			t.Error("the old token finds somebody")
		}
		if l.descs.find(d.token) != d || l.descs.find(d.token+1) != nil {
			t.Error("the new token does not find its registration")
		}
		d.Evict()
		closeAll(c, e)
	})
}

// holds: 67
// A second reader waits its turn, first come first served; a reader and a writer
// never wait for each other.
func TestSecondReaderWaitsItsTurn(t *testing.T) {
	real(t, func(l *Loop, me *Task) {
		a, b := sockets(t)
		d := register(t, l, a)
		got := ""
		var readers []*Task
		for i := range 3 {
			readers = append(readers, spawn(l, nil, func(me *Task) {
				buf := make([]byte, 1)
				_, _ = read(d, me, buf)
				got += string('0'+rune(i)) + string(buf)
			}))
		}
		me.Yield()
		if d.Acquire(me, Write) != Ready {
			t.Error("the writer waits for the readers")
		}
		d.Release(Write)
		for _, c := range "abc" {
			_, _ = unix.Write(b, []byte(string(c)))
			me.Yield()
		}
		for _, r := range readers {
			r.Join(me, 0)
		}
		if got != "0a1b2c" {
			t.Errorf("the readers got %s, want 0a1b2c", got)
		}
		d.Evict()
		closeAll(a, b)
	})
}

// A reader that is cancelled after its turn came passes the turn on.
func TestTurnOfACanceledReaderIsPassedOn(t *testing.T) {
	real(t, func(l *Loop, me *Task) {
		a, b := sockets(t)
		d := register(t, l, a)
		var got [2]Status
		var readers []*Task
		d.Acquire(me, Read)
		for i := range got {
			readers = append(readers, spawn(l, nil, func(me *Task) {
				defer me.Enter(0, nil).Leave()
				if got[i] = d.Acquire(me, Read); got[i] == Ready {
					d.Release(Read)
				}
			}))
		}
		me.Yield()
		d.Release(Read)
		readers[0].scope.Cancel(ErrClosed)
		readers[1].Join(me, 0)
		if got != [2]Status{Interrupted, Ready} || d.read.busy {
			t.Errorf("the readers got %v, and the side is busy: %v", got, d.read.busy)
		}
		d.Evict()
		closeAll(a, b)
	})
}

// holds: 68
func TestHangupWakesBothSides(t *testing.T) {
	real(t, func(l *Loop, me *Task) {
		a, b := sockets(t)
		d := register(t, l, a)
		_ = unix.SetsockoptInt(a, unix.SOL_SOCKET, unix.SO_SNDBUF, 4096)
		for err := error(nil); err == nil; {
			_, err = unix.Write(a, make([]byte, 4096))
		}
		woken := 0
		for _, m := range []Mode{Read, Write} {
			d.Blocked(m)
			spawn(l, nil, func(me *Task) {
				if d.Wait(me, m) == Ready {
					woken++
				}
			})
		}
		me.Yield()
		closeAll(b)
		for l.live > 1 {
			me.Sleep(time.Microsecond)
		}
		if woken != 2 || !d.hangup {
			t.Errorf("%d sides were woken, hangup %v", woken, d.hangup)
		}
		d.Short()
		if !d.IsReady(Read) {
			t.Error("a short read after a hangup counts as drained")
		}
		d.Evict()
		closeAll(a)
	})
}

// holds: 70
// The poller says ready, the system call says no: the reader waits again, and its
// deadline is the one it had.
func TestFalseAlarmDoesNotMoveTheDeadline(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		a, b := sockets(t)
		d := register(t, l, a)
		begin := l.Time()
		d.SetDeadline(Read, l.After(time.Minute))
		var got Status
		reader := spawn(l, nil, func(me *Task) { _, got = read(d, me, make([]byte, 1)) })
		for range 7 {
			me.Sleep(7 * time.Second)
			d.signal(Read)
		}
		reader.Join(me, 0)
		if after := l.Time().Sub(begin); got != Expired || after != time.Minute {
			t.Errorf("the read ended with %v after %v, want Expired after a minute", got, after)
		}
		d.Evict()
		closeAll(a, b)
	})
}

// holds: 87
func TestDeadlineOfADescriptorReachesThoseWhoWait(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		a, b := sockets(t)
		d := register(t, l, a)
		var got [2]Status
		var readers []*Task
		for i := range got {
			readers = append(readers, spawn(l, nil, func(me *Task) { _, got[i] = read(d, me, make([]byte, 1)) }))
		}
		settle(me)
		d.SetDeadline(Read, l.After(-time.Second))
		for _, r := range readers {
			r.Join(me, 0)
		}
		if got != [2]Status{Expired, Expired} {
			t.Errorf("the readers got %v, want both expired", got)
		}
		d.SetDeadline(Read, 0)
		_, _ = unix.Write(b, []byte("x"))
		if n, s := read(d, me, make([]byte, 1)); n != 1 || s != Ready {
			t.Errorf("after the deadline was taken away a read got %d bytes and %v", n, s)
		}
		d.Evict()
		closeAll(a, b)
	})
}

// holds: 64
func TestEvictWakesEverybody(t *testing.T) {
	real(t, func(l *Loop, me *Task) {
		a, b := sockets(t)
		d := register(t, l, a)
		closing := 0
		for range 5 {
			spawn(l, nil, func(me *Task) {
				if _, s := read(d, me, make([]byte, 1)); s == Closing {
					closing++
				}
			})
		}
		me.Yield()
		d.Evict()
		d.Evict()
		closeAll(a, b)
		me.Yield()
		me.Yield()
		if closing != 5 || !d.Closed() || d.Acquire(me, Write) != Closing {
			t.Errorf("%d of 5 readers found the descriptor closing", closing)
		}
	})
}

// holds: 72
func TestRegularFileIsRefused(t *testing.T) {
	real(t, func(l *Loop, me *Task) {
		fd, err := unix.Open("desc_test.go", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer closeAll(fd)
		if _, err := l.Register(fd, "a file"); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("the error is %v", err)
		}
		if l.descs.live != 0 {
			t.Error("the refused registration is still there")
		}
	})
}
