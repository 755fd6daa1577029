package net_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	stdnet "net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// ping is an ICMP echo request (RFC 792) with its checksum.
func ping(id uint16) []byte {
	p := append([]byte{8, 0, 0, 0, byte(id >> 8), byte(id), 0, 1}, "evergreen "...)
	var sum uint32
	for i := 0; i < len(p); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(p[i:]))
	}
	sum = sum>>16 + sum&0xffff
	binary.BigEndian.PutUint16(p[2:], ^uint16(sum+sum>>16))
	return p
}

func privileged(t *testing.T) {
	t.Helper()
	if syscall.Getuid() != 0 {
		t.Skip("skipped: needs root")
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_ICMP)
	if err != nil {
		t.Skipf("skipped: there are no raw sockets: %v", err)
	}
	must(t, syscall.Close(fd))
}

// pong reads until the answer comes: a raw socket gets what is others', too.
func (s *script) pong(name string, id uint16, read func(p []byte) (int, any, error)) {
	s.Helper()
	for range 1000 {
		p := make([]byte, 100)
		n, from, err := read(p)
		if err != nil {
			s.say(name, err)
			return
		}
		icmp := p[:n]
		if n > 20 && p[0] == 0x45 { // the header is still there, and has a number that changes
			icmp = p[20:n]
		}
		if len(icmp) > 6 && icmp[0] == 0 && binary.BigEndian.Uint16(icmp[4:]) == id {
			s.say(name, n, from, string(icmp[8:]), n == len(icmp))
			return
		}
	}
	s.Error("there was no answer")
}

func TestIPIsThatOfTheStandardLibrary(t *testing.T) {
	privileged(t)
	here := &stdnet.IPAddr{IP: stdnet.IPv4(127, 0, 0, 1)}
	readings := map[string]func(c ipConn) func(p []byte) (int, any, error){
		"Read": func(c ipConn) func(p []byte) (int, any, error) {
			return func(p []byte) (int, any, error) { n, err := c.Read(p); return n, nil, err }
		},
		"ReadFrom": func(c ipConn) func(p []byte) (int, any, error) {
			return func(p []byte) (int, any, error) { n, a, err := c.ReadFrom(p); return n, a, err }
		},
		"ReadFromIP": func(c ipConn) func(p []byte) (int, any, error) {
			return func(p []byte) (int, any, error) { n, a, err := c.ReadFromIP(p); return n, a, err }
		},
		"ReadMsgIP": func(c ipConn) func(p []byte) (int, any, error) {
			return func(p []byte) (int, any, error) {
				n, oobn, flags, a, err := c.ReadMsgIP(p, make([]byte, 64))
				return received(n, oobn, flags, a, err)
			}
		},
	}
	all := map[string]scenario{}
	for name, reading := range readings {
		all["listening "+name] = func(s *script, l *parts) {
			c, err := l.listenIP("ip4:icmp", here)
			s.must(err)
			defer c.Close()
			s.say("addresses", c.LocalAddr(), c.RemoteAddr(), option(s, c, syscall.SOL_SOCKET, syscall.SO_BROADCAST))
			for i, write := range []func(p []byte) (int, error){
				func(p []byte) (int, error) { return c.WriteToIP(p, here) },
				func(p []byte) (int, error) { return c.WriteTo(p, here) },
				func(p []byte) (int, error) { n, _, err := c.WriteMsgIP(p, nil, here); return n, err },
			} {
				n, err := write(ping(uint16(4000 + i)))
				s.say("write", n, err)
				s.pong(name, uint16(4000+i), reading(c))
			}
		}
		all["dialed "+name] = func(s *script, l *parts) {
			c, err := l.dialIP("ip4:1", nil, here)
			s.must(err)
			defer c.Close()
			s.say("addresses", c.LocalAddr(), c.RemoteAddr())
			n, err := c.Write(ping(4100))
			s.say("Write", n, err)
			s.pong(name, 4100, reading(c))
		}
	}
	all["failures"] = func(s *script, l *parts) {
		dialed, err := l.dialIP("ip4:icmp", nil, here)
		s.must(err)
		bound, err := l.listenIP("ip4:icmp", here)
		s.must(err)
		for round := range 3 {
			for _, c := range []ipConn{dialed, bound} {
				for _, to := range []*stdnet.IPAddr{nil, here, {IP: stdnet.IPv6loopback}} {
					if round == 0 && c == bound && to == here {
						continue
					}
					n, err := c.WriteToIP(nil, to)
					s.say("WriteToIP", n, err)
					n, oobn, err := c.WriteMsgIP(nil, nil, to)
					s.say("WriteMsgIP", n, oobn, err)
				}
				_, err = c.WriteTo(nil, nil)
				s.say("WriteTo", err)
				_, err = c.WriteTo(nil, &stdnet.UDPAddr{})
				s.say("WriteTo", err)
				if round > 0 {
					for _, name := range []string{"Read", "ReadFrom", "ReadFromIP", "ReadMsgIP"} {
						_, _, err := readings[name](c)(make([]byte, 1))
						s.say(name, err)
					}
				}
				s.say("SetDeadline", c.SetDeadline(longAgo))
				if round == 1 {
					s.must(c.Close())
				}
			}
		}
	}
	compare(t, all)
}

