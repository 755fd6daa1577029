package net_test

import (
	"errors"
	stdnet "net"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// A filed is something of the standard library that has a descriptor.
type filed interface {
	File() (*os.File, error)
	Close() error
}

// sources make sockets of each kind.
func (s *script) sources() (names []string, made []filed) {
	s.Helper()
	add := func(name string, c any, err error) {
		s.must(err)
		names, made = append(names, name), append(made, c.(filed))
	}
	tcp, err := stdnet.Listen("tcp4", "127.0.0.1:0")
	add("tcp listener", tcp, err)
	all, err := stdnet.Listen("tcp", ":0")
	add("listener for all", all, err)
	dialed, err := stdnet.Dial("tcp", tcp.Addr().String())
	add("tcp", dialed, err)
	raw, err := dialed.(*stdnet.TCPConn).SyscallConn() // as one that is inherited
	s.must(err)
	s.must(raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NODELAY, 0)
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0)
	}))
	udp, err := stdnet.ListenUDP("udp4", loopback("udp4"))
	add("udp", udp, err)
	connected, err := stdnet.DialUDP("udp4", nil, &stdnet.UDPAddr{IP: stdnet.IPv4(127, 0, 0, 1), Port: 9})
	add("connected udp", connected, err)
	for _, network := range []string{"unix", "unixpacket"} {
		ln, err := stdnet.ListenUnix(network, s.unixAt(network, network))
		add(network+" listener", ln, err)
		c, err := stdnet.DialUnix(network, nil, s.unixAt(network, network))
		add(network, c, err)
	}
	gram, err := stdnet.ListenUnixgram("unixgram", s.unixAt("unixgram", "gram"))
	add("unixgram", gram, err)
	connectedGram, err := stdnet.DialUnix("unixgram", nil, s.unixAt("unixgram", "gram"))
	add("connected unixgram", connectedGram, err)
	if os.Getuid() == 0 {
		ip, err := stdnet.ListenIP("ip4:icmp", &stdnet.IPAddr{IP: stdnet.IPv4(127, 0, 0, 1)})
		add("ip", ip, err)
	}
	return names, made
}

// What is made of a file is of the same type, with the same addresses, options and
// errors, and the other kinds are refused.
func TestFilesBecomeWhatTheyAre(t *testing.T) {
	compare(t, map[string]scenario{
		"sockets": func(s *script, l *parts) {
			names, made := s.sources()
			for i, from := range made {
				f, err := from.File()
				s.must(err)
				c, err := l.fileConn(f)
				s.say(names[i]+": FileConn", err)
				if err == nil {
					s.describeConn(c)
				}
				p, err := l.filePackets(f)
				s.say(names[i]+": FilePacketConn", err)
				if err == nil {
					s.say("addresses", p.LocalAddr(), typeOf(p))
					s.must(p.Close())
				}
				ln, err := l.fileListener(f)
				s.say(names[i]+": FileListener", err)
				if err == nil {
					s.say("address", ln.Addr(), typeOf(ln))
					s.must(ln.Close())
				}
				s.must(f.Close())
			}
			for _, from := range made { // not before: a listener that closes resets who was not accepted
				s.must(from.Close())
			}
		},
		"no sockets": func(s *script, l *parts) {
			file, err := os.Create(s.dir + "/file")
			s.must(err)
			in, out, err := os.Pipe()
			s.must(err)
			link, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
			s.must(err)
			for _, f := range []*os.File{file, in, out, os.NewFile(uintptr(link), "netlink")} {
				c, err := l.fileConn(f)
				s.closing("FileConn", c, err)
				p, err := l.filePackets(f)
				s.closing("FilePacketConn", p, err)
				ln, err := l.fileListener(f)
				s.closing("FileListener", ln, err)
				_ = f.Close()
			}
		},
	})
}

// typeOf tells which of the types it is.
func typeOf(c any) string {
	switch c.(type) {
	case tcpConn:
		return "TCPConn"
	case udpConn:
		return "UDPConn"
	case unixConn:
		return "UnixConn"
	case ipConn:
		return "IPConn"
	case unixListener:
		return "UnixListener"
	case tcpListener:
		return "TCPListener"
	}
	return "another"
}

