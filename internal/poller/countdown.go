package poller

import (
	"math"
	"time"
)

// countdown is what is left of a timeout while a wait is taken up again, after a signal or because
// the system returned a little early.
type countdown struct {
	total time.Duration
	start time.Time
}

// newCountdown starts to count. It reads the clock only if there is something to count.
func newCountdown(timeout time.Duration) countdown {
	c := countdown{total: timeout}
	if timeout > 0 {
		c.start = time.Now()
	}
	return c
}

// left returns what is left: negative for ever, and 0 when the time is up.
func (c countdown) left() time.Duration {
	if c.total <= 0 {
		return c.total
	}
	return max(c.total-time.Since(c.start), 0)
}

// millis converts a timeout for calls that count in milliseconds: -1 for ever, and otherwise rounded
// up. Rounding down would wait for nothing in the last millisecond before a timer, and the loop
// would spin until it is due. What is too long is cut; the wait is then taken up again.
func millis(d time.Duration) int {
	if d < 0 {
		return -1
	}
	ms := d / time.Millisecond
	if d%time.Millisecond != 0 {
		ms++
	}
	return int(min(ms, math.MaxInt32))
}
