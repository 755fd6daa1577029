package tasktest_test

import (
	"errors"
	"io"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// echo is a conversation over a connection that takes every failure as it comes.
func echo(failure *error) func() {
	note := func(err error) bool {
		if err != nil && *failure == nil && !errors.Is(err, net.ErrClosed) && err != io.EOF {
			*failure = err
		}
		return err != nil
	}
	return func() {
		*failure = nil
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if note(err) {
			return
		}
		server := task.Go(func() {
			c, err := l.Accept()
			if note(err) {
				_ = l.Close() // or the client would wait for an answer for ever
				return
			}
			defer c.Close()
			_, err = io.Copy(c, c)
			note(err)
		})
		func() {
			c, err := net.Dial("tcp", l.Addr().String())
			if note(err) {
				return
			}
			defer c.Close()
			_, err = c.Write([]byte("hello"))
			if note(err) {
				return
			}
			_, err = io.ReadFull(c, make([]byte, 5))
			note(err)
		}()
		_ = l.Close()
		_ = server.Join()
	}
}

// Whichever call of a conversation fails, whoever made it is told, and no
// descriptor, task or timer is left.
func TestFailEverywhere(t *testing.T) {
	var failure error
	for _, errno := range []syscall.Errno{syscall.ENOMEM, syscall.ECONNRESET, syscall.EPERM} {
		failed, runs := "", 0
		check := func() {
			switch {
			case failed == "" && failure != nil:
				t.Errorf("without a failing call the conversation failed with %v", failure)
			case failed != "" && failure == nil && failed != "accept4":
				t.Errorf("nobody was told that %s failed", failed)
			case failure != nil && !errors.Is(failure, errno) && !errors.Is(failure, syscall.ECONNRESET) && failure != io.ErrUnexpectedEOF:
				t.Errorf("%s failed with %v, and the program was told of %v", failed, errno, failure)
			}
		}
		talk := echo(&failure)
		tasktest.FailEverywhere(t, errno, nil, func(call string) { failed = call; runs++ }, func() { talk(); check() })
		if runs < 10 {
			t.Errorf("%d runs only", runs)
		}
	}
}

func TestFailEverywhereFindsALeak(t *testing.T) {
	mustFail(t, func(t testing.TB) {
		tasktest.FailEverywhere(t, syscall.EMFILE, []string{"socket"}, nil, func() {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return
			}
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				return // the mistake: the listener stays open
			}
			_ = c.Close()
			_ = l.Close()
		})
	}, "still registered", "it was the socket that failed", "call 2 of 2")
}
