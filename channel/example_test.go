package channel_test

import (
	"fmt"
	"time"

	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func ExampleChannel() {
	_ = runtime.Run(func() {
		names := channel.New[string](0)
		task.Go(func() {
			defer names.Close()
			for _, name := range []string{"oak", "yew", "fir"} {
				_ = names.Send(name)
			}
		})
		for name := range names.All() {
			fmt.Println(name)
		}
	})
	// Output:
	// oak
	// yew
	// fir
}

func ExampleSelect() {
	_ = runtime.Run(func() {
		news, quit := channel.New[string](0), channel.New[bool](0)
		task.Go(func() {
			_ = news.Send("it rains")
			task.Sleep(time.Hour)
			_ = quit.Send(true)
		})
		for over := false; !over; {
			i := channel.Select(
				channel.Recv(news, func(s string, _ error) { fmt.Println("news:", s) }),
				channel.Recv(quit, func(bool, error) { over = true }),
				channel.After(25*time.Minute),
			)
			if i == 2 {
				fmt.Println("no news")
			}
		}
	}, runtime.WithVirtualClock())
	// Output:
	// news: it rains
	// no news
	// no news
}

func ExampleCase() {
	_ = runtime.Run(func() {
		c := channel.New[int](3)
		// A case can be kept, and used again and again.
		cases := []channel.Case{channel.Send(c, 7), channel.Default()}
		for range 5 {
			fmt.Print(channel.Select(cases...), " ")
		}
		fmt.Println(c.Len())
	})
	// Output: 0 0 0 1 1 3
}
