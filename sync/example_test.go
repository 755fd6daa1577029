package sync_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
)

// A lock is for what must hold across a wait: here that the two lines stand together.
func ExampleMutex() {
	_ = runtime.Run(func() {
		var mu sync.Mutex
		for _, name := range []string{"a", "b"} {
			task.Go(func() {
				mu.Lock()
				defer mu.Unlock()
				fmt.Println(name, "begins")
				task.Sleep(time.Second)
				fmt.Println(name, "ends")
			})
		}
	}, runtime.WithVirtualClock())
	// Output:
	// a begins
	// a ends
	// b begins
	// b ends
}

func ExampleRWMutex() {
	_ = runtime.Run(func() {
		var mu sync.RWMutex
		mu.RLock()
		fmt.Println("another reader:", mu.TryRLock(), "a writer:", mu.TryLock())
	})
	// Output: another reader: true a writer: false
}

func ExampleCond() {
	_ = runtime.Run(func() {
		var mu sync.Mutex
		ready := false
		c := sync.NewCond(&mu)
		task.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			ready = true
			c.Broadcast()
		})
		mu.Lock()
		defer mu.Unlock()
		for !ready {
			c.Wait()
		}
		fmt.Println("ready")
	})
	// Output: ready
}

func ExampleWaitGroup() {
	_ = runtime.Run(func() {
		var wg sync.WaitGroup
		sum := 0 // no lock: only one task runs at a time
		for i := range 10 {
			wg.Go(func() { sum += i })
		}
		wg.Wait()
		fmt.Println(sum)
	})
	// Output: 45
}

func ExampleOnce() {
	_ = runtime.Run(func() {
		var once sync.Once
		for range 3 {
			once.Do(func() { fmt.Println("once") })
		}
	})
	// Output: once
}

func ExampleOnceFunc() {
	_ = runtime.Run(func() {
		hello := sync.OnceFunc(func() { fmt.Println("hello") })
		hello()
		hello()
	})
	// Output: hello
}

func ExampleOnceValue() {
	_ = runtime.Run(func() {
		answer := sync.OnceValue(func() int {
			task.Sleep(time.Hour) // other tasks run meanwhile
			return 42
		})
		fmt.Println(answer(), answer())
	}, runtime.WithVirtualClock())
	// Output: 42 42
}

// The task that has an RLock can take it again.
func ExampleRLock() {
	_ = runtime.Run(func() {
		var l sync.RLock
		outer := func(inner func()) {
			l.Lock()
			defer l.Unlock()
			inner()
		}
		outer(func() { outer(func() { fmt.Println("inside") }) })
	})
	// Output: inside
}

// At most two at a time.
func ExampleSemaphore() {
	_ = runtime.Run(func() {
		s, inside, most := sync.NewSemaphore(2), 0, 0
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if s.Acquire(1) != nil {
					return
				}
				defer s.Release(1)
				inside++
				most = max(most, inside)
				task.Sleep(time.Second)
				inside--
			})
		}
		wg.Wait()
		fmt.Println(most)
	}, runtime.WithVirtualClock())
	// Output: 2
}

func ExampleBoundedSemaphore() {
	_ = runtime.Run(func() {
		defer func() { fmt.Println(recover() != nil) }()
		s := sync.NewBoundedSemaphore(2)
		s.Release(1) // nothing was acquired
	})
	// Output: true
}

func ExampleCondition() {
	_ = runtime.Run(func() {
		c, level := sync.NewCondition(nil), 0
		task.Go(func() {
			for range 3 {
				task.Sleep(time.Second)
				c.Lock()
				level++
				c.NotifyAll()
				c.Unlock()
			}
		})
		c.Lock()
		defer c.Unlock()
		c.WaitFor(func() bool { return level >= 2 })
		fmt.Println(level)
		err := c.WaitForTimeout(func() bool { return level >= 9 }, time.Minute)
		fmt.Println(err)
	}, runtime.WithVirtualClock())
	// Output:
	// 2
	// timed out after 1m0s
}

func ExampleEvent() {
	_ = runtime.Run(func() {
		var start sync.Event
		for i := range 3 {
			task.Go(func() {
				start.Wait()
				fmt.Println("runner", i)
			})
		}
		task.Sleep(time.Second)
		fmt.Println("go!")
		start.Set()
	}, runtime.WithVirtualClock())
	// Output:
	// go!
	// runner 0
	// runner 1
	// runner 2
}

func ExampleBarrier() {
	_ = runtime.Run(func() {
		b := sync.NewBarrier(2, func() { fmt.Println("both are here") })
		task.Go(func() { _, _ = b.Wait() })
		_, err := b.Wait()
		fmt.Println(err)
		_, err = b.WaitTimeout(time.Second) // alone
		fmt.Println(err)
		_, err = b.Wait()
		fmt.Println(errors.Is(err, sync.ErrBroken))
	}, runtime.WithVirtualClock())
	// Output:
	// both are here
	// <nil>
	// timed out after 1s
	// true
}

// What is worked out in one call is there for all.
func ExampleOnceValues() {
	_ = runtime.Run(func() {
		load := sync.OnceValues(func() (string, error) {
			fmt.Println("loading")
			return "a page", nil
		})
		for range 2 {
			fmt.Println(load())
		}
	})
	// Output:
	// loading
	// a page <nil>
	// a page <nil>
}

// Every lock is a Locker, those of the standard library too.
func ExampleLocker() {
	_ = runtime.Run(func() {
		var rw sync.RWMutex
		held := 0
		for _, l := range []sync.Locker{new(sync.Mutex), new(sync.RLock), rw.RLocker()} {
			l.Lock()
			held++
			l.Unlock()
		}
		fmt.Println("held:", held, "free again:", rw.TryLock())
	})
	// Output: held: 3 free again: true
}

// A Map never waits, and may be shared with other goroutines.
func ExampleMap() {
	var m sync.Map
	_ = runtime.Run(func() { m.Store("answer", 42) })
	fmt.Println(m.Load("answer"))
	// Output: 42 true
}

// A Pool never waits: what it has not got it makes.
func ExamplePool() {
	p := sync.Pool{New: func() any { return "a new one" }}
	_ = runtime.Run(func() { fmt.Println(p.Get()) })
	// Output: a new one
}
