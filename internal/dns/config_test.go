package dns_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/dns"
)

// plain is what an empty file means on a host without a domain.
func plain(change func(*dns.Config)) *dns.Config {
	c := &dns.Config{Servers: []string{"127.0.0.1:53", "[::1]:53"}, Ndots: 1, Timeout: 5 * time.Second, Attempts: 2}
	if change != nil {
		change(c)
	}
	return c
}

func TestConfig(t *testing.T) {
	for text, change := range map[string]func(*dns.Config){
		"":                         nil,
		"# nameserver 192.0.2.1":   nil,
		"; nameserver 192.0.2.1":   nil,
		"nameserver":               nil,
		"nameserver ns.example":    nil,
		"options":                  nil,
		"options edns0 frobnicate": nil,
		"frobnicate yes":           nil,
		"domain":                   nil,
		"search":                   nil,
		"search .":                 nil,
		"nameserver 192.0.2.1\r\n\tnameserver\t2001:db8::1 # the other": func(c *dns.Config) {
			c.Servers = []string{"192.0.2.1:53", "[2001:db8::1]:53"}
		},
		"nameserver fe80::1%eth0": func(c *dns.Config) { c.Servers = []string{"[fe80::1%eth0]:53"} },
		strings.Repeat("nameserver 192.0.2.7\n", 5): func(c *dns.Config) {
			c.Servers = slices.Repeat([]string{"192.0.2.7:53"}, 3)
		},
		"domain example.com":                        func(c *dns.Config) { c.Search = []string{"example.com."} },
		"search a.example b.example.":               func(c *dns.Config) { c.Search = []string{"a.example.", "b.example."} },
		"search a.example\nsearch b.example":        func(c *dns.Config) { c.Search = []string{"b.example."} },
		"search a.example\nsearch":                  nil,
		"search a.example\ndomain b.example":        func(c *dns.Config) { c.Search = []string{"b.example."} },
		"options ndots:3 timeout:7 attempts:4":      func(c *dns.Config) { c.Ndots, c.Timeout, c.Attempts = 3, 7*time.Second, 4 },
		"options ndots:99":                          func(c *dns.Config) { c.Ndots = 15 },
		"options ndots:0":                           func(c *dns.Config) { c.Ndots = 0 },
		"options ndots:-4 timeout:0 attempts:x":     func(c *dns.Config) { c.Ndots, c.Timeout, c.Attempts = 0, time.Second, 1 },
		"options attempts:99999999999999999999999":  func(c *dns.Config) { c.Attempts = 1<<24 - 1 },
		"options rotate single-request":             func(c *dns.Config) { c.Rotate, c.SingleRequest = true, true },
		"options single-request-reopen":             func(c *dns.Config) { c.SingleRequest = true },
		"options use-vc":                            func(c *dns.Config) { c.UseTCP = true },
		"options usevc":                             func(c *dns.Config) { c.UseTCP = true },
		"options tcp":                               func(c *dns.Config) { c.UseTCP = true },
		"options trust-ad no-reload":                func(c *dns.Config) { c.TrustAD, c.NoReload = true, true },
		"options ndots:2\noptions timeout:3 rotate": func(c *dns.Config) { c.Ndots, c.Timeout, c.Rotate = 2, 3*time.Second, true },
	} {
		if got, want := dns.ParseConfig(text, "host"), plain(change); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestHostnameGivesTheSuffix(t *testing.T) {
	for hostname, want := range map[string][]string{
		"": nil, "box": nil, "box.": nil, "box.example.com": {"example.com."}, "box.example.com.": {"example.com."},
	} {
		if got := dns.ParseConfig("", hostname).Search; !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", hostname, got, want)
		}
	}
	if got := dns.ParseConfig("search given", "box.example.com").Search; !slices.Equal(got, []string{"given."}) {
		t.Errorf("%q, though the file says which", got)
	}
}

func TestNamesToAskFor(t *testing.T) {
	long := strings.Repeat("a.", 126)
	for _, c := range []struct {
		ndots int
		name  string
		want  []string
	}{
		{1, "www", []string{"www.one.", "www.two.", "www."}},
		{1, "www.a", []string{"www.a.", "www.a.one.", "www.a.two."}},
		{2, "www.a", []string{"www.a.one.", "www.a.two.", "www.a."}},
		{0, "www", []string{"www.", "www.one.", "www.two."}},
		{1, "www.", []string{"www."}},
		{1, "", nil},
		{1, "shop.onion", []string{"shop.onion.one.", "shop.onion.two."}},
		{1, "shop.onion.", nil},
		{1, "no.INVALID.", nil},
		{1, long, []string{long}},
		{1, long + "b", []string{long + "b."}}, // with a suffix it is too long
		{1, long + "bc.", nil},                 // 255
		{1, strings.Repeat("a", 254), nil},     // with its dot too long
		{1, long[:248] + "b", []string{long[:248] + "b.", long[:248] + "b.one.", long[:248] + "b.two."}},
	} {
		conf := &dns.Config{Search: []string{"one.", "two."}, Ndots: c.ndots}
		if got := conf.Names(c.name); !slices.Equal(got, c.want) {
			t.Errorf("ndots %d, %.20s (%d bytes): %q, want %q", c.ndots, c.name, len(c.name), got, c.want)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add("nameserver 192.0.2.1\nsearch a b\noptions ndots:3 timeout:1 rotate", "www.example")
	f.Add("options timeout:9999999999 attempts:-1\ndomain .", "a..b")
	f.Fuzz(func(t *testing.T, text, name string) {
		c := dns.ParseConfig(text, "box.example")
		if n := len(c.Servers); n < 1 || n > 3 || c.Attempts < 1 || c.Timeout < time.Second || c.Ndots < 0 || c.Ndots > 15 {
			t.Errorf("%+v", c)
		}
		for _, rooted := range c.Names(name) {
			if len(rooted) > 254 || rooted[len(rooted)-1] != '.' || !strings.HasPrefix(rooted, name) || dns.Special(rooted) {
				t.Errorf("%q leads to %q", name, rooted)
			}
		}
	})
}
