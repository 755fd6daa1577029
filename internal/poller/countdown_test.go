package poller

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// holds: 34
func TestMillisRoundsUp(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want int
	}{
		{-1, -1},
		{math.MinInt64, -1},
		{0, 0},
		{1, 1},
		{999 * time.Microsecond, 1},
		{time.Millisecond, 1},
		{time.Millisecond + 1, 2},
		{math.MaxInt32 * time.Millisecond, math.MaxInt32},
		{math.MaxInt64, math.MaxInt32},
	} {
		if got := millis(c.d); got != c.want {
			t.Errorf("millis(%d) = %d, want %d", c.d, got, c.want)
		}
	}
}

// holds: 71
func TestCountdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forever, now, second := newCountdown(-1), newCountdown(0), newCountdown(time.Second)
		<-time.After(400 * time.Millisecond) // of the virtual clock
		if got := second.left(); got != 600*time.Millisecond {
			t.Errorf("400 ms into a second there are %v left", got)
		}
		<-time.After(time.Hour)
		if got := second.left(); got != 0 {
			t.Errorf("after the time is up there are %v left, want 0", got)
		}
		if forever.left() >= 0 || now.left() != 0 {
			t.Errorf("for ever leaves %v and nothing leaves %v", forever.left(), now.left())
		}
	})
}
