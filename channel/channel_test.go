package channel_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// isTimeout tells whether err is that of a wait of at most d.
func isTimeout(err error, d time.Duration) bool {
	var e *timeout.Error
	return errors.As(err, &e) && e.After == d
}

var errSent = errors.New("sent in the place of a value")

// holds: 2, 24, 25, 26, 46
func TestChannelKeepsTheContract(t *testing.T) {
	tasktest.TestChannel(t, func(capacity int) tasktest.Channel { return channel.New[int](capacity) })
}

func TestChannelUnderManySeeds(t *testing.T) {
	for _, capacity := range []int{0, 1, 2} {
		explore(t, func() {
			c := channel.New[int](capacity)
			var got []int
			send := func(mark int) func() {
				return func() {
					for i := range 3 {
						_ = c.Send(mark + i)
					}
				}
			}
			joined(send(0), send(10), func() {
				for range 6 {
					v, _ := c.Receive()
					got = append(got, v)
				}
			})
			slices.Sort(got)
			if !slices.Equal(got, []int{0, 1, 2, 10, 11, 12}) {
				t.Errorf("%v arrived", got)
			}
		})
	}
}

// holds: 25
func TestValueOfAKilledSenderDoesNotArrive(t *testing.T) {
	for _, capacity := range []int{0, 1} {
		tasktest.Run(t, func() {
			c := channel.New[string](capacity)
			for range capacity {
				_ = c.Send("buffered")
			}
			first := task.Go(func() { _ = c.Send("killed") })
			tasktest.WaitAllParked()
			second := task.Go(func() {
				if err := timeout.Run(time.Second, func() error { return c.Send("timed out") }); !isTimeout(err, time.Second) {
					t.Errorf("Send returned %v", err)
				}
			})
			third := task.Go(func() { _ = c.Send("arrives") })
			tasktest.WaitAllParked()
			first.Kill()
			_ = second.Join()
			for _, want := range append(slices.Repeat([]string{"buffered"}, capacity), "arrives") {
				if v, err := c.Receive(); v != want || err != nil {
					t.Errorf("received %q, %v, want %q", v, err, want)
				}
			}
			_ = third.Join()
		})
	}
}

// holds: 26
func TestSendReturnsWhenItsOwnValueWasTaken(t *testing.T) {
	tasktest.Run(t, func() {
		c, returned := channel.New[int](0), ""
		send := func(v int, name string) *task.Task {
			defer tasktest.WaitAllParked()
			return task.Go(func() { _ = c.Send(v); returned += name })
		}
		a, b := send(1, "a"), send(2, "b")
		for _, want := range []string{"a", "ab"} {
			_, _ = c.Receive()
			tasktest.WaitAllParked()
			if returned != want {
				t.Errorf("%q have returned, want %q", returned, want)
			}
		}
		_, _ = a.Join(), b.Join()
	})
}

// holds: 23
func TestTimeoutsAreNeverEarly(t *testing.T) {
	tasktest.Run(t, func() {
		c := channel.New[int](0)
		begin := runtime.Current().Now()
		var quicker []*task.Task
		for range 5 {
			quicker = append(quicker, task.Go(func() { _, _ = c.Receive() }))
			tasktest.WaitAllParked()
		}
		loser := task.Go(func() {
			_, err := c.ReceiveTimeout(10 * time.Second)
			if took := runtime.Current().Now().Sub(begin); !isTimeout(err, 10*time.Second) || took != 10*time.Second {
				t.Errorf("ReceiveTimeout returned %v after %v", err, took)
			}
		})
		for _, q := range quicker { // each value is somebody else's
			task.Sleep(time.Second)
			c.TrySend(1)
			_ = q.Join()
		}
		_ = loser.Join()
	})
	tasktest.Run(t, func() {
		c := channel.New[int](0)
		begin := runtime.Current().Now()
		if err := c.SendTimeout(1, time.Minute); !isTimeout(err, time.Minute) || runtime.Current().Now().Sub(begin) != time.Minute {
			t.Errorf("SendTimeout returned %v after %v", err, runtime.Current().Now().Sub(begin))
		}
		if _, err := c.ReceiveTimeout(0); !isTimeout(err, 0) {
			t.Errorf("ReceiveTimeout(0) returned %v: what timed out is still there", err)
		}
		sender := task.Go(func() { _ = c.SendTimeout(2, long) })
		if v, err := c.ReceiveTimeout(long); v != 2 || err != nil {
			t.Errorf("ReceiveTimeout returned %d, %v", v, err)
		}
		_ = sender.Join()
	})
}

