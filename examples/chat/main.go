// Chat is a room in which everybody hears what anybody says.
//
//	go run ./examples/chat                  a demonstration: three guests and a slow one
//	go run ./examples/chat 127.0.0.1:7000   a room for real; join it with
//	nc 127.0.0.1 7000
//
// It shows a Group (the tasks of one guest: if one of them ends, so does the other),
// a Queue (what a guest has yet to be sent) and an Event (the room closes). The list
// of guests is a plain map: only one task runs at a time.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
)

func main() {
	if len(os.Args) < 2 {
		if err := runtime.Run(func() { demonstrate(os.Stdout) }); err != nil {
			log.Fatal(err)
		}
		return
	}
	err := runtime.Run(func() {
		l, err := net.Listen("tcp", os.Args[1])
		if err != nil {
			log.Print(err)
			return
		}
		r := newRoom()
		h, err := runtime.Current().AddSignalHandler(os.Interrupt, r.close)
		if err != nil {
			log.Print(err)
			return
		}
		defer h.Cancel()
		fmt.Printf("the room is at %v, Ctrl-C to close it\n", l.Addr())
		if err := r.serve(l); err != nil {
			log.Print(err)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
}
