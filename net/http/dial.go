package http

import (
	"context"
	"slices"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// patience is how much longer a dial may take whose trip has got a connection that
// became idle meanwhile. The new connection will be of use: that there was none
// shows that one more is needed. But a server that does not answer must not keep
// the loop from its end.
const patience = 2 * time.Second

// dial is a connection in the making, in a task of its own.
type dial struct {
	host *host
	want *want // the one it was started for, nil for whoever is first in the queue
	task *task.Task
	// end ends the dial when its time is up, nil for no limit.
	end *runtime.Handle
	pc  *persistConn
	err error
}

// startDial starts a dial with what it needs from tr, for w or for the queue.
func (h *host) startDial(tr *trip, w *want) {
	h.conns++
	d := &dial{host: h, want: w}
	h.dials = append(h.dials, d)
	if w != nil {
		w.dial = d
	}
	ctx := context.WithoutCancel(tr.ctx)
	r, trace := tr.route, tr.trace
	d.task = task.Go(func() {
		defer d.over()
		d.pc, d.err = h.pool.t.connect(ctx, r, trace)
	})
	d.task.SetName("http dial to " + r.dialAddr())
}

// over is deferred: a dial also ends by a kill.
func (d *dial) over() {
	h := d.host
	h.dials = slices.DeleteFunc(h.dials, func(o *dial) bool { return o == d })
	if d.end != nil {
		d.end.Cancel()
	}
	if d.pc != nil {
		d.pc.host = h
		_ = h.pool.put(d.pc)
		return
	}
	if w := d.want; w != nil && d.err != nil && w.waits() {
		w.err = d.err
		h.waiting--
		w.trip.task.Wake(w.trip.ticket)
	} else if w == nil && d.err != nil {
		h.refuse(d.err)
	}
	h.lost()
}

// waits tells whether nobody has served the trip yet.
func (w *want) waits() bool {
	return w.pc == nil && w.err == nil && w.trip.parked && w.trip.cause == nil
}

// refuse fails the first trip in the queue.
func (h *host) refuse(err error) {
	if place := h.waiters.Wake(); place != nil {
		w := place.Slot.(*want)
		w.err = err
		h.waiting--
		w.dial.surplus()
	}
}

// surplus tells a dial that its trip has got another connection.
func (d *dial) surplus() {
	if d == nil || d.pc != nil || !d.task.Alive() || d.end != nil {
		return
	}
	d.end = d.host.pool.later(patience, d.kill)
}

// unwanted tells the host that a trip has gone without a connection; d is the dial
// that was started for it. If there are more dials than trips now, one is ended.
func (h *host) unwanted(d *dial) {
	if len(h.dials) <= h.waiting {
		return
	}
	if d == nil || !slices.Contains(h.dials, d) {
		d = h.dials[len(h.dials)-1]
	}
	d.kill()
}

func (d *dial) kill() { (*kernel.Task)(d.task).Kill() }
