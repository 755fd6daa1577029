package net

import (
	"context"
	"errors"
	stdnet "net"
	"net/netip"
	"runtime/debug"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/evergreen-go/evergreen/internal/dns"
	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
)

// This is the resolver of PreferGo. It runs in the question's task, and where it
// asks two things at once in two tasks more, which do not outlive it.

const noSuchHost = "no such host"

// dnsError makes the error of a lookup of what a server did, or failed to do.
func dnsError(err error, name, server string) *DNSError {
	e := &DNSError{Err: err.Error(), Name: name, Server: server}
	var told Error
	if errors.As(err, &told) {
		e.IsTimeout, e.IsTemporary = told.Timeout(), told.Temporary()
	}
	var op *OpError
	e.IsTemporary = e.IsTemporary || errors.As(err, &op) || err == dns.ErrServer
	e.IsNotFound = err == dns.ErrNotFound
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		e.UnwrapErr = err
	}
	return e
}

func notFound(name string) *DNSError { return dnsError(dns.ErrNotFound, name, "") }

// askName asks the servers for the records of a rooted name, one after the other
// and as often as the config says, until one knows. The reply stands at its first
// record of the kind. The error is a *DNSError, or that of a block that is over.
func (r *Resolver) askName(ctx context.Context, config *dns.Config, name string, kind dnsmessage.Type) (reply *dns.Reply, server string, err error) {
	begin := 0
	if config.Rotate {
		begin = int((r.nameFiles().turn.Add(1) - 1) % uint32(len(config.Servers)))
	}
	var last error
	for range config.Attempts {
		for i := range config.Servers {
			server := config.Servers[(begin+i)%len(config.Servers)]
			reply, err := r.askServer(ctx, config, server, name, kind)
			if t := kernel.Running(); t.Interruptible() {
				return nil, "", t.Interrupted()
			}
			if err == nil {
				err = reply.Seek(kind)
			}
			if err == nil {
				return reply, server, nil
			}
			last = dnsError(err, name, server)
			if err == dns.ErrNotFound || err == dns.ErrQuestion {
				return nil, "", last // no other server will know more
			}
		}
	}
	return nil, "", last
}

// records looks for the records of a name as a user writes it, which may need the
// suffixes of the search list.
func (r *Resolver) records(ctx context.Context, name string, kind dnsmessage.Type) (*dns.Reply, string, error) {
	config, _ := r.nameFiles().read()
	var last error = notFound(name)
	if !dns.Valid(name) {
		return nil, "", last // other means than DNS may have such names, so it is no mistake
	}
	for _, rooted := range config.Names(name) {
		reply, server, err := r.askName(ctx, config, rooted, kind)
		if err == nil {
			return reply, server, nil
		}
		last = err
		if r.stops(err) {
			break
		}
	}
	return nil, "", named(last, name)
}

// stops tells whether an error ends the whole of a question.
func (r *Resolver) stops(err error) bool {
	e, ok := err.(*DNSError)
	return !ok || r.StrictErrors && e.Temporary()
}

// named has an error show the name that was asked for, and not one with a suffix
// that happened to be the last.
func named(err error, name string) error {
	if e, ok := err.(*DNSError); ok {
		e.Name = name
	}
	return err
}

// hostAnswer is what is known about a host.
type hostAnswer struct {
	addrs []netip.Addr
	// canonical is the host's name without aliases.
	canonical string
}

// host looks for the addresses of a name, in the hosts file first. Where kinds has
// CNAME a canonical name without any address is enough.
func (r *Resolver) host(ctx context.Context, name string, kinds ...dnsmessage.Type) (a hostAnswer, err error) {
	config, hosts := r.nameFiles().read()
	if a.addrs, a.canonical = hosts.Addresses(name); len(a.addrs) > 0 {
		dns.SortAddresses(a.addrs, sourceFor)
		return a, nil
	}
	if !dns.Valid(name) {
		return a, notFound(name)
	}
	var last error
	for _, rooted := range config.Names(name) {
		replies, err := r.askKinds(ctx, config, rooted, kinds)
		if err != nil {
			return hostAnswer{}, err
		}
		strict := false
		for _, one := range replies {
			err := one.err
			if err == nil {
				var addrs []netip.Addr
				var canonical string
				if addrs, canonical, err = one.reply.Addresses(); err != nil {
					err = dnsError(err, name, one.server)
				}
				a.addrs = append(a.addrs, addrs...)
				if a.canonical == "" {
					a.canonical = canonical
				}
			}
			switch {
			case err == nil:
			case r.stops(err):
				strict, last = true, err
			case last == nil || rooted == name+".": // the name as it is says more than one with a suffix
				last = err
			}
		}
		if strict {
			a = hostAnswer{} // half an answer would make a host look as if it had one family only
			break
		}
		if a.enough(kinds) {
			break
		}
	}
	if a.enough(kinds) {
		dns.SortAddresses(a.addrs, sourceFor)
		return a, nil
	}
	if last == nil { // there was no name that may be asked for
		last = notFound(name)
	}
	return hostAnswer{}, named(last, name)
}

