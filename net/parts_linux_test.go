package net_test

import (
	"context"
	"fmt"
	stdnet "net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
)

// parts is one of the two libraries that are compared, as far as it is more than TCP.
// The types of the standard library stand for both.
type parts struct {
	dialer       func(d stdnet.Dialer) anyDialer
	config       func(lc stdnet.ListenConfig) anyConfig
	dialTCP      func(network string, local, remote *stdnet.TCPAddr) (tcpConn, error)
	dialUDP      func(network string, local, remote *stdnet.UDPAddr) (udpConn, error)
	dialIP       func(network string, local, remote *stdnet.IPAddr) (ipConn, error)
	dialUnix     func(network string, local, remote *stdnet.UnixAddr) (unixConn, error)
	listenTCP    func(network string, at *stdnet.TCPAddr) (tcpListener, error)
	listenUDP    func(network string, at *stdnet.UDPAddr) (udpConn, error)
	listenGroup  func(network string, ifi *stdnet.Interface, group *stdnet.UDPAddr) (udpConn, error)
	listenIP     func(network string, at *stdnet.IPAddr) (ipConn, error)
	listenUnix   func(network string, at *stdnet.UnixAddr) (unixListener, error)
	listenGram   func(network string, at *stdnet.UnixAddr) (unixConn, error)
	fileConn     func(*os.File) (stdnet.Conn, error)
	fileListener func(*os.File) (stdnet.Listener, error)
	filePackets  func(*os.File) (stdnet.PacketConn, error)
}

type (
	anyDialer interface {
		DialContext(ctx context.Context, network, address string) (stdnet.Conn, error)
		MultipathTCP() bool
		SetMultipathTCP(bool)
	}
	anyConfig interface {
		Listen(ctx context.Context, network, address string) (stdnet.Listener, error)
		ListenPacket(ctx context.Context, network, address string) (stdnet.PacketConn, error)
		SetMultipathTCP(bool)
	}
	// sockets is what all connections have.
	sockets interface {
		stdnet.Conn
		syscall.Conn
		SetReadBuffer(int) error
		SetWriteBuffer(int) error
		File() (*os.File, error)
	}
	tcpConn interface {
		sockets
		CloseRead() error
		CloseWrite() error
		SetKeepAliveConfig(stdnet.KeepAliveConfig) error
		MultipathTCP() (bool, error)
	}
	udpConn interface {
		sockets
		stdnet.PacketConn
		ReadFromUDP([]byte) (int, *stdnet.UDPAddr, error)
		ReadFromUDPAddrPort([]byte) (int, netip.AddrPort, error)
		ReadMsgUDP(p, oob []byte) (n, oobn, flags int, from *stdnet.UDPAddr, err error)
		ReadMsgUDPAddrPort(p, oob []byte) (n, oobn, flags int, from netip.AddrPort, err error)
		WriteToUDP([]byte, *stdnet.UDPAddr) (int, error)
		WriteToUDPAddrPort([]byte, netip.AddrPort) (int, error)
		WriteMsgUDP(p, oob []byte, to *stdnet.UDPAddr) (n, oobn int, err error)
		WriteMsgUDPAddrPort(p, oob []byte, to netip.AddrPort) (n, oobn int, err error)
	}
	ipConn interface {
		sockets
		stdnet.PacketConn
		ReadFromIP([]byte) (int, *stdnet.IPAddr, error)
		ReadMsgIP(p, oob []byte) (n, oobn, flags int, from *stdnet.IPAddr, err error)
		WriteToIP([]byte, *stdnet.IPAddr) (int, error)
		WriteMsgIP(p, oob []byte, to *stdnet.IPAddr) (n, oobn int, err error)
	}
	unixConn interface {
		sockets
		stdnet.PacketConn
		CloseRead() error
		CloseWrite() error
		ReadFromUnix([]byte) (int, *stdnet.UnixAddr, error)
		ReadMsgUnix(p, oob []byte) (n, oobn, flags int, from *stdnet.UnixAddr, err error)
		WriteToUnix([]byte, *stdnet.UnixAddr) (int, error)
		WriteMsgUnix(p, oob []byte, to *stdnet.UnixAddr) (n, oobn int, err error)
	}
	tcpListener interface {
		stdnet.Listener
		syscall.Conn
		File() (*os.File, error)
	}
	unixListener interface {
		tcpListener
		SetUnlinkOnClose(bool)
	}
)

// as is c as one of the types above, nil with an error.
func as[I, C any](c C, err error) (I, error) {
	if err != nil {
		var none I
		return none, err
	}
	return any(c).(I), nil
}

// typed2 is a function of the library that makes a C, as one that makes an I.
func typed2[I, A, C any](f func(string, A, A) (C, error)) func(string, A, A) (I, error) {
	return func(network string, local, remote A) (I, error) { return as[I](f(network, local, remote)) }
}

func typed1[I, A, C any](f func(string, A) (C, error)) func(string, A) (I, error) {
	return func(network string, at A) (I, error) { return as[I](f(network, at)) }
}

var theirParts = parts{
	dialer:    func(d stdnet.Dialer) anyDialer { return &d },
	config:    func(lc stdnet.ListenConfig) anyConfig { return &lc },
	dialTCP:   typed2[tcpConn](stdnet.DialTCP),
	dialUDP:   typed2[udpConn](stdnet.DialUDP),
	dialIP:    typed2[ipConn](stdnet.DialIP),
	dialUnix:  typed2[unixConn](stdnet.DialUnix),
	listenTCP: typed1[tcpListener](stdnet.ListenTCP),
	listenUDP: typed1[udpConn](stdnet.ListenUDP),
	listenGroup: func(network string, ifi *stdnet.Interface, group *stdnet.UDPAddr) (udpConn, error) {
		return as[udpConn](stdnet.ListenMulticastUDP(network, ifi, group))
	},
	listenIP:     typed1[ipConn](stdnet.ListenIP),
	listenUnix:   typed1[unixListener](stdnet.ListenUnix),
	listenGram:   typed1[unixConn](stdnet.ListenUnixgram),
	fileConn:     stdnet.FileConn,
	fileListener: stdnet.FileListener,
	filePackets:  stdnet.FilePacketConn,
}

