package kernel

import (
	"os"
	"os/signal"
	"sync"
)

// handlers counts the handlers of each signal in all loops.
var handlers struct {
	mu sync.Mutex
	n  map[os.Signal]int
}

func handled(sig os.Signal, more int) {
	locked(&handlers.mu, func() {
		if handlers.n == nil {
			handlers.n = make(map[os.Signal]int)
		}
		handlers.n[sig] += more
	})
}

// Handled tells whether any loop has a handler for a signal.
func Handled(sig os.Signal) bool {
	n := 0
	locked(&handlers.mu, func() { n = handlers.n[sig] })
	return n > 0
}

// OnSignal has f run on the root whenever the program receives sig, until the
// handle is cancelled.
//
// Each handler has a channel of its own with os/signal, which counts the takers of
// a signal and restores its former effect after the last: the bookkeeping that
// would be needed here is done there.
func (l *Loop) OnSignal(sig os.Signal, f func()) (*Handle, error) {
	if err := l.mine("Loop.AddSignalHandler"); err != nil {
		return nil, err
	}
	h := l.newHandle(f)
	incoming := make(chan os.Signal, 16)
	over := make(chan struct{})
	signal.Notify(incoming, sig)
	var once sync.Once
	handled(sig, 1)
	h.onCancel = func() {
		once.Do(func() {
			signal.Stop(incoming)
			handled(sig, -1)
			close(over)
		})
	}
	l.signals[h] = struct{}{}
	go func() {
		for {
			select {
			case <-incoming:
				_ = l.post(call{handle: h}) // refused only after the end of the run
			case <-over:
				return
			}
		}
	}()
	return h, nil
}
