package net_test

import (
	"context"
	"errors"
	"fmt"
	stdnet "net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// told is a hook that writes down what it is told.
func (s *script) told(who string) func(network, address string, c syscall.RawConn) error {
	return func(network, address string, c syscall.RawConn) error {
		s.say(who+" is told", network, address)
		var kind, bound int
		err := c.Control(func(fd uintptr) {
			kind, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE)
			if sa, err := unix.Getsockname(int(fd)); err == nil {
				if a, ok := sa.(*unix.SockaddrInet4); ok {
					bound = a.Port
				}
			}
		})
		s.say("and sees", kind, bound, err)
		return nil
	}
}

// only6 tells whether a socket takes IPv6 alone.
func (s *script) only6(c stdnet.PacketConn, err error) {
	s.Helper()
	if err != nil {
		return
	}
	raw, err := c.(syscall.Conn).SyscallConn()
	s.must(err)
	s.must(raw.Control(func(fd uintptr) {
		only, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
		s.say("IPv6 only", only, err)
	}))
}

// (The standard library's listeners cannot be asked: they are of MPTCP.)
func TestListenersTakeTheFamiliesOfTheirNetwork(t *testing.T) {
	run(t, func() {
		for network, want := range map[string]int{"tcp": 0, "tcp6": 1} {
			l, err := net.Listen(network, ":0")
			must(t, err)
			if only := option(t, l.(*net.TCPListener), unix.IPPROTO_IPV6, unix.IPV6_V6ONLY); only != want {
				t.Errorf("%s: IPv6 only is %d, want %d", network, only, want)
			}
			must(t, l.Close())
		}
	})
}

// Control is told of the same networks and addresses, with the family that was found,
// also where no host is given.
func TestControlIsToldWhatTheStandardLibraryTells(t *testing.T) {
	all := map[string]scenario{}
	ctx := context.Background()
	for _, network := range []string{"tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "ip:255", "ip4:255", "ip6:255"} {
		all["dial "+network] = func(s *script, l *parts) {
			for _, host := range []string{"127.0.0.1", "::1", "", "0.0.0.0", "::"} {
				address := stdnet.JoinHostPort(host, "9")
				if network[0] == 'i' {
					address = host
				}
				c, err := l.dialer(stdnet.Dialer{Control: s.told("Control")}).DialContext(ctx, network, address)
				s.closing("Dial "+address, c, err)
			}
		}
		all["listen "+network] = func(s *script, l *parts) {
			for _, host := range []string{"127.0.0.1", "::1", "", "0.0.0.0", "::"} {
				address := stdnet.JoinHostPort(host, "0")
				if network[0] == 'i' {
					address = host
				}
				lc := l.config(stdnet.ListenConfig{Control: s.told("Control")})
				if network[0] == 't' {
					ln, err := lc.Listen(ctx, network, address)
					s.closing("Listen "+address, ln, err)
					continue
				}
				c, err := lc.ListenPacket(ctx, network, address)
				if err == nil {
					s.say("address", c.LocalAddr())
				}
				s.only6(c, err)
				s.closing("ListenPacket "+address, c, err)
			}
		}
	}
	all["unix"] = func(s *script, l *parts) {
		lc := l.config(stdnet.ListenConfig{Control: s.told("the listener's Control")})
		ln, err := lc.Listen(ctx, "unix", s.dir+"/s")
		s.must(err)
		gram, err := lc.ListenPacket(ctx, "unixgram", s.dir+"/g")
		s.must(err)
		for _, to := range [][2]string{{"unix", "/s"}, {"unixgram", "/g"}} {
			network, at := to[0], to[1]
			d := stdnet.Dialer{Control: s.told("the dialer's Control"), LocalAddr: &stdnet.UnixAddr{Name: s.dir + "/l", Net: network}}
			if network == "unix" {
				d.LocalAddr = nil
			}
			c, err := l.dialer(d).DialContext(ctx, network, s.dir+at)
			s.closing("Dial", c, err)
		}
		s.must(ln.Close())
		s.must(gram.Close())
	}
	all["a group"] = func(s *script, l *parts) {
		lc := l.config(stdnet.ListenConfig{Control: s.told("Control")})
		for _, at := range []string{"239.255.77.88:0", "[ff02::4d58%lo]:0"} {
			c, err := lc.ListenPacket(ctx, "udp", at)
			s.closing("ListenPacket", c, err)
		}
	}
	all["two hooks"] = func(s *script, l *parts) {
		type key struct{}
		outer := context.WithValue(ctx, key{}, "a value")
		d := stdnet.Dialer{Control: s.told("Control"), ControlContext: func(ctx context.Context, network, address string, _ syscall.RawConn) error {
			s.say("ControlContext is told", network, address, ctx.Value(key{}))
			return nil
		}}
		c, err := l.dialer(d).DialContext(outer, "udp", "127.0.0.1:9")
		s.closing("Dial", c, err)
	}
	all["refusing"] = func(s *script, l *parts) {
		refused := errors.New("refused")
		refuse := func(string, string, syscall.RawConn) error { return refused }
		for _, network := range []string{"tcp", "udp"} {
			c, err := l.dialer(stdnet.Dialer{Control: refuse}).DialContext(ctx, network, "127.0.0.1:9")
			s.closing("Dial", c, err)
			s.say("is refused", errors.Is(err, refused))
		}
		ln, err := l.config(stdnet.ListenConfig{Control: refuse}).Listen(ctx, "tcp", "127.0.0.1:0")
		s.closing("Listen", ln, err)
		p, err := l.config(stdnet.ListenConfig{Control: refuse}).ListenPacket(ctx, "udp", "127.0.0.1:0")
		s.closing("ListenPacket", p, err)
	}
	compare(t, all)
}