var ourParts = parts{
	dialer: func(d stdnet.Dialer) anyDialer {
		return &net.Dialer{
			Timeout: d.Timeout, Deadline: d.Deadline, LocalAddr: d.LocalAddr, FallbackDelay: d.FallbackDelay, KeepAlive: d.KeepAlive,
			KeepAliveConfig: d.KeepAliveConfig,
			//lint:ignore SA1019 it is deprecated, and there
			Cancel:  d.Cancel,
			Control: d.Control, ControlContext: d.ControlContext,
		}
	},
	config: func(lc stdnet.ListenConfig) anyConfig {
		return &net.ListenConfig{Control: lc.Control, KeepAlive: lc.KeepAlive, KeepAliveConfig: lc.KeepAliveConfig}
	},
	dialTCP:   typed2[tcpConn](net.DialTCP),
	dialUDP:   typed2[udpConn](net.DialUDP),
	dialIP:    typed2[ipConn](net.DialIP),
	dialUnix:  typed2[unixConn](net.DialUnix),
	listenTCP: typed1[tcpListener](net.ListenTCP),
	listenUDP: typed1[udpConn](net.ListenUDP),
	listenGroup: func(network string, ifi *stdnet.Interface, group *stdnet.UDPAddr) (udpConn, error) {
		return as[udpConn](net.ListenMulticastUDP(network, ifi, group))
	},
	listenIP:     typed1[ipConn](net.ListenIP),
	listenUnix:   typed1[unixListener](net.ListenUnix),
	listenGram:   typed1[unixConn](net.ListenUnixgram),
	fileConn:     net.FileConn,
	fileListener: net.FileListener,
	filePackets:  net.FilePacketConn,
}

// A script is what happens in a scenario, in words that do not depend on which port
// the system gave.
type script struct {
	*testing.T
	words strings.Builder
	// dir is an empty directory with a short name.
	dir string
}

// abstract makes a name for this process alone: the tests run in several at a time.
func abstract(name string) string { return fmt.Sprintf("@evergreen-%d-%s", os.Getpid(), name) }

var process = fmt.Sprintf("-%d-", os.Getpid())

// six tells whether there is an IPv6 here.
var six = sync.OnceValue(func() bool {
	c, err := stdnet.ListenPacket("udp6", "[::1]:0")
	if err == nil {
		_ = c.Close()
	}
	return err == nil
})

// families are a network for both families, and those for one that there are.
func families(network string) []string {
	if six() {
		return []string{network, network + "4", network + "6"}
	}
	return []string{network, network + "4"}
}

var autobound = regexp.MustCompile(`@[0-9a-f]{5}\b`)

// say writes down what a call has returned.
func (s *script) say(what string, values ...any) {
	s.words.WriteString(what + ":")
	for _, v := range values {
		text := "nothing"
		switch v := v.(type) {
		case error:
			text = describe(v, true)
		case stdnet.Addr:
			text = fmt.Sprintf("%T %s", v, v)
		case nil:
		default:
			text = fmt.Sprint(v)
		}
		text = strings.ReplaceAll(text, process, "-")
		text = strings.ReplaceAll(ports.ReplaceAllString(text, ":N"), s.dir, "DIR")
		s.words.WriteString(" " + autobound.ReplaceAllString(text, "@AUTO"))
	}
	s.words.WriteString("\n")
}

func (s *script) must(err error) {
	s.Helper()
	must(s.T, err)
}

// closing closes what a call has made, and says what it was.
func (s *script) closing(what string, c interface{ Close() error }, err error) {
	s.say(what, err)
	if err == nil {
		s.must(c.Close())
	}
}

// A scenario is the same calls on either library. Peers are the standard library's.
type scenario func(s *script, l *parts)

// compare plays each scenario with either library and wants the same to happen.
func compare(t *testing.T, all map[string]scenario) {
	for name, play := range all {
		t.Run(name, func(t *testing.T) {
			perform := func(l *parts) string {
				dir, err := os.MkdirTemp("", "e")
				must(t, err)
				defer os.RemoveAll(dir)
				s := &script{T: t, dir: dir}
				play(s, l)
				return s.words.String()
			}
			want := perform(&theirParts)
			run(t, func() {
				if got := perform(&ourParts); got != want {
					t.Errorf("they differ:\n%s", difference(got, want))
				}
			})
		})
	}
}

// difference shows the lines that the other does not have.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	var s strings.Builder
	for i, line := range g {
		if !slices.Contains(w, line) {
			fmt.Fprintf(&s, "%d ours:   %s\n", i, line)
		}
	}
	for i, line := range w {
		if !slices.Contains(g, line) {
			fmt.Fprintf(&s, "%d theirs: %s\n", i, line)
		}
	}
	if s.Len() == 0 {
		fmt.Fprintf(&s, "the same lines in another order or number:\n%s\n%s", got, want)
	}
	return s.String()
}

// option is what a socket option is set to.
func option(t testing.TB, c syscall.Conn, level, name int) (value int) {
	t.Helper()
	raw, err := c.SyscallConn()
	must(t, err)
	var failed error
	must(t, raw.Control(func(fd uintptr) { value, failed = syscall.GetsockoptInt(int(fd), level, name) }))
	must(t, failed)
	return value
}
