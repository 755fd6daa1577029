package net_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// A drama is a conversation that takes failures as they come, and notes them.
type drama struct {
	t    *testing.T
	told []error
	// overcome tells that one failure has been made good for.
	overcome bool
	// spawn starts the tasks of the conversation.
	spawn func(func()) *task.Task
}

// note tells whether there is an error. That a conversation was ended by one of the
// other side is not the failure that is looked for.
func (d *drama) note(err error) bool {
	if err != nil && err != io.EOF && !errors.Is(err, net.ErrClosed) {
		d.told = append(d.told, err)
	}
	return err != nil
}

// both has a task take who comes to a listener and runs client meanwhile, which tells
// whether it came. Whoever fails, or is ended, closes the listener: otherwise the other
// might wait for ever, the client in the listener's queue.
func (d *drama) both(l net.Listener, server func(net.Conn), client func() bool) {
	accepting := d.spawn(func() {
		c, err := l.Accept()
		if d.note(err) {
			return
		}
		defer c.Close()
		server(c)
	})
	over := task.Go(func() {
		_ = accepting.Join()
		_ = l.Close()
	})
	came := false
	defer func() {
		if !came {
			_ = l.Close()
		}
	}()
	if came = client(); !came {
		_ = l.Close()
	}
	_ = over.Join()
}

// served has server talk to who comes to a listener, and client come.
func (d *drama) served(network, address string, client, server func(net.Conn)) {
	l, err := net.Listen(network, address)
	if d.note(err) {
		return
	}
	d.both(l, server, func() bool {
		c, err := net.Dial(network, l.Addr().String())
		if d.note(err) {
			return false
		}
		defer c.Close()
		client(c)
		return true
	})
}

// say and hear are one message; hear waits for all of it.
func (d *drama) say(c net.Conn, n int) bool {
	_, err := c.Write(make([]byte, n))
	return !d.note(err)
}

func (d *drama) hear(c net.Conn, n int) bool {
	_, err := io.ReadFull(c, make([]byte, n))
	return !d.note(err)
}

// deaf bounds the wait of one who may wait for a message that was never sent.
func (d *drama) deaf(c net.Conn) { d.note(c.SetReadDeadline(in(time.Hour))) }

// dramas are all ways to talk there are, each with the system calls that it must have
// made, so that none of them goes untried.
var dramas = map[string]struct {
	play  func(d *drama)
	calls []string
}{
	"TCP": {
		func(d *drama) {
			d.served("tcp", "127.0.0.1:0", func(c net.Conn) {
				_ = d.say(c, 5) && d.hear(c, 5)
			}, func(c net.Conn) {
				_ = d.hear(c, 5) && d.say(c, 5)
			})
		},
		[]string{"epoll_create1", "epoll_ctl", "socket", "bind", "listen", "accept4", "connect", "read", "write"},
	},
	"two families": {bothFamilies, []string{"socket", "connect", "accept4", "listen"}},
	"Unix": {
		func(d *drama) {
			d.served("unix", socketFile(d.t), func(c net.Conn) {
				_ = d.say(c, 5) && d.hear(c, 5)
			}, func(c net.Conn) {
				_ = d.hear(c, 5) && d.say(c, 5)
			})
		},
		[]string{"socket", "bind", "listen", "accept4", "connect", "read", "write"},
	},
	"packets with descriptors": {passing, []string{"accept4", "connect", "sendmsg", "recvmsg"}},
	"buffers": {
		func(d *drama) {
			d.served("tcp", "127.0.0.1:0", func(c net.Conn) {
				v := net.Buffers{make([]byte, 3), make([]byte, 4)}
				_, err := v.WriteTo(c)
				d.note(err)
			}, func(c net.Conn) { d.hear(c, 7) })
		},
		[]string{"writev"},
	},
	"file": {sendingAFile, []string{"sendfile", "read"}},
	"copy": {copying, []string{"splice", "read", "write"}},
	"UDP":  {datagrams, []string{"socket", "bind", "recvfrom", "sendto", "recvmsg", "sendmsg"}},
	"connected UDP": {
		func(d *drama) { d.connectedDatagrams("udp4", "127.0.0.1:0") },
		[]string{"bind", "connect", "write", "recvfrom"},
	},
	"Unix datagrams": {
		func(d *drama) { d.connectedDatagrams("unixgram", socketFile(d.t)) },
		[]string{"bind", "connect", "write", "recvmsg"},
	},
}

