package dns

import (
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// Addresses returns the addresses among the answers in their order, and the
// canonical name: that of the first address, or where an alias comes before it that
// of the alias. With [ErrGarbled] come those before the damage.
func (r *Reply) Addresses() (addrs []netip.Addr, canonical string, err error) {
	p := r.parser
	for {
		h, err := p.AnswerHeader()
		if err == dnsmessage.ErrSectionDone {
			return addrs, canonical, nil
		}
		name := ""
		if err == nil {
			switch h.Type {
			case dnsmessage.TypeA:
				var a dnsmessage.AResource
				if a, err = p.AResource(); err == nil {
					addrs, name = append(addrs, netip.AddrFrom4(a.A)), h.Name.String()
				}
			case dnsmessage.TypeAAAA:
				var a dnsmessage.AAAAResource
				if a, err = p.AAAAResource(); err == nil {
					addrs, name = append(addrs, netip.AddrFrom16(a.AAAA)), h.Name.String()
				}
			case dnsmessage.TypeCNAME:
				var c dnsmessage.CNAMEResource
				c, err = p.CNAMEResource()
				name = c.CNAME.String()
			default:
				err = p.SkipAnswer()
			}
		}
		if err != nil {
			return addrs, canonical, ErrGarbled
		}
		if canonical == "" {
			canonical = name
		}
	}
}

// each reads all answers of one type, and the name that the first of them is of.
func each[T any](r *Reply, kind dnsmessage.Type, read func(*dnsmessage.Parser) (T, error)) (all []T, owner string, err error) {
	p := r.parser
	for {
		h, err := p.AnswerHeader()
		if err == dnsmessage.ErrSectionDone {
			return all, owner, nil
		}
		if err == nil && h.Type != kind {
			err = p.SkipAnswer()
		} else if err == nil {
			var one T
			one, err = read(&p)
			if all = append(all, one); owner == "" {
				owner = h.Name.String()
			}
		}
		if err != nil {
			return nil, "", ErrGarbled
		}
	}
}

// PTR returns the names that the answers point to. The error is [ErrGarbled].
func (r *Reply) PTR() (names []string, err error) {
	all, _, err := each(r, dnsmessage.TypePTR, (*dnsmessage.Parser).PTRResource)
	for _, one := range all {
		names = append(names, one.PTR.String())
	}
	return names, err
}

// MX returns the mail servers, in the order of the reply. The error is [ErrGarbled].
func (r *Reply) MX() (servers []*net.MX, err error) {
	all, _, err := each(r, dnsmessage.TypeMX, (*dnsmessage.Parser).MXResource)
	for _, one := range all {
		servers = append(servers, &net.MX{Host: one.MX.String(), Pref: one.Pref})
	}
	return servers, err
}

// NS returns the name servers. The error is [ErrGarbled].
func (r *Reply) NS() (servers []*net.NS, err error) {
	all, _, err := each(r, dnsmessage.TypeNS, (*dnsmessage.Parser).NSResource)
	for _, one := range all {
		servers = append(servers, &net.NS{Host: one.NS.String()})
	}
	return servers, err
}

// TXT returns the texts, each put together of its parts. The error is [ErrGarbled].
func (r *Reply) TXT() (texts []string, err error) {
	all, _, err := each(r, dnsmessage.TypeTXT, (*dnsmessage.Parser).TXTResource)
	for _, one := range all {
		texts = append(texts, strings.Join(one.TXT, ""))
	}
	return texts, err
}

// SRV returns the services, in the order of the reply, and the name that they are
// of. The error is [ErrGarbled].
func (r *Reply) SRV() (owner string, services []*net.SRV, err error) {
	all, owner, err := each(r, dnsmessage.TypeSRV, (*dnsmessage.Parser).SRVResource)
	for _, one := range all {
		services = append(services, &net.SRV{
			Target: one.Target.String(), Port: one.Port, Priority: one.Priority, Weight: one.Weight,
		})
	}
	return owner, services, err
}
