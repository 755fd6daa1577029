package channel_test

import (
	"errors"
	stdruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// holds: 29
func TestSelectDoesExactlyOne(t *testing.T) {
	explore(t, func() {
		a, b := channel.New[int](0), channel.New[int](0)
		sent, received := 0, 0
		joined(func() {
			for range 3 {
				channel.Select(channel.Send(a, 1), channel.Send(b, 2))
				sent++
			}
		}, func() {
			for range 3 {
				done := 0
				i := channel.Select(
					channel.Recv(a, func(v int, err error) { done += v }),
					channel.Recv(b, func(v int, err error) { done += v }))
				if done != i+1 {
					t.Errorf("case %d was returned, the functions got %d", i, done)
				}
				received++
			}
		})
		if sent != 3 || received != 3 {
			t.Errorf("%d sent, %d received", sent, received)
		}
		if _, ok, _ := a.TryReceive(); ok || b.TrySend(1) {
			t.Error("a case that was not done has left something behind")
		}
	})
}

// holds: 2, 24, 29, 46
func TestSelectUnderCancelEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		a, b := channel.New[int](0), channel.New[int](1)
		sent, got := 0, 0
		var senders []*task.Task
		for range 2 {
			senders = append(senders, s.Go(func() {
				for range 2 {
					channel.Select(channel.Send(a, 1), channel.Send(b, 1))
					sent++
				}
			}))
		}
		s.Go(func() {
			for open := true; open; {
				channel.Select(
					channel.Recv(a, func(_ int, err error) {
						if open = err == nil; open {
							got++
						}
					}),
					channel.Recv(b, func(_ int, err error) {
						if err == nil {
							got++
						}
					}))
			}
		})
		task.Go(func() {
			for _, t := range senders {
				for t.Alive() { // take what a cancelled receiver leaves
					if _, ok, _ := a.TryReceive(); ok {
						got++
					}
					if _, ok, _ := b.TryReceive(); ok {
						got++
					}
					_ = t.JoinTimeout(time.Second)
				}
			}
			a.Close()
		})
		s.After(func() {
			got += b.Len()
			if got != sent {
				t.Errorf("%d were sent, and %d arrived", sent, got)
			}
		})
	})
}

// choices makes n selects of four ready cases and returns which were done.
func choices(t *testing.T, n int, seed uint64) []int {
	t.Helper()
	var done []int
	if err := runtime.Run(func() {
		var cases []channel.Case
		for range 4 {
			c := channel.New[int](n)
			for range n {
				_ = c.Send(1)
			}
			cases = append(cases, channel.Recv(c, nil))
		}
		for range n {
			done = append(done, channel.Select(cases...))
		}
	}, runtime.WithSeed(seed)); err != nil {
		t.Fatal(err)
	}
	return done
}

// holds: 29, 106
func TestSelectIsFairUnderASeed(t *testing.T) {
	done := choices(t, 4000, 1)
	var count [4]int
	for _, i := range done {
		count[i]++
	}
	for i, n := range count {
		if n < 800 || n > 1200 {
			t.Errorf("of 4,000 selects of four ready cases, case %d was done %d times", i, n)
		}
	}
	if !slices.Equal(done, choices(t, 4000, 1)) {
		t.Error("the same seed gives other choices")
	}
	if slices.Equal(done, choices(t, 4000, 2)) {
		t.Error("another seed gives the same choices")
	}
}

// Without a seed it is fair as well.
func TestSelectIsFairWithoutASeed(t *testing.T) {
	tasktest.Run(t, func() {}) // the kit's loops have a seed; this one has none
	var count [3]int
	if err := runtime.Run(func() {
		c := channel.New[int](1)
		_ = c.Send(1)
		for range 3000 {
			count[channel.Select(channel.Recv(c, func(int, error) { _ = c.Send(1) }), channel.Recv(closed(), nil), channel.Recv(closed(), nil))]++
		}
	}); err != nil {
		t.Fatal(err)
	}
	for i, n := range count {
		if n < 800 || n > 1200 {
			t.Errorf("of 3,000 selects case %d was done %d times", i, n)
		}
	}
}

