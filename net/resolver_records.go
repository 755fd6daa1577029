package net

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/evergreen-go/evergreen/internal/dns"
	"github.com/evergreen-go/evergreen/internal/kernel"
)

// errBadNames is the text of the error that comes with what is left of an answer.
const errBadNames = "DNS response contained records which contain invalid names"

// LookupCNAME looks up the canonical name of a name: what it is called when all
// aliases are followed. A name without an alias that has addresses is its own
// canonical name. Errors are those of [Resolver.LookupHost]. It is a checkpoint.
func (r *Resolver) LookupCNAME(ctx context.Context, host string) (string, error) {
	t, r := kernel.MustTask("net.LookupCNAME"), r.orDefault()
	if host == "" {
		return "", pass(t, host)
	}
	same := func(name string) string { return name }
	return ask(ctx, t, r, "cname", host, same, func(ctx context.Context, t *kernel.Task) (string, error) {
		if !r.own() {
			return lookUp(ctx, t, func(ctx context.Context) (string, error) { return r.system().LookupCNAME(ctx, host) })
		}
		name, err := r.ownCNAME(ctx, host)
		if err == nil && !dns.Valid(name) {
			return "", &DNSError{Err: errBadNames, Name: host}
		}
		return name, err
	})
}

// LookupAddr looks up the names of an address. Names that are no proper domain
// names are left out, and then an error comes with the others. Errors are those of
// [Resolver.LookupHost]. It is a checkpoint.
func (r *Resolver) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	t, r := kernel.MustTask("net.LookupAddr"), r.orDefault()
	return ask(ctx, t, r, "addr", addr, slices.Clone, func(ctx context.Context, t *kernel.Task) ([]string, error) {
		if !r.own() {
			return lookUp(ctx, t, func(ctx context.Context) ([]string, error) { return r.system().LookupAddr(ctx, addr) })
		}
		_, hosts := r.nameFiles().read()
		names := hosts.Names(addr)
		if len(names) == 0 {
			arpa, err := dns.Reverse(addr)
			if err != nil {
				return nil, dnsError(err, addr, "")
			}
			if names, err = readRecords(ctx, r, arpa, addr, dnsmessage.TypePTR, (*dns.Reply).PTR); err != nil {
				return nil, err
			}
		}
		return proper(names, addr, dns.Valid)
	})
}

// LookupMX looks up the mail servers of a domain, in the order in which they should
// be tried. Those that have neither a proper name nor an address are left out, and
// then an error comes with the others. Errors are those of [Resolver.LookupHost].
// It is a checkpoint.
func (r *Resolver) LookupMX(ctx context.Context, name string) ([]*MX, error) {
	t, r := kernel.MustTask("net.LookupMX"), r.orDefault()
	return ask(ctx, t, r, "mx", name, deepClone, func(ctx context.Context, t *kernel.Task) ([]*MX, error) {
		if !r.own() {
			return lookUp(ctx, t, func(ctx context.Context) ([]*MX, error) { return r.system().LookupMX(ctx, name) })
		}
		all, err := readRecords(ctx, r, name, name, dnsmessage.TypeMX, (*dns.Reply).MX)
		if err != nil {
			return nil, err
		}
		dns.SortMX(all, t.Loop().Choose)
		return proper(all, name, func(mx *MX) bool {
			if dns.Valid(mx.Host) {
				return true
			}
			ip, err := netip.ParseAddr(strings.TrimSuffix(mx.Host, ".")) // wrong, and common
			return err == nil && ip.Zone() == ""
		})
	})
}

// LookupNS looks up the name servers of a domain. Those without a proper name are
// left out, and then an error comes with the others. Errors are those of
// [Resolver.LookupHost]. It is a checkpoint.
func (r *Resolver) LookupNS(ctx context.Context, name string) ([]*NS, error) {
	t, r := kernel.MustTask("net.LookupNS"), r.orDefault()
	return ask(ctx, t, r, "ns", name, deepClone, func(ctx context.Context, t *kernel.Task) ([]*NS, error) {
		if !r.own() {
			return lookUp(ctx, t, func(ctx context.Context) ([]*NS, error) { return r.system().LookupNS(ctx, name) })
		}
		all, err := readRecords(ctx, r, name, name, dnsmessage.TypeNS, (*dns.Reply).NS)
		if err != nil {
			return nil, err
		}
		return proper(all, name, func(ns *NS) bool { return dns.Valid(ns.Host) })
	})
}

