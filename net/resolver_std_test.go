package net_test

import (
	"context"
	"errors"
	"fmt"
	stdnet "net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/evergreen-go/evergreen/net"
)

// testZone knows names under test. for all that can be said and done.
func testZone() nameZone {
	var mu sync.Mutex
	times := make(map[string]int)
	return func(network string, m *dnsmessage.Message) [][]byte {
		q := m.Questions[0]
		mu.Lock()
		times[q.GoString()]++
		n := times[q.GoString()]
		mu.Unlock()
		known, ok := testNames[askedName(m)]
		if !ok {
			m.RCode = dnsmessage.RCodeNameError
			return [][]byte{packMessage(m)}
		}
		return known(network, m, n)
	}
}

// said is what a server does about a name: network and the question, asked for the
// nth time.
type said func(network string, m *dnsmessage.Message, n int) [][]byte

// wholeReply replies with a message that change has filled.
func wholeReply(change func(*dnsmessage.Message)) said {
	return func(_ string, m *dnsmessage.Message, _ int) [][]byte {
		change(m)
		return [][]byte{packMessage(m)}
	}
}

func dnsName(s string) dnsmessage.Name { return dnsmessage.MustNewName(s) }

var testNames = map[string]said{
	"a.test.": wholeReply(func(m *dnsmessage.Message) {
		addRecord(m, "", "127.0.0.7")
		addRecord(m, "", "127.0.0.8")
		addRecord(m, "", "::1")
	}),
	"four.test.":   wholeReply(func(m *dnsmessage.Message) { addRecord(m, "", "127.0.0.4") }),
	"six.test.":    wholeReply(func(m *dnsmessage.Message) { addRecord(m, "", "::6") }),
	"zero.test.":   wholeReply(func(m *dnsmessage.Message) { addRecord(m, "", "::") }),
	"empty.test.":  wholeReply(func(m *dnsmessage.Message) {}),
	"fail.test.":   wholeReply(func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeServerFailure }),
	"refuse.test.": wholeReply(func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeRefused }),
	"format.test.": wholeReply(func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeFormatError }),
	"lame.test.":   wholeReply(func(m *dnsmessage.Message) { m.RecursionAvailable = false }),
	"chain.test.": wholeReply(func(m *dnsmessage.Message) {
		addRecord(m, "", &dnsmessage.CNAMEResource{CNAME: dnsName("b.test.")})
		addRecord(m, "b.test.", &dnsmessage.CNAMEResource{CNAME: dnsName("c.test.")})
		addRecord(m, "c.test.", "127.0.0.9")
	}),
	"loose.test.": wholeReply(func(m *dnsmessage.Message) { addRecord(m, "", &dnsmessage.CNAMEResource{CNAME: dnsName("gone.test.")}) }),
	"odd.test.": wholeReply(func(m *dnsmessage.Message) {
		addRecord(m, "", &dnsmessage.CNAMEResource{CNAME: dnsName("not a name.")})
	}),
	"records.test.": wholeReply(func(m *dnsmessage.Message) {
		switch m.Questions[0].Type {
		case dnsmessage.TypeMX:
			addRecord(m, "", &dnsmessage.MXResource{Pref: 20, MX: dnsName("second.test.")})
			addRecord(m, "", &dnsmessage.MXResource{Pref: 10, MX: dnsName("first.test.")})
			addRecord(m, "", &dnsmessage.MXResource{Pref: 30, MX: dnsName("192.0.2.1.")})
		case dnsmessage.TypeNS:
			addRecord(m, "", &dnsmessage.NSResource{NS: dnsName("ns1.test.")})
			addRecord(m, "", &dnsmessage.NSResource{NS: dnsName("ns2.test.")})
		case dnsmessage.TypeTXT:
			addRecord(m, "", &dnsmessage.TXTResource{TXT: []string{"one ", "text"}})
			addRecord(m, "", &dnsmessage.CNAMEResource{CNAME: dnsName("between.test.")})
			addRecord(m, "", &dnsmessage.TXTResource{TXT: []string{""}})
		case dnsmessage.TypePTR:
			addRecord(m, "", &dnsmessage.PTRResource{PTR: dnsName("ptr.test.")})
		}
	}),
	"bad.test.": wholeReply(func(m *dnsmessage.Message) {
		switch m.Questions[0].Type {
		case dnsmessage.TypeMX:
			addRecord(m, "", &dnsmessage.MXResource{Pref: 2, MX: dnsName("-.test.")})
			addRecord(m, "", &dnsmessage.MXResource{Pref: 1, MX: dnsName("mx.test.")})
		case dnsmessage.TypeNS:
			addRecord(m, "", &dnsmessage.NSResource{NS: dnsName("<ns>.test.")})
			addRecord(m, "", &dnsmessage.NSResource{NS: dnsName("ns.test.")})
		case dnsmessage.TypeSRV:
			addRecord(m, "", &dnsmessage.SRVResource{Priority: 1, Target: dnsName("*.test.")})
			addRecord(m, "", &dnsmessage.SRVResource{Priority: 2, Target: dnsName("srv.test.")})
		}
	}),
	"_sip._tcp.srv.test.": wholeReply(func(m *dnsmessage.Message) {
		addRecord(m, "", &dnsmessage.SRVResource{Priority: 2, Weight: 5, Port: 22, Target: dnsName("two.test.")})
		addRecord(m, "", &dnsmessage.SRVResource{Priority: 1, Weight: 7, Port: 11, Target: dnsName("one.test.")})
	}),
	"_sip._tcp.owner.test.": wholeReply(func(m *dnsmessage.Message) {
		addRecord(m, "<owner>.test.", &dnsmessage.SRVResource{Port: 1, Target: dnsName("one.test.")})
	}),
	"1.2.0.192.in-addr.arpa.": wholeReply(func(m *dnsmessage.Message) {
		addRecord(m, "", &dnsmessage.PTRResource{PTR: dnsName("one.test.")})
		addRecord(m, "", &dnsmessage.PTRResource{PTR: dnsName("two.test.")})
	}),
	"2.2.0.192.in-addr.arpa.": wholeReply(func(m *dnsmessage.Message) {
		addRecord(m, "", &dnsmessage.PTRResource{PTR: dnsName("good.test.")})
		addRecord(m, "", &dnsmessage.PTRResource{PTR: dnsName("no good.test.")})
	}),
	"lameonce.test.": func(_ string, m *dnsmessage.Message, n int) [][]byte {
		if m.RecursionAvailable = n%2 == 0; m.RecursionAvailable {
			addRecord(m, "", "127.0.0.2")
		}
		return [][]byte{packMessage(m)}
	},
	"failonce.test.": func(_ string, m *dnsmessage.Message, n int) [][]byte {
		if n%2 == 1 {
			m.RCode = dnsmessage.RCodeServerFailure
		}
		addRecord(m, "", "127.0.0.2")
		return [][]byte{packMessage(m)}
	},
	"forged.test.": func(network string, m *dnsmessage.Message, _ int) [][]byte {
		addRecord(m, "", "127.0.0.66")
		otherID, other := *m, *m
		otherID.ID++
		other.Questions = []dnsmessage.Question{m.Questions[0]}
		other.Questions[0].Name = dnsName("another.test.")
		question := *m
		question.Response = false
		m.Answers = nil
		addRecord(m, "", "127.0.0.5")
		return [][]byte{packMessage(&otherID), packMessage(&other), packMessage(&question), {1, 2, 3}, {}, packMessage(m)}
	},
	"wrong.test.": func(network string, m *dnsmessage.Message, _ int) [][]byte { // UDP is never heard
		if m.Truncated = network == "udp"; !m.Truncated {
			m.ID++
		}
		return [][]byte{packMessage(m)}
	},
	"garbage.test.": func(network string, m *dnsmessage.Message, _ int) [][]byte {
		if m.Truncated = network == "udp"; m.Truncated {
			return [][]byte{packMessage(m)}
		}
		return [][]byte{{1, 2, 3}}
	},
	"twice.test.": wholeReply(func(m *dnsmessage.Message) { m.Questions = append(m.Questions, m.Questions[0]) }),
	"broken.test.": func(_ string, m *dnsmessage.Message, _ int) [][]byte {
		addRecord(m, "", "127.0.0.1")
		addRecord(m, "", "127.0.0.2")
		addRecord(m, "", "::1")
		addRecord(m, "", "::2")
		b := packMessage(m)
		if len(m.Answers) > 0 {
			b = b[:len(b)-2]
		}
		return [][]byte{b}
	},
	"big.test.": func(network string, m *dnsmessage.Message, _ int) [][]byte {
		if m.Truncated = network == "udp"; !m.Truncated {
			for i := range 200 {
				addRecord(m, "", fmt.Sprintf("127.0.1.%d", i))
			}
		}
		return [][]byte{packMessage(m)}
	},
	"huge.test.": func(network string, m *dnsmessage.Message, _ int) [][]byte {
		if m.Truncated = network == "udp"; !m.Truncated {
			for i := range 250 {
				addRecord(m, "", &dnsmessage.TXTResource{TXT: []string{strings.Repeat("x", 240-i%7)}})
			}
		}
		return [][]byte{packMessage(m)}
	},
	"never.test.": wholeReply(func(m *dnsmessage.Message) { // TCP says so too
		m.Truncated = true
		addRecord(m, "", "127.0.0.3")
	}),
}

