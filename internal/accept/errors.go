package accept

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// lacking are the errors that say that the process or the system has no descriptor
// or no memory for another connection just now.
var lacking = []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM}

// Passes tells whether an error of Accept will be over some time, when the system or
// the process has more of what it lacks now, so that the caller should wait and try
// again. It is not a checkpoint.
func Passes(err error) bool {
	for _, e := range lacking {
		if errors.Is(err, e) {
			return true
		}
	}
	var temporary interface{ Temporary() bool }
	return errors.As(err, &temporary) && temporary.Temporary()
}

// Gone tells whether an error of Accept is only about a connection whose peer gave
// up before it was accepted, so that the caller should take the next one at once. It
// is not a checkpoint.
func Gone(err error) bool { return errors.Is(err, syscall.ECONNABORTED) }

// Blocks returns a sentence about a listener whose Accept would stop every task of
// the loop, the standard library's own, and nil for any other. It is not a
// checkpoint.
func Blocks(l net.Listener) error {
	switch l.(type) {
	case *net.TCPListener, *net.UnixListener:
		return fmt.Errorf("evergreen: a server cannot serve a %T, whose Accept stops all tasks of the loop: make the listener with Listen of github.com/evergreen-go/evergreen/net", l)
	}
	return nil
}
