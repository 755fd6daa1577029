package kernel

import (
	"errors"
	"fmt"
	"math"
)

var watchCall = map[Mode]string{Read: "Loop.AddReader", Write: "Loop.AddWriter"}

// Watch has f run whenever the descriptor is ready in that direction, until the
// handle is cancelled. The callback runs again in the next turn if it leaves
// the descriptor ready. A direction can be watched once.
func (l *Loop) Watch(fd int, m Mode, f func()) (*Handle, error) {
	if err := l.mine(watchCall[m]); err != nil {
		return nil, err
	}
	if fd < 0 || fd > math.MaxInt32 {
		return nil, fmt.Errorf("evergreen: %d is no descriptor: %w", fd, errors.ErrUnsupported)
	}
	d := l.descs.watched[fd]
	if d == nil {
		var err error
		if d, err = l.Register(fd, fmt.Sprintf("descriptor %d", fd)); err != nil {
			return nil, err
		}
		if l.descs.watched == nil {
			l.descs.watched = make(map[int]*Desc)
		}
		l.descs.watched[fd] = d
	}
	s := d.side(m)
	if s.handle != nil {
		return nil, fmt.Errorf("%w (descriptor %d)", ErrBusy, fd)
	}
	h := l.newHandle(f)
	h.watch = s
	s.handle = h
	l.fdWaits++
	s.rewatch()
	return h, nil
}

// rewatch asks for the next report. Edges tell of changes only, and a callback may
// leave data behind: registering anew has the poller look at the state once more.
func (s *side) rewatch() {
	d := s.desc
	l := d.loop
	_ = l.poller.Remove(d.fd)
	if err := l.poller.Add(d.fd, d.token); err != nil {
		l.report(fmt.Errorf("evergreen: descriptor %d was closed while a callback watched it: %w", d.fd, err))
		for _, side := range []*side{&d.read, &d.write} {
			if side.handle != nil {
				side.handle.Cancel()
			}
		}
		return
	}
	for _, side := range []*side{&d.read, &d.write} {
		if side.handle != nil {
			_ = l.poller.Arm(d.fd, side.mode)
		}
	}
}

func (s *side) unwatch() {
	d := s.desc
	l := d.loop
	s.handle = nil
	l.fdWaits--
	if d.read.handle == nil && d.write.handle == nil {
		delete(l.descs.watched, d.fd)
		d.Evict()
	}
}