// bothFamilies dials a name that has an address of each family.
func bothFamilies(d *drama) {
	l, err := net.Listen("tcp", ":0")
	if d.note(err) {
		return
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	d.note(err)
	d.both(l, func(c net.Conn) { d.hear(c, 1) }, func() bool {
		c, err := net.Dial("tcp", "both.test.:"+port)
		if d.note(err) {
			return false
		}
		defer c.Close()
		d.overcome = true // where it is the other family's address
		d.say(c, 1)
		return true
	})
}

// passing sends a descriptor over a Unix socket, which whoever gets it has to close.
func passing(d *drama) {
	d.served("unixpacket", socketFile(d.t), func(c net.Conn) {
		_, _, err := c.(*net.UnixConn).WriteMsgUnix([]byte("x"), syscall.UnixRights(0), nil)
		d.note(err)
	}, func(c net.Conn) {
		oob := make([]byte, 100)
		_, n, _, _, err := c.(*net.UnixConn).ReadMsgUnix(make([]byte, 10), oob)
		if d.note(err) {
			return
		}
		messages, err := syscall.ParseSocketControlMessage(oob[:n])
		if d.note(err) || len(messages) == 0 {
			return
		}
		fds, err := syscall.ParseUnixRights(&messages[0])
		d.note(err)
		for _, fd := range fds {
			_ = syscall.Close(fd)
		}
	})
}

func sendingAFile(d *drama) {
	path := filepath.Join(filepath.Dir(socketFile(d.t)), "file")
	must(d.t, os.WriteFile(path, make([]byte, 5), 0o600))
	d.served("tcp", "127.0.0.1:0", func(c net.Conn) {
		f, err := os.Open(path)
		must(d.t, err)
		defer f.Close()
		_, err = io.Copy(c, f)
		d.note(err)
	}, func(c net.Conn) { d.hear(c, 5) })
}

// copying has a connection's bytes sent on over another.
func copying(d *drama) {
	d.served("tcp", "127.0.0.1:0", func(in net.Conn) {
		_ = d.say(in, 5) && !d.note(in.(*net.TCPConn).CloseWrite()) && d.hear(in, 5)
	}, func(from net.Conn) {
		d.served("tcp", "127.0.0.1:0", func(to net.Conn) {
			_, err := io.Copy(to, from)
			d.note(err)
		}, func(c net.Conn) { d.hear(c, 5) })
		d.say(from, 5)
	})
}

// datagrams goes from an unconnected socket to another, in each of the two forms.
func datagrams(d *drama) {
	open := func() *net.UDPConn {
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if d.note(err) {
			return nil
		}
		return c.(*net.UDPConn)
	}
	from := open()
	if from == nil {
		return
	}
	defer from.Close()
	to := open()
	if to == nil {
		return
	}
	defer to.Close()
	d.deaf(to)
	for range 2 {
		if _, err := from.WriteTo([]byte("x"), to.LocalAddr()); !d.note(err) {
			_, _, err := to.ReadFrom(make([]byte, 10))
			d.note(err)
		}
		if _, _, err := from.WriteMsgUDP([]byte("x"), nil, to.LocalAddr().(*net.UDPAddr)); !d.note(err) {
			_, _, _, _, err := to.ReadMsgUDP(make([]byte, 10), nil)
			d.note(err)
		}
	}
}

// connectedDatagrams goes to a socket by way of one that has it as its peer.
func (d *drama) connectedDatagrams(network, address string) {
	to, err := net.ListenPacket(network, address)
	if d.note(err) {
		return
	}
	defer to.Close()
	from, err := net.Dial(network, to.LocalAddr().String())
	if d.note(err) {
		return
	}
	defer from.Close()
	if d.say(from, 5) {
		_, _, err := to.ReadFrom(make([]byte, 10))
		d.note(err)
	}
}
