package net_test

import (
	"errors"
	stdnet "net"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
)

// The standard library takes a wildcard of either family for both with "tcp".
func TestWildcardTakesBothFamilies(t *testing.T) {
	run(t, func() {
		for _, c := range []struct {
			network, address string
			v4, v6           bool
		}{
			{"tcp", "", true, true},
			{"tcp", ":0", true, true},
			{"tcp", "0.0.0.0:0", true, true},
			{"tcp", "[::]:0", true, true},
			{"tcp4", ":0", true, false},
			{"tcp4", "0.0.0.0:0", true, false},
			{"tcp6", ":0", false, true},
			{"tcp6", "[::]:0", false, true},
			{"tcp", "127.0.0.1:0", true, false},
			{"tcp", "[::1]:0", false, true},
		} {
			l, err := net.Listen(c.network, c.address)
			if errors.Is(err, syscall.EAFNOSUPPORT) || errors.Is(err, syscall.EADDRNOTAVAIL) {
				t.Logf("%s %s: there is no IPv6 here", c.network, c.address)
				continue
			}
			must(t, err)
			std, err := stdnet.Listen(c.network, c.address)
			must(t, err)
			ours, _, _ := net.SplitHostPort(l.Addr().String())
			theirs, _, _ := net.SplitHostPort(std.Addr().String())
			must(t, std.Close())
			if ours != theirs {
				t.Errorf("%s %q listens at %s, the standard library at %s", c.network, c.address, ours, theirs)
			}
			_, port, _ := net.SplitHostPort(l.Addr().String())
			for host, want := range map[string]bool{"127.0.0.1": c.v4, "::1": c.v6} {
				d, err := net.Dial("tcp", net.JoinHostPort(host, port))
				if (err == nil) != want {
					t.Errorf("%s %q: a dial to %s returned %v, want success: %v", c.network, c.address, host, err, want)
				}
				if err != nil {
					continue
				}
				s, err := l.Accept()
				must(t, err)
				if from, _, _ := net.SplitHostPort(s.RemoteAddr().String()); from != host {
					t.Errorf("%s %q: the peer is %s, want %s", c.network, c.address, from, host)
				}
				must(t, s.Close())
				must(t, d.Close())
			}
			must(t, l.Close())
		}
	})
}

func TestListenTCPAndDialTCPTakeAddresses(t *testing.T) {
	run(t, func() {
		for _, address := range []*net.TCPAddr{nil, {}, {IP: net.IPv4(127, 0, 0, 1)}} {
			l, err := net.ListenTCP("tcp", address)
			must(t, err)
			c, err := net.DialTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.TCPAddr{Port: l.Addr().(*net.TCPAddr).Port})
			must(t, err)
			s, err := l.AcceptTCP()
			must(t, err)
			must(t, s.Close())
			must(t, c.Close())
			must(t, l.Close())
		}
		if _, err := net.DialTCP("tcp", nil, nil); err == nil {
			t.Error("DialTCP connected to no address")
		}
	})
}

func TestZoneIsKept(t *testing.T) {
	run(t, func() {
		l, err := net.Listen("tcp6", "[::1%lo]:0") // a zone that the address does not need
		if err != nil {
			t.Skip(err)
		}
		defer l.Close()
		// A link-local address that is nobody's is refused for being that, and not for
		// its zone.
		_, err = net.Dial("tcp", "[fe80::dead%nosuchzone]:1")
		var e *net.OpError
		if !errors.As(err, &e) || e.Op != "dial" {
			t.Errorf("%v, want an OpError of a dial", err)
		}
	})
}

func TestPortOfAClosedListenerIsFree(t *testing.T) {
	run(t, func() {
		l := listenAt(t, apart())
		address := l.Addr().String()
		c, err := net.Dial("tcp", address)
		must(t, err)
		s, err := l.Accept()
		must(t, err)
		if _, err := net.Listen("tcp", address); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("%v, want EADDRINUSE", err)
		}
		must(t, s.Close()) // the server's end first: it stays in TIME_WAIT
		must(t, c.Close())
		must(t, l.Close())
		again, err := net.Listen("tcp", address)
		must(t, err)
		must(t, again.Close())
	})
}
