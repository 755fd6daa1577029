package timeout_test

import (
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/timeout"
)

// holds: 45
func TestShieldKeepsATimeoutAway(t *testing.T) {
	run(t, func() {
		begin := now()
		inside := time.Duration(0)
		err := timeout.Run(time.Second, func() error {
			timeout.Shield(func() {
				sleep(time.Minute)
				inside = since(begin)
			})
			sleep(1)
			t.Error("the timeout was not felt after the shield")
			return nil
		})
		if inside != time.Minute || after(err) != time.Second || since(begin) != time.Minute {
			t.Errorf("the shielded sleep took %v; Run returned %v after %v", inside, err, since(begin))
		}
	})
}

func TestBlocksInsideAShieldWork(t *testing.T) {
	run(t, func() {
		begin := now()
		var inner error
		outer := timeout.Run(time.Second, func() error {
			timeout.Shield(func() {
				inner = timeout.Run(time.Minute, func() error { sleep(long); return nil })
			})
			return waitErr(1)
		})
		if after(inner) != time.Minute || after(outer) != time.Second || since(begin) != time.Minute {
			t.Errorf("inner %v, outer %v, after %v", inner, outer, since(begin))
		}
	})
}

// A shield between two blocks: the outer is not felt, the inner is, in whatever
// order they expire.
func TestShieldBetweenTwoBlocks(t *testing.T) {
	for _, l := range [][2]time.Duration{{time.Second, time.Minute}, {time.Minute, time.Second}} {
		run(t, func() {
			begin := now()
			var inner error
			outer := timeout.Run(l[0], func() error {
				timeout.Shield(func() {
					inner = timeout.Run(l[1], func() error { sleep(long); return nil })
				})
				sleep(long)
				return nil
			})
			if after(inner) != l[1] || after(outer) != l[0] || since(begin) != time.Minute {
				t.Errorf("%v: inner %v, outer %v, after %v", l, inner, outer, since(begin))
			}
		})
	}
}

// holds: 45
func TestShieldForEnds(t *testing.T) {
	run(t, func() {
		begin := now()
		err := timeout.Run(time.Second, func() error {
			timeout.ShieldFor(time.Minute, func() {
				sleep(long)
				t.Error("the shield has no end")
			})
			t.Error("the body went on")
			return nil
		})
		if after(err) != time.Second || since(begin) != time.Minute {
			t.Errorf("Run returned %v after %v", err, since(begin))
		}
		begin = now()
		timeout.ShieldFor(time.Second, func() { sleep(time.Minute) }) // nothing to feel
		if since(begin) != time.Minute {
			t.Error("the end of a shield was felt though nothing was cancelled")
		}
		for _, d := range []time.Duration{0, -long} {
			err = timeout.Run(0, func() error {
				timeout.ShieldFor(d, func() { sleep(time.Second) })
				return nil
			})
			if after(err) != 0 || err == nil || since(begin) != time.Minute {
				t.Errorf("ShieldFor(%v): Run returned %v", d, err)
			}
		}
		timeout.ShieldFor(1<<63-1, func() { sleep(long) })
	})
}

// Of two shields the outer one's end is not felt through the inner one.
func TestShieldsNest(t *testing.T) {
	run(t, func() {
		begin := now()
		err := timeout.Run(time.Second, func() error {
			timeout.ShieldFor(time.Minute, func() {
				timeout.Shield(func() { sleep(long) })
				if since(begin) != long {
					t.Errorf("the inner shield ended after %v", since(begin))
				}
				sleep(1)
				t.Error("the outer shield did not end")
			})
			return nil
		})
		if after(err) != time.Second || since(begin) != long {
			t.Errorf("Run returned %v after %v", err, since(begin))
		}
	})
}

func TestPanicLeavesAShield(t *testing.T) {
	run(t, func() {
		err := timeout.Run(time.Second, func() error {
			if s := panicOf(func() { timeout.Shield(bang) }); s != "bang" {
				t.Errorf("the panic was %q", s)
			}
			sleep(long)
			return nil
		})
		if after(err) != time.Second {
			t.Errorf("Run returned %v: the shield is still there", err)
		}
	})
}
