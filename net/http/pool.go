package http

import (
	"errors"
	"net/http/httptrace"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/runtime"
)

var (
	errKeepAlivesOff = errors.New("http: putIdleConn: keep alives disabled")
	errTooManyIdle   = errors.New("http: putIdleConn: too many idle connections")
	errIdleTimeout   = errors.New("http: idle connection timeout")
	errCloseIdle     = errors.New("http: CloseIdleConnections called")
	errRunOver       = errors.New("http: the loop's run has ended")
)

// pool is what a Transport has in one loop. It belongs to the loop's tasks and
// callbacks: nothing here is locked.
type pool struct {
	t     *Transport
	loop  *kernel.Loop
	hosts map[key]*host
	// oldest and newest are the ends of a list of all idle connections, in the order
	// in which they came to be idle; idle counts them.
	oldest, newest *persistConn
	idle           int
	// sweep is the timer for the oldest. One is enough: they all have the same time.
	sweep *runtime.Handle
	// closing: CloseIdleConnections was called, and nothing requested since.
	closing bool
}

// host is what a pool has for one key: one server, or one proxy.
type host struct {
	pool *pool
	key  key
	// idle are connections to be used again, the one used last at the end: the others
	// get a chance to grow old.
	idle []*persistConn
	// conns counts all connections, idle and in use, and dials under way.
	conns int
	dials []*dial
	// waiters are trips without a connection, first come first served; waiting counts
	// those that nobody has served.
	waiters kernel.WaitList
	waiting int
	// last is the trip that came last to wait. A dial for those in the queue takes
	// what it needs from there: it is the same for all but the context's values.
	last *trip
}

// want is one trip's place in the queue for a connection.
type want struct {
	trip *trip
	dial *dial // the one started for it, nil for none
	pc   *persistConn
	err  error
}

func newPool(t *Transport, l *kernel.Loop) *pool {
	p := &pool{t: t, loop: l, hosts: make(map[key]*host)}
	l.AtEnd(func() {
		t.drop(l)
		p.closeAll(errRunOver)
	})
	return p
}

func (p *pool) later(d time.Duration, f func()) *runtime.Handle {
	return (*runtime.Loop)(p.loop).CallLater(d, f)
}

func (p *pool) host(k key) *host {
	h := p.hosts[k]
	if h == nil {
		h = &host{pool: p, key: k}
		p.hosts[k] = h
	}
	return h
}

// get returns a connection for a trip: an idle one, or else whichever comes first
// of one that becomes idle and one that is dialed for it.
func (p *pool) get(tr *trip) (*persistConn, error) {
	if tr.trace != nil && tr.trace.GetConn != nil {
		tr.trace.GetConn(tr.route.dialAddr())
	}
	p.closing = false
	h := p.host(tr.route.key)
	for len(h.idle) > 0 {
		pc := h.idle[len(h.idle)-1]
		p.unidle(pc)
		if pc.alive() {
			pc.got(tr, true)
			return pc, nil
		}
		pc.fail(errServerClosedIdle)
		h = p.host(tr.route.key) // it was forgotten with its last connection
	}
	w := &want{trip: tr}
	h.last = tr
	if h.mayDial() {
		h.startDial(tr, w)
	}
	if err := h.wait(w); err != nil {
		return nil, err
	}
	w.pc.got(tr, w.pc.reused)
	return w.pc, nil
}

// wait parks a trip until it has been given a connection.
func (h *host) wait(w *want) error {
	tr := w.trip
	if tr.ctx.Done() != nil {
		// Somebody outside may end the wait, so it is no deadlock.
		defer h.pool.loop.Hold()()
	}
	h.waiting++
	tr.ticket = tr.task.Ticket()
	tr.parked = true
	o := h.waiters.WaitWith(tr.task, forConn, 0, w)
	tr.parked = false
	if w.pc == nil && w.err == nil { // nobody served it: it was cancelled
		h.waiting--
		h.unwanted(w.dial)
	}
	h.tidy()
	switch {
	case o == kernel.Canceled, tr.task.Interruptible():
		w.handOn()
		return tr.task.Interrupted()
	case tr.cause != nil:
		w.handOn()
		return tr.cause
	}
	return w.err
}

const forConn = kernel.Plain("a connection to send an http request over")

// handOn passes on a connection that came when it was not wanted any more.
func (w *want) handOn() {
	if w.pc != nil {
		_ = w.pc.host.pool.put(w.pc)
	}
}