// lookups are the methods that the two resolvers share.
type lookups interface {
	LookupHost(context.Context, string) ([]string, error)
	LookupIPAddr(context.Context, string) ([]net.IPAddr, error)
	LookupIP(context.Context, string, string) ([]net.IP, error)
	LookupNetIP(context.Context, string, string) ([]netip.Addr, error)
	LookupCNAME(context.Context, string) (string, error)
	LookupAddr(context.Context, string) ([]string, error)
	LookupMX(context.Context, string) ([]*net.MX, error)
	LookupNS(context.Context, string) ([]*net.NS, error)
	LookupTXT(context.Context, string) ([]string, error)
	LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error)
	LookupPort(context.Context, string, string) (int, error)
}

// allLookups calls every method with a name and writes down what came of it.
func allLookups(r lookups, name string) map[string]string {
	ctx := context.Background()
	told := make(map[string]string)
	tell := func(method string, err error, results ...any) {
		told[method] = fmt.Sprint(append(results, " ", errorText(err))...)
	}
	hosts, err := r.LookupHost(ctx, name)
	tell("Host", err, sortedTexts(hosts))
	addrs, err := r.LookupIPAddr(ctx, name)
	tell("IPAddr", err, sortedTexts(addrs))
	for _, network := range []string{"ip", "ip4", "ip6", "tcp", "nonsense"} {
		ips, err := r.LookupIP(ctx, network, name)
		tell("IP "+network, err, sortedTexts(ips))
	}
	netips, err := r.LookupNetIP(ctx, "ip", name)
	for i := range netips {
		netips[i] = netips[i].Unmap() // the standard library has hosts and literals in the long form
	}
	tell("NetIP", err, sortedTexts(netips))
	cname, err := r.LookupCNAME(ctx, name)
	tell("CNAME", err, cname)
	names, err := r.LookupAddr(ctx, name)
	tell("Addr", err, names)
	mxs, err := r.LookupMX(ctx, name)
	tell("MX", err, pointed(mxs))
	nss, err := r.LookupNS(ctx, name)
	tell("NS", err, pointed(nss))
	txts, err := r.LookupTXT(ctx, name)
	tell("TXT", err, txts)
	owner, srvs, err := r.LookupSRV(ctx, "sip", "tcp", name)
	tell("SRV", err, owner, pointed(srvs))
	owner, srvs, err = r.LookupSRV(ctx, "", "", name)
	tell("SRV of the name", err, owner, pointed(srvs))
	return told
}

