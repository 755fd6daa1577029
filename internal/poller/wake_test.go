//go:build unix

package poller

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestWakeBeforeWait(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		for range 3 {
			f.must(f.p.Wake())
			if events := f.wait(-1); len(events) != 0 {
				f.Fatalf("a Wake showed up as the events %v", events)
			}
		}
	})
}

// holds: 56
func TestWakesCoalesce(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		for range 1_000_000 { // more than a pipe holds
			if err := f.p.Wake(); err != nil {
				f.Fatal(err)
			}
		}
		f.wait(-1)
		start := time.Now()
		const timeout = 20 * time.Millisecond
		if f.wait(timeout); time.Since(start) < timeout {
			f.Error("many Wakes ended more than one Wait")
		}
		f.must(f.p.Wake()) // and the next one counts again
		f.wait(-1)
	})
}

func TestWakeWithEvents(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, w := f.pipe()
		f.add(r, 1)
		f.arm(r, Read)
		f.write(w, "x")
		f.must(f.p.Wake())
		f.expect(Read, 1)
		f.quiet()
	})
}

// A Wake that meets the end of a Wait still ends the next one.
func TestNoWakeIsLost(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		var stop atomic.Bool
		var wg sync.WaitGroup
		defer wg.Wait()
		defer stop.Store(true)
		for range 2 {
			wg.Go(func() {
				for !stop.Load() {
					if err := f.p.Wake(); err != nil {
						f.Error(err)
					}
					runtime.Gosched() // with one processor Wait would get it back only every 10 ms
				}
			})
		}
		events := make([]Event, 1)
		begin := time.Now()
		for i := 0; i < 5_000 && time.Since(begin) < time.Second; i++ {
			const lost = time.Minute
			start := time.Now()
			if _, err := f.p.Wait(events, lost); err != nil {
				f.Fatal(err)
			}
			if time.Since(start) >= lost {
				f.Fatalf("no Wake came through after the first %d", i)
			}
		}
	})
}

func TestWakePublishes(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		for i := range 200 {
			value := 0
			var wg sync.WaitGroup
			wg.Go(func() {
				value = i
				if err := f.p.Wake(); err != nil {
					f.Error(err)
				}
			})
			f.wait(-1)
			if value != i { // the race detector objects if Wake does not publish it
				f.Fatalf("saw %d after the Wake that followed %d", value, i)
			}
			wg.Wait()
		}
	})
}

// A Wake that meets Close either still counts or is refused. It never writes to the descriptor after
// that is closed, which would show here as EBADF and in a program as bytes in somebody's file.
func TestWakeWhileClosing(t *testing.T) {
	for name, newPoller := range backends {
		t.Run(name, func(t *testing.T) {
			for range 200 {
				p, err := newPoller()
				if err != nil {
					t.Fatal(err)
				}
				var wg sync.WaitGroup
				for range 2 {
					wg.Go(func() {
						var err error
						for err == nil {
							err = p.Wake()
							runtime.Gosched()
						}
						if err != ErrClosed {
							t.Error(err)
						}
					})
				}
				// From here on a Wake writes again: just before Close.
				if _, err := p.Wait(make([]Event, 1), -1); err != nil {
					t.Error(err)
				}
				if err := p.Close(); err != nil {
					t.Error(err)
				}
				wg.Wait()
			}
		})
	}
}

// holds: 34
func TestTimeoutIsNeverEarly(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		for _, timeout := range []time.Duration{
			1, time.Microsecond, 300 * time.Microsecond, time.Millisecond + 1, 2500 * time.Microsecond, 30 * time.Millisecond,
		} {
			for range 10 {
				start := time.Now()
				events := f.wait(timeout)
				if took := time.Since(start); took < timeout || len(events) > 0 {
					f.Errorf("Wait(%v) returned after %v with the events %v", timeout, took, events)
				}
			}
		}
	})
}
