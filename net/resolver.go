package net

import (
	"context"
	stdnet "net"
	"net/netip"
	"slices"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Resolver looks up names and numbers. A nil *Resolver is [DefaultResolver], and
// the zero Resolver does what that does. Its methods are called in tasks, of one
// loop or of several; a Resolver must not be copied or changed once it is in use.
//
// The system answers, by the standard library's resolver on a plain goroutine from
// a small pool kept for names, or, with PreferGo, this package itself, which sends
// the questions from a task and uses no goroutine.
//
// Tasks that ask the same at the same time share one question. Who is cancelled
// meanwhile leaves, and the others go on waiting; with the last of them the question
// itself is called off.
type Resolver struct {
	// PreferGo has this package speak with the name servers of /etc/resolv.conf
	// itself, after a look at /etc/hosts. The files are read again when they have
	// changed, which is looked at every 5 seconds at most. /etc/nsswitch.conf is not
	// heeded.
	PreferGo bool

	// StrictErrors has a question that takes several, like that for IPv4 and IPv6
	// addresses or for the suffixes in the search list, fail as a whole where one of
	// them fails for now: a timeout, a failure of a server, an error of the net. The
	// answer is otherwise made of what there is.
	StrictErrors bool

	// Dial connects to a name server, in place of [Dialer.DialContext]: network is
	// "udp" or "tcp", address an IP address and a port. It is called in a task, with the
	// values of the context of whoever asked first. The messages have the form that UDP
	// gives them if the connection is a PacketConn, else that of TCP (RFC 7766). A
	// Resolver with a Dial works as with PreferGo, since the system has no use for one.
	Dial func(ctx context.Context, network, address string) (Conn, error)

	// CacheFor is how long an answer is kept and given again, whatever the servers
	// say about its life; 0 for not at all. Failures are not kept. Each loop has
	// answers of its own, on its own clock, and there are at most 1024 of them.
	// (The standard library has no such field.)
	CacheFor time.Duration

	// flights are the questions under way, and the answers that are kept.
	flights flights
	// files are read in place of the system's; nil but in tests.
	files *nameFiles
}

// DefaultResolver is what the package's functions for names and [Dial] ask.
var DefaultResolver = &Resolver{}

func (r *Resolver) orDefault() *Resolver {
	if r == nil {
		return DefaultResolver
	}
	return r
}

// own tells whether the questions are for this package itself.
func (r *Resolver) own() bool { return r.PreferGo || r.Dial != nil }

// system returns the standard library's resolver that answers for r.
func (r *Resolver) system() *stdnet.Resolver {
	d := stdnet.DefaultResolver
	if r.StrictErrors == d.StrictErrors {
		return d
	}
	return &stdnet.Resolver{PreferGo: d.PreferGo, Dial: d.Dial, StrictErrors: r.StrictErrors}
}

// LookupHost looks up a name and returns its addresses as text. An address is
// returned as it is. The error is a [*DNSError]; where ctx, or a block around the
// task, was over first it wraps the error of that. It is a checkpoint.
func (r *Resolver) LookupHost(ctx context.Context, host string) ([]string, error) {
	t, r := kernel.MustTask("net.LookupHost"), r.orDefault()
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		if err := pass(t, host); err != nil {
			return nil, err
		}
		return []string{host}, nil
	}
	return ask(ctx, t, r, "host", host, slices.Clone, func(ctx context.Context, t *kernel.Task) ([]string, error) {
		if r.own() {
			return r.ownHost(ctx, host)
		}
		return lookUp(ctx, t, func(ctx context.Context) ([]string, error) { return r.system().LookupHost(ctx, host) })
	})
}

// LookupIPAddr looks up a name and returns its addresses, IPv4 and IPv6. Errors are
// those of [Resolver.LookupHost]. It is a checkpoint.
func (r *Resolver) LookupIPAddr(ctx context.Context, host string) ([]IPAddr, error) {
	return r.orDefault().addresses(ctx, kernel.MustTask("net.LookupIPAddr"), "ip", host)
}

// LookupIP looks up a name and returns its addresses of a network: "ip", "ip4" or
// "ip6". The error is an [UnknownNetworkError] for any other, an [*AddrError] where
// there are addresses and none of them fits, or one of [Resolver.LookupHost]. It is
// a checkpoint.
func (r *Resolver) LookupIP(ctx context.Context, network, host string) ([]IP, error) {
	t := kernel.MustTask("net.LookupIP")
	switch network {
	case "ip", "ip4", "ip6":
	default:
		return nil, UnknownNetworkError(network)
	}
	all, err := r.lookupIPs(ctx, t, network, host)
	if err != nil {
		return nil, err
	}
	ips := make([]IP, len(all))
	for i, a := range all {
		ips[i] = a.IP
	}
	return ips, nil
}

