package channel

import (
	"os"
)

// Notify sends the signals that the program receives on the channel, until stop is
// called: those given, or all if none are. Where the channel has no room and nobody
// waits, the signal is dropped, so give it room for what must not be missed; one is
// enough to learn that there was a signal. A channel that is closed gets none. Other
// handlers of the signal get it as well, and when the last has gone it has its former
// effect again, as with runtime's Loop.AddSignalHandler, which says more on that.
//
// Until stop is called the loop waits for signals: nothing is a deadlock. Notify is
// called in a task or callback of the channel's loop; it returns an error if the loop
// has ended. stop may be called from any goroutine and more than once. Neither is a
// checkpoint.
func Notify(c *Channel[os.Signal], sigs ...os.Signal) (stop func(), err error) {
	if c == nil {
		panic("evergreen: channel.Notify was called with a nil channel: make one with channel.New")
	}
	l := c.bond.Loop("channel.Notify")
	h, err := l.OnSignal("channel.Notify", func(sig os.Signal) { c.TrySend(sig) }, sigs...)
	if err != nil {
		return nil, err
	}
	return h.Cancel, nil
}
