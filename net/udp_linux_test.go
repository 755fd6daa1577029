package net_test

import (
	"context"
	"fmt"
	stdnet "net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// receiving are all ways to take a datagram. They return the sender's address.
var receiving = []struct {
	name string
	call func(c udpConn, p []byte) (int, any, error)
}{
	{"Read", func(c udpConn, p []byte) (int, any, error) {
		n, err := c.Read(p)
		return n, nil, err
	}},
	{"ReadFrom", func(c udpConn, p []byte) (int, any, error) {
		n, from, err := c.ReadFrom(p)
		return n, from, err
	}},
	{"ReadFromUDP", func(c udpConn, p []byte) (int, any, error) {
		n, from, err := c.ReadFromUDP(p)
		return n, from, err
	}},
	{"ReadFromUDPAddrPort", func(c udpConn, p []byte) (int, any, error) {
		n, from, err := c.ReadFromUDPAddrPort(p)
		return n, from, err
	}},
	{"ReadMsgUDP", func(c udpConn, p []byte) (int, any, error) {
		n, oobn, flags, from, err := c.ReadMsgUDP(p, make([]byte, 64))
		return received(n, oobn, flags, from, err)
	}},
	{"ReadMsgUDPAddrPort", func(c udpConn, p []byte) (int, any, error) {
		n, oobn, flags, from, err := c.ReadMsgUDPAddrPort(p, nil)
		return received(n, oobn, flags, from, err)
	}},
}

// received leaves out what comes with an error: the standard library makes up a sender
// then, and a number of -1.
func received(n, oobn, flags int, from any, err error) (int, any, error) {
	if err != nil {
		return 0, nil, err
	}
	return n, []any{oobn, flags, from}, nil
}

// sending are all ways to send one. They are given an address, nil for none.
var sending = []struct {
	name string
	call func(c udpConn, p []byte, to *stdnet.UDPAddr) (int, error)
}{
	{"Write", func(c udpConn, p []byte, _ *stdnet.UDPAddr) (int, error) { return c.Write(p) }},
	{"WriteTo", func(c udpConn, p []byte, to *stdnet.UDPAddr) (int, error) {
		if to == nil {
			return c.WriteTo(p, nil)
		}
		return c.WriteTo(p, to)
	}},
	{"WriteTo a nil pointer", func(c udpConn, p []byte, _ *stdnet.UDPAddr) (int, error) {
		return c.WriteTo(p, (*stdnet.UDPAddr)(nil))
	}},
	{"WriteTo of another type", func(c udpConn, p []byte, to *stdnet.UDPAddr) (int, error) {
		return c.WriteTo(p, (*stdnet.TCPAddr)(to))
	}},
	{"WriteToUDP", func(c udpConn, p []byte, to *stdnet.UDPAddr) (int, error) { return c.WriteToUDP(p, to) }},
	{"WriteToUDPAddrPort", func(c udpConn, p []byte, to *stdnet.UDPAddr) (int, error) {
		return c.WriteToUDPAddrPort(p, to.AddrPort())
	}},
	{"WriteMsgUDP", func(c udpConn, p []byte, to *stdnet.UDPAddr) (int, error) {
		n, oobn, err := c.WriteMsgUDP(p, nil, to)
		return n + 1000*oobn, err
	}},
	{"WriteMsgUDPAddrPort", func(c udpConn, p []byte, to *stdnet.UDPAddr) (int, error) {
		n, oobn, err := c.WriteMsgUDPAddrPort(p, nil, to.AddrPort())
		return n + 1000*oobn, err
	}},
}

// loopback is this machine for a network: an address of IPv4 unless it ends in 6.
func loopback(network string) *stdnet.UDPAddr {
	if network[len(network)-1] == '6' {
		return &stdnet.UDPAddr{IP: stdnet.IPv6loopback}
	}
	return &stdnet.UDPAddr{IP: stdnet.IPv4(127, 0, 0, 1)}
}

// peerOf is a socket of the standard library at the machine's own address.
func (s *script) peerOf(network string) *stdnet.UDPConn {
	s.Helper()
	peer, err := stdnet.ListenUDP(network, loopback(network))
	s.must(err)
	s.must(peer.SetDeadline(time.Now().Add(time.Minute)))
	return peer
}

// exchange sends and receives in every way.
func (s *script) exchange(c udpConn, peer *stdnet.UDPConn, at *stdnet.UDPAddr) {
	s.Helper()
	buf := make([]byte, 100)
	to := peer.LocalAddr().(*stdnet.UDPAddr)
	for _, address := range []*stdnet.UDPAddr{to, nil} {
		for _, way := range sending {
			n, err := way.call(c, []byte(way.name), address)
			s.say(way.name, address != nil, n, err)
			if err == nil {
				n, err := peer.Read(buf)
				s.say("it came", string(buf[:n]), err)
			}
		}
	}
	for _, way := range receiving {
		_, err := peer.WriteToUDP([]byte(way.name), at)
		s.must(err)
		n, from, err := way.call(c, buf)
		s.say(way.name, string(buf[:n]), from, err)
		port := ":" + strconv.Itoa(to.Port) // which the words do not tell
		s.say("it is from the peer", strings.Contains(fmt.Sprint(from), port))
	}
}

func TestUDPIsThatOfTheStandardLibrary(t *testing.T) {
	all := map[string]scenario{}
	for _, network := range families("udp") {
		all["unconnected "+network] = func(s *script, l *parts) {
			c, err := l.listenUDP(network, loopback(network))
			s.must(err)
			defer c.Close()
			peer := s.peerOf(network)
			defer peer.Close()
			s.say("addresses", c.LocalAddr(), c.RemoteAddr())
			s.exchange(c, peer, c.LocalAddr().(*stdnet.UDPAddr))
		}
		all["connected "+network] = func(s *script, l *parts) {
			peer := s.peerOf(network)
			defer peer.Close()
			c, err := l.dialUDP(network, nil, peer.LocalAddr().(*stdnet.UDPAddr))
			s.must(err)
			defer c.Close()
			s.say("addresses", c.LocalAddr(), c.RemoteAddr(), c.RemoteAddr().String() == peer.LocalAddr().String())
			s.exchange(c, peer, c.LocalAddr().(*stdnet.UDPAddr))
		}
		all["broadcasts "+network] = func(s *script, l *parts) {
			c, err := l.listenUDP(network, loopback(network))
			s.must(err)
			defer c.Close()
			s.say("SO_BROADCAST", option(s, c, syscall.SOL_SOCKET, syscall.SO_BROADCAST))
		}
	}
	all["for both families"] = func(s *script, l *parts) {
		c, err := l.listenUDP("udp", nil)
		s.must(err)
		defer c.Close()
		s.say("address", c.LocalAddr(), option(s, c, syscall.SOL_SOCKET, syscall.SO_BROADCAST))
		for _, network := range families("udp")[1:] {
			peer := s.peerOf(network)
			at := loopback(network)
			at.Port = c.LocalAddr().(*stdnet.UDPAddr).Port
			s.exchange(c, peer, at)
			s.must(peer.Close())
		}
	}
	all["no host is this machine"] = func(s *script, l *parts) {
		peer := s.peerOf("udp4")
		defer peer.Close()
		to := &stdnet.UDPAddr{Port: peer.LocalAddr().(*stdnet.UDPAddr).Port}
		c, err := l.dialUDP("udp", nil, to)
		s.must(err)
		defer c.Close()
		s.say("addresses", c.LocalAddr(), c.RemoteAddr())
		open, err := l.listenUDP("udp4", nil)
		s.must(err)
		defer open.Close()
		n, err := open.WriteToUDP([]byte("x"), to)
		s.say("WriteToUDP", n, err)
		n, err = open.WriteToUDPAddrPort([]byte("x"), netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(to.Port)))
		s.say("WriteToUDPAddrPort", n, err)
	}
	compare(t, all)
}