// Who may not, or asks for what there is not, gets the same errors.
func TestIPNetworksAreThoseOfTheStandardLibrary(t *testing.T) {
	compare(t, map[string]scenario{
		"names": func(s *script, l *parts) {
			ctx := context.Background()
			here := &stdnet.IPAddr{IP: stdnet.IPv4(127, 0, 0, 1)}
			for _, network := range []string{
				"ip4:icmp", "ip4:ICMP", "ip4:1", "ip4:udp", "ip4:tcp", "ip4:igmp", "ip6:ipv6-icmp", "ip6:58", "ip:254", "ip4:255", "ip4:256",
				"ip4:none", "ip4:", "ip4", "ip", "ip9:1", "tcp:1", "udp", "ip4:1:2", "ip4:-1", "",
			} {
				c, err := l.listenIP(network, here)
				s.closing("listenIP "+network, c, err)
				c, err = l.listenIP(network, nil)
				s.closing("listenIP anywhere "+network, c, err)
				c, err = l.dialIP(network, nil, here)
				s.closing("dialIP "+network, c, err)
				c, err = l.dialIP(network, nil, nil)
				s.closing("dialIP nowhere "+network, c, err)
				p, err := l.config(stdnet.ListenConfig{}).ListenPacket(ctx, network, "127.0.0.1")
				s.closing("ListenPacket "+network, p, err)
				d, err := l.dialer(stdnet.Dialer{}).DialContext(ctx, network, "::1")
				s.closing("DialContext "+network, d, err)
				d, err = l.dialer(stdnet.Dialer{}).DialContext(ctx, network, "")
				s.closing("DialContext nowhere "+network, d, err)
			}
		},
	})
}

// A reader waits as a task, and is woken by a packet and by Close.
func TestWaitForAPacketIsACheckpoint(t *testing.T) {
	privileged(t)
	run(t, func() {
		c, err := net.ListenIP("ip4:253", &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}) // for experiments, RFC 3692
		must(t, err)
		got := make(map[string]int)
		reader := task.Go(func() {
			for {
				buf := make([]byte, 99)
				n, from, err := c.ReadFromIP(buf)
				if err != nil {
					if !errors.Is(err, net.ErrClosed) {
						t.Error(err)
					}
					return
				}
				got[string(buf[:n])+from.String()]++
			}
		})
		settle()
		peer, err := net.DialIP("ip4:253", nil, &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)})
		must(t, err)
		must(t, peer.SetDeadline(time.Now().Add(time.Minute)))
		hello := fmt.Sprint("hello from ", os.Getpid()) // other processes may send too
		_, err = peer.Write([]byte(hello))
		must(t, err)
		settle()
		must(t, c.Close())
		must(t, reader.Join())
		must(t, peer.Close())
		if got[hello+"127.0.0.1"] != 1 {
			t.Errorf("%v, want one %q from 127.0.0.1", got, hello)
		}
	})
}
