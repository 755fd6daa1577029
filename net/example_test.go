package net_test

import (
	"fmt"
	"io"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func ExampleServer() {
	_ = runtime.Run(func() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			fmt.Println(err)
			return
		}
		s := &net.Server{
			Handler:  func(c net.Conn) { _, _ = io.Copy(c, c) },
			MaxConns: 1000,
		}
		task.Go(func() { fmt.Println(s.Serve(l) == net.ErrServerClosed) })

		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Fprintln(c, "hello")
		var word string
		_, _ = fmt.Fscanln(c, &word)
		fmt.Println(word)
		_ = c.Close()

		fmt.Println(s.Shutdown(5 * time.Second)) // nil: nobody had to be cut
		fmt.Println(s.Stats().Accepted)
	})
	// Output:
	// hello
	// true
	// <nil>
	// 1
}