// holds: 27, 28
func TestCloseLetsNobodyWait(t *testing.T) {
	tasktest.Run(t, func() {
		c := channel.New[int](1)
		_ = c.Send(1)
		sender := task.Go(func() {
			if err := c.Send(2); !errors.Is(err, channel.ErrClosed) {
				t.Errorf("Send under a Close returned %v", err)
			}
		})
		tasktest.WaitAllParked()
		c.Close()
		c.Close()
		_ = sender.Join()
		if v, err := c.Receive(); v != 1 || err != nil {
			t.Errorf("what was buffered arrived as %d, %v", v, err)
		}
		for range 2 {
			if _, err := c.Receive(); !errors.Is(err, channel.ErrClosed) {
				t.Errorf("Receive returned %v", err)
			}
			if _, ok, err := c.TryReceive(); !ok || !errors.Is(err, channel.ErrClosed) {
				t.Errorf("TryReceive returned %v, %v", ok, err)
			}
		}
		if c.TrySend(3) || !errors.Is(c.SendError(errSent), channel.ErrClosed) {
			t.Error("a closed channel took something")
		}
		d := channel.New[int](0)
		receiver := task.Go(func() {
			if _, err := d.Receive(); !errors.Is(err, channel.ErrClosed) {
				t.Errorf("Receive under a Close returned %v", err)
			}
		})
		tasktest.WaitAllParked()
		d.Close()
		_ = receiver.Join()
	})
}

// holds: 31
func TestIterationEndsWithTheChannel(t *testing.T) {
	explore(t, func() {
		c, sum := channel.New[int](1), 0
		joined(func() {
			for i := range 3 {
				_ = c.Send(i + 1)
			}
			c.Close()
		}, func() {
			for v := range c.All() {
				sum += v
			}
		})
		if sum != 6 {
			t.Errorf("the sum is %d", sum)
		}
	})
	tasktest.Run(t, func() {
		c := channel.New[int](3)
		_, _, _ = c.Send(1), c.SendError(errSent), c.Send(2)
		for v := range c.All() {
			if v != 1 {
				t.Errorf("%d came after an error", v)
			}
		}
		for v := range c.All() {
			if v == 2 {
				break // and the channel goes on
			}
		}
		left := false
		err := timeout.Run(time.Second, func() error {
			defer func() { left = true }()
			for range c.All() {
				t.Error("something came out of nowhere")
			}
			t.Error("the loop ended as if the channel had")
			return nil
		})
		if !left || !isTimeout(err, time.Second) {
			t.Errorf("the block returned %v", err)
		}
	})
}

func TestTryAndErrors(t *testing.T) {
	tasktest.Run(t, func() {
		c := channel.New[string](1)
		if _, ok, err := c.TryReceive(); ok || err != nil {
			t.Errorf("TryReceive of nothing returned %v, %v", ok, err)
		}
		if err := c.SendError(errSent); err != nil || c.Len() != 1 || c.Cap() != 1 {
			t.Errorf("SendError returned %v; %d of %d are buffered", err, c.Len(), c.Cap())
		}
		if c.TrySend("x") {
			t.Error("TrySend found room in a full buffer")
		}
		if _, ok, err := c.TryReceive(); !ok || err != errSent {
			t.Errorf("TryReceive returned %v, %v", ok, err)
		}
		receiver := task.Go(func() {
			if _, err := c.Receive(); err != errSent {
				t.Errorf("Receive returned %v", err)
			}
		})
		tasktest.WaitAllParked()
		_ = c.SendError(errSent)
		_ = receiver.Join()
		if text := panicText(func() { _ = c.SendError(nil) }); !strings.Contains(text, "called with nil") {
			t.Errorf("SendError(nil) said %q", text)
		}
		if text := panicText(func() { channel.New[int](-1) }); !strings.Contains(text, "cannot be negative") {
			t.Errorf("New(-1) said %q", text)
		}
		runtime.Current().CallSoon(func() { c.TrySend("from a callback") })
		if v, err := c.Receive(); v != "from a callback" || err != nil {
			t.Errorf("received %q, %v", v, err)
		}
		runtime.Current().CallSoon(func() { _, _, _ = c.TryReceive(); c.Close() })
		if _, err := c.Receive(); !errors.Is(err, channel.ErrClosed) {
			t.Errorf("Receive returned %v", err)
		}
	})
}

