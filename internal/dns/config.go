package dns

import (
	"net"
	"net/netip"
	"strings"
	"time"
)

// Config is what resolv.conf says.
type Config struct {
	// Servers are the addresses of name servers, with port, in the order in which
	// they are asked. There is always one.
	Servers []string
	// Search lists the rooted suffixes to try for a name that is not rooted.
	Search []string
	// Ndots is how many dots a name must have to be tried as it is before the
	// suffixes are.
	Ndots int
	// Timeout is how long one server has for one answer.
	Timeout time.Duration
	// Attempts is how many times the list of servers is gone through.
	Attempts int
	// Rotate has every question begin with another server.
	Rotate bool
	// SingleRequest has the questions for IPv4 and IPv6 asked one after the other,
	// for the sake of boxes that answer only one of two that come together.
	SingleRequest bool
	// UseTCP has every question asked over TCP.
	UseTCP bool
	// TrustAD sets the AD bit in questions, which asks the server to say whether it
	// has verified the answer.
	TrustAD bool
	// NoReload keeps this config even if the file changes.
	NoReload bool
}

const (
	maxServers = 3 // resolv.conf(5): MAXNS
	maxNdots   = 15
	maxNumber  = 1<<24 - 1 // no option means more than this
)

// ParseConfig reads the text of a resolv.conf. What it does not understand it
// passes over, as resolvers do. The host's own name gives the suffix to search
// where the text names none.
func ParseConfig(text, hostname string) *Config {
	c := &Config{Ndots: 1, Timeout: 5 * time.Second, Attempts: 2}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, ";") || strings.HasPrefix(line, "#") {
			continue
		}
		if words := fields(line); len(words) > 1 || len(words) == 1 && words[0] == "search" {
			c.directive(words[0], words[1:])
		}
	}
	if len(c.Servers) == 0 {
		c.Servers = []string{"127.0.0.1:53", "[::1]:53"}
	}
	if len(c.Search) == 0 {
		if _, domain, _ := strings.Cut(hostname, "."); domain != "" {
			c.Search = []string{Rooted(domain)}
		}
	}
	return c
}

// directive takes in one line with at least one argument.
func (c *Config) directive(name string, args []string) {
	switch name {
	case "nameserver":
		// A name would need a name server to be looked up by.
		if _, err := netip.ParseAddr(args[0]); err == nil && len(c.Servers) < maxServers {
			c.Servers = append(c.Servers, net.JoinHostPort(args[0], "53"))
		}
	case "domain":
		c.Search = []string{Rooted(args[0])}
	case "search":
		c.Search = nil // the last such line counts
		for _, suffix := range args {
			if suffix = Rooted(suffix); suffix != "." {
				c.Search = append(c.Search, suffix)
			}
		}
	case "options":
		for _, option := range args {
			c.option(option)
		}
	}
}

func (c *Config) option(option string) {
	name, value, _ := strings.Cut(option, ":")
	switch name {
	case "ndots":
		c.Ndots = min(number(value), maxNdots)
	case "timeout":
		c.Timeout = time.Duration(max(number(value), 1)) * time.Second
	case "attempts":
		c.Attempts = max(number(value), 1)
	case "rotate":
		c.Rotate = true
	case "single-request", "single-request-reopen":
		c.SingleRequest = true
	case "use-vc", "usevc", "tcp": // Linux, FreeBSD, OpenBSD
		c.UseTCP = true
	case "trust-ad":
		c.TrustAD = true
	case "no-reload":
		c.NoReload = true
	}
}

// Names returns the rooted names to ask for, in order, to find a name as a user
// writes it. There is none for a name that is too long, or that must not be asked
// for; see [Special].
func (c *Config) Names(name string) []string {
	if name == "" || len(name) > maxName || len(name) == maxName && name[len(name)-1] != '.' {
		return nil
	}
	var all []string
	try := func(rooted string) {
		if len(rooted) <= maxName && !Special(rooted) {
			all = append(all, rooted)
		}
	}
	if strings.HasSuffix(name, ".") {
		try(name)
		return all
	}
	asItIs := name + "."
	enough := strings.Count(name, ".") >= c.Ndots
	if enough {
		try(asItIs)
	}
	for _, suffix := range c.Search {
		try(asItIs + suffix)
	}
	if !enough {
		try(asItIs)
	}
	return all
}

// fields splits a line of a configuration file into its words.
func fields(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' })
}

// number reads the digits that a text begins with; without any it is 0.
func number(s string) (n int) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			break
		}
		n = min(n*10+int(c-'0'), maxNumber)
	}
	return n
}
