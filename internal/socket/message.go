//go:build unix

package socket

import (
	"io"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Message is what [FD.RecvMsg] has received.
type Message struct {
	N, OOBN int           // the bytes of data, and of what came beside them
	Flags   int           // unix.MSG_TRUNC and so on
	From    unix.Sockaddr // nil where the sender has no address
}

// RecvMsg takes one message and what was sent beside it. Where rights is set those are
// descriptors, which are not inherited by other programs. It is a checkpoint.
func (f *FD) RecvMsg(p, oob []byte, rights bool) (Message, error) {
	t := f.task()
	if t == nil {
		return Carry(f.Loop(), func() (Message, error) { return f.RecvMsg(p, oob, rights) })
	}
	var m Message
	err := f.do(t, kernel.Read, "recvmsg", func() syscall.Errno {
		var err error
		m.N, m.OOBN, m.Flags, m.From, err = recvMsg(f.desc.FD(), p, oob, rights)
		return errnoOf(err)
	})
	if err != nil {
		return Message{}, err
	}
	if m.N == 0 && f.ends {
		return m, io.EOF
	}
	return m, nil
}

// SendMsg sends one message with what is to go beside it; to is nil for the peer
// that the socket is connected to. On a stream it may send less than all of p. It is
// a checkpoint.
func (f *FD) SendMsg(p, oob []byte, to unix.Sockaddr) (int, error) {
	t := f.task()
	if t == nil {
		return Carry(f.Loop(), func() (int, error) { return f.SendMsg(p, oob, to) })
	}
	n := 0
	err := f.do(t, kernel.Write, "sendmsg", func() syscall.Errno {
		var err error
		n, err = unix.SendmsgN(f.desc.FD(), p, oob, to, 0)
		return errnoOf(err)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