// A datagram of nothing is not the end, and what does not fit is told of.
//
// holds: 88
func TestUDPDatagramsOfAnySize(t *testing.T) {
	play := func(s *script, c udpConn, peer *stdnet.UDPConn) {
		at := c.LocalAddr().(*stdnet.UDPAddr)
		for _, size := range []int{0, 1, 5} {
			for _, room := range []int{0, 1, 3} {
				for _, way := range receiving {
					if room == 0 && way.name == "Read" {
						continue // takes none, and so there would be one too many
					}
					_, err := peer.WriteToUDP(make([]byte, size), at)
					s.must(err)
					n, from, err := way.call(c, make([]byte, room))
					s.say(way.name, size, room, n, from, err)
				}
			}
		}
		buf := make([]byte, 1<<17)
		to := peer.LocalAddr().(*stdnet.UDPAddr)
		for _, size := range []int{0, 65507, 65508, 1 << 17} {
			for _, way := range sending {
				n, err := way.call(c, buf[:size], to)
				s.say(way.name, size, n, err)
				if err == nil {
					n, err := peer.Read(buf)
					s.say("it came", n, err)
				}
			}
		}
	}
	compare(t, map[string]scenario{
		"unconnected": func(s *script, l *parts) {
			c, err := l.listenUDP("udp4", loopback("udp4"))
			s.must(err)
			defer c.Close()
			peer := s.peerOf("udp4")
			defer peer.Close()
			play(s, c, peer)
		},
		"connected": func(s *script, l *parts) {
			peer := s.peerOf("udp4")
			defer peer.Close()
			c, err := l.dialUDP("udp4", nil, peer.LocalAddr().(*stdnet.UDPAddr))
			s.must(err)
			defer c.Close()
			play(s, c, peer)
		},
	})
}

