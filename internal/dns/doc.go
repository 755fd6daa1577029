// Package dns is the part of name resolution that never waits: it reads
// resolv.conf and hosts, knows the rules for names, packs questions, checks and
// unpacks replies, and puts addresses, mail and service records in order.
//
//	config := dns.ParseConfig(text, hostname)
//	for _, name := range config.Names("example") {
//		query, err := dns.NewQuery(id, name, dnsmessage.TypeA, config.TrustAD)
//		... send query.Datagram(), receive packet ...
//		reply, err := query.Match(packet)
//		if err == nil {
//			err = reply.Seek(dnsmessage.TypeA)
//		}
//		addrs, canonical, err := reply.Addresses()
//	}
//
// # Rules
//
//   - Everything here is a function of its arguments. Sending, waiting, clocks and
//     files are the business of package net, so that all of this can be tested, and
//     fuzzed, without any of them.
//   - What comes from a server is believed to be anything at all: no packet may
//     panic, or cost more than its length.
//   - Where the standard library's resolver has a behaviour, this one has the same.
//     The formats are those of RFC 1035 (messages), RFC 6891 (EDNS0), RFC 6761 and
//     7686 (special names), RFC 6724 (order of addresses), RFC 2782 (order of services)
//     and of the manual pages resolv.conf(5) and hosts(5).
package dns