// enough tells whether this answers a question for kinds.
func (a *hostAnswer) enough(kinds []dnsmessage.Type) bool {
	return len(a.addrs) > 0 || a.canonical != "" && kinds[len(kinds)-1] == dnsmessage.TypeCNAME
}

// kindReply is the outcome of one of several questions about a name.
type kindReply struct {
	reply  *dns.Reply
	server string
	err    error
}

// askKinds asks for records of several kinds, all at once unless the config says
// otherwise. The error is that of a block that is over, or of a panic.
func (r *Resolver) askKinds(ctx context.Context, config *dns.Config, name string, kinds []dnsmessage.Type) ([]kindReply, error) {
	all := make([]kindReply, len(kinds))
	one := func(i int) {
		all[i].reply, all[i].server, all[i].err = r.askName(ctx, config, name, kinds[i])
	}
	t := kernel.Running()
	if len(kinds) > 1 && !config.SingleRequest {
		group := task.NewGroup()
		for i := range kinds {
			group.Go(func() (err error) {
				defer func() {
					// A Dial of the program's own that panics may do so for each of them. The asker
					// is told; what a group does with a second panic would end the program.
					if p := recover(); p != nil {
						err = kernel.NewPanicError(kernel.Running(), p, debug.Stack())
					}
				}()
				one(i)
				return nil
			})
		}
		err := group.Wait()
		var p *task.PanicError
		if errors.As(err, &p) {
			return nil, p
		}
		if err == nil || t.Interruptible() {
			return all, err
		}
		// The two were killed and this one was not: it is shielded from the end of the
		// loop, in which no new task gets far.
	}
	for i := range kinds {
		one(i)
	}
	return all, t.Interrupted()
}

// sourceFor tells from which address of this machine a destination is reached, the
// zero Addr if it is not. To connect a UDP socket sends nothing and does not wait.
func sourceFor(to netip.Addr) netip.Addr {
	c, err := stdnet.DialUDP("udp", nil, stdnet.UDPAddrFromAddrPort(netip.AddrPortFrom(to, 53)))
	if err != nil {
		return netip.Addr{}
	}
	defer c.Close()
	return c.LocalAddr().(*stdnet.UDPAddr).AddrPort().Addr().WithZone("")
}

// kindsOf returns what to ask for to get the addresses of "ip", "ip4" or "ip6".
func kindsOf(network string) []dnsmessage.Type {
	switch familyDigit(network) {
	case '4':
		return []dnsmessage.Type{dnsmessage.TypeA}
	case '6':
		return []dnsmessage.Type{dnsmessage.TypeAAAA}
	}
	return []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA}
}

func (r *Resolver) ownIPs(ctx context.Context, network, name string) ([]IPAddr, error) {
	a, err := r.host(ctx, name, kindsOf(network)...)
	return fromNetIP(a.addrs), err
}

func (r *Resolver) ownHost(ctx context.Context, name string) (addrs []string, err error) {
	_, hosts := r.nameFiles().read()
	found, _ := hosts.Addresses(name) // here in the order of the file, as in the standard library
	if len(found) == 0 {
		a, err := r.host(ctx, name, kindsOf("ip")...)
		if err != nil {
			return nil, err
		}
		found = a.addrs
	}
	for _, addr := range found {
		addrs = append(addrs, addr.String())
	}
	return addrs, nil
}

func (r *Resolver) ownCNAME(ctx context.Context, name string) (string, error) {
	a, err := r.host(ctx, name, dnsmessage.TypeA, dnsmessage.TypeAAAA, dnsmessage.TypeCNAME)
	return a.canonical, err
}