// The options of dialed and of accepted connections, which on Linux have theirs from
// the listener.
func TestConnectionsHaveTheStandardOptions(t *testing.T) {
	all := map[string]scenario{}
	for _, keepAlive := range []time.Duration{0, -1, 7 * time.Second, 1500 * time.Millisecond} {
		for i, config := range []stdnet.KeepAliveConfig{
			{},
			{Enable: true},
			{Enable: true, Idle: 21 * time.Second, Interval: 22 * time.Second, Count: 3},
			{Enable: true, Idle: -1, Interval: -1, Count: -1},
			{Enable: false, Idle: 21 * time.Second, Interval: 22 * time.Second, Count: 3},
		} {
			all[fmt.Sprint(keepAlive, i)] = func(s *script, l *parts) {
				ctx := context.Background()
				ln, err := l.config(stdnet.ListenConfig{KeepAlive: keepAlive, KeepAliveConfig: config}).Listen(ctx, "tcp", "127.0.0.1:0")
				s.must(err)
				defer ln.Close()
				peer, err := stdnet.Dial("tcp", ln.Addr().String())
				s.must(err)
				defer peer.Close()
				c, err := ln.Accept()
				s.must(err)
				defer c.Close()
				s.say("accepted", keepAliveOf(s, c.(syscall.Conn)))

				stdln, err := stdnet.Listen("tcp", "127.0.0.1:0")
				s.must(err)
				defer stdln.Close()
				d, err := l.dialer(stdnet.Dialer{KeepAlive: keepAlive, KeepAliveConfig: config}).DialContext(ctx, "tcp", stdln.Addr().String())
				s.must(err)
				defer d.Close()
				s.say("dialed", keepAliveOf(s, d.(syscall.Conn)))
				s.say("SetKeepAliveConfig", d.(tcpConn).SetKeepAliveConfig(config), keepAliveOf(s, d.(syscall.Conn)))
			}
		}
	}
	compare(t, all)
}

