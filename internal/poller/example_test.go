//go:build unix

package poller_test

import (
	"fmt"
	"log"

	"github.com/evergreen-go/evergreen/internal/poller"
	"golang.org/x/sys/unix"
)

// A read from a pipe that waits for the other end to write.
func Example() {
	var pipe [2]int
	if err := unix.Pipe(pipe[:]); err != nil {
		log.Fatal(err)
	}
	defer unix.Close(pipe[1])
	fd := pipe[0]
	defer unix.Close(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		log.Fatal(err)
	}

	p, err := poller.New()
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()

	const token = 1
	if err := p.Add(fd, token); err != nil {
		log.Fatal(err)
	}
	defer p.Remove(fd) // before the descriptor is closed

	go unix.Write(pipe[1], []byte("hello"))

	buf := make([]byte, 16)
	events := make([]poller.Event, 8)
	for {
		n, err := unix.Read(fd, buf) // always try first
		if err == nil {
			fmt.Printf("%s\n", buf[:n])
			return
		}
		if err != unix.EAGAIN {
			log.Fatal(err)
		}
		if err := p.Arm(fd, poller.Read); err != nil {
			log.Fatal(err)
		}
		if _, err := p.Wait(events, -1); err != nil { // one descriptor: no need to look at the events
			log.Fatal(err)
		}
	}
	// Output: hello
}
