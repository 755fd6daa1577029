package kernel

import (
	"os"
	"os/signal"
	"sync"
)

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
	h.onCancel = func() {
		once.Do(func() {
			signal.Stop(incoming)
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
