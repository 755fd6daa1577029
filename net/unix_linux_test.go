package net_test

import (
	"context"
	"errors"
	stdnet "net"
	"os"
	"strings"
	"testing"
	"time"
)

// unixAt is an address in the scenario's directory, or an abstract one.
func (s *script) unixAt(network, name string) *stdnet.UnixAddr {
	if rest, ok := strings.CutPrefix(name, "@"); ok {
		name = abstract(rest)
	} else {
		name = s.dir + "/" + name
	}
	return &stdnet.UnixAddr{Name: name, Net: network}
}

// receivingUnix are all ways to receive from a Unix socket.
var receivingUnix = []struct {
	name string
	call func(c unixConn, p []byte) (int, any, error)
}{
	{"Read", func(c unixConn, p []byte) (int, any, error) {
		n, err := c.Read(p)
		return n, nil, err
	}},
	{"ReadFrom", func(c unixConn, p []byte) (int, any, error) {
		n, from, err := c.ReadFrom(p)
		return n, from, err
	}},
	{"ReadFromUnix", func(c unixConn, p []byte) (int, any, error) {
		n, from, err := c.ReadFromUnix(p)
		return n, from, err
	}},
	{"ReadMsgUnix", func(c unixConn, p []byte) (int, any, error) {
		n, oobn, flags, from, err := c.ReadMsgUnix(p, make([]byte, 64))
		return received(n, oobn, flags, from, err)
	}},
	{"ReadMsgUnix with nothing beside", func(c unixConn, p []byte) (int, any, error) {
		n, oobn, flags, from, err := c.ReadMsgUnix(p, nil)
		return received(n, oobn, flags, from, err)
	}},
}

// sendingUnix are all ways to send. They are given an address, nil for none.
var sendingUnix = []struct {
	name string
	call func(c unixConn, p []byte, to *stdnet.UnixAddr) (int, error)
}{
	{"Write", func(c unixConn, p []byte, _ *stdnet.UnixAddr) (int, error) { return c.Write(p) }},
	{"WriteTo", func(c unixConn, p []byte, to *stdnet.UnixAddr) (int, error) {
		if to == nil {
			return c.WriteTo(p, nil)
		}
		return c.WriteTo(p, to)
	}},
	{"WriteTo of another type", func(c unixConn, p []byte, _ *stdnet.UnixAddr) (int, error) {
		return c.WriteTo(p, &stdnet.UDPAddr{})
	}},
	{"WriteToUnix", func(c unixConn, p []byte, to *stdnet.UnixAddr) (int, error) { return c.WriteToUnix(p, to) }},
	{"WriteMsgUnix", func(c unixConn, p []byte, to *stdnet.UnixAddr) (int, error) {
		n, oobn, err := c.WriteMsgUnix(p, nil, to)
		return n + 1000*oobn, err
	}},
	{"WriteToUnix of another network", func(c unixConn, p []byte, to *stdnet.UnixAddr) (int, error) {
		if to != nil {
			to = &stdnet.UnixAddr{Name: to.Name, Net: "unix" + to.Net}
		}
		return c.WriteToUnix(p, to)
	}},
	{"WriteMsgUnix of another network", func(c unixConn, p []byte, to *stdnet.UnixAddr) (int, error) {
		if to != nil {
			to = &stdnet.UnixAddr{Name: to.Name, Net: "unix" + to.Net}
		}
		n, oobn, err := c.WriteMsgUnix(p, nil, to)
		return n + 1000*oobn, err
	}},
}

// exchangeUnix sends and receives in every way. back is who sends to c.
func (s *script) exchangeUnix(c unixConn, peer *stdnet.UnixConn, to *stdnet.UnixAddr, back func([]byte) (int, error)) {
	s.Helper()
	s.must(peer.SetDeadline(time.Now().Add(time.Minute)))
	s.say("addresses", c.LocalAddr(), c.RemoteAddr(), c.LocalAddr().Network())
	buf := make([]byte, 100)
	for _, address := range []*stdnet.UnixAddr{to, nil} {
		for _, way := range sendingUnix {
			n, err := way.call(c, []byte(way.name), address)
			s.say(way.name, address != nil, n, err)
			if err == nil {
				n, err := peer.Read(buf)
				s.say("it came", string(buf[:n]), err)
			}
		}
	}
	for _, way := range receivingUnix {
		_, err := back([]byte(way.name))
		s.must(err)
		n, from, err := way.call(c, buf)
		s.say(way.name, string(buf[:n]), from, err)
	}
}

// hangUp closes the peer and says what comes of it.
func (s *script) hangUp(c unixConn, peer *stdnet.UnixConn) {
	s.Helper()
	s.must(peer.Close())
	for _, way := range receivingUnix {
		n, from, err := way.call(c, make([]byte, 9))
		s.say("at the end: "+way.name, n, from, err)
	}
	n, err := c.Write([]byte("x"))
	s.say("Write", n, err)
	s.say("CloseRead", c.CloseRead())
	s.say("CloseWrite", c.CloseWrite())
}