// LookupTXT looks up the texts of a name. A text of several parts is returned as
// one. Errors are those of [Resolver.LookupHost]. It is a checkpoint.
func (r *Resolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	t, r := kernel.MustTask("net.LookupTXT"), r.orDefault()
	return ask(ctx, t, r, "txt", name, slices.Clone, func(ctx context.Context, t *kernel.Task) ([]string, error) {
		if !r.own() {
			return lookUp(ctx, t, func(ctx context.Context) ([]string, error) { return r.system().LookupTXT(ctx, name) })
		}
		return readRecords(ctx, r, name, name, dnsmessage.TypeTXT, (*dns.Reply).TXT)
	})
}

// srvAnswer is the answer to a question for a service.
type srvAnswer struct {
	owner    string
	services []*SRV
}

// LookupSRV looks up where a service is offered: it asks for _service._proto.name
// (RFC 2782), or for name itself if service and proto are both empty. It returns the
// name that the answer is for, and the places in the order in which they should be
// tried: by priority, and at random by weight. Those without a proper name are left
// out, and then an error comes with the others. Errors are those of
// [Resolver.LookupHost]. It is a checkpoint.
func (r *Resolver) LookupSRV(ctx context.Context, service, proto, name string) (cname string, services []*SRV, err error) {
	t, r := kernel.MustTask("net.LookupSRV"), r.orDefault()
	target := name
	if service != "" || proto != "" {
		target = "_" + service + "._" + proto + "." + name
	}
	clone := func(a srvAnswer) srvAnswer { return srvAnswer{a.owner, deepClone(a.services)} }
	a, err := ask(ctx, t, r, "srv", target, clone, func(ctx context.Context, t *kernel.Task) (a srvAnswer, err error) {
		if !r.own() {
			return lookUp(ctx, t, func(ctx context.Context) (a srvAnswer, err error) {
				a.owner, a.services, err = r.system().LookupSRV(ctx, "", "", target)
				return a, err
			})
		}
		a, err = readRecords(ctx, r, target, name, dnsmessage.TypeSRV, func(reply *dns.Reply) (a srvAnswer, err error) {
			a.owner, a.services, err = reply.SRV()
			return a, err
		})
		if err != nil {
			return srvAnswer{}, err
		}
		if !dns.Valid(a.owner) {
			return srvAnswer{}, &DNSError{Err: "SRV header name is invalid", Name: name}
		}
		dns.SortSRV(a.services, t.Loop().Choose)
		a.services, err = proper(a.services, name, func(s *SRV) bool { return dns.Valid(s.Target) })
		return a, err
	})
	return a.owner, a.services, err
}

// readRecords looks for records of a kind and reads them. title is the name in the
// error where they cannot be read.
func readRecords[T any](ctx context.Context, r *Resolver, name, title string, kind dnsmessage.Type, read func(*dns.Reply) (T, error)) (T, error) {
	var none T
	reply, server, err := r.records(ctx, name, kind)
	if err != nil {
		return none, err
	}
	all, err := read(reply)
	if err != nil {
		return none, dnsError(err, title, server)
	}
	return all, nil
}

// proper leaves out what is not proper, and then returns an error as well.
func proper[T any](all []T, name string, ok func(T) bool) ([]T, error) {
	n := len(all)
	all = slices.DeleteFunc(all, func(one T) bool { return !ok(one) })
	if len(all) < n {
		return all, &DNSError{Err: errBadNames, Name: name}
	}
	return all, nil
}

// deepClone copies records, so that one asker cannot change another's.
func deepClone[T any](all []*T) []*T {
	all = slices.Clone(all)
	for i, one := range all {
		if one != nil {
			copied := *one
			all[i] = &copied
		}
	}
	return all
}