func errorText(err error) string {
	var e *net.DNSError
	if errors.As(err, &e) {
		return fmt.Sprintf("%T %+v", err, *e)
	}
	return fmt.Sprintf("%T %v", err, err)
}

func sortedTexts[T any](all []T) []string {
	var s []string
	for _, one := range all {
		s = append(s, fmt.Sprintf("%v", one))
	}
	slices.Sort(s)
	return s
}

func pointed[T any](all []*T) []T {
	var s []T
	for _, one := range all {
		s = append(s, *one)
	}
	return s
}

func TestResolverAnswersAsTheStandardOne(t *testing.T) {
	address := serveNames(t, testZone())
	std := &stdnet.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (stdnet.Conn, error) {
		var d stdnet.Dialer
		return d.DialContext(ctx, network, address)
	}}
	names := []string{
		"gone.test.", "A.Test.", "", ".", "..", "a..test.", "-a.test.", "a b.test.", "ä.test.", "127.0.0.1", "::1", "fe80::1%lo", "::",
		"1.2.3.400", "127.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "srv.test.", "owner.test.", strings.Repeat("a", 64) + ".test.",
		strings.Repeat("a.", 127) + "test.", "localhost", "localhost.",
	}
	for name := range testNames {
		names = append(names, name)
	}
	for _, name := range names {
		want := allLookups(std, name)
		run(t, func() {
			ours := &net.Resolver{PreferGo: true, Dial: dialTo(address)}
			got := allLookups(ours, name)
			if name == "chain.test." { // there the standard one takes the first of three answers that come in
				want["CNAME"] = "c.test. <nil> <nil>"
			}
			for method := range want {
				if got[method] != want[method] {
					t.Errorf("%s of %.40q:\n%.300s, want\n%.300s", method, name, got[method], want[method])
				}
			}
			if underWay, kept := ours.Pending(); underWay+kept != 0 {
				t.Errorf("%q: %d questions are under way, %d are kept", name, underWay, kept)
			}
		})
	}
}