func TestUnixStreamsAreThoseOfTheStandardLibrary(t *testing.T) {
	all := map[string]scenario{}
	for _, network := range []string{"unix", "unixpacket"} {
		for _, name := range []string{"s", "@test"} {
			all["accepted "+network+" "+name] = func(s *script, l *parts) {
				at := s.unixAt(network, name)
				ln, err := l.listenUnix(network, at)
				s.must(err)
				defer ln.Close()
				s.say("listens", ln.Addr(), ln.Addr().Network())
				for _, local := range []*stdnet.UnixAddr{nil, s.unixAt(network, "client"), s.unixAt(network, "@client")} {
					peer, err := stdnet.DialUnix(network, local, at)
					s.must(err)
					accepted, err := ln.Accept()
					s.must(err)
					c := accepted.(unixConn)
					s.exchangeUnix(c, peer, at, peer.Write)
					s.hangUp(c, peer)
					s.must(c.Close())
				}
			}
			all["dialed "+network+" "+name] = func(s *script, l *parts) {
				at := s.unixAt(network, name)
				ln, err := stdnet.ListenUnix(network, at)
				s.must(err)
				defer ln.Close()
				for _, local := range []*stdnet.UnixAddr{nil, s.unixAt(network, "client"), s.unixAt(network, "@client"), {Net: network}} {
					c, err := l.dialUnix(network, local, at)
					s.must(err)
					peer, err := ln.AcceptUnix()
					s.must(err)
					s.say("the peer sees", peer.RemoteAddr())
					s.exchangeUnix(c, peer, at, peer.Write)
					s.hangUp(c, peer)
					s.must(c.Close())
				}
			}
		}
	}
	compare(t, all)
}

func TestUnixDatagramsAreThoseOfTheStandardLibrary(t *testing.T) {
	compare(t, map[string]scenario{
		"unconnected": func(s *script, l *parts) {
			for _, name := range []string{"a", "@a", ""} {
				local := s.unixAt("unixgram", name)
				if name == "" {
					local.Name = ""
				}
				c, err := l.listenGram("unixgram", local)
				s.must(err)
				peer, err := stdnet.ListenUnixgram("unixgram", s.unixAt("unixgram", "peer"+name))
				s.must(err)
				s.exchangeUnix(c, peer, peer.LocalAddr().(*stdnet.UnixAddr), func(p []byte) (int, error) {
					return peer.WriteTo(p, c.LocalAddr())
				})
				nameless, err := stdnet.DialUnix("unixgram", nil, c.LocalAddr().(*stdnet.UnixAddr))
				s.must(err)
				for _, way := range receivingUnix {
					_, err := nameless.Write(nil)
					s.must(err)
					n, from, err := way.call(c, make([]byte, 9))
					s.say("nothing from nobody", n, from, err)
					_, err = nameless.Write([]byte("hello"))
					s.must(err)
					n, from, err = way.call(c, make([]byte, 3))
					s.say("too little room", n, from, err)
				}
				s.must(nameless.Close())
				s.must(peer.Close())
				_, err = c.WriteTo([]byte("x"), s.unixAt("unixgram", "peer"+name))
				s.say("to a socket that is gone", err)
				s.must(c.Close())
				_, err = os.Stat(local.Name)
				s.say("the file is still there", err == nil)
			}
		},
		"connected": func(s *script, l *parts) {
			for _, local := range []*stdnet.UnixAddr{nil, s.unixAt("unixgram", "c"), s.unixAt("unixgram", "@c"), {}} {
				at := s.unixAt("unixgram", "@peer")
				peer, err := stdnet.ListenUnixgram("unixgram", at)
				s.must(err)
				c, err := l.dialUnix("unixgram", local, at)
				s.must(err)
				if local != nil && local.Name != "" {
					s.exchangeUnix(c, peer, at, func(p []byte) (int, error) { return peer.WriteTo(p, local) })
				}
				s.say("addresses", c.LocalAddr(), c.RemoteAddr())
				for _, size := range []int{0, 10, 1 << 20} {
					n, err := c.Write(make([]byte, size))
					s.say("Write", size, n, err)
				}
				s.must(peer.Close())
				n, err := c.Write([]byte("x"))
				s.say("Write when the peer is gone", n, err)
				s.must(c.Close())
			}
		},
		"without a peer": func(s *script, l *parts) {
			at := s.unixAt("unixgram", "lonely")
			c, err := l.dialUnix("unixgram", at, nil)
			s.must(err)
			defer c.Close()
			peer, err := stdnet.ListenUnixgram("unixgram", s.unixAt("unixgram", "peer"))
			s.must(err)
			defer peer.Close()
			s.exchangeUnix(c, peer, peer.LocalAddr().(*stdnet.UnixAddr), func(p []byte) (int, error) { return peer.WriteTo(p, at) })
		},
	})
}