// Nobody listens: the next call says so, and the socket goes on working.
//
// holds: 88
func TestRefusedDatagramIsReportedAsInTheStandardLibrary(t *testing.T) {
	all := map[string]scenario{}
	for _, reader := range receiving {
		all[reader.name] = func(s *script, l *parts) {
			peer, err := stdnet.ListenUDP("udp4", &stdnet.UDPAddr{IP: stdnet.ParseIP(apart())})
			s.must(err)
			at := peer.LocalAddr().(*stdnet.UDPAddr)
			c, err := l.dialUDP("udp4", nil, at)
			s.must(err)
			defer c.Close()
			s.must(peer.Close())
			n, err := c.Write([]byte("x"))
			s.say("Write", n, err)
			n, _, err = reader.call(c, make([]byte, 1))
			s.say(reader.name, n, err)
			n, err = c.Write([]byte("x"))
			s.say("Write", n, err)
			n, err = c.Write([]byte("x"))
			s.say("Write of the news", n, err)
			peer, err = stdnet.ListenUDP("udp4", at)
			s.must(err)
			defer peer.Close()
			_, err = c.Write([]byte("y"))
			s.say("Write", err)
			_, err = peer.WriteTo([]byte("z"), c.LocalAddr())
			s.must(err)
			n, _, err = reader.call(c, make([]byte, 1))
			s.say(reader.name, n, err)
		}
	}
	compare(t, all)
}

func TestUDPFailuresAreThoseOfTheStandardLibrary(t *testing.T) {
	failing := func(prepare func(c udpConn) error) scenario {
		return func(s *script, l *parts) {
			c, err := l.listenUDP("udp4", loopback("udp4"))
			s.must(err)
			defer c.Close()
			s.must(prepare(c))
			for _, way := range receiving {
				n, from, err := way.call(c, make([]byte, 1))
				s.say(way.name, n, from, err)
			}
			for _, way := range sending {
				n, err := way.call(c, make([]byte, 1), loopback("udp4"))
				s.say(way.name, n, err)
			}
			s.say("SetDeadline", c.SetDeadline(time.Time{}))
			s.say("SetReadBuffer", c.SetReadBuffer(1000))
			_, err = c.File()
			s.say("File", err)
			s.say("Close", c.Close())
		}
	}
	all := map[string]scenario{
		"closed":  failing(func(c udpConn) error { return c.Close() }),
		"expired": failing(func(c udpConn) error { return c.SetDeadline(longAgo) }),
	}
	for _, to := range []*stdnet.UDPAddr{
		{IP: stdnet.IPv6loopback, Port: 1},
		{IP: stdnet.IPv4(127, 0, 0, 1), Port: 65536},
		{IP: stdnet.IPv4(127, 0, 0, 1), Port: -1},
		{IP: stdnet.IP{1, 2, 3}, Port: 1},
		{IP: stdnet.ParseIP("fe80::1"), Port: 1, Zone: "none"},
		{IP: stdnet.IPv4(127, 0, 0, 1)},
	} {
		all["to "+to.String()] = func(s *script, l *parts) {
			for _, network := range families("udp") {
				c, err := l.dialUDP(network, nil, to)
				s.closing("dialUDP "+network, c, err)
				c, err = l.dialUDP(network, to, &stdnet.UDPAddr{IP: stdnet.IPv4(127, 0, 0, 1), Port: 9})
				s.closing("dialUDP from "+network, c, err)
				if to.Port != 0 && to.Port != 1 {
					c, err = l.listenUDP(network, to)
					s.closing("listenUDP "+network, c, err)
				}
				c, err = l.listenUDP(network, loopback(network))
				s.must(err)
				for _, way := range sending {
					n, err := way.call(c, make([]byte, 1), to)
					s.say(way.name, n, err)
				}
				s.must(c.Close())
			}
		}
	}
	all["opening"] = func(s *script, l *parts) {
		busy := s.peerOf("udp4")
		defer busy.Close()
		at := busy.LocalAddr().(*stdnet.UDPAddr)
		for _, network := range []string{"udp", "udp4", "udp6", "tcp", "", "ip:1"} {
			c, err := l.listenUDP(network, at)
			s.closing("in use "+network, c, err)
			c, err = l.listenUDP(network, &stdnet.UDPAddr{IP: stdnet.IPv4(192, 0, 2, 77)})
			s.closing("elsewhere "+network, c, err)
			c, err = l.dialUDP(network, nil, nil)
			s.closing("to nobody "+network, c, err)
			c, err = l.dialUDP(network, at, at)
			s.closing("from what is in use "+network, c, err)
			other, err := l.config(stdnet.ListenConfig{}).ListenPacket(context.Background(), network, "127.0.0.1:"+strconv.Itoa(at.Port))
			s.closing("by name in use "+network, other, err)
			dialed, err := l.dialer(stdnet.Dialer{LocalAddr: &stdnet.TCPAddr{}}).DialContext(context.Background(), network, "127.0.0.1:9")
			s.closing("from another type "+network, dialed, err)
		}
	}
	compare(t, all)
}
