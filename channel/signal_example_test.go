//go:build unix

package channel_test

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/runtime"
)

// A server that reads its configuration again when it is told to, and does its rounds
// meanwhile.
func ExampleNotify() {
	_ = runtime.Run(func() {
		reload := channel.New[os.Signal](1)
		stop, err := channel.Notify(reload, syscall.SIGHUP)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer stop()
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGHUP)
		channel.Select(
			channel.Recv(reload, func(os.Signal, error) { fmt.Println("reading the configuration") }),
			channel.After(time.Hour),
		)
	})
	// Output: reading the configuration
}
