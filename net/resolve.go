package net

import (
	"context"
	stdnet "net"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// ResolveTCPAddr finds the address for a host and a port, both of which may be
// names; of several it takes the first, IPv4 before IPv6 for "tcp". It is a
// checkpoint.
func ResolveTCPAddr(network, address string) (*TCPAddr, error) {
	a, err := resolveOne("net.ResolveTCPAddr", network, "tcp", address)
	if err != nil {
		return nil, err
	}
	return a.(*TCPAddr), nil
}

// ResolveUDPAddr is like [ResolveTCPAddr] for UDP. It is a checkpoint.
func ResolveUDPAddr(network, address string) (*UDPAddr, error) {
	a, err := resolveOne("net.ResolveUDPAddr", network, "udp", address)
	if err != nil {
		return nil, err
	}
	return a.(*UDPAddr), nil
}

// ResolveIPAddr is like [ResolveTCPAddr] for an address without a port; network is
// "ip", "ip4" or "ip6". It is a checkpoint.
func ResolveIPAddr(network, address string) (*IPAddr, error) {
	a, err := resolveOne("net.ResolveIPAddr", network, "ip", address)
	if err != nil {
		return nil, err
	}
	return a.(*IPAddr), nil
}

// ResolveUnixAddr makes the address of a Unix socket: network is "unix", "unixgram"
// or "unixpacket". It looks nothing up and is not a checkpoint.
func ResolveUnixAddr(network, address string) (*UnixAddr, error) {
	return stdnet.ResolveUnixAddr(network, address)
}

// resolveOne finds the one address that a Resolve function returns.
func resolveOne(call, network, base, address string) (Addr, error) {
	t := kernel.MustTask(call)
	if network == "" {
		network = base
	}
	name, _, err := parseNetwork(network, false)
	if err != nil {
		return nil, err
	}
	if !known(name, base) {
		return nil, UnknownNetworkError(network)
	}
	all, err := DefaultResolver.resolveName(context.Background(), t, name, address)
	if err != nil {
		return nil, err
	}
	// For an address of IPv6 the first of that kind, otherwise IPv4 first.
	sign := "["
	if base == "ip" {
		sign = ":"
	}
	wants6 := name == base && strings.Contains(address, sign)
	return firstOf(all, !wants6), nil
}

// firstOf is the first address of IPv4, or of IPv6, or simply the first.
func firstOf(all []Addr, four bool) Addr {
	for _, a := range all {
		if isIPv4(a) == four {
			return a
		}
	}
	return all[0]
}

// known tells whether network is base, or base with the 4 or 6 behind it.
func known(network, base string) bool {
	return network == base || network == base+"4" || network == base+"6"
}

// parseNetwork divides "ip4:icmp" into the network and the protocol's number. Where
// needsProtocol is set an "ip" without one is an error.
func parseNetwork(network string, needsProtocol bool) (base string, proto int, err error) {
	if i := strings.LastIndexByte(network, ':'); i >= 0 {
		base = network[:i]
		if !known(base, "ip") {
			return "", 0, UnknownNetworkError(network)
		}
		proto, err = protocol(network[i+1:])
		return base, proto, err
	}
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix", "unixgram", "unixpacket":
		return network, 0, nil
	case "ip", "ip4", "ip6":
		if !needsProtocol {
			return network, 0, nil
		}
	}
	return "", 0, UnknownNetworkError(network)
}

// protocol finds the number of a protocol over IP.
func protocol(name string) (int, error) {
	if n, err := strconv.ParseUint(name, 10, 16); err == nil {
		return int(n), nil
	}
	if n, ok := protocols()[strings.ToLower(name)]; ok {
		return n, nil
	}
	return 0, &AddrError{Err: "unknown IP protocol specified", Addr: name}
}

// protocols are the ones that the system knows by name, and those that everybody
// needs. They are read once.
var protocols = sync.OnceValue(func() map[string]int {
	all := map[string]int{}
	content, _ := os.ReadFile("/etc/protocols") // without it there are the others
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line) // "tcp 6 TCP": name, number, other names
		if len(fields) < 2 {
			continue
		}
		n, err := strconv.Atoi(fields[1])
		if err != nil {
			continue
		}
		for i, name := range fields {
			if i != 1 {
				all[strings.ToLower(name)] = n
			}
		}
	}
	for name, n := range map[string]int{"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "ipv6-icmp": 58} {
		all[name] = n
	}
	return all
})

// resolve finds the addresses for a dial or a listener.
func (r *Resolver) resolve(ctx context.Context, t *kernel.Task, network, address string) ([]Addr, error) {
	base, _, err := parseNetwork(network, true)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(base, "unix") {
		return []Addr{&UnixAddr{Name: address, Net: base}}, nil
	}
	return r.resolveName(ctx, t, base, address)
}

// resolveName finds all addresses for a host and a port, in the resolver's order.
// An empty host gives an address without IP, an empty address port 0 too.
func (r *Resolver) resolveName(ctx context.Context, t *kernel.Task, network, address string) ([]Addr, error) {
	host, port := address, 0
	if network[0] != 'i' && address != "" {
		var service string
		var err error
		if host, service, err = SplitHostPort(address); err != nil {
			return nil, err
		}
		if port, err = r.lookupPort(ctx, t, network, service); err != nil {
			return nil, err
		}
	}
	if host == "" {
		return []Addr{inetAddr(network, TCPAddr{Port: port})}, nil
	}
	ips, err := r.lookupIPs(ctx, t, network, host)
	if err != nil {
		return nil, err
	}
	all := make([]Addr, len(ips))
	for i, ip := range ips {
		all[i] = inetAddr(network, TCPAddr{IP: ip.IP, Port: port, Zone: ip.Zone})
	}
	return all, nil
}
