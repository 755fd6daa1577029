package net_test

import (
	"errors"
	stdnet "net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// The file of a socket goes with its listener, once, and only if it was made by it.
func TestUnlinkOnClose(t *testing.T) {
	exists := func(name string) bool {
		_, err := os.Lstat(name)
		return err == nil
	}
	all := map[string]scenario{}
	for _, network := range []string{"unix", "unixpacket"} {
		all[network] = func(s *script, l *parts) {
			at := s.unixAt(network, "s")
			for _, set := range [][]bool{nil, {true}, {false}, {false, true}} {
				ln, err := l.listenUnix(network, at)
				s.must(err)
				for _, unlink := range set {
					ln.SetUnlinkOnClose(unlink)
				}
				s.say("listening", exists(at.Name))
				s.must(ln.Close())
				s.say("closed", set, exists(at.Name))
				_ = os.Remove(at.Name)
				s.must(os.WriteFile(at.Name, nil, 0o600)) // another's by now
				s.say("Close again", ln.Close(), exists(at.Name))
				s.must(os.Remove(at.Name))
			}
			ln, err := l.listenUnix(network, at)
			s.must(err)
			f, err := ln.File()
			s.must(err)
			s.say("File", f.Name())
			again, err := l.fileListener(f)
			s.must(err)
			s.must(f.Close())
			s.must(again.Close())
			s.say("the one of a file is closed", exists(at.Name))
			s.must(ln.Close())
			s.say("closed", exists(at.Name))
		}
	}
	compare(t, all)
}

func TestUnixListenersAreThoseOfTheStandardLibrary(t *testing.T) {
	all := map[string]scenario{}
	for _, network := range []string{"unix", "unixpacket"} {
		for _, name := range []string{"s", "@listener", ""} {
			all[network+" "+name] = func(s *script, l *parts) {
				at := s.unixAt(network, name)
				if name == "" {
					at.Name = "" // the system finds an abstract name
				}
				ln, err := l.listenUnix(network, at)
				s.must(err)
				s.say("Addr", ln.Addr(), ln.Addr().Network())
				late := ln.(interface{ SetDeadline(time.Time) error })
				s.must(late.SetDeadline(longAgo))
				c, err := ln.Accept()
				s.closing("expired", c, err)
				s.must(late.SetDeadline(never))
				peer, err := stdnet.Dial(network, ln.Addr().String())
				s.must(err)
				c, err = ln.Accept()
				s.must(err)
				s.say("Accept", c.LocalAddr(), c.RemoteAddr())
				s.must(c.Close())
				s.must(peer.Close())
				s.say("Close", ln.Close())
				s.say("Close again", ln.Close())
				_, err = ln.Accept()
				s.say("Accept", err)
				s.say("SetDeadline", late.SetDeadline(never))
				_, err = ln.File()
				s.say("File", err)
				_, err = stdnet.Dial(network, at.Name)
				s.say("nobody is there", err != nil)
			}
		}
	}
	compare(t, all)
}

// A listener for connections is not made of a network that has none, where the standard
// library makes one that can only fail.
func TestListenWantsANetworkOfItsKind(t *testing.T) {
	run(t, func() {
		var e *net.AddrError
		name := filepath.Join(t.TempDir(), "s")
		if l, err := net.Listen("unixgram", name); !errors.As(err, &e) {
			t.Errorf("Listen: %v, %v; want an AddrError", l, err)
		}
		for _, network := range []string{"unix", "unixpacket"} {
			if c, err := net.ListenPacket(network, name); !errors.As(err, &e) {
				t.Errorf("ListenPacket %s: %v, %v; want an AddrError", network, c, err)
			}
		}
		if _, err := os.Lstat(name); err == nil {
			t.Error("they have left a socket behind")
		}
	})
}

// An acceptor waits as a task, is woken by who dials from a task, and ends with Close.
func TestUnixListenerServesTasks(t *testing.T) {
	for _, network := range []string{"unix", "unixpacket"} {
		run(t, func() {
			l, err := net.Listen(network, filepath.Join(t.TempDir(), "s"))
			must(t, err)
			warm(t)
			served := 0
			server := task.Go(func() {
				for {
					c, err := l.Accept()
					if errors.Is(err, net.ErrClosed) {
						return
					}
					must(t, err)
					served++
					buf := make([]byte, 100)
					n, err := c.Read(buf)
					must(t, err)
					_, err = c.Write(buf[:n])
					must(t, err)
					must(t, c.Close())
				}
			})
			for range 3 {
				c, err := net.Dial(network, l.Addr().String())
				must(t, err)
				_, err = c.Write([]byte("hello"))
				must(t, err)
				if n := drain(t, c); n != 5 {
					t.Errorf("%d bytes came back, want 5", n)
				}
				must(t, c.Close())
			}
			must(t, l.Close())
			must(t, server.Join())
			if served != 3 {
				t.Errorf("%d were served, want 3", served)
			}
		})
	}
}

// Descriptors go beside the data, to and fro, and are not inherited by other programs.
func TestDescriptorsArePassedAsInTheStandardLibrary(t *testing.T) {
	all := map[string]scenario{}
	for _, network := range []string{"unix", "unixpacket", "unixgram"} {
		all[network] = func(s *script, l *parts) {
			c, peer := s.unixPair(l, network)
			defer c.Close()
			f, err := os.CreateTemp(s.dir, "")
			s.must(err)
			defer f.Close()
			rights := syscall.UnixRights(int(f.Fd()), int(f.Fd()))
			n, oobn, err := c.WriteMsgUnix([]byte("take"), rights, nil)
			s.say("WriteMsgUnix", n, oobn, err)
			n, oobn, err = c.WriteMsgUnix([]byte("take"), rights, s.unixAt(network, "pair"))
			s.say("WriteMsgUnix to", n, oobn, err)
			if network != "unixgram" {
				s.receiveFiles("the peer", peer, f, 64)
				n, oobn, err = c.WriteMsgUnix(nil, rights, nil)
				s.say("WriteMsgUnix of nothing", n, oobn, err)
			}
			for _, room := range []int{64, 20, 0} {
				send := peer.WriteMsgUnix
				var to *stdnet.UnixAddr
				if network == "unixgram" {
					to = c.LocalAddr().(*stdnet.UnixAddr)
				}
				_, _, err = send([]byte("give"), rights, to)
				s.must(err)
				s.receiveFiles("we", c, f, room)
			}
		}
	}
	compare(t, all)
}

// receiveFiles says what has come beside some data.
func (s *script) receiveFiles(who string, c interface {
	ReadMsgUnix(p, oob []byte) (n, oobn, flags int, from *stdnet.UnixAddr, err error)
}, want *os.File, room int,
) {
	s.Helper()
	oob := make([]byte, room)
	n, oobn, flags, from, err := c.ReadMsgUnix(make([]byte, 10), oob)
	s.say(who, n, oobn, flags, from, err)
	messages, err := syscall.ParseSocketControlMessage(oob[:oobn])
	s.say("messages", len(messages), err)
	for _, m := range messages {
		fds, err := syscall.ParseUnixRights(&m)
		s.must(err)
		for _, fd := range fds {
			var got, expected unix.Stat_t
			s.must(unix.Fstat(fd, &got))
			s.must(unix.Fstat(int(want.Fd()), &expected))
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
			s.must(err)
			s.say("a file", got.Ino == expected.Ino, flags&unix.FD_CLOEXEC != 0)
			s.must(unix.Close(fd))
		}
	}
}

// holds: 46
func TestKilledUnixDialerLeavesNothingOpen(t *testing.T) {
	run(t, func() {
		l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
		must(t, err)
		server := task.Go(func() { sinkAll(l) })
		atEveryStep(t, func() {
			c, err := net.Dial("unix", l.Addr().String())
			must(t, err)
			defer c.Close()
			task.Sleep(time.Hour)
		}, settle)
		must(t, l.Close())
		must(t, server.Join())
	})
}
