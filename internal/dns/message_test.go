package dns_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/evergreen-go/evergreen/internal/dns"
)

const id = 0xbeef

func query(t testing.TB, name string, kind dnsmessage.Type) *dns.Query {
	t.Helper()
	q, err := dns.NewQuery(id, name, kind, true)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// reply packs an answer to a question, changed by change.
func reply(t testing.TB, q *dns.Query, change func(*dnsmessage.Message)) []byte {
	t.Helper()
	var m dnsmessage.Message
	if err := m.Unpack(q.Datagram()); err != nil {
		t.Fatal(err)
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	change(&m)
	packet, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packet
}

func add(m *dnsmessage.Message, name string, body dnsmessage.ResourceBody) {
	m.Answers = append(m.Answers, dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name), Class: dnsmessage.ClassINET}, Body: body,
	})
}

func a(ip string) dnsmessage.ResourceBody {
	addr := netip.MustParseAddr(ip)
	if addr.Is4() {
		return &dnsmessage.AResource{A: addr.As4()}
	}
	return &dnsmessage.AAAAResource{AAAA: addr.As16()}
}

func alias(name string) dnsmessage.ResourceBody {
	return &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(name)}
}

func TestQuestion(t *testing.T) {
	q := query(t, "www.example.", dnsmessage.TypeAAAA)
	if n := binary.BigEndian.Uint16(q.Stream()); int(n) != len(q.Datagram()) || len(q.Stream()) != int(n)+2 {
		t.Errorf("a length of %d before %d bytes", n, len(q.Datagram()))
	}
	var m dnsmessage.Message
	if err := m.Unpack(q.Datagram()); err != nil {
		t.Fatal(err)
	}
	if m.ID != id || !m.RecursionDesired || !m.AuthenticData || m.Response || len(m.Questions) != 1 || len(m.Additionals) != 1 {
		t.Errorf("%+v", m)
	}
	if got := m.Questions[0]; got.Name.String() != "www.example." || got.Type != dnsmessage.TypeAAAA || got.Class != dnsmessage.ClassINET {
		t.Errorf("%+v", got)
	}
	if h := m.Additionals[0].Header; h.Type != dnsmessage.TypeOPT || h.Class != dns.MaxDatagram {
		t.Errorf("%+v, want an EDNS0 record with our size", h)
	}
	for _, name := range []string{"not rooted", "a..b.", string(make([]byte, 300)) + "."} {
		if _, err := dns.NewQuery(id, name, dnsmessage.TypeA, false); err != dns.ErrQuestion {
			t.Errorf("%.10q: %v", name, err)
		}
	}
}

func TestRepliesToOthersAreForeign(t *testing.T) {
	q := query(t, "www.example.", dnsmessage.TypeA)
	for name, c := range map[string]struct {
		change func(*dnsmessage.Message)
		want   error
	}{
		"right":       {func(m *dnsmessage.Message) {}, nil},
		"other case":  {func(m *dnsmessage.Message) { m.Questions[0].Name = dnsmessage.MustNewName("WWW.example.") }, nil},
		"id":          {func(m *dnsmessage.Message) { m.ID++ }, dns.ErrForeign},
		"a question":  {func(m *dnsmessage.Message) { m.Response = false }, dns.ErrForeign},
		"type":        {func(m *dnsmessage.Message) { m.Questions[0].Type = dnsmessage.TypeMX }, dns.ErrForeign},
		"class":       {func(m *dnsmessage.Message) { m.Questions[0].Class = dnsmessage.ClassCHAOS }, dns.ErrForeign},
		"name":        {func(m *dnsmessage.Message) { m.Questions[0].Name = dnsmessage.MustNewName("wwv.example.") }, dns.ErrForeign},
		"two of them": {func(m *dnsmessage.Message) { m.Questions = append(m.Questions, m.Questions[0]) }, dns.ErrInvalid},
		"no question": {func(m *dnsmessage.Message) { m.Questions = nil }, dns.ErrGarbled},
	} {
		if _, err := q.Match(reply(t, q, c.change)); err != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for _, packet := range [][]byte{nil, {1}, make([]byte, 11), q.Datagram()[:20]} {
		if _, err := q.Match(packet); err != dns.ErrGarbled {
			t.Errorf("%v: %v", packet, err)
		}
	}
}

func TestWhatIsWrongWithAReply(t *testing.T) {
	q := query(t, "www.example.", dnsmessage.TypeA)
	for name, c := range map[string]struct {
		change func(*dnsmessage.Message)
		want   error
	}{
		"an address":       {func(m *dnsmessage.Message) { add(m, "www.example.", a("192.0.2.1")) }, nil},
		"behind an alias":  {func(m *dnsmessage.Message) { add(m, "www.example.", alias("x.")); add(m, "x.", a("192.0.2.1")) }, nil},
		"no such name":     {func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeNameError }, dns.ErrNotFound},
		"nothing":          {func(m *dnsmessage.Message) {}, dns.ErrNotFound},
		"an alias only":    {func(m *dnsmessage.Message) { add(m, "www.example.", alias("x.")) }, dns.ErrNotFound},
		"failure":          {func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeServerFailure }, dns.ErrServer},
		"refused":          {func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeRefused }, dns.ErrRefused},
		"no recursion":     {func(m *dnsmessage.Message) { m.RecursionAvailable = false }, dns.ErrLame},
		"but an authority": {func(m *dnsmessage.Message) { m.RecursionAvailable, m.Authoritative = false, true }, dns.ErrNotFound},
		"extended code": {func(m *dnsmessage.Message) {
			var h dnsmessage.ResourceHeader
			if err := h.SetEDNS0(1232, dnsmessage.RCode(16), false); err != nil { // BADVERS
				t.Fatal(err)
			}
			m.Additionals = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.OPTResource{}}}
		}, dns.ErrRefused},
	} {
		r, err := q.Match(reply(t, q, c.change))
		if err != nil {
			t.Fatal(name, err)
		}
		if err := r.Seek(dnsmessage.TypeA); err != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAnswers(t *testing.T) {
	q := query(t, "www.example.", dnsmessage.TypeA)
	packet := reply(t, q, func(m *dnsmessage.Message) {
		add(m, "www.example.", alias("a.example."))
		add(m, "a.example.", alias("b.example."))
		add(m, "b.example.", a("192.0.2.1"))
		add(m, "b.example.", &dnsmessage.TXTResource{TXT: []string{"one ", "text"}})
		add(m, "b.example.", a("192.0.2.2"))
		add(m, "b.example.", a("2001:db8::1"))
		add(m, "p.example.", &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName("ptr.")})
		add(m, "p.example.", &dnsmessage.NSResource{NS: dnsmessage.MustNewName("ns.")})
		add(m, "p.example.", &dnsmessage.MXResource{MX: dnsmessage.MustNewName("mx."), Pref: 5})
		add(m, "s.example.", &dnsmessage.SRVResource{Target: dnsmessage.MustNewName("srv."), Port: 1, Priority: 2, Weight: 3})
	})
	for _, c := range []struct {
		kind dnsmessage.Type
		want string
	}{
		{dnsmessage.TypeA, "[192.0.2.1 192.0.2.2 2001:db8::1] b.example. <nil>"},
		{dnsmessage.TypeCNAME, "[192.0.2.1 192.0.2.2 2001:db8::1] a.example. <nil>"},
		{dnsmessage.TypeAAAA, "[2001:db8::1] b.example. <nil>"},
		{dnsmessage.TypeTXT, `["one text"] <nil>`},
		{dnsmessage.TypePTR, "[ptr.] <nil>"},
		{dnsmessage.TypeNS, "[ns.] <nil>"},
		{dnsmessage.TypeMX, "{mx. 5} <nil>"},
		{dnsmessage.TypeSRV, "s.example. {srv. 1 2 3} <nil>"},
	} {
		r, err := q.Match(packet)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Seek(c.kind); err != nil {
			t.Errorf("%v: %v", c.kind, err)
		}
		if got := show(r, c.kind); got != c.want {
			t.Errorf("%v: %s, want %s", c.kind, got, c.want)
		}
		if again := show(r, c.kind); again != c.want {
			t.Errorf("%v: the second time %s", c.kind, again)
		}
	}
}

