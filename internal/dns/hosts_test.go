package dns_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/evergreen-go/evergreen/internal/dns"
)

const hosts = `# made for the test
127.0.0.1	localhost
::1  localhost ip6-localhost # loopback
192.0.2.1 Web.Example.com web www
192.0.2.2 web.example.com.
fe80::1%eth0 router
300.0.0.1 nowhere
192.0.2.3
nowhere 192.0.2.4
`

func TestHosts(t *testing.T) {
	h := dns.ParseHosts(hosts)
	for name, want := range map[string]string{
		"localhost":        "[127.0.0.1 ::1] localhost",
		"LocalHost":        "[127.0.0.1 ::1] localhost",
		"ip6-localhost":    "[::1] localhost",
		"web.example.com":  "[192.0.2.1 192.0.2.2] web.example.com.",
		"WEB.example.com.": "[192.0.2.1 192.0.2.2] web.example.com.",
		"www":              "[192.0.2.1] web.example.com.",
		"router":           "[fe80::1%eth0] router",
		"nowhere":          "[] ",
		"":                 "[] ",
	} {
		addrs, canonical := h.Addresses(name)
		if got := fmt.Sprint(addrs, " ", canonical); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	for addr, want := range map[string][]string{
		"::1":             {"localhost", "ip6-localhost"},
		"0:0:0:0:0:0:0:1": {"localhost", "ip6-localhost"},
		"192.0.2.1":       {"Web.Example.com.", "web", "www"},
		"fe80::1%eth0":    {"router"},
		"192.0.2.3":       nil,
		"www":             nil,
	} {
		if got := h.Names(addr); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
}

// What a caller does to an answer must not change the next one.
func TestHostsGivesCopies(t *testing.T) {
	h := dns.ParseHosts(hosts)
	addrs, _ := h.Addresses("www")
	addrs[0] = netip.Addr{}
	h.Names("192.0.2.1")[0] = ""
	if again, _ := h.Addresses("www"); !again[0].IsValid() || h.Names("192.0.2.1")[0] == "" {
		t.Error("the answer was changed")
	}
}

func FuzzHosts(f *testing.F) {
	f.Add(hosts, "www")
	f.Fuzz(func(t *testing.T, text, name string) {
		h := dns.ParseHosts(text)
		addrs, canonical := h.Addresses(name)
		if (len(addrs) == 0) != (canonical == "") {
			t.Errorf("%q: %v, %q", name, addrs, canonical)
		}
		for _, a := range addrs {
			if len(h.Names(a.String())) == 0 {
				t.Errorf("%q has the address %v, which has no name", name, a)
			}
		}
	})
}
