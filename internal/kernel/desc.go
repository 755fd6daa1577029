package kernel

import (
	"errors"
	"fmt"

	"github.com/evergreen-go/evergreen/internal/poller"
)

// Mode is a direction of a descriptor: reading or writing.
type Mode = poller.Mode

// The two directions.
const (
	Read  = poller.Read
	Write = poller.Write
)

var (
	// ErrBusy says that a descriptor is already waited for in that direction.
	ErrBusy = errors.New("evergreen: the descriptor is busy: something else waits for it in this direction; cancel that first")
	// ErrFileClosing says that the descriptor was closed, maybe while waiting.
	ErrFileClosing = errors.New("evergreen: use of a closed descriptor")
)

// Status is how a wait for a descriptor ended.
type Status uint8

const (
	// Ready: try again now.
	Ready Status = iota
	// Expired: the deadline of the descriptor's direction has passed.
	Expired
	// Interrupted: the task's scope ended, or the task was killed.
	Interrupted
	// Closing: the descriptor was evicted.
	Closing
)

// Desc is one registration of a descriptor: who waits for it, and what is known
// of its readiness. The poller reports changes only (edges), so what was reported
// is remembered until a system call says "would block" or a short read shows that
// the socket is drained.
//
// A registration has a token of its own, with a generation in it: an event that
// was meant for an earlier user of the same descriptor number finds nobody.
type Desc struct {
	loop  *Loop
	fd    int
	token uint64
	what  string // for reports
	// read and write are used at most by one task each at a time; further ones wait
	// their turn.
	read, write side
	// hangup: the peer is gone or half gone, so that a short read proves nothing.
	hangup bool
	closed bool
	// abandoned, if set, is called in the place of Evict when the loop is closed while
	// the descriptor is still registered; it evicts, and closes the number.
	abandoned func()
}

// side is one direction of a descriptor.
type side struct {
	desc *Desc
	mode Mode
	// ready remembers that the poller reported the direction ready and no system
	// call has said otherwise since.
	ready bool
	// busy: a task uses the direction; turns are those that wait for it to be done.
	busy  bool
	turns WaitList
	// task is parked until the direction is ready, in the park called ticket.
	task   *Task
	ticket uint64
	// deadline is what SetDeadline said, 0 for none.
	deadline int64
	// handle is the callback that watches the direction, nil for none.
	handle *Handle
}

// Waiting implements Reason.
func (s *side) Waiting() (string, *Task) {
	if s.mode == Read {
		return s.desc.what + " to be readable", nil
	}
	return s.desc.what + " to be writable", nil
}

// descTable finds registrations by token.
type descTable struct {
	slots []descSlot
	free  []uint32
	live  int
	// watched finds the registrations made by AddReader and AddWriter by number.
	watched map[int]*Desc
}

type descSlot struct {
	desc       *Desc
	generation uint32
}

func (dt *descTable) add(d *Desc) {
	var i uint32
	if n := len(dt.free); n > 0 {
		i = dt.free[n-1]
		dt.free = dt.free[:n-1]
	} else {
		i = uint32(len(dt.slots))
		dt.slots = append(dt.slots, descSlot{})
	}
	s := &dt.slots[i]
	s.generation++
	s.desc = d
	d.token = uint64(s.generation)<<32 | uint64(i)
	dt.live++
}

func (dt *descTable) remove(d *Desc) {
	i := uint32(d.token)
	dt.slots[i].desc = nil
	dt.free = append(dt.free, i)
	dt.live--
}

// find returns the registration with that token, nil if it is gone.
func (dt *descTable) find(token uint64) *Desc {
	i := uint32(token)
	if int(i) >= len(dt.slots) {
		return nil
	}
	if s := &dt.slots[i]; s.desc != nil && s.desc.token == token {
		return s.desc
	}
	return nil
}

// Register takes a non-blocking descriptor into the loop's care; what names it in
// reports. Both directions count as ready until a call says otherwise. The caller
// must hold the baton.
func (l *Loop) Register(fd int, what string) (*Desc, error) {
	if err := l.needPoller(); err != nil {
		return nil, err
	}
	d := &Desc{loop: l, fd: fd, what: what}
	d.read = side{desc: d, mode: Read, ready: true}
	d.write = side{desc: d, mode: Write, ready: true}
	l.descs.add(d)
	var err error
	if e := l.Fault("epoll_ctl"); e != 0 {
		err = e
	} else {
		err = l.poller.Add(fd, d.token)
	}
	if err != nil {
		l.descs.remove(d)
		if errors.Is(err, poller.ErrBusy) {
			err = fmt.Errorf("%w (descriptor %d)", ErrBusy, fd)
		}
		return nil, err
	}
	return d, nil
}