// show reads all records of a type.
func show(r *dns.Reply, kind dnsmessage.Type) string {
	switch kind {
	case dnsmessage.TypeTXT:
		all, err := r.TXT()
		return fmt.Sprintf("%q %v", all, err)
	case dnsmessage.TypePTR:
		all, err := r.PTR()
		return fmt.Sprint(all, " ", err)
	case dnsmessage.TypeNS:
		all, err := r.NS()
		s := []string{}
		for _, n := range all {
			s = append(s, n.Host)
		}
		return fmt.Sprint(s, " ", err)
	case dnsmessage.TypeMX:
		all, err := r.MX()
		if len(all) != 1 {
			return fmt.Sprint(len(all), " ", err)
		}
		return fmt.Sprint(*all[0], " ", err)
	case dnsmessage.TypeSRV:
		owner, all, err := r.SRV()
		if len(all) != 1 {
			return fmt.Sprint(len(all), " ", err)
		}
		return fmt.Sprint(owner, " ", *all[0], " ", err)
	}
	addrs, canonical, err := r.Addresses()
	return fmt.Sprint(addrs, " ", canonical, " ", err)
}

// A reply that breaks off gives what stands before, or an error, and never more.
func TestRepliesThatBreakOff(t *testing.T) {
	q := query(t, "www.example.", dnsmessage.TypeA)
	packet := reply(t, q, func(m *dnsmessage.Message) {
		add(m, "www.example.", a("192.0.2.1"))
		add(m, "www.example.", a("192.0.2.2"))
	})
	for n := range packet {
		r, err := q.Match(packet[:n])
		if err != nil {
			continue
		}
		if r.Seek(dnsmessage.TypeA) != nil {
			continue
		}
		if addrs, _, err := r.Addresses(); err != dns.ErrGarbled || len(addrs) > 1 {
			t.Errorf("%d of %d bytes: %v, %v", n, len(packet), addrs, err)
		}
	}
}

func FuzzReply(f *testing.F) {
	q := query(f, "www.example.", dnsmessage.TypeA)
	f.Add(reply(f, q, func(m *dnsmessage.Message) { add(m, "www.example.", a("192.0.2.1")) }))
	f.Add(reply(f, q, func(m *dnsmessage.Message) {
		add(m, "www.example.", alias("x."))
		add(m, "x.", &dnsmessage.TXTResource{TXT: []string{"a"}})
		add(m, "x.", &dnsmessage.SRVResource{Target: dnsmessage.MustNewName("srv.")})
	}))
	f.Add(q.Datagram())
	f.Fuzz(func(t *testing.T, packet []byte) {
		for _, kind := range []dnsmessage.Type{
			dnsmessage.TypeA, dnsmessage.TypeAAAA, dnsmessage.TypeCNAME, dnsmessage.TypePTR,
			dnsmessage.TypeMX, dnsmessage.TypeNS, dnsmessage.TypeTXT, dnsmessage.TypeSRV,
		} {
			r, err := q.Match(packet)
			if err != nil {
				return
			}
			if r.Seek(kind) != nil {
				continue
			}
			if got := show(r, kind); got == "[] <nil>" || got == "0 <nil>" {
				t.Errorf("%v: there should be one, and none was read", kind)
			}
		}
	})
}
