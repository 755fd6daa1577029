//go:build unix

package poller

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// holds: 65
func TestReusedNumber(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, w := f.pipe()
		f.add(r, 1)
		f.arm(r, Read)
		f.write(w, "an event is on its way")

		// A duplicate keeps the pipe open and ready; only Remove ends the registration.
		dup, err := unix.Dup(r)
		f.must(err)
		f.own(dup)
		f.must(f.p.Remove(r))
		r2, w2 := f.pipe()
		f.must(unix.Dup2(r2, r)) // closes r: the number belongs to another pipe now

		f.must(f.p.Add(r, 2))
		f.arm(r, Read)
		f.quiet()
		f.write(w, "x")
		f.quiet()
		f.write(w2, "x")
		f.expect(Read, 2)
	})
}

// holds: 69
func TestClosedBehindOurBack(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, w := f.pipe()
		f.add(r, 1)
		f.arm(r, Read)
		dup, err := unix.Dup(r)
		f.must(err)
		f.own(dup)
		f.close(r)
		f.write(w, "x")
		spurious := 0
		for range 100 {
			spurious += len(f.wait(0))
		}
		if spurious > 1 {
			f.Errorf("%d events for a descriptor that is closed, want at most 1", spurious)
		}
		// Not only without waiting: a loop that waits does not spin either.
		start := time.Now()
		const timeout = 20 * time.Millisecond
		if f.wait(timeout); time.Since(start) < timeout {
			f.Errorf("Wait returned after %v", time.Since(start))
		}
	})
}

func TestManyDescriptors(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		const n = 50
		var r, w [n]int
		registered := map[int]bool{}
		for i := range n {
			r[i], w[i] = f.pipe()
		}
		for round := range 200 {
			// Add one or take one out, write to a few, and see that just those are reported.
			i := rand.IntN(n)
			if registered[i] {
				f.must(f.p.Remove(r[i]))
			} else {
				f.must(f.p.Add(r[i], uint64(i)))
			}
			registered[i] = !registered[i]
			var want []uint64
			for i := range n {
				if registered[i] {
					f.arm(r[i], Read)
				}
				if rand.IntN(4) > 0 {
					continue
				}
				f.write(w[i], "x")
				if registered[i] {
					want = append(want, uint64(i))
				}
			}
			var got []uint64
			for _, e := range f.wait(0) {
				got = append(got, e.Token)
			}
			if !slices.Equal(got, want) {
				f.Fatalf("round %d: events for %d, want %d", round, got, want)
			}
			for i := range n {
				f.drain(r[i])
			}
		}
	})
}

func TestTokens(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		for _, token := range []uint64{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1 << 63, math.MaxUint64 - 1} {
			r, w := f.pipe()
			f.add(r, token)
			f.arm(r, Read)
			f.write(w, "x")
			f.expect(Read, token)
		}
		defer func() {
			if recover() == nil {
				f.Error("Add of the reserved token did not panic")
			}
		}()
		r, _ := f.pipe()
		f.p.Add(r, math.MaxUint64)
	})
}

// With room for one event at a time everyone gets a turn, even if the first is ready all the time.
func TestLittleRoom(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		const n = 5
		var r, w [n]int
		for i := range n {
			r[i], w[i] = f.pipe()
			f.add(r[i], uint64(i))
		}
		served := map[uint64]int{}
		for range 3 * n {
			for i := range n {
				f.drain(r[i])
				f.arm(r[i], Read)
				f.write(w[i], "x")
			}
			var event [1]Event
			if got, err := f.p.Wait(event[:], 0); got != 1 || err != nil {
				f.Fatalf("Wait = %d, %v, want one event", got, err)
			}
			served[event[0].Token]++
		}
		for i := range n {
			if served[uint64(i)] != 3 {
				f.Errorf("of %d events descriptor %d got %d, want 3", 3*n, i, served[uint64(i)])
			}
		}
	})
}

func TestNoRoom(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		if _, err := f.p.Wait(nil, 0); !errors.Is(err, unix.EINVAL) {
			f.Errorf("Wait with no room for events: %v, want EINVAL", err)
		}
	})
}

func TestClosed(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, _ := f.pipe()
		f.add(r, 1)
		f.must(f.p.Close())
		_, waitErr := f.p.Wait(make([]Event, 1), -1)
		for name, err := range map[string]error{
			"Add":    f.p.Add(r, 1),
			"Arm":    f.p.Arm(r, Read),
			"Remove": f.p.Remove(r),
			"Wait":   waitErr,
			"Wake":   f.p.Wake(),
			"Close":  f.p.Close(),
		} {
			if err != ErrClosed {
				f.Errorf("%s after Close: %v, want ErrClosed", name, err)
			}
		}
		if _, err := unix.FcntlInt(uintptr(r), unix.F_GETFD, 0); err != nil {
			f.Errorf("Close has closed a registered descriptor: %v", err)
		}
	})
}

func TestNoAllocation(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, w := f.pipe()
		f.add(r, 1)
		f.write(w, "x")
		events := make([]Event, 8)
		for _, timeout := range []time.Duration{0, time.Microsecond} {
			allocs := testing.AllocsPerRun(20, func() {
				f.p.Arm(r, Read)
				f.p.Wait(events, timeout)
				f.p.Wake()
				f.p.Wait(events, -1)
			})
			if allocs != 0 {
				f.Errorf("with the timeout %v there are %v allocations", timeout, allocs)
			}
		}
	})
}

func TestModeString(t *testing.T) {
	for m, want := range map[Mode]string{
		0:                     "none",
		Read:                  "read",
		Write | Hangup:        "write|hangup",
		Read | Write | Hangup: "read|write|hangup",
	} {
		if got := m.String(); got != want {
			t.Errorf("Mode(%d) is %q, want %q", m, got, want)
		}
	}
}
