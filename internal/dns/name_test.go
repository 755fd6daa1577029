package dns_test

import (
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/internal/dns"
)

func TestValidNames(t *testing.T) {
	label := strings.Repeat("a", 63)
	full := strings.Repeat(label[:62]+".", 4) // 252 bytes
	for name, want := range map[string]bool{
		".": true, "a": true, "a.": true, "a-b.c_d.e": true, "_sip._tcp.example.com.": true, "1a": true, "1.a": true,
		"4.3.2.1.in-addr.arpa.": true, label: true, label + ".": true, full: true, full + "a": true, full + "a.": true,
		"": false, "..": false, "a..b": false, ".a": false, "-a": false, "a-": false, "a-.b": false, "a.-b": false,
		"a b": false, "a\x00": false, "ä": false, "1": false, "1.2.3.4": false, "1-2": true, label + "a": false, label + "a.b": false,
		full + "ab": false, full + "ab.": false, "a/b": false, "a.b-": false, "a.b-.": false,
	} {
		if got := dns.Valid(name); got != want {
			t.Errorf("%.30q (%d bytes): %v", name, len(name), got)
		}
	}
}

func TestSpecialNames(t *testing.T) {
	for name, want := range map[string]bool{
		"shop.onion.": true, "shop.ONION": true, "a.invalid.": true, "onion.": false, "shop.onion.example.": false, "colonion.": false, ".": false,
	} {
		if got := dns.Special(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestReverse(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.10":       "10.2.0.192.in-addr.arpa.",
		"::ffff:192.0.2.1": "1.2.0.192.in-addr.arpa.",
		"2001:db8::9f":     "f.9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
		"fe80::1%lo":       "",
		"example":          "",
		"":                 "",
	} {
		got, err := dns.Reverse(addr)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", addr, got, err)
		}
	}
}
