package future_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evergreen-go/evergreen/future"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func ExampleFuture() {
	_ = runtime.Run(func() {
		answer := future.New[int]()
		task.GoAfter(time.Second, func() { answer.SetResult(42) })
		_, err := answer.TryGet()
		fmt.Println(errors.Is(err, future.ErrPending))
		fmt.Println(answer.Get())
	}, runtime.WithVirtualClock())
	// Output:
	// true
	// 42 <nil>
}

func ExampleTaskPool() {
	_ = runtime.Run(func() {
		begin := runtime.Current().Now()
		pool := future.NewTaskPool(2)
		for _, name := range []string{"a", "b", "c"} {
			future.Submit(pool, func() (string, error) {
				task.Sleep(time.Second)
				fmt.Println(name, runtime.Current().Now().Sub(begin))
				return name, nil
			})
		}
		_ = pool.Close()
	}, runtime.WithVirtualClock())
	// Output:
	// a 1s
	// b 1s
	// c 2s
}

// A long computation would stop all tasks of the loop; on a plain goroutine it does
// not.
func ExampleThreadPool() {
	_ = runtime.Run(func() {
		pool := future.NewThreadPool(2)
		sum := future.Submit(pool, func() (sum int64, err error) {
			for i := range 1_000_000 {
				sum += int64(i)
			}
			return sum, nil
		})
		fmt.Println(sum.Get())
	})
	// Output: 499999500000 <nil>
}

// A function that takes either kind of pool.
func ExamplePool() {
	double := func(pool future.Pool, n int) *future.Future[int] {
		return future.Submit(pool, func() (int, error) { return 2 * n, nil })
	}
	_ = runtime.Run(func() {
		fmt.Println(double(future.NewTaskPool(1), 1).Get())
		fmt.Println(double(future.NewThreadPool(1), 2).Get())
	})
	// Output:
	// 2 <nil>
	// 4 <nil>
}

func ExampleMap() {
	_ = runtime.Run(func() {
		pool := future.NewTaskPool(10)
		words := slices.Values([]string{"spruce", "fir", "yew"})
		for length, err := range future.Map(pool, words, func(word string) (int, error) {
			task.Sleep(time.Duration(len(word)) * time.Second)
			return len(word), nil
		}) {
			fmt.Println(length, err)
		}
	}, runtime.WithVirtualClock())
	// Output:
	// 6 <nil>
	// 3 <nil>
	// 3 <nil>
}

// The answer of whoever is first, and nothing more of the others.
func ExampleWait() {
	_ = runtime.Run(func() {
		pool := future.NewTaskPool(3)
		var asked []*future.Future[string]
		for name, after := range map[string]time.Duration{"near": 1, "far": 2, "away": 3} {
			asked = append(asked, future.Submit(pool, func() (string, error) {
				task.Sleep(after * time.Second)
				return name, nil
			}))
		}
		done, pending := future.Wait(future.FirstCompleted, asked...)
		fmt.Println(done[0].Get())
		for _, f := range pending {
			f.Cancel()
		}
	}, runtime.WithVirtualClock())
	// Output: near <nil>
}

// Futures of several types.
func ExampleAny() {
	_ = runtime.Run(func() {
		pool := future.NewTaskPool(2)
		number := future.Submit(pool, func() (int, error) { return 7, nil })
		word := future.Submit(pool, func() (string, error) { return "seven", nil })
		done, _ := future.Wait[future.Any](future.All, number, word)
		fmt.Println(len(done))
	})
	// Output: 2
}

func ExampleMode() {
	_ = runtime.Run(func() {
		pool := future.NewTaskPool(2)
		slow := future.Submit(pool, func() (int, error) { task.Sleep(time.Hour); return 0, nil })
		bad := future.Submit(pool, func() (int, error) { return 0, errors.New("refused") })
		done, pending := future.Wait(future.FirstError, slow, bad)
		fmt.Println(len(done), len(pending))
		_, err := done[0].Get()
		fmt.Println(err)
	}, runtime.WithVirtualClock())
	// Output:
	// 1 1
	// refused
}

func ExampleAsCompleted() {
	_ = runtime.Run(func() {
		pool := future.NewTaskPool(3)
		var futures []*future.Future[string]
		for name, after := range map[string]time.Duration{"slow": 3, "quick": 1, "middling": 2} {
			futures = append(futures, future.Submit(pool, func() (string, error) {
				task.Sleep(after * time.Second)
				return name, nil
			}))
		}
		for f := range future.AsCompleted(futures...) {
			fmt.Println(f.Get())
		}
	}, runtime.WithVirtualClock())
	// Output:
	// quick <nil>
	// middling <nil>
	// slow <nil>
}
