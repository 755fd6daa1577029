package dns

import (
	"cmp"
	"math/bits"
	"net"
	"net/netip"
	"slices"
)

// SortMX puts mail servers in order: by preference, and at random where that is
// equal (RFC 5321, 5.1). intn gives random numbers below its argument.
func SortMX(servers []*net.MX, intn func(int) int) {
	for i := len(servers) - 1; i > 0; i-- {
		j := intn(i + 1)
		servers[i], servers[j] = servers[j], servers[i]
	}
	slices.SortStableFunc(servers, func(a, b *net.MX) int { return cmp.Compare(a.Pref, b.Pref) })
}

// SortSRV puts services in order: by priority, and where that is equal drawn one
// after the other with a chance by weight (RFC 2782).
func SortSRV(services []*net.SRV, intn func(int) int) {
	slices.SortStableFunc(services, func(a, b *net.SRV) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Weight, b.Weight))
	})
	for len(services) > 0 {
		equal, sum := 0, 0
		for equal < len(services) && services[equal].Priority == services[0].Priority {
			sum += int(services[equal].Weight)
			equal++
		}
		draw(services[:equal], sum, intn)
		services = services[equal:]
	}
}

// draw orders services of one priority, whose weights add up to sum.
func draw(services []*net.SRV, sum int, intn func(int) int) {
	for ; len(services) > 1 && sum > 0; services = services[1:] {
		chosen, left := 0, intn(sum)
		for left >= int(services[chosen].Weight) {
			left -= int(services[chosen].Weight)
			chosen++
		}
		services[0], services[chosen] = services[chosen], services[0]
		sum -= int(services[0].Weight)
	}
}

// SortAddresses puts destinations in the order in which they should be tried (RFC
// 6724, 6; rules 3, 4 and 7 need knowledge that programs do not have, and rule 9 is
// left out for IPv4, where it defeats servers that share their load by the order of
// their answers). source tells from which address a destination would be reached;
// the zero Addr says that it cannot be.
func SortAddresses(addrs []netip.Addr, source func(netip.Addr) netip.Addr) {
	if len(addrs) < 2 {
		return
	}
	all := make([]destination, len(addrs))
	for i, a := range addrs {
		all[i] = destination{addr: a, source: source(a).Unmap()}
		all[i].judge()
	}
	slices.SortStableFunc(all, compare)
	for i, d := range all {
		addrs[i] = d.addr
	}
}

// destination is an address and what the rules ask about it.
type destination struct {
	addr, source netip.Addr
	// sameScope and sameLabel tell whether the destination is like its source.
	sameScope, sameLabel bool
	scope                byte
	precedence           int
	// common is how many leading bits the destination shares with its source.
	common int
}

func (d *destination) judge() {
	policy := policyOf(d.addr)
	d.scope, d.precedence = scopeOf(d.addr), policy.precedence
	if d.source.IsValid() {
		d.sameScope = d.scope == scopeOf(d.source)
		d.sameLabel = policy.label == policyOf(d.source).label
		d.common = commonBits(d.addr, d.source)
	}
}

// compare says which of two destinations comes first.
func compare(a, b destination) int {
	if !a.source.IsValid() && !b.source.IsValid() {
		return 0
	}
	order := cmp.Or(
		first(a.source.IsValid(), b.source.IsValid()), // rule 1
		first(a.sameScope, b.sameScope),               // rule 2
		first(a.sameLabel, b.sameLabel),               // rule 5
		cmp.Compare(b.precedence, a.precedence),       // rule 6
		cmp.Compare(a.scope, b.scope),                 // rule 8
	)
	if order == 0 && !a.addr.Unmap().Is4() && !b.addr.Unmap().Is4() {
		order = cmp.Compare(b.common, a.common) // rule 9
	}
	return order
}

func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// policy is a line of the table of RFC 6724, 2.1.
type policy struct {
	prefix            netip.Prefix
	precedence, label int
}

// policies has the longer prefixes before the shorter ones.
var policies = []policy{
	{netip.MustParsePrefix("::1/128"), 50, 0},
	{netip.MustParsePrefix("::/96"), 1, 3},
	{netip.MustParsePrefix("2001::/32"), 5, 5},
	{netip.MustParsePrefix("2002::/16"), 30, 2},
	{netip.MustParsePrefix("3ffe::/16"), 1, 12},
	{netip.MustParsePrefix("fec0::/10"), 1, 11},
	{netip.MustParsePrefix("fc00::/7"), 3, 13},
	{netip.MustParsePrefix("::/0"), 40, 1},
}

// policyOf finds the line for an address. IPv4 has one of its own, which the RFC
// writes as ::ffff:0:0/96.
func policyOf(a netip.Addr) policy {
	if a = a.Unmap(); a.Is4() {
		return policy{precedence: 35, label: 4}
	}
	a = a.WithZone("") // a prefix contains no address with a zone
	for _, p := range policies {
		if p.prefix.Contains(a) {
			return p
		}
	}
	return policy{}
}

// The scopes of RFC 6724, 3.1, by their numbers in multicast addresses (RFC 4291).
const (
	linkLocal = 0x2
	siteLocal = 0x5
	global    = 0xe
)

func scopeOf(a netip.Addr) byte {
	a = a.Unmap()
	switch {
	case a.IsLoopback(), a.IsLinkLocalUnicast():
		return linkLocal
	case a.Is4():
		return global
	case a.IsMulticast():
		return a.As16()[1] & 0xf
	case policyOf(a).label == 11: // fec0::/10
		return siteLocal
	}
	return global
}

// commonBits counts the leading bits that two IPv6 addresses share, in the half
// that says which net they are in.
func commonBits(a, b netip.Addr) int {
	if a.Unmap().Is4() || b.Unmap().Is4() {
		return 0
	}
	x, y := a.As16(), b.As16()
	for i := range 8 {
		if d := x[i] ^ y[i]; d != 0 {
			return i*8 + bits.LeadingZeros8(d)
		}
	}
	return 64
}
