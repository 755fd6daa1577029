package net_test

import (
	"context"
	stdnet "net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/net"
)

// Who asks for MPTCP gets it from a listener that has it, and TCP otherwise.
func TestMultipathIsThatOfTheStandardLibrary(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_MPTCP)
	if err != nil {
		t.Skipf("skipped: the system has no MPTCP: %v", err)
	}
	must(t, unix.Close(fd))
	all := map[string]scenario{}
	for name, asks := range map[string][2]bool{"both": {true, true}, "dialer": {true, false}, "listener": {false, true}, "none": {false, false}} {
		all[name] = func(s *script, l *parts) {
			ctx := context.Background()
			for _, here := range []string{"dialer", "listener"} {
				dials, listens := theirParts, theirParts
				if here == "dialer" {
					dials = *l
				} else {
					listens = *l
				}
				lc := listens.config(stdnet.ListenConfig{})
				lc.SetMultipathTCP(asks[1])
				ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
				s.must(err)
				d := dials.dialer(stdnet.Dialer{})
				d.SetMultipathTCP(asks[0])
				s.say("MultipathTCP", d.MultipathTCP())
				c, err := d.DialContext(ctx, "tcp", ln.Addr().String())
				s.must(err)
				accepted, err := ln.Accept()
				s.must(err)
				_, err = c.Write([]byte("x"))
				s.must(err)
				_, err = accepted.Read(make([]byte, 1))
				s.must(err)
				for _, one := range []stdnet.Conn{c, accepted} {
					uses, err := one.(tcpConn).MultipathTCP()
					s.say(here+" uses it", uses, err)
					s.say("protocol", option(s, one.(syscall.Conn), unix.SOL_SOCKET, unix.SO_PROTOCOL))
				}
				s.say("options", keepAliveOf(s, c.(syscall.Conn)), keepAliveOf(s, accepted.(syscall.Conn)))
				s.must(c.Close())
				s.must(accepted.Close())
				s.must(ln.Close())
			}
		}
	}
	compare(t, all)
}

// A closed connection does not tell, and a refused dial says so once.
func TestMultipathFails(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		must(t, a.Close())
		must(t, b.Close())
		if _, err := a.MultipathTCP(); err == nil {
			t.Error("a closed connection tells whether it uses MPTCP")
		}
		var lc net.ListenConfig
		if lc.SetMultipathTCP(true); !lc.MultipathTCP() {
			t.Error("SetMultipathTCP was forgotten")
		}
		var d net.Dialer
		if d.SetMultipathTCP(true); !d.MultipathTCP() {
			t.Error("SetMultipathTCP was forgotten")
		}
		address := "127.0.0.1:" + unused(t)
		_, err := d.Dial("tcp", address)
		_, want := stdnet.Dial("tcp", address)
		if err == nil || err.Error() != want.Error() {
			t.Errorf("%v, want %v", err, want)
		}
	})
}
