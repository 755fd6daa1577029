package net_test

import (
	stdruntime "runtime"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/task/tasktest"
)

// Whichever task of a conversation is killed, cancelled or timed out at whichever
// moment, the others end, and no descriptor is left: neither registered nor, as the
// pipe between two connections is, open beside the loop. With two families of
// addresses that goes for the loser of the race, too.
//
// holds: 46, 79
func TestCancelledAnywhereLeavesNothing(t *testing.T) {
	names(t, map[string][]string{"both.test.": {"127.0.0.1", "::1"}})
	for name, one := range dramas {
		t.Run(name, func(t *testing.T) {
			before, runs := 0, 0
			tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
				if runs++; runs == 2 {
					before = openFiles(t) // after one run, which has opened what is opened once
				} else if before > 0 {
					openAsBefore(t, before)
				}
				d := &drama{t: t, spawn: s.Go}
				s.Go(func() { one.play(d) })
			})
			if runs < 10 {
				t.Errorf("there were %d runs only", runs)
			}
		})
	}
}

// openAsBefore waits until no more descriptors are open than there were. A lookup that
// was left alone may still read a file of the system's for a moment; and what an earlier
// test has left to the collector may have been closed since.
func openAsBefore(t *testing.T, before int) {
	t.Helper()
	now := openFiles(t)
	for limit := time.Now().Add(patience); now > before && time.Now().Before(limit); now = openFiles(t) {
		stdruntime.Gosched()
	}
	if now > before {
		t.Errorf("%d descriptors are open, before it was %d", now, before)
	}
}