// holds: 94
func TestChannelElsewhere(t *testing.T) {
	tasktest.Run(t, func() {
		c := channel.New[int](1)
		foreign(t, map[string]func(){
			"Send": func() { _ = c.Send(1) }, "SendError": func() { _ = c.SendError(errSent) },
			"SendTimeout": func() { _ = c.SendTimeout(1, 0) }, "TrySend": func() { c.TrySend(1) },
			"Receive": func() { _, _ = c.Receive() }, "TryReceive": func() { _, _, _ = c.TryReceive() },
			"ReceiveTimeout": func() { _, _ = c.ReceiveTimeout(0) }, "Close": c.Close,
			"All":            func() { c.All()(func(int) bool { return false }) },
			"Select":         func() { channel.Select(channel.Recv(c, nil)) },
			"Select to send": func() { channel.Select(channel.Send(c, 1)) },
		})
	})
}

func TestDeadlockNamesTheChannel(t *testing.T) {
	for says, wait := range map[string]func(){
		"main waits for the other side of a channel": func() { _, _ = channel.New[int](0).Receive() },
		"main waits for room in a channel for 1 val": func() {
			c := channel.New[int](1)
			_, _ = c.Send(1), c.Send(2)
		},
		"main waits for one of the cases of a select": func() { channel.Select() },
	} {
		if err := runtime.Run(wait); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("Run returned %v, want %q", err, says)
		}
	}
}

// holds: 42
func TestCancelledCallsFail(t *testing.T) {
	tasktest.Run(t, func() {
		c := channel.New[int](1)
		var errs []error
		err := timeout.Run(time.Second, func() error {
			defer func() {
				_, err := c.Receive()
				errs = append(errs, c.Send(1), err, c.SendTimeout(1, long))
				_, err = c.ReceiveTimeout(long)
				errs = append(errs, err)
				channel.Select(channel.Send(c, 1))
				t.Error("a select went on in a block that is over")
			}()
			task.Sleep(long)
			return nil
		})
		for _, e := range append(errs, err) {
			if !isTimeout(e, time.Second) {
				t.Errorf("a call returned %v", e)
			}
		}
		if c.Len() != 0 || len(errs) != 4 {
			t.Errorf("%d values were sent in a block that is over", c.Len())
		}
	})
}

// A kill, and the end of a block, reach whoever waits in a call, and leave nothing of
// it in the channel.
//
// holds: 10, 25
func TestEveryWaitCanBeEnded(t *testing.T) {
	for name, wait := range map[string]func(c *channel.Channel[int]){
		"Send":           func(c *channel.Channel[int]) { _ = c.Send(1) },
		"SendError":      func(c *channel.Channel[int]) { _ = c.SendError(errSent) },
		"SendTimeout":    func(c *channel.Channel[int]) { _ = c.SendTimeout(1, long) },
		"Receive":        func(c *channel.Channel[int]) { _, _ = c.Receive() },
		"ReceiveTimeout": func(c *channel.Channel[int]) { _, _ = c.ReceiveTimeout(long) },
		"All":            func(c *channel.Channel[int]) { c.All()(func(int) bool { return true }) },
		"Select":         func(c *channel.Channel[int]) { channel.Select(channel.Recv(c, nil), channel.Send(c, 1)) },
	} {
		tasktest.Run(t, func() {
			c := channel.New[int](0)
			empty := func(after string) {
				if _, ok, err := c.TryReceive(); ok || err != nil || c.TrySend(1) {
					t.Errorf("%s: somebody is still there after a %s", name, after)
				}
			}
			victim := task.Go(func() { wait(c) })
			tasktest.WaitAllParked()
			victim.Kill()
			empty("kill") // though the victim has not run yet
			if err := victim.Join(); !errors.Is(err, task.ErrKilled) {
				t.Errorf("%s: the victim ended with %v", name, err)
			}
			begin := runtime.Current().Now()
			err := timeout.Run(time.Second, func() error { wait(c); task.Yield(); return errSent })
			if took := runtime.Current().Now().Sub(begin); took != time.Second || err == nil {
				t.Errorf("%s: the block returned %v after %v", name, err, took)
			}
			empty("timeout")
		})
	}
}
