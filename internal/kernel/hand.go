package kernel

import (
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
)

// maxHands bounds the plain goroutines that are kept for later functions. Beyond it a
// goroutine ends with its function.
const maxHands = 64

// hand is a plain goroutine that runs functions for the tasks of one loop, one after
// the other. It is kept because to wake a goroutine costs half of making one, and
// because its stack has grown already to what such functions need.
//
// The loop and the hand take turns: the hand has the fields under f from the moment
// it is started until it reports, the loop has them all the rest of the time.
type hand struct {
	loop *Loop
	// next starts the hand on f, with true, or ends it. There is room for one, so that
	// the loop never waits for a hand that has reported and is not back yet.
	next chan bool

	// f is what it does; how, how that ended; value and stack belong to a panic.
	f     func()
	how   ending
	value any
	stack []byte

	// pool is where it has its place, era the run it works for.
	pool *Pool
	era  uint64
	// task waits for it in the park ticket, and is nil once it does not any more; by is
	// the same task, for reports.
	task, by *Task
	ticket   uint64
	// reported tells that f has ended and the loop knows.
	reported bool
	// at is where it stands among the loop's hands at work.
	at int
}

// ending is how an offloaded function ended.
type ending uint8

const (
	exited ending = iota // by Goexit, as long as nothing else is known
	returned
	panicked
)

var errOffloadGoexit = errors.New("evergreen: the offloaded function called runtime.Goexit: it has no result")

// handFor returns a hand that is free, to work for the running task.
func (l *Loop) handFor(t *Task) *hand {
	var h *hand
	if n := len(l.hands); n > 0 {
		h = l.hands[n-1] // the one that rested last is still warm
		l.hands[n-1] = nil
		l.hands = l.hands[:n-1]
	} else {
		h = &hand{loop: l, next: make(chan bool, 1)}
		go h.live()
	}
	h.task, h.by, h.ticket, h.era, h.reported = t, t, t.Ticket(), l.era, false
	h.at = len(l.atWork)
	l.atWork = append(l.atWork, h)
	return h
}

func (h *hand) start() { h.next <- true }

// live is the hand's goroutine.
func (h *hand) live() {
	for <-h.next {
		if !h.work() {
			return
		}
	}
}

// work runs the function and reports. It returns false if nobody is there to take
// the report, and does not return after a Goexit.
func (h *hand) work() (more bool) {
	h.how = exited
	defer func() {
		if h.how == exited {
			if r := recover(); r != nil {
				h.how, h.value, h.stack = panicked, r, debug.Stack()
			}
		}
		h.f = nil
		more = h.loop.post(call{hand: h}) == nil
	}()
	h.f()
	h.how = returned
	return
}

// reportOf is what the loop does when a hand has ended its function.
func (l *Loop) reportOf(h *hand) {
	if h.era != l.era { // an earlier run has given it up
		h.end()
		return
	}
	last := len(l.atWork) - 1
	l.atWork[h.at] = l.atWork[last]
	l.atWork[h.at].at = h.at
	l.atWork[last] = nil
	l.atWork = l.atWork[:last]
	l.offloading--
	h.reported = true
	if h.task == nil {
		if err := h.failure(); err != nil { // nobody waits for it, so it is told at large
			l.report(err)
		}
		h.pool.left--
		h.pool.free()
		h.rest()
		return
	}
	h.task.Wake(h.ticket) // one that is cancelled and on its way looks at reported
	h.pool.free()
}

// failure returns why the function has no result, nil if it has one.
func (h *hand) failure() error {
	switch h.how {
	case returned:
		return nil
	case panicked:
		return NewPanicError(h.by, h.value, h.stack)
	}
	return errOffloadGoexit
}

// rest lets the hand wait for its next function.
func (h *hand) rest() {
	l := h.loop
	h.task, h.by, h.pool, h.value, h.stack = nil, nil, nil, nil, nil
	switch {
	case h.how == exited: // and its goroutine with it
	case len(l.hands) < maxHands:
		l.hands = append(l.hands, h)
	default:
		h.end()
	}
}

// end ends the goroutine, unless a Goexit has.
func (h *hand) end() { h.next <- false }

// dismissHands ends the hands that rest, at the end of a run.
func (l *Loop) dismissHands() {
	for i, h := range l.hands {
		h.end()
		l.hands[i] = nil
	}
	l.hands = l.hands[:0]
}

// errUnreturned says which functions a run has waited for in vain.
func (l *Loop) errUnreturned() error {
	counts := make(map[string]int)
	for _, h := range l.atWork {
		counts[h.pool.name]++
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d of the %s pool", counts[name], name))
	}
	return fmt.Errorf("evergreen: %d offloaded functions did not return within the grace of %v and go on without the loop (%s)",
		l.offloading, l.config.Grace, strings.Join(parts, ", "))
}