// put takes a connection that another request can use: the first in the queue gets
// it, or else it is kept. If it is not wanted it is closed, and the error says why.
func (p *pool) put(pc *persistConn) error {
	h := pc.host
	if h.serve(pc) {
		return nil
	}
	var refuse error
	switch {
	case p.t.DisableKeepAlives || p.t.MaxIdleConnsPerHost < 0:
		refuse = errKeepAlivesOff
	case p.closing:
		refuse = errCloseIdle
	case len(h.idle) >= p.t.maxIdlePerHost():
		refuse = errTooManyIdle
	}
	if refuse != nil {
		pc.fail(refuse)
		return refuse
	}
	pc.rest()
	pc.reused = true
	h.idle = append(h.idle, pc)
	pc.idle, pc.since = true, p.loop.Now()
	pc.older, pc.newer = p.newest, nil
	if p.newest != nil {
		p.newest.newer = pc
	} else {
		p.oldest = pc
	}
	p.newest = pc
	p.idle++
	if p.t.MaxIdleConns > 0 && p.idle > p.t.MaxIdleConns {
		p.oldest.fail(errTooManyIdle)
	}
	p.arm()
	return nil
}

// serve gives a connection to the first trip in the queue.
func (h *host) serve(pc *persistConn) bool {
	place := h.waiters.Wake()
	if place == nil {
		return false
	}
	w := place.Slot.(*want)
	w.pc = pc
	h.waiting--
	w.dial.surplus()
	return true
}

// unidle takes a connection out of those that are idle.
func (p *pool) unidle(pc *persistConn) {
	h := pc.host
	for i := len(h.idle) - 1; i >= 0; i-- { // mostly the last
		if h.idle[i] == pc {
			copy(h.idle[i:], h.idle[i+1:])
			h.idle[len(h.idle)-1] = nil
			h.idle = h.idle[:len(h.idle)-1]
			break
		}
	}
	if pc.older != nil {
		pc.older.newer = pc.newer
	} else {
		p.oldest = pc.newer
	}
	if pc.newer != nil {
		pc.newer.older = pc.older
	} else {
		p.newest = pc.older
	}
	pc.older, pc.newer = nil, nil
	pc.idle = false
	p.idle--
}

// arm sets the timer for the connection that has been idle for longest. It stays
// set when that one is used again, which costs less than to cancel it each time.
func (p *pool) arm() {
	if p.t.IdleConnTimeout <= 0 || p.oldest == nil || p.sweep != nil {
		return
	}
	due := p.oldest.since + int64(p.t.IdleConnTimeout)
	p.sweep = p.later(time.Duration(due-p.loop.Now()), func() {
		p.sweep = nil
		for p.oldest != nil && p.oldest.since+int64(p.t.IdleConnTimeout) <= p.loop.Now() {
			p.oldest.fail(errIdleTimeout)
		}
		p.arm()
	})
}

// closeIdle closes what is idle, and ends dials that nobody waits for.
func (p *pool) closeIdle() {
	p.closing = true
	for p.oldest != nil {
		p.oldest.fail(errCloseIdle)
	}
	for _, h := range p.hosts {
		for i := len(h.dials) - 1; i >= h.waiting && i >= 0; i-- {
			h.dials[i].kill()
		}
	}
	if p.sweep != nil {
		p.sweep.Cancel()
		p.sweep = nil
	}
}

// closeAll closes what is idle for good.
func (p *pool) closeAll(err error) {
	p.closeIdle()
	for p.oldest != nil {
		p.oldest.fail(err)
	}
}

// lost takes note of a connection that was closed, or that went out of the pool's
// hands. Its place may be what somebody waits for.
func (h *host) lost() {
	h.conns--
	for len(h.dials) < h.waiting && h.mayDial() {
		h.startDial(h.last, nil)
	}
	h.tidy()
}

func (h *host) mayDial() bool {
	limit := h.pool.t.MaxConnsPerHost
	return limit <= 0 || h.conns < limit
}

// tidy forgets a host of which there is nothing.
func (h *host) tidy() {
	if h.waiting == 0 {
		h.last = nil
	}
	if h.conns == 0 && h.waiting == 0 && h.pool.hosts[h.key] == h {
		delete(h.pool.hosts, h.key)
	}
}

// got notes that the connection serves a trip from here on.
func (pc *persistConn) got(tr *trip, idle bool) {
	pc.trip, tr.pc = tr, pc
	if tr.trace != nil && tr.trace.GotConn != nil {
		info := httptrace.GotConnInfo{Conn: pc.conn, Reused: pc.reused, WasIdle: idle}
		if idle {
			info.IdleTime = time.Duration(pc.host.pool.loop.Now() - pc.since)
		}
		tr.trace.GotConn(info)
	}
}