// LookupNetIP is [Resolver.LookupIP] with addresses as package netip has them. It
// is a checkpoint.
func (r *Resolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	ips, err := r.LookupIP(ctx, network, host)
	if err != nil {
		return nil, err
	}
	all := make([]netip.Addr, 0, len(ips))
	for _, ip := range ips {
		if a, ok := netip.AddrFromSlice(ip); ok {
			all = append(all, a)
		}
	}
	return all, nil
}

// lookupIPs finds the addresses that a connection of a network can be made to. The
// digit at the end of the network says of which family: "tcp4", "udp6", "ip".
func (r *Resolver) lookupIPs(ctx context.Context, t *kernel.Task, network, host string) ([]IPAddr, error) {
	family := familyDigit(network)
	kind := "ip"
	if family != 0 {
		kind += string(family)
	}
	all, err := r.orDefault().addresses(ctx, t, kind, host)
	if err != nil {
		return nil, err
	}
	if len(all) == 1 && all[0].IP.Equal(stdnet.IPv6unspecified) {
		all = append(all, IPAddr{IP: stdnet.IPv4zero}) // for machines with half of IPv6, as in the standard library
	}
	fit := slices.DeleteFunc(all, func(a IPAddr) bool {
		v4 := a.IP.To4() != nil
		return family == '4' && !v4 || family == '6' && v4
	})
	if len(fit) == 0 {
		return nil, &AddrError{Err: "no suitable address found", Addr: host}
	}
	return fit, nil
}

// familyDigit returns the digit that a network ends with, 0 for none.
func familyDigit(network string) byte {
	if n := len(network); n > 0 && (network[n-1] == '4' || network[n-1] == '6') {
		return network[n-1]
	}
	return 0
}

// addresses asks the resolver for what is not an address already. network is "ip",
// "ip4" or "ip6"; from a hosts file addresses of the other family may come too.
func (r *Resolver) addresses(ctx context.Context, t *kernel.Task, network, host string) ([]IPAddr, error) {
	if ip, err := netip.ParseAddr(host); err == nil || host == "" {
		if err := pass(t, host); err != nil {
			return nil, err
		}
		return []IPAddr{{IP: IP(ip.AsSlice()).To16(), Zone: ip.Zone()}}, nil
	}
	trace := traceOf(ctx)
	if trace == nil {
		all, _, err := r.askAddresses(ctx, t, network, host)
		return all, err
	}
	done := trace.lookup(host)
	all, coalesced, err := r.askAddresses(untraced(ctx), t, network, host)
	done(all, coalesced, err)
	return all, err
}

// askAddresses asks for the addresses of a name. It tells whether it was another
// asker's answer that came, which may be one that was kept.
func (r *Resolver) askAddresses(ctx context.Context, t *kernel.Task, network, host string) (all []IPAddr, coalesced bool, err error) {
	asked := false
	all, err = ask(ctx, t, r, network, host, cloneAddrs, func(ctx context.Context, t *kernel.Task) ([]IPAddr, error) {
		asked = true
		if r.own() {
			return r.ownIPs(ctx, network, host)
		}
		return lookUp(ctx, t, func(ctx context.Context) ([]IPAddr, error) {
			if network == "ip" {
				return r.system().LookupIPAddr(ctx, host)
			}
			ips, err := r.system().LookupNetIP(ctx, network, host)
			return fromNetIP(ips), err
		})
	})
	return all, err == nil && !asked, err
}

// cloneAddrs copies the bytes too: callers may write into an IP.
func cloneAddrs(all []IPAddr) []IPAddr {
	all = slices.Clone(all)
	for i := range all {
		all[i].IP = slices.Clone(all[i].IP)
	}
	return all
}

func fromNetIP(addrs []netip.Addr) []IPAddr {
	var all []IPAddr
	for _, a := range addrs {
		all = append(all, IPAddr{IP: a.AsSlice(), Zone: a.Zone()})
	}
	return all
}

// pass is the checkpoint of a call that knows its answer: an empty name is one that
// nobody has.
func pass(t *kernel.Task, name string) error {
	if !t.Checkpoint() {
		return left(context.Background(), t.Interrupted(), name)
	}
	if name == "" {
		return &DNSError{Err: noSuchHost, IsNotFound: true}
	}
	return nil
}
