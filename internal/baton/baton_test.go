package baton

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ring is the least scheduler that can be built on a baton: a FIFO of workers,
// with the goroutine that began at its end. The tests of both implementations
// run over it.
type ring struct {
	Baton
	root    Worker
	ready   []*Worker
	zombies []*Worker
	live    int
}

func newRing() *ring {
	r := &ring{}
	r.Begin(&r.root)
	return r
}

// next names who runs now: the first of the queue, else the root.
func (r *ring) next() *Worker {
	if len(r.ready) == 0 {
		return &r.root
	}
	w := r.ready[0]
	r.ready = r.ready[1:]
	return w
}

// runner is a member of the ring that runs one function.
type runner struct {
	Worker
	ring *ring
	f    func(w *Worker)
}

func (m *runner) Base() *Worker { return &m.Worker }

func (m *runner) Work() *Worker {
	m.f(&m.Worker)
	m.ring.live--
	return m.ring.next()
}

func (m *runner) Exited() *Worker {
	m.ring.live--
	m.ring.zombies = append(m.ring.zombies, &m.Worker)
	return m.ring.next()
}

func (r *ring) spawn(f func(w *Worker)) *Worker {
	m := &runner{ring: r, f: f}
	r.live++
	r.Start(m)
	r.ready = append(r.ready, &m.Worker)
	return &m.Worker
}

// yield goes to the end of the queue.
func (r *ring) yield(w *Worker) {
	r.ready = append(r.ready, w)
	r.Pass(w, r.next())
}

// run lets everybody run until all have ended, and reaps.
func (r *ring) run() {
	for r.live > 0 || len(r.zombies) > 0 {
		r.Pass(&r.root, r.next())
		for _, w := range r.zombies {
			r.Reap(w)
		}
		r.zombies = nil
	}
}

func TestWorkersTakeTurnsInOrder(t *testing.T) {
	r := newRing()
	var got []int
	for i := range 3 {
		r.spawn(func(w *Worker) {
			for step := range 3 {
				got = append(got, 10*step+i)
				r.yield(w)
			}
		})
	}
	r.run()
	want := []int{0, 1, 2, 10, 11, 12, 20, 21, 22}
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// holds: 6
// The counter has no lock: under -race a second runner would be reported, and
// without it inside would be seen above one.
func TestOnlyOneRuns(t *testing.T) {
	r := newRing()
	inside, steps := 0, 0
	for i := range 200 {
		r.spawn(func(w *Worker) {
			for range i%7 + 1 {
				inside++
				if inside != 1 {
					t.Error("two workers run at once")
				}
				steps++
				inside--
				r.yield(w)
			}
			if i%3 == 0 {
				runtime.Goexit()
			}
		})
	}
	r.run()
	if steps != 794 {
		t.Fatalf("%d steps were taken, want 794", steps)
	}
}

func TestPassToOneselfReturns(t *testing.T) {
	r := newRing()
	r.Pass(&r.root, &r.root)
	if r.Holder() != &r.root {
		t.Fatal("the root lost the baton by passing it to itself")
	}
}

// Workers are born, live and end in every order; a slot dies with the worker it
// was made for while others are parked in it.
func TestEndsInAnyOrder(t *testing.T) {
	before := runtime.NumGoroutine()
	for seed := range uint64(50) {
		r := newRing()
		rnd := seed
		random := func(n uint64) uint64 {
			rnd = rnd*6364136223846793005 + 1442695040888963407
			return (rnd >> 33) % n
		}
		var body func(w *Worker)
		born := 0
		body = func(w *Worker) {
			for range random(6) {
				if born < 200 && random(3) == 0 {
					born++
					r.spawn(body)
				}
				r.yield(w)
			}
			if random(2) == 0 {
				runtime.Goexit()
			}
		}
		for range 20 {
			r.spawn(body)
		}
		r.run()
	}
	// A goroutine may still be on its last step, and on a busy machine take its time.
	for patience := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > before; {
		if time.Now().After(patience) {
			t.Fatalf("%d goroutines are left", runtime.NumGoroutine()-before)
		}
		runtime.Gosched()
	}
}

// holds: 51
// Five thousand workers are ended by Goexit among fifty that live on.
func TestGoexitAmongTheLiving(t *testing.T) {
	r := newRing()
	stop, deferred, steps := false, 0, 0
	for range 50 {
		r.spawn(func(w *Worker) {
			for !stop {
				steps++
				r.yield(w)
			}
		})
	}
	for range 5000 {
		r.spawn(func(w *Worker) {
			defer func() { deferred++ }()
			r.yield(w)
			runtime.Goexit()
		})
		for range 120 {
			if len(r.ready) == 0 {
				break
			}
			r.ready = append(r.ready, &r.root)
			r.Pass(&r.root, r.next())
			if len(r.zombies) > 0 {
				break
			}
		}
		for _, w := range r.zombies {
			r.Reap(w)
		}
		r.zombies = nil
	}
	stop = true
	r.run()
	if deferred != 5000 {
		t.Fatalf("%d deferred calls ran, want 5000", deferred)
	}
	if steps == 0 {
		t.Fatal("the living did not run in between")
	}
}

// A worker may hand the baton around inside its deferred calls while a Goexit is
// under way: that is how a killed task cleans up.
func TestDeferredCallsMayPassTheBaton(t *testing.T) {
	r := newRing()
	var got []string
	r.spawn(func(w *Worker) {
		defer func() { got = append(got, "last") }()
		defer func() {
			r.yield(w)
			got = append(got, "first")
			runtime.Goexit() // a second Goexit still runs the rest
		}()
		runtime.Goexit()
	})
	r.spawn(func(*Worker) { got = append(got, "other") })
	r.run()
	if want := []string{"other", "first", "last"}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// Many batons live side by side, each on a goroutine of its own.
func TestManyBatons(t *testing.T) {
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			r := newRing()
			sum := 0
			for range 20 {
				r.spawn(func(w *Worker) {
					for range 20 {
						sum++
						r.yield(w)
					}
					runtime.Goexit()
				})
			}
			r.run()
			if sum != 400 {
				t.Errorf("sum is %d, want 400", sum)
			}
		})
	}
	wg.Wait()
}

func TestInsideABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing()
		n := 0
		for range 10 {
			r.spawn(func(w *Worker) {
				n++
				r.yield(w)
				n++
			})
		}
		r.run()
		if n != 20 {
			t.Fatalf("n is %d, want 20", n)
		}
	})
}
