package kernel

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// maxSignals is how many signals a handler may be behind; further ones are dropped, as
// os/signal does with a channel that is full.
const maxSignals = 64

// OnSignal has f run on the root for each of the signals that the program receives,
// until the handle is cancelled; where none are named, for all that there are. name is
// what the caller called.
func (l *Loop) OnSignal(name string, f func(os.Signal), sigs ...os.Signal) (*Handle, error) {
	if err := l.mine(name); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var arrived []os.Signal
	var h *Handle
	h = l.newHandle(func() { // one at a time, so that a panic takes no other along
		var batch []os.Signal
		locked(&mu, func() {
			if batch = arrived; len(batch) > 0 {
				arrived = batch[1:]
			}
		})
		if len(batch) > 1 {
			h.queue()
		}
		if len(batch) > 0 { // else an earlier call had what this one was made for
			f(batch[0])
		}
	})
	message := call{handle: h}
	taker := takeSignals(sigs, func(_ *signalTaker, sig os.Signal) {
		locked(&mu, func() {
			if len(arrived) < maxSignals {
				arrived = append(arrived, sig)
			}
		})
		_ = l.post(message) // refused only after the end of the run
	})
	h.onCancel = taker.stop
	l.signals[h] = struct{}{}
	return h, nil
}

// signalTaker is a goroutine that takes signals from os/signal.
//
// Each taker has a channel of its own there. os/signal counts the channels of a signal
// and restores its effect after the last: the bookkeeping that would be needed here is
// done there. What it forgets is that the program had ignored the signal, so that is
// remembered here; see dispositions.
type signalTaker struct {
	sigs     []os.Signal
	incoming chan os.Signal
	over     chan struct{} // closed by stop
	ended    chan struct{} // closed by the goroutine
	once     sync.Once
}

// takeSignals has each called, on one goroutine, for every signal that comes.
func takeSignals(sigs []os.Signal, each func(*signalTaker, os.Signal)) *signalTaker {
	s := &signalTaker{
		sigs:     sigs,
		incoming: make(chan os.Signal, maxSignals),
		over:     make(chan struct{}),
		ended:    make(chan struct{}),
	}
	dispositions.take(sigs, func() { signal.Notify(s.incoming, sigs...) })
	go func() {
		defer close(s.ended)
		for {
			select {
			case sig := <-s.incoming:
				each(s, sig)
			case <-s.over:
				return
			}
		}
	}()
	return s
}

// stop ends the taking. It may be called on any goroutine, that of the taker too, and
// more than once.
func (s *signalTaker) stop() {
	s.once.Do(func() {
		dispositions.release(s.sigs, func() { signal.Stop(s.incoming) })
		close(s.over)
	})
}

// dispositions remembers who takes which signal, in all loops together, and which ones
// the program ignored when the first taker came, to have them ignored again when the
// last has gone. Takers of all signals are counted under nil.
var dispositions = signalTable{takers: make(map[os.Signal]int), ignored: make(map[os.Signal]bool)}

type signalTable struct {
	mu      sync.Mutex
	takers  map[os.Signal]int
	ignored map[os.Signal]bool
}

// everySignal stands for the signals of a taker that names none.
var everySignal = []os.Signal{nil}

// lastSignal is the highest number that os/signal knows on any system.
const lastSignal = 64

func (t *signalTable) take(sigs []os.Signal, notify func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(sigs) == 0 {
		sigs = everySignal
		for n := syscall.Signal(1); n <= lastSignal; n++ {
			t.note(n)
		}
	}
	for _, sig := range sigs {
		if sig != nil {
			t.note(sig)
		}
		t.takers[sig]++
	}
	notify()
}

// note remembers a signal that the program ignores.
func (t *signalTable) note(sig os.Signal) {
	if !t.taken(sig) && signal.Ignored(sig) {
		t.ignored[sig] = true
	}
}

// taken tells whether anybody takes the signal.
func (t *signalTable) taken(sig os.Signal) bool { return t.takers[sig] > 0 || t.takers[nil] > 0 }

func (t *signalTable) release(sigs []os.Signal, stop func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	stop()
	if len(sigs) == 0 {
		sigs = everySignal
	}
	for _, sig := range sigs {
		if t.takers[sig]--; t.takers[sig] == 0 {
			delete(t.takers, sig)
		}
	}
	for sig := range t.ignored { // those of others that a taker of all had, too
		if !t.taken(sig) {
			signal.Ignore(sig)
			delete(t.ignored, sig)
		}
	}
}

// Handled tells whether any loop has a handler for a signal.
func Handled(sig os.Signal) bool {
	dispositions.mu.Lock()
	defer dispositions.mu.Unlock()
	return dispositions.taken(sig)
}