func TestDialFromAnAddressOfEachType(t *testing.T) {
	all := map[string]scenario{}
	locals := map[string]stdnet.Addr{
		"TCP": &stdnet.TCPAddr{IP: stdnet.IPv4(127, 0, 0, 7)}, "TCP of both": &stdnet.TCPAddr{}, "nil TCP": (*stdnet.TCPAddr)(nil),
		"TCP of 6": &stdnet.TCPAddr{IP: stdnet.IPv6loopback}, "UDP": &stdnet.UDPAddr{IP: stdnet.IPv4(127, 0, 0, 7)}, "nil UDP": (*stdnet.UDPAddr)(nil),
		"IP": &stdnet.IPAddr{IP: stdnet.IPv4(127, 0, 0, 7)}, "nil IP": (*stdnet.IPAddr)(nil),
		"unix": &stdnet.UnixAddr{Name: abstract("local"), Net: "unix"}, "unixgram": &stdnet.UnixAddr{Name: abstract("local"), Net: "unixgram"},
	}
	for name, local := range locals {
		all[name] = func(s *script, l *parts) {
			stream, err := stdnet.Listen("unix", s.dir+"/s")
			s.must(err)
			defer stream.Close()
			gram, err := stdnet.ListenPacket("unixgram", s.dir+"/g")
			s.must(err)
			defer gram.Close()
			tcp, err := stdnet.Listen("tcp4", "127.0.0.1:0")
			s.must(err)
			defer tcp.Close()
			for _, to := range [][2]string{
				{"tcp", tcp.Addr().String()},
				{"udp", "127.0.0.1:9"},
				{"udp6", "[::1]:9"},
				{"ip4:255", "127.0.0.1"},
				{"unix", s.dir + "/s"},
				{"unixgram", s.dir + "/g"},
			} {
				if s.Name() != "" && to[0] == "ip4:255" && syscall.Getuid() != 0 {
					continue
				}
				c, err := l.dialer(stdnet.Dialer{LocalAddr: local}).DialContext(context.Background(), to[0], to[1])
				if err == nil {
					s.say("from", c.LocalAddr())
				}
				s.closing("Dial "+to[0], c, err)
			}
		}
	}
	compare(t, all)
}

// Whoever dials with addresses of package netip gets the same connections and errors.
func TestTypedDialsAreThoseOfTheStandardLibrary(t *testing.T) {
	ctx := context.Background()
	type typed interface {
		DialTCP(ctx context.Context, network string, local, remote netip.AddrPort) (*net.TCPConn, error)
		DialUDP(ctx context.Context, network string, local, remote netip.AddrPort) (*net.UDPConn, error)
		DialIP(ctx context.Context, network string, local, remote netip.Addr) (*net.IPConn, error)
	}
	var _ typed = (*net.Dialer)(nil)
	var none netip.AddrPort
	ln, err := stdnet.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	defer ln.Close()
	open := netip.MustParseAddrPort(ln.Addr().String())
	here, mapped := netip.MustParseAddrPort("127.0.0.9:0"), netip.MustParseAddrPort("[::ffff:127.0.0.1]:9")
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	all := map[string]scenario{}
	for _, network := range []string{"tcp", "tcp4", "tcp6", "udp", "udp6", "ip4:255", "ip:", ""} {
		for i, pair := range [][2]netip.AddrPort{{none, open}, {here, open}, {none, none}, {here, none}, {none, mapped}, {none, netip.MustParseAddrPort("[::1]:9")}} {
			all[fmt.Sprintf("%s %d", network, i)] = func(s *script, l *parts) {
				from, to := pair[0], pair[1]
				std, our := &stdnet.Dialer{}, &net.Dialer{}
				tcp, err := either(l, func() (stdnet.Conn, error) { return as[stdnet.Conn](std.DialTCP(ctx, network, from, to)) },
					func() (stdnet.Conn, error) { return as[stdnet.Conn](our.DialTCP(ctx, network, from, to)) })
				s.dialed("DialTCP", to, tcp, err)
				udp, err := either(l, func() (stdnet.Conn, error) { return as[stdnet.Conn](std.DialUDP(ctx, network, from, to)) },
					func() (stdnet.Conn, error) { return as[stdnet.Conn](our.DialUDP(ctx, network, from, to)) })
				s.dialed("DialUDP", to, udp, err)
				ip, err := either(l, func() (stdnet.Conn, error) { return as[stdnet.Conn](std.DialIP(ctx, network, from.Addr(), to.Addr())) },
					func() (stdnet.Conn, error) { return as[stdnet.Conn](our.DialIP(ctx, network, from.Addr(), to.Addr())) })
				s.dialed("DialIP", to, ip, err)
			}
		}
	}
	compare(t, all)
	run(t, func() {
		var d net.Dialer
		_, err := d.DialTCP(cancelled, "tcp", none, open)
		_, err2 := d.DialUDP(cancelled, "udp", none, open)
		_, err3 := d.DialUnix(cancelled, "unix", nil, &net.UnixAddr{Name: "@none", Net: "unix"})
		for _, err := range []error{err, err2, err3} {
			var op *net.OpError
			if !errors.Is(err, context.Canceled) || !errors.As(err, &op) || op.Op != "dial" {
				t.Errorf("%v, want an OpError of a dial that was cancelled", err)
			}
		}
	})
}

