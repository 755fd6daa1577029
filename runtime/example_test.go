package runtime_test

import (
	"fmt"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func ExampleRun() {
	err := runtime.Run(func() {
		for _, name := range []string{"first", "second"} {
			task.Go(func() {
				for i := range 2 {
					fmt.Println(name, i)
					task.Yield()
				}
			})
		}
	})
	fmt.Println(err)
	// Output:
	// first 0
	// second 0
	// first 1
	// second 1
	// <nil>
}

// A plain goroutine, such as the handler of a server built on the standard
// library, has something done in the loop and waits for it.
func ExampleLoop_Do() {
	l, err := runtime.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error)
	go func() { ended <- l.RunForever() }()

	counter := 0 // belongs to the loop's tasks, and needs no lock
	for range 3 {
		err := l.Do(func() error {
			counter++
			task.Yield()
			return nil
		})
		fmt.Println(err)
	}
	l.Stop()
	fmt.Println(<-ended, counter, l.Close())
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// <nil> 3 <nil>
}

// A year's wait takes no time, and goes the same way each time.
func ExampleWithVirtualClock() {
	_ = runtime.Run(func() {
		begin := runtime.Current().Now()
		task.Sleep(365 * 24 * time.Hour)
		fmt.Println(runtime.Current().Now().Sub(begin))
	}, runtime.WithVirtualClock())
	// Output: 8760h0m0s
}

// A seed gives an order of the tasks that are ready. The same seed gives the same
// order, so a failure that it has brought to light can be looked at again.
func ExampleWithSeed() {
	order := func(seed uint64) (s string) {
		_ = runtime.Run(func() {
			for _, name := range "abcdefgh" {
				task.Go(func() { s += string(name) })
			}
		}, runtime.WithSeed(seed))
		return s
	}
	once, again, other := order(1), order(1), order(2)
	fmt.Println(once == again, once == other)
	// Output: true false
}
