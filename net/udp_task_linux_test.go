package net_test

import (
	"errors"
	"fmt"
	stdnet "net"
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// udpPair makes two sockets that are connected to nobody. To be called in a task.
func udpPair(t testing.TB, network string) (a, b *net.UDPConn) {
	t.Helper()
	a, err := net.ListenUDP(network, loopback(network))
	must(t, err)
	b, err = net.ListenUDP(network, loopback(network))
	must(t, err)
	return a, b
}

// The forms with netip's addresses are there for those who count allocations.
func TestDatagramsAreExchangedWithoutAllocations(t *testing.T) {
	if goroutine.Race || goroutine.Portable || testing.CoverMode() != "" {
		t.Skip("skipped: the race detector, coverage, and the portable way to tell goroutines apart, allocate")
	}
	for _, network := range families("udp")[1:] {
		run(t, func() {
			a, b := udpPair(t, network)
			defer a.Close()
			defer b.Close()
			to := b.LocalAddr().(*net.UDPAddr).AddrPort()
			buf := make([]byte, 64)
			allocs := testing.AllocsPerRun(100, func() {
				if _, err := a.WriteToUDPAddrPort(buf, to); err != nil {
					t.Error(err)
				}
				if _, _, err := b.ReadFromUDPAddrPort(buf); err != nil {
					t.Error(err)
				}
			})
			if allocs != 0 {
				t.Errorf("%s: a datagram there and back allocates %v times, want 0", network, allocs)
			}
		})
	}
}

// A task that waits for a datagram leaves the loop to others, in each way to wait.
func TestWaitForADatagramIsACheckpoint(t *testing.T) {
	for _, way := range receiving {
		t.Run(way.name, func(t *testing.T) {
			run(t, func() {
				a, b := udpPair(t, "udp4")
				defer a.Close()
				defer b.Close()
				got := false
				reader := task.Go(func() {
					n, _, err := way.call(a, make([]byte, 9))
					if got = n == 5 && err == nil; !got {
						t.Errorf("%d, %v; want 5 bytes", n, err)
					}
				})
				settle()
				if got {
					t.Error("it got a datagram that nobody has sent")
				}
				_, err := b.WriteTo([]byte("hello"), a.LocalAddr())
				must(t, err)
				must(t, reader.Join())

				victim := task.Go(func() { t.Error(way.call(a, make([]byte, 9))) })
				settle()
				victim.Kill()
				if err := victim.Join(); !errors.Is(err, task.ErrKilled) {
					t.Error(err)
				}
				var e *timeout.Error
				if err := timeout.Run(1, func() error { _, _, err := way.call(a, make([]byte, 9)); return err }); !errors.As(err, &e) {
					t.Errorf("%v, want a *timeout.Error", err)
				}
				closer := task.Go(func() {
					if _, _, err := way.call(a, make([]byte, 9)); !errors.Is(err, net.ErrClosed) {
						t.Errorf("%v, want ErrClosed", err)
					}
				})
				settle()
				must(t, a.Close())
				must(t, closer.Join())
			})
		})
	}
}

// holds: 46
func TestKilledReaderLosesNoDatagram(t *testing.T) {
	run(t, func() {
		for _, way := range receiving {
			for n := range 12 {
				a, b := udpPair(t, "udp4")
				got := 0
				reader := task.Go(func() {
					for {
						if _, _, err := way.call(a, make([]byte, 9)); err != nil {
							t.Error(err)
						}
						got++
					}
				})
				task.Yield()
				const sent = 5
				for range sent {
					_, err := b.WriteTo([]byte("x"), a.LocalAddr())
					must(t, err)
				}
				for range n {
					task.Yield()
				}
				reader.Kill()
				_ = reader.Join()
				for must(t, a.SetReadDeadline(inAYear)); got < sent; got++ {
					_, err := a.Read(make([]byte, 9))
					must(t, err)
				}
				must(t, a.SetReadDeadline(longAgo))
				must(t, a.Close())
				must(t, b.Close())
			}
		}
	})
}

func TestDatagramsFromElsewhere(t *testing.T) {
	loop := start(t)
	var a, b *net.UDPConn
	must(t, loop.Do(func() error { a, b = udpPair(t, "udp4"); return nil }))
	defer a.Close()
	defer b.Close()
	exchange := func() {
		for _, way := range sending {
			to := b.LocalAddr().(*net.UDPAddr)
			if _, err := way.call(a, []byte(way.name), to); err != nil {
				continue // compared elsewhere
			}
			for _, reader := range receiving {
				buf := make([]byte, 50)
				n, _, err := reader.call(b, buf)
				if err != nil || string(buf[:n]) != way.name {
					t.Errorf("%s, %s: %q, %v", way.name, reader.name, buf[:n], err)
				}
				_, err = way.call(a, []byte(way.name), to)
				must(t, err)
			}
			_, err := b.Read(make([]byte, 50))
			must(t, err)
		}
	}
	t.Run("a goroutine", func(*testing.T) { exchange() })
	t.Run("another loop", func(t *testing.T) { run(t, exchange) })
}

// What comes beside a datagram: here at which address it has arrived.
func TestWhatComesBesideADatagram(t *testing.T) {
	all := map[string]scenario{}
	for _, room := range []int{0, 8, 64} {
		all[fmt.Sprint(room)] = func(s *script, l *parts) {
			c, err := l.listenUDP("udp4", loopback("udp4"))
			s.must(err)
			defer c.Close()
			raw, err := c.SyscallConn()
			s.must(err)
			s.must(raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1) }))
			s.must(err)
			peer := s.peerOf("udp4")
			defer peer.Close()
			for range 2 {
				_, err = peer.WriteTo([]byte("x"), c.LocalAddr())
				s.must(err)
			}
			oob := make([]byte, room)
			n, oobn, flags, from, err := c.ReadMsgUDP(make([]byte, 9), oob)
			s.say("ReadMsgUDP", n, oob[:oobn], flags, from, err)
			n, oobn, flags, at, err := c.ReadMsgUDPAddrPort(make([]byte, 9), oob)
			s.say("ReadMsgUDPAddrPort", n, oob[:oobn], flags, at, err)

			info := unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: [4]byte{127, 0, 0, 9}})
			n, oobn, err = c.WriteMsgUDP([]byte("y"), info, peer.LocalAddr().(*stdnet.UDPAddr))
			s.say("WriteMsgUDP", n, oobn, err)
			_, sender, err := peer.ReadFrom(make([]byte, 9))
			s.say("it came from", sender, err)
			n, oobn, err = c.WriteMsgUDPAddrPort(nil, info, peer.LocalAddr().(*stdnet.UDPAddr).AddrPort())
			s.say("WriteMsgUDPAddrPort", n, oobn, err)
			_, sender, err = peer.ReadFrom(make([]byte, 9))
			s.say("it came from", sender, err)
		}
	}
	compare(t, all)
}