func closed() *channel.Channel[int] {
	c := channel.New[int](0)
	c.Close()
	return c
}

func TestSelectWithLimits(t *testing.T) {
	tasktest.Run(t, func() {
		c := channel.New[int](0)
		begin := runtime.Current().Now()
		since := func() time.Duration { return runtime.Current().Now().Sub(begin) }
		if i := channel.Select(channel.Recv(c, nil), channel.After(long), channel.After(time.Minute)); i != 2 || since() != time.Minute {
			t.Errorf("case %d after %v", i, since())
		}
		if i := channel.Select(channel.Default(), channel.Recv(c, nil)); i != 0 || since() != time.Minute {
			t.Errorf("case %d after %v, want the default at once", i, since())
		}
		if i := channel.Select(channel.After(0), channel.Send(c, 1)); i != 0 || since() != time.Minute {
			t.Errorf("case %d after %v, want the limit at once", i, since())
		}
		sender := task.Go(func() { _ = c.Send(7) })
		tasktest.WaitAllParked()
		got := 0
		if i := channel.Select(channel.After(-1), channel.Default(), channel.Recv(c, func(v int, _ error) { got = v })); i != 2 || got != 7 {
			t.Errorf("case %d with %d: what is ready comes before limits", i, got)
		}
		_ = sender.Join()
	})
}

// The nil channel is never ready, the same channel may be in two cases, and a select
// with many cases works as one with few.
func TestSelectOfOddCases(t *testing.T) {
	tasktest.Run(t, func() {
		var none *channel.Channel[int]
		if i := channel.Select(channel.Recv(none, nil), channel.Send(none, 1), channel.After(time.Second)); i != 2 {
			t.Errorf("case %d of nil channels", i)
		}
		c := channel.New[int](0)
		if i := channel.Select(channel.Recv(c, nil), channel.Send(c, 1), channel.After(time.Second)); i != 2 {
			t.Errorf("case %d: a select met itself", i)
		}
		receiver := task.Go(func() {
			if v, err := c.Receive(); v != 5 || err != nil {
				t.Errorf("received %d, %v", v, err)
			}
		})
		if i := channel.Select(channel.Recv(c, nil), channel.Send(c, 5)); i != 1 {
			t.Errorf("case %d", i)
		}
		_ = receiver.Join()
		var cases []channel.Case
		var channels []*channel.Channel[int]
		for range 20 {
			channels = append(channels, channel.New[int](0))
			cases = append(cases, channel.Recv(channels[len(channels)-1], nil))
		}
		for _, want := range []int{19, 0, 8} {
			sender := task.Go(func() { tasktest.WaitAllParked(); _ = channels[want].Send(1) })
			if i := channel.Select(cases...); i != want {
				t.Errorf("case %d, want %d", i, want)
			}
			_ = sender.Join()
		}
	})
}

func TestSelectWhoseChannelCloses(t *testing.T) {
	tasktest.Run(t, func() {
		c, d := channel.New[int](0), channel.New[int](0)
		task.Go(func() { tasktest.WaitAllParked(); c.Close() })
		var got error
		if i := channel.Select(channel.Recv(d, nil), channel.Recv(c, func(_ int, err error) { got = err })); i != 1 || !errors.Is(got, channel.ErrClosed) {
			t.Errorf("case %d with %v", i, got)
		}
		if text := panicText(func() { channel.Select(channel.Send(c, 1)) }); text != channel.ErrClosed.Error() {
			t.Errorf("sending on a closed channel said %q", text)
		}
	})
}

