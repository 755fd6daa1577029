package net_test

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// A drama is a conversation that takes failures as they come, and notes them.
type drama struct {
	t    *testing.T
	told []error
	// overcome tells that all went well where one failure may be made good for.
	overcome bool
}

// note tells whether there is an error. That a conversation was ended by one of the
// other side is not the failure that is looked for.
func (d *drama) note(err error) bool {
	if err != nil && err != io.EOF && !errors.Is(err, net.ErrClosed) {
		d.told = append(d.told, err)
	}
	return err != nil
}

// both runs the two sides of a conversation in tasks and waits for them.
func (d *drama) both(server, client func()) {
	one := task.Go(server)
	client()
	_ = one.Join()
}

// served has server talk to who comes to a listener, and client come.
func (d *drama) served(network, address string, client, server func(net.Conn)) {
	l, err := net.Listen(network, address)
	if d.note(err) {
		return
	}
	defer l.Close()
	accepting := task.Go(func() {
		defer l.Close() // or the client would wait for ever where it fails
		c, err := l.Accept()
		if d.note(err) {
			return
		}
		defer c.Close()
		server(c)
	})
	func() {
		c, err := net.Dial(network, l.Addr().String())
		if d.note(err) {
			_ = l.Close()
			return
		}
		defer c.Close()
		client(c)
	}()
	_ = accepting.Join()
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
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	d.note(err)
	d.both(func() {
		defer l.Close()
		c, err := l.Accept()
		if d.note(err) {
			return
		}
		d.hear(c, 1)
		d.note(c.Close())
	}, func() {
		c, err := net.Dial("tcp", "both.test.:"+port)
		if d.note(err) {
			_ = l.Close()
			return
		}
		d.overcome = d.say(c, 1) // the other family's address has served
		d.note(c.Close())
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
	from, to := open(), open()
	if from != nil {
		defer from.Close()
	}
	if to != nil {
		defer to.Close()
	}
	if from == nil || to == nil {
		return
	}
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

// Whichever system call fails, somebody is told, nobody waits for ever, and no
// descriptor is left: neither registered nor, as a pipe between two connections is,
// open beside the loop.
func TestEveryFailureIsToldAndLeavesNothing(t *testing.T) {
	names(t, map[string][]string{"both.test.": {"127.0.0.1", "::1"}})
	for name, one := range dramas {
		t.Run(name, func(t *testing.T) {
			for _, errno := range []syscall.Errno{syscall.ENOMEM, syscall.ECONNRESET, syscall.EPERM, syscall.EMFILE} {
				t.Run(errno.Error(), func(t *testing.T) {
					failEverywhere(t, errno, one.calls, one.play)
				})
			}
		})
	}
}

func failEverywhere(t *testing.T, errno syscall.Errno, calls []string, play func(*drama)) {
	before, failed := 0, ""
	made := make(map[string]int)
	tasktest.FailEverywhere(t, errno, nil, func(call string) {
		if made[call]++; call == "" {
			return
		}
		if now := openFiles(t); before == 0 {
			before = now // after one run, which has opened what is opened once
		} else if now != before {
			t.Errorf("%d descriptors are open after %s has failed, before it was %d", now, failed, before)
		}
		failed = call
	}, func() {
		d := &drama{t: t}
		// Nothing here takes time, so on the virtual clock this is the end of those who
		// wait for something that does not come.
		if err := timeout.Run(24*time.Hour, func() error { play(d); return nil }); err != nil {
			t.Errorf("%s has failed, and somebody waits for ever: %v", failed, err)
		}
		d.judge(errno, failed)
	})
	for _, call := range calls {
		if made[call] == 0 {
			t.Errorf("%s was never called; there were %v", call, slices.Sorted(maps.Keys(made)))
		}
	}
	if now := openFiles(t); now != before {
		t.Errorf("%d descriptors are open after %s has failed, before it was %d", now, failed, before)
	}
}

// judge looks at what the conversation was told.
func (d *drama) judge(errno syscall.Errno, failed string) {
	d.t.Helper()
	told := errors.Join(d.told...)
	switch {
	case failed == "" && told != nil:
		d.t.Errorf("nothing failed, and there were these errors: %v", told)
	case failed != "" && !errors.Is(told, errno) && (told != nil || !d.overcome):
		d.t.Errorf("%s failed with %v, and nobody was told; there were these errors: %v", failed, errno, told)
	}
}

// A call that a signal interrupts is made again, and nobody is told. (Of connect that
// cannot be had this way: where the system interrupts it, it goes on by itself.)
//
// holds: 71
func TestInterruptedCallsAreMadeAgain(t *testing.T) {
	again := []string{"accept4", "read", "write", "recvfrom", "sendto", "recvmsg", "sendmsg", "writev", "splice", "sendfile"}
	made := make(map[string]bool)
	for name, one := range dramas {
		if name == "two families" {
			continue // the name server is none of these calls
		}
		t.Run(name, func(t *testing.T) {
			failed := ""
			tasktest.FailEverywhere(t, syscall.EINTR, again, func(call string) {
				failed = call
				made[call] = true
			}, func() {
				d := &drama{t: t}
				if err := timeout.Run(24*time.Hour, func() error { one.play(d); return nil }); err != nil {
					t.Errorf("%s was interrupted, and somebody waits for ever: %v", failed, err)
				}
				if len(d.told) > 0 {
					t.Errorf("%s was interrupted, and somebody was told: %v", failed, d.told)
				}
			})
		})
	}
	for _, call := range again {
		if !made[call] {
			t.Errorf("%s was never called", call)
		}
	}
}