// linkLocal is an address that needs a zone.
func linkLocal(t *testing.T) (ip netip.Addr) {
	t.Helper()
	all, err := stdnet.Interfaces()
	must(t, err)
	for _, ifi := range all {
		addrs, _ := ifi.Addrs()
		for _, a := range addrs {
			if n, ok := a.(*stdnet.IPNet); ok && n.IP.To4() == nil && n.IP.IsLinkLocalUnicast() {
				ip, _ := netip.AddrFromSlice(n.IP)
				return ip.WithZone(ifi.Name)
			}
		}
	}
	t.Skip("no interface has a link-local address")
	return ip
}

func TestZonesOfDatagramsAreInterfaces(t *testing.T) {
	ip := linkLocal(t)
	compare(t, map[string]scenario{
		ip.String(): func(s *script, l *parts) {
			at := stdnet.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))
			c, err := l.listenUDP("udp6", at)
			s.must(err)
			defer c.Close()
			s.say("address", c.LocalAddr())
			peer, err := stdnet.ListenUDP("udp6", at)
			s.must(err)
			defer peer.Close()
			s.exchange(c, peer, c.LocalAddr().(*stdnet.UDPAddr))
			dialed, err := l.dialUDP("udp", nil, peer.LocalAddr().(*stdnet.UDPAddr))
			s.must(err)
			defer dialed.Close()
			s.say("addresses", dialed.LocalAddr(), dialed.RemoteAddr())
		},
	})
}

// A File of a socket is another descriptor of it, and neither of them begins to block.
func TestFileOfASocketDoesNotBlock(t *testing.T) {
	run(t, func() {
		c, err := net.ListenUDP("udp4", loopback("udp4"))
		must(t, err)
		f, err := c.File()
		must(t, err)
		must(t, c.Close())
		defer runtime.KeepAlive(f)
		flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
		must(t, err)
		inherits, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0)
		must(t, err)
		if flags&syscall.O_NONBLOCK == 0 || inherits&unix.FD_CLOEXEC == 0 {
			t.Errorf("flags %#x, %#x; want O_NONBLOCK and FD_CLOEXEC", flags, inherits)
		}
		must(t, f.Close())
		if err := f.Close(); !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
}