// describeConn says what a connection is, and closes it.
func (s *script) describeConn(c stdnet.Conn) {
	s.Helper()
	s.say("addresses", c.LocalAddr(), c.RemoteAddr(), typeOf(c))
	if tcp, ok := c.(tcpConn); ok && c.RemoteAddr() != nil {
		s.say("options", keepAliveOf(s, tcp))
	}
	f, err := c.(sockets).File()
	s.say("File", err)
	if err == nil {
		s.say("its name", f.Name())
		s.must(f.Close())
	}
	if udp, ok := c.(udpConn); ok {
		for _, way := range sending {
			n, err := way.call(udp, []byte("x"), loopback("udp4"))
			s.say(way.name, n, err)
		}
	}
	if gram, ok := c.(unixConn); ok && c.LocalAddr().Network() == "unixgram" {
		for _, to := range []*stdnet.UnixAddr{s.unixAt("unixgram", "gram"), nil} {
			for _, way := range sendingUnix {
				n, err := way.call(gram, []byte("x"), to)
				s.say(way.name, n, err)
			}
		}
	}
	s.must(c.Close())
}

// keepAliveOf are the options that the library sets on each TCP connection.
func keepAliveOf(t testing.TB, c syscall.Conn) (all [5]int) {
	t.Helper()
	for i, o := range [][2]int{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
		{unix.IPPROTO_TCP, unix.TCP_NODELAY},
	} {
		all[i] = option(t, c, o[0], o[1])
	}
	return all
}

// A listener that was inherited serves connections with the options that ours have.
func TestListenerOfAFileServes(t *testing.T) {
	compare(t, map[string]scenario{
		"tcp": func(s *script, l *parts) {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0) // it blocks
			s.must(err)
			f := os.NewFile(uintptr(fd), "inherited")
			defer f.Close()
			s.must(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
			s.must(unix.Listen(fd, 5))
			ln, err := l.fileListener(f)
			s.must(err)
			defer ln.Close()
			peer, err := stdnet.Dial("tcp", ln.Addr().String())
			s.must(err)
			defer peer.Close()
			c, err := ln.Accept()
			s.must(err)
			defer c.Close()
			s.say("options", keepAliveOf(s, c.(syscall.Conn)))
			_, err = peer.Write([]byte("x"))
			s.must(err)
			s.say("Read", read(c))
			s.say("Write", write(c))
		},
	})
}

// What goes through a file and back is the same connection, and tasks wait for it.
func TestConnectionGoesThroughAFile(t *testing.T) {
	run(t, func() {
		warm(t)
		counted(t, func() {
			a, b := pair(t)
			defer b.Close()
			f, err := a.File()
			must(t, err)
			must(t, a.Close())
			c, err := net.FileConn(f)
			must(t, err)
			defer c.Close()
			must(t, f.Close())
			reader := task.Go(func() {
				buf := make([]byte, 9)
				n, err := c.Read(buf)
				if err != nil || string(buf[:n]) != "hello" {
					t.Errorf("%q, %v", buf[:n], err)
				}
			})
			settle()
			_, err = b.Write([]byte("hello"))
			must(t, err)
			must(t, reader.Join())
		})
	})
}

func TestClosedFileBecomesNothing(t *testing.T) {
	f, err := os.Open(os.DevNull)
	must(t, err)
	must(t, f.Close())
	run(t, func() {
		_, conn := net.FileConn(f)
		_, packets := net.FilePacketConn(f)
		_, listener := net.FileListener(f)
		for _, err := range []error{conn, packets, listener} {
			if !errors.Is(err, os.ErrClosed) {
				t.Errorf("%v, want os.ErrClosed", err)
			}
		}
	})
}

func TestFilesNeedATask(t *testing.T) {
	for name, call := range map[string]func(*os.File){
		"FileConn":       func(f *os.File) { _, _ = net.FileConn(f) },
		"FileListener":   func(f *os.File) { _, _ = net.FileListener(f) },
		"FilePacketConn": func(f *os.File) { _, _ = net.FilePacketConn(f) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s went on without a loop", name)
				}
			}()
			call(os.Stdin)
		}()
	}
}
