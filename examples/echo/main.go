// Echo sends back what it is sent, to any number of clients at once.
//
//	go run ./examples/echo 127.0.0.1:7000
//	nc 127.0.0.1 7000
//
// It is a blocking program: one task for each connection, and nothing in it is
// locked, since only one task runs at a time.
package main

import (
	"io"
	"log"
	"os"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func main() {
	address := "127.0.0.1:7000"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	err := runtime.Run(func() {
		l, err := net.Listen("tcp", address)
		if err != nil {
			log.Print(err)
			return
		}
		log.Printf("echo at %v, Ctrl-C to end", l.Addr())
		serve(l)
	})
	if err != nil {
		log.Fatal(err)
	}
}

// serve takes connections until the listener is closed.
func serve(l net.Listener) {
	for {
		conn, err := l.Accept() // other tasks run while this one waits
		if err != nil {
			log.Print(err)
			return
		}
		task.Go(func() { echo(conn) })
	}
}

// echo sends back what it reads until the client has closed its side.
func echo(conn net.Conn) {
	defer conn.Close()
	if _, err := io.Copy(conn, conn); err != nil {
		log.Print(err)
	}
}