func (d *Desc) side(m Mode) *side {
	if m == Read {
		return &d.read
	}
	return &d.write
}

// Acquire begins an operation in one direction: it waits until it is the task's
// turn. It is a checkpoint. Unless the status is Ready there is nothing to Release.
func (d *Desc) Acquire(t *Task, m Mode) Status {
	s := d.side(m)
	if d.closed {
		return Closing
	}
	if t.cause != nil || t.loop.ops <= 1 {
		if !t.Checkpoint() {
			return Interrupted
		}
		if d.closed {
			return Closing
		}
	} else {
		t.loop.ops--
	}
	if s.busy {
		switch s.turns.Wait(t, s, s.deadline) {
		case TimedOut:
			return Expired
		case Canceled:
			return Interrupted
		}
		if d.closed {
			return Closing
		}
		if t.Interruptible() {
			d.Release(m) // the turn came, and nobody is there to take it
			return Interrupted
		}
	}
	s.busy = true
	if s.expired() {
		d.Release(m)
		return Expired
	}
	return Ready
}

// Release ends the operation and gives the turn to the next.
func (d *Desc) Release(m Mode) {
	s := d.side(m)
	s.busy = s.turns.Wake() != nil
}

func (s *side) expired() bool {
	return s.deadline != 0 && s.deadline <= s.desc.loop.Now()
}

// Wait parks the task until the direction is ready, after a system call said that
// it is not. The task has acquired the direction.
func (d *Desc) Wait(t *Task, m Mode) Status {
	s := d.side(m)
	for !s.ready {
		if d.closed {
			return Closing
		}
		if err := d.loop.poller.Arm(d.fd, m); err != nil {
			panic("evergreen: the poller refused to watch a descriptor it knows: " + err.Error())
		}
		s.task, s.ticket = t, t.Ticket()
		d.loop.fdWaits++
		o := t.Park(s, s.deadline)
		d.loop.fdWaits--
		s.task = nil
		switch {
		case d.closed:
			return Closing
		case o == TimedOut:
			return Expired
		case o == Canceled:
			return Interrupted
		case s.expired():
			return Expired
		}
	}
	return Ready
}

// IsReady tells whether a system call in that direction is worth trying.
func (d *Desc) IsReady(m Mode) bool { return d.side(m).ready }

// Blocked notes that a system call said "would block".
func (d *Desc) Blocked(m Mode) { d.side(m).ready = false }

// Short notes a read that did not fill its buffer: the socket is drained, and the
// poller will report when more has come. Where the peer hung up it will not, so
// then nothing is concluded.
func (d *Desc) Short() {
	if !d.hangup {
		d.read.ready = false
	}
}

// Hint notes that the running task has just made a direction ready, at the other end of
// the same pipe: who waits for it need not hear of that from the poller, which will
// report it, too.
func (d *Desc) Hint(m Mode) {
	if !d.closed {
		d.signal(m)
	}
}

// SetDeadline sets when operations in a direction expire, 0 for never; those that
// wait now are included.
func (d *Desc) SetDeadline(m Mode, deadline int64) {
	s := d.side(m)
	s.deadline = deadline
	if s.task != nil {
		s.task.Deadline(s.ticket, deadline)
	}
	s.turns.SetDeadline(deadline)
}

// OnAbandon sets what closes the descriptor when the loop is closed before it.
func (d *Desc) OnAbandon(f func()) { d.abandoned = f }

// Closed tells whether the registration is over.
func (d *Desc) Closed() bool { return d.closed }

// FD returns the descriptor's number.
func (d *Desc) FD() int { return d.fd }

// Loop returns the loop that looks after the descriptor.
func (d *Desc) Loop() *Loop { return d.loop }

// Evict ends the registration: everybody who waits for the descriptor is woken and
// finds it closing. The caller closes the number afterwards.
func (d *Desc) Evict() {
	if d.closed {
		return
	}
	d.closed = true
	l := d.loop
	_ = l.poller.Remove(d.fd) // it may be gone already, closed behind our back
	l.descs.remove(d)
	for _, s := range []*side{&d.read, &d.write} {
		if s.task != nil {
			s.task.Wake(s.ticket)
		}
		s.turns.WakeAll()
	}
}

// signal takes note of what the poller reported.
func (d *Desc) signal(m Mode) {
	if m&poller.Hangup != 0 {
		d.hangup = true
	}
	if m&Read != 0 {
		d.read.signal()
	}
	if m&Write != 0 {
		d.write.signal()
	}
}

func (s *side) signal() {
	s.ready = true
	if s.task != nil {
		s.task.Wake(s.ticket)
	}
	if s.handle != nil && !s.handle.canceled.Load() {
		s.handle.queue()
	}
}
