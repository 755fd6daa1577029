package net_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	stdnet "net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/timeout"
)

// multicaster is an interface that takes part in multicasts.
func multicaster(t *testing.T) *stdnet.Interface {
	t.Helper()
	all, err := stdnet.Interfaces()
	must(t, err)
	for _, ifi := range all {
		addrs, _ := ifi.Addrs()
		const wanted = stdnet.FlagUp | stdnet.FlagMulticast
		if ifi.Flags&wanted == wanted && len(addrs) > 0 {
			return &ifi
		}
	}
	t.Skip("no interface takes part in multicasts")
	return nil
}

// groups are addresses for use within an organization or link (RFC 2365, RFC 4291) by network. The
// machine is a member or not, whichever process is: so each has groups of its own.
var groups = func() map[string]stdnet.IP {
	high, low := byte(os.Getpid()>>8), byte(os.Getpid())
	return map[string]stdnet.IP{"udp4": stdnet.IPv4(239, 195, high, low), "udp6": {0: 0xff, 1: 2, 12: 0x4d, 13: 0x58, 14: high, 15: low}}
}()

func groupsHere() map[string]stdnet.IP {
	here := maps.Clone(groups)
	if !six() {
		delete(here, "udp6")
	}
	return here
}

// Two listeners share the port, and both hear what is sent to the group; what they
// send themselves is not heard on this machine.
func TestMulticastReachesAllListenersOfAPort(t *testing.T) {
	ifi := multicaster(t)
	for network, group := range groupsHere() {
		t.Run(network, func(t *testing.T) {
			run(t, func() {
				first, err := net.ListenMulticastUDP(network, ifi, &net.UDPAddr{IP: group})
				must(t, err)
				defer first.Close()
				at := &net.UDPAddr{IP: group, Port: first.LocalAddr().(*net.UDPAddr).Port, Zone: zoneOf(group, ifi)}
				second, err := net.ListenMulticastUDP(network, ifi, at)
				must(t, err)
				defer second.Close()
				sender := groupSender(t, network, ifi)
				defer sender.Close()
				if _, err := sender.WriteToUDP([]byte("hello"), at); err != nil {
					t.Skipf("nothing can be sent to %v: %v", at, err)
				}
				for _, c := range []*net.UDPConn{first, second} {
					buf := make([]byte, 10)
					if err := timeout.Run(10*time.Second, func() error {
						n, from, err := c.ReadFromUDP(buf)
						if err == nil && (string(buf[:n]) != "hello" || from.Port != sender.LocalAddr().(*stdnet.UDPAddr).Port) {
							t.Errorf("%q came from %v, want hello from %v", buf[:n], from, sender.LocalAddr())
						}
						return err
					}); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

func zoneOf(ip stdnet.IP, ifi *stdnet.Interface) string {
	if ip.To4() != nil {
		return ""
	}
	return ifi.Name
}

// groupSender is a socket of the standard library that is heard on its own machine.
func groupSender(t *testing.T, network string, ifi *stdnet.Interface) *stdnet.UDPConn {
	t.Helper()
	sender, err := stdnet.ListenUDP(network, nil)
	must(t, err)
	raw, err := sender.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) {
		if network == "udp6" {
			err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_MULTICAST_IF, ifi.Index)
			return
		}
		err = syscall.SetsockoptIPMreqn(int(fd), syscall.IPPROTO_IP, syscall.IP_MULTICAST_IF, &syscall.IPMreqn{Ifindex: int32(ifi.Index)})
	}))
	must(t, err)
	return sender
}

// members tells whether the machine is a member of a group on an interface.
func members(t *testing.T, group stdnet.IP, ifi *stdnet.Interface) bool {
	t.Helper()
	if four := group.To4(); four != nil { // the table has it in the order of the machine's bytes
		table, err := os.ReadFile("/proc/net/igmp")
		must(t, err)
		text := fmt.Sprintf("%08X", binary.NativeEndian.Uint32(four))
		return strings.Contains(string(table), text)
	}
	table, err := os.ReadFile("/proc/net/igmp6")
	must(t, err)
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); f[1] == ifi.Name && f[2] == fmt.Sprintf("%x", []byte(group)) {
			return true
		}
	}
	return false
}

func TestMulticastMembershipEndsWithTheSocket(t *testing.T) {
	ifi := multicaster(t)
	run(t, func() {
		for network, group := range groupsHere() {
			c, err := net.ListenMulticastUDP(network, ifi, &net.UDPAddr{IP: group})
			must(t, err)
			if !members(t, group, ifi) {
				t.Errorf("%s: the machine is not a member of %v", network, group)
			}
			must(t, c.Close())
			if members(t, group, ifi) {
				t.Errorf("%s: the machine is still a member of %v", network, group)
			}
		}
	})
}

func TestMulticastIsThatOfTheStandardLibrary(t *testing.T) {
	ifi := multicaster(t)
	all := map[string]scenario{}
	for network, group := range groupsHere() {
		all["options "+network] = func(s *script, l *parts) {
			for _, on := range []*stdnet.Interface{ifi, nil} {
				c, err := l.listenGroup(network, on, &stdnet.UDPAddr{IP: group})
				if on == nil && errors.Is(err, syscall.ENODEV) {
					s.Skip("the system chooses no interface")
				}
				s.must(err)
				s.say("address", c.LocalAddr(), option(s, c, syscall.SOL_SOCKET, syscall.SO_REUSEADDR))
				if network == "udp6" {
					s.say("loop, interface", option(s, c, syscall.IPPROTO_IPV6, syscall.IPV6_MULTICAST_LOOP),
						option(s, c, syscall.IPPROTO_IPV6, syscall.IPV6_MULTICAST_IF))
				} else {
					s.say("loop", option(s, c, syscall.IPPROTO_IP, syscall.IP_MULTICAST_LOOP))
				}
				s.must(c.Close())
			}
		}
	}
	all["failures"] = func(s *script, l *parts) {
		group := groups["udp4"]
		for _, at := range []*stdnet.UDPAddr{nil, {}, loopback("udp4"), {IP: groups["udp6"]}, {IP: group}} {
			for _, network := range []string{"udp4", "udp6", "tcp", "udp9"} {
				c, err := l.listenGroup(network, ifi, at)
				s.closing(network+" at "+at.String(), c, err)
			}
		}
		c, err := l.listenUDP("udp4", &stdnet.UDPAddr{IP: group})
		s.must(err)
		s.say("listenUDP at a group", c.LocalAddr(), option(s, c, syscall.SOL_SOCKET, syscall.SO_REUSEADDR))
		s.must(c.Close())
		none := *ifi
		none.Index, none.Name = 9999, "none9"
		c, err = l.listenGroup("udp6", &none, &stdnet.UDPAddr{IP: groups["udp6"]})
		s.closing("an interface that is gone", c, err)
	}
	compare(t, all)
}

// An address of no bytes is none, as a nil one is.
func TestMulticastNeedsAGroup(t *testing.T) {
	run(t, func() {
		for name, group := range map[string]*net.UDPAddr{"nil": nil, "no IP": {}, "an empty IP": {IP: net.IP{}}} {
			for _, network := range []string{"udp", "udp4", "udp6"} {
				c, err := net.ListenMulticastUDP(network, nil, group)
				if err == nil || !strings.Contains(err.Error(), "missing address") {
					t.Errorf("%s with %s gives %v and %v", network, name, c, err)
				}
			}
		}
	})
}