// Nothing is allocated where values go through, and selects that keep their cases
// allocate nothing either.
func TestNoAllocations(t *testing.T) {
	if raceEnabled || goroutine.Portable {
		t.Skip("skipped: the race detector, and the portable way to tell goroutines apart, allocate")
	}
	tasktest.Run(t, func() {
		a, b := channel.New[[4]int](0), channel.New[[4]int](2)
		const rounds = 10_000
		sender := func(c *channel.Channel[[4]int]) *task.Task {
			return task.Go(func() {
				for range 3 * rounds {
					_ = c.Send([4]int{})
				}
			})
		}
		first, second := sender(a), sender(b)
		sum := 0
		add := func(v [4]int, _ error) { sum += v[0] }
		cases := []channel.Case{channel.Recv(a, add), channel.Recv(b, add)}
		var before, after stdruntime.MemStats
		for range rounds { // what is made once is made here
			channel.Select(cases...)
		}
		stdruntime.ReadMemStats(&before)
		for range rounds {
			_, _ = a.Receive()
			_, _ = b.Receive()
			channel.Select(cases...)
		}
		stdruntime.ReadMemStats(&after)
		if n := after.Mallocs - before.Mallocs; n >= 100 {
			t.Errorf("%d allocations in %d rounds", n, rounds)
		}
		a.Close()
		b.Close()
		_, _ = first.Join(), second.Join()
	})
}

// Three tasks take three steps each: one selects among all, two are at one end.
//
// holds: 29
func TestSelectAmongThreeTasks(t *testing.T) {
	explore(t, func() {
		in, out := channel.New[int](0), channel.New[int](0)
		sum, taken, received, given := 0, 0, 0, 0
		joined(func() {
			for i := range 3 {
				_ = in.Send(i + 1)
			}
		}, func() {
			for range 3 {
				_, err := out.Receive()
				if err == nil {
					received++
				}
			}
		}, func() {
			for range 6 {
				cases := []channel.Case{channel.Recv(in, func(v int, _ error) { sum += v; taken++ }), channel.Send(out, 1)}
				if taken == 3 {
					cases[0] = channel.Recv[int](nil, nil)
				}
				if channel.Select(cases...) == 1 {
					given++
				}
			}
		})
		if sum != 6 || taken != 3 || given != 3 || received != 3 {
			t.Errorf("took %d values (sum %d), gave %d, of which %d arrived", taken, sum, given, received)
		}
	})
}

func TestSelectToSendWhoseChannelCloses(t *testing.T) {
	tasktest.Run(t, func() {
		c, d := channel.New[int](0), channel.New[int](0)
		task.Go(func() { tasktest.WaitAllParked(); c.Close() })
		if text := panicText(func() { channel.Select(channel.Recv(d, nil), channel.Send(c, 1)) }); text != channel.ErrClosed.Error() {
			t.Errorf("a select that waited to send said %q", text)
		}
		if d.TrySend(1) {
			t.Error("the case that was not done has left something behind")
		}
	})
}

func TestSelectOfOneChannelTwice(t *testing.T) {
	tasktest.Run(t, func() {
		c := channel.New[int](0)
		sender := task.Go(func() { tasktest.WaitAllParked(); _, _ = c.Send(1), c.Send(2) })
		for want := range 2 { // one comes while the select waits, one is there before
			got := [2]int{}
			i := channel.Select(channel.Recv(c, func(v int, _ error) { got[0] = v }), channel.Recv(c, func(v int, _ error) { got[1] = v }))
			if got[i] != want+1 || got[1-i] != 0 {
				t.Errorf("case %d, the functions got %v, want one %d", i, got, want+1)
			}
			tasktest.WaitAllParked()
		}
		_ = sender.Join()
	})
}

// A callback must not wait, and is told so.
func TestWaitingInACallback(t *testing.T) {
	tasktest.Run(t, func() {
		c, texts := channel.New[int](0), map[string]string{}
		runtime.Current().CallSoon(func() {
			texts["Channel.Send"] = panicText(func() { _ = c.Send(1) })
			texts["Channel.Receive"] = panicText(func() { _, _ = c.Receive() })
			texts["channel.Select"] = panicText(func() { channel.Select(channel.Recv(c, nil)) })
		})
		tasktest.WaitAllParked()
		for call, text := range texts {
			if !strings.Contains(text, call) {
				t.Errorf("%s: it said %q", call, text)
			}
		}
		if len(texts) != 3 {
			t.Errorf("%d calls were made", len(texts))
		}
	})
}
