package net

import (
	"context"
	stdnet "net"
	"net/netip"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// ResolveTCPAddr finds the address for a host and a port, both of which may be
// names; of several it takes the first, IPv4 before IPv6 for "tcp". It is a
// checkpoint.
func ResolveTCPAddr(network, address string) (*TCPAddr, error) {
	t := kernel.MustTask("net.ResolveTCPAddr")
	all, err := resolveTCP(context.Background(), t, network, address)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.IP.To4() != nil {
			return a, nil
		}
	}
	return all[0], nil
}

// resolveTCP finds all addresses for a host and a port, in the resolver's order.
// An empty host gives an address without IP, an empty address port 0 too.
func resolveTCP(ctx context.Context, t *kernel.Task, network, address string) ([]*TCPAddr, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, UnknownNetworkError(network)
	}
	if address == "" {
		return []*TCPAddr{{}}, nil
	}
	host, service, err := SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := lookupPort(t, network, service)
	if err != nil {
		return nil, err
	}
	if host == "" {
		return []*TCPAddr{{Port: port}}, nil
	}
	ips, err := lookupIPs(ctx, t, host)
	if err != nil {
		return nil, err
	}
	var all []*TCPAddr
	for _, ip := range ips {
		v4 := ip.IP.To4() != nil
		if network == "tcp4" && !v4 || network == "tcp6" && v4 {
			continue
		}
		all = append(all, &TCPAddr{IP: ip.IP, Port: port, Zone: ip.Zone})
	}
	if len(all) == 0 {
		return nil, &AddrError{Err: "no suitable address found", Addr: host}
	}
	return all, nil
}

// lookupIPs asks the resolver only for what is not an address already.
func lookupIPs(ctx context.Context, t *kernel.Task, host string) ([]IPAddr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []IPAddr{{IP: ip.AsSlice(), Zone: ip.Zone()}}, nil
	}
	return lookUp(t, func(ctx context.Context) ([]IPAddr, error) {
		return stdnet.DefaultResolver.LookupIPAddr(ctx, host)
	}, ctx)
}