func TestUnixFailuresAreThoseOfTheStandardLibrary(t *testing.T) {
	all := map[string]scenario{}
	for _, network := range []string{"unix", "unixpacket", "unixgram", "tcp", ""} {
		all["opening "+network] = func(s *script, l *parts) {
			busy, err := stdnet.Listen("unix", s.dir+"/busy")
			s.must(err)
			defer busy.Close()
			s.must(os.WriteFile(s.dir+"/file", nil, 0o600))
			long := strings.Repeat("x", 200)
			for _, name := range []string{"busy", "file", "none", "no/dir", long, "@" + long} {
				at := s.unixAt(network, name)
				c, err := l.dialUnix(network, nil, at)
				s.closing("dialUnix "+name, c, err)
				c, err = l.dialUnix(network, s.unixAt(network, "busy"), at)
				s.closing("dialUnix from busy "+name, c, err)
				ln, err := l.listenUnix(network, at)
				s.closing("listenUnix "+name, ln, err)
				c, err = l.listenGram(network, at)
				s.closing("listenGram "+name, c, err)
				_ = os.Remove(s.dir + "/none")
				if network == "tcp" || network == "" {
					continue
				}
				ctx := context.Background()
				named, err := l.dialer(stdnet.Dialer{LocalAddr: &stdnet.UnixAddr{Name: "l", Net: "unixgram"}}).DialContext(ctx, network, at.Name)
				s.closing("DialContext "+name, named, err)
				_ = os.Remove("l")
				if network != "unixgram" { // the standard library makes a listener of it that is of no use
					other, err := l.config(stdnet.ListenConfig{}).Listen(ctx, network, at.Name)
					s.closing("Listen "+name, other, err)
				} else {
					packets, err := l.config(stdnet.ListenConfig{}).ListenPacket(ctx, network, at.Name)
					s.closing("ListenPacket "+name, packets, err)
				}
				_ = os.Remove(s.dir + "/none")
			}
			for _, at := range []*stdnet.UnixAddr{nil, {Net: network}} {
				c, err := l.dialUnix(network, nil, at)
				s.closing("dialUnix nowhere", c, err)
				c, err = l.dialUnix(network, s.unixAt(network, "x"), at)
				s.closing("dialUnix from x to nowhere", c, err)
				_ = os.Remove(s.dir + "/x")
				ln, err := l.listenUnix(network, at)
				s.closing("listenUnix nowhere", ln, err)
				c, err = l.listenGram(network, at)
				s.closing("listenGram nowhere", c, err)
			}
		}
	}
	after := func(prepare func(c unixConn) error) scenario {
		return func(s *script, l *parts) {
			for _, network := range []string{"unix", "unixgram"} {
				c, _ := s.unixPair(l, network)
				s.must(prepare(c))
				for _, way := range receivingUnix {
					if s.Name() == t.Name()+"/half_closed" && network == "unixgram" {
						continue // the end of datagrams is not told of
					}
					n, from, err := way.call(c, make([]byte, 1))
					s.say(way.name, n, from, err)
				}
				for _, way := range sendingUnix {
					n, err := way.call(c, make([]byte, 1), s.unixAt(network, "@none"))
					s.say(way.name, n, err)
				}
				s.say("CloseRead", c.CloseRead())
				s.say("CloseWrite", c.CloseWrite())
				s.say("SetDeadline", c.SetDeadline(time.Time{}))
				s.say("SetWriteBuffer", c.SetWriteBuffer(1000))
				_, err := c.File()
				s.say("File", err)
				s.say("Close", c.Close())
			}
		}
	}
	all["closed"] = after(func(c unixConn) error { return c.Close() })
	all["expired"] = after(func(c unixConn) error { return c.SetDeadline(longAgo) })
	all["half closed"] = after(func(c unixConn) error { return errors.Join(c.CloseRead(), c.CloseWrite()) })
	compare(t, all)
}

// unixPair is a connection to a socket of the standard library, which is closed with
// the test.
func (s *script) unixPair(l *parts, network string) (unixConn, *stdnet.UnixConn) {
	s.Helper()
	at := s.unixAt(network, "pair")
	if network == "unixgram" {
		peer, err := stdnet.ListenUnixgram(network, at)
		s.must(err)
		s.Cleanup(func() { _ = peer.Close() })
		c, err := l.dialUnix(network, s.unixAt(network, "one"), at)
		s.must(err)
		return c, peer
	}
	ln, err := stdnet.ListenUnix(network, at)
	s.must(err)
	defer ln.Close()
	c, err := l.dialUnix(network, nil, at)
	s.must(err)
	peer, err := ln.AcceptUnix()
	s.must(err)
	s.Cleanup(func() { _ = peer.Close() })
	return c, peer
}