// either makes the call of the library at hand.
func either[T any](l *parts, std, our func() (T, error)) (T, error) {
	if l == &theirParts {
		return std()
	}
	return our()
}

// dialed says where a connection goes, or why not, and closes it.
func (s *script) dialed(what string, to netip.AddrPort, c stdnet.Conn, err error) {
	s.Helper()
	if err == nil {
		s.say(what, c.LocalAddr())
		if to.IsValid() { // of nowhere we say that it is this machine
			s.say("to", c.RemoteAddr())
		}
	}
	s.closing(what, c, err)
}

func TestNilContextsPanic(t *testing.T) {
	var none context.Context
	run(t, func() {
		var d net.Dialer
		var lc net.ListenConfig
		for name, call := range map[string]func(){
			"DialContext":  func() { _, _ = d.DialContext(none, "tcp", "127.0.0.1:9") },
			"DialTCP":      func() { _, _ = d.DialTCP(none, "tcp", netip.AddrPort{}, netip.MustParseAddrPort("127.0.0.1:9")) },
			"DialUnix":     func() { _, _ = d.DialUnix(none, "unix", nil, &net.UnixAddr{Name: "@none", Net: "unix"}) },
			"Listen":       func() { _, _ = lc.Listen(none, "tcp", "localhost:0") },
			"ListenPacket": func() { _, _ = lc.ListenPacket(none, "udp", "localhost:0") },
		} {
			func() {
				defer func() {
					if text := fmt.Sprint(recover()); !strings.Contains(text, "nil context") && !strings.Contains(text, "nil parent") {
						t.Errorf("%s: the panic was %q, want one about a nil context", name, text)
					}
				}()
				call()
			}()
		}
	})
}

// A channel that is closed ends a dial, before it or in the middle of it.
func TestCancelChannelEndsTheDial(t *testing.T) {
	run(t, func() {
		stuck := silent(t)
		for _, when := range []string{"before", "meanwhile"} {
			cancel := make(chan struct{})
			if when == "before" {
				close(cancel)
			}
			dialer := task.Go(func() {
				d := net.Dialer{Cancel: cancel}
				_, err := d.Dial("tcp", stuck)
				var op *net.OpError
				if !errors.Is(err, context.Canceled) || !errors.As(err, &op) || op.Op != "dial" {
					t.Errorf("cancelled %s: %v, want an OpError that wraps context.Canceled", when, err)
				}
			})
			settle()
			if when == "meanwhile" {
				close(cancel)
			}
			must(t, dialer.Join())
		}
	})
}