func TestPortsAreTheStandardOnes(t *testing.T) {
	ctx := context.Background()
	run(t, func() {
		for _, service := range []string{"http", "domain", "HTTP", "80", "", "0", "65535", "65536", "-1", "+80", "+", "-", "99999999999999999999", "8o", "no-such-service", "http "} {
			for _, network := range []string{"tcp", "tcp4", "udp6", "ip", "", "nonsense"} {
				for _, own := range []bool{true, false} {
					std, ours := &stdnet.Resolver{PreferGo: own}, &net.Resolver{PreferGo: own}
					want, wantErr := std.LookupPort(ctx, network, service)
					got, err := ours.LookupPort(ctx, network, service)
					if got != want || errorText(err) != errorText(wantErr) {
						t.Errorf("%q %q: %d, %s; want %d, %s", network, service, got, errorText(err), want, errorText(wantErr))
					}
				}
			}
		}
	})
}

// Both resolvers by way of the system's: the answers go through unchanged.
func TestResolverPassesOnTheSystemsAnswers(t *testing.T) {
	address := serveNames(t, testZone())
	before := stdnet.DefaultResolver
	t.Cleanup(func() { stdnet.DefaultResolver = before })
	for _, strict := range []bool{false, true} {
		std := &stdnet.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (stdnet.Conn, error) {
			var d stdnet.Dialer
			return d.DialContext(ctx, network, address)
		}}
		stdnet.DefaultResolver = std
		for _, name := range []string{"a.test.", "records.test.", "bad.test.", "srv.test.", "192.0.2.2", "gone.test.", "fail.test."} {
			want := allLookups(std, name)
			run(t, func() {
				ours := &net.Resolver{StrictErrors: strict}
				if got := allLookups(ours, name); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %v, want %v", name, got, want)
				}
			})
		}
	}
}
