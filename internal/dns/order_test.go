package dns_test

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/internal/dns"
)

// The examples of RFC 6724, 10.2, and what they leave out.
func TestAddressesAreInOrder(t *testing.T) {
	for _, c := range []struct{ why, pairs, want string }{
		{"scope", "2001:db8:1::1<2001:db8:1::2 198.51.100.121<169.254.13.78", "2001:db8:1::1 198.51.100.121"},
		{"scope", "2001:db8:1::1<fe80::1 198.51.100.121<198.51.100.117", "198.51.100.121 2001:db8:1::1"},
		{"precedence", "10.1.2.3<10.1.2.4 2001:db8:1::1<2001:db8:1::2", "2001:db8:1::1 10.1.2.3"},
		{"smaller scope", "2001:db8:1::1<2001:db8:1::2 fe80::1<fe80::2", "fe80::1 2001:db8:1::1"},
		{"label", "2002:c633:6401::1<2002:c633:6401::2 2001:db8:1::1<fe80::2", "2002:c633:6401::1 2001:db8:1::1"},
		{"label", "2001:db8:1::1<2002:c633:6401::2 2002:c633:6401::1<2002:c633:6401::2", "2002:c633:6401::1 2001:db8:1::1"},
		{"prefix", "2001:db8:1::1<2001:db8:1::2 2001:db8:3ffe::1<2001:db8:3f44::2", "2001:db8:1::1 2001:db8:3ffe::1"},
		{"prefix", "2001:db8:3ffe::1<2001:db8:3f44::2 2001:db8:1::1<2001:db8:1::2", "2001:db8:1::1 2001:db8:3ffe::1"},
		{"reachable", "2001:db8:1::1< 10.1.2.3<10.1.2.4", "10.1.2.3 2001:db8:1::1"},
		{"none is reachable", "10.1.2.3< 2001:db8:1::1<", "10.1.2.3 2001:db8:1::1"},
		{"no prefix for IPv4", "10.2.0.1<10.1.0.1 10.1.0.2<10.1.0.1", "10.2.0.1 10.1.0.2"},
		{"loopback", "127.0.0.1<127.0.0.1 ::1<::1", "::1 127.0.0.1"},
		{"multicast", "ff0e::1<2001:db8::1 ff05::1<2001:db8::1", "ff0e::1 ff05::1"},
		{"site", "fec0::1<fec0::2 2001:db8::1<2001:db8::2", "2001:db8::1 fec0::1"},
		{"zone", "2001:db8:1::1<2001:db8:1::2 fe80::1%a<fe80::2%a", "fe80::1%a 2001:db8:1::1"},
		{"one", "10.1.2.3<", "10.1.2.3"},
	} {
		sources := make(map[netip.Addr]netip.Addr)
		var addrs []netip.Addr
		for pair := range strings.FieldsSeq(c.pairs) {
			to, from, _ := strings.Cut(pair, "<")
			addr := netip.MustParseAddr(to)
			sources[addr], _ = netip.ParseAddr(from)
			addrs = append(addrs, addr)
		}
		dns.SortAddresses(addrs, func(a netip.Addr) netip.Addr { return sources[a] })
		var got []string
		for _, a := range addrs {
			got = append(got, a.String())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.why, s, c.want)
		}
	}
}

func TestMailServersAreInOrder(t *testing.T) {
	seen := make(map[string]bool)
	for range 200 {
		servers := []*net.MX{{Host: "b", Pref: 2}, {Host: "c", Pref: 2}, {Host: "a", Pref: 1}}
		dns.SortMX(servers, rand.IntN)
		seen[servers[0].Host+servers[1].Host+servers[2].Host] = true
	}
	if want := map[string]bool{"abc": true, "acb": true}; !reflect.DeepEqual(seen, want) {
		t.Errorf("the orders were %v, want %v", seen, want)
	}
}

func TestServicesAreInOrder(t *testing.T) {
	count := make(map[string]int)
	for range 4000 {
		services := []*net.SRV{
			{Target: "x", Priority: 2},
			{Target: "h", Priority: 1, Weight: 30},
			{Target: "l", Priority: 1, Weight: 10},
			{Target: "z", Priority: 1},
		}
		dns.SortSRV(services, rand.IntN)
		var names string
		for _, s := range services {
			names += s.Target
		}
		count[names]++
	}
	// With a weight of 0 one is last unless it stands alone at the front.
	for names := range count {
		if names[3] != 'x' || !slices.Contains([]string{"hlzx", "lhzx", "hzlx", "lzhx"}, names) {
			t.Errorf("the order was %s", names)
		}
	}
	if heavy, light := count["hlzx"]+count["hzlx"], count["lhzx"]+count["lzhx"]; heavy < 2*light || light == 0 {
		t.Errorf("%d times the heavy one was first, %d times the light one; want three times as often", heavy, light)
	}
	dns.SortSRV(nil, rand.IntN)
	dns.SortMX(nil, rand.IntN)
}
