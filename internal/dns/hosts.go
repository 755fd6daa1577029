package dns

import (
	"net/netip"
	"slices"
	"strings"
)

// Hosts is what a hosts file says.
type Hosts struct {
	// byName has the addresses of a name, in lower case and rooted if it has a dot.
	byName map[string]host
	// byAddr has the names of an address, as they are written in the file.
	byAddr map[netip.Addr][]string
}

// host is one name of a hosts file.
type host struct {
	addrs []netip.Addr
	// canonical is the first name of the line that the name was first in.
	canonical string
}

// ParseHosts reads the text of a hosts file. Lines without a proper address are
// passed over.
func ParseHosts(text string) *Hosts {
	h := &Hosts{byName: make(map[string]host), byAddr: make(map[netip.Addr][]string)}
	for line := range strings.SplitSeq(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := fields(line)
		if len(words) < 2 {
			continue
		}
		addr, err := netip.ParseAddr(words[0])
		if err != nil {
			continue
		}
		for _, name := range words[1:] {
			h.byAddr[addr] = append(h.byAddr[addr], absolute(name))
			known, ok := h.byName[hostKey(name)]
			if !ok {
				known.canonical = hostKey(words[1])
			}
			known.addrs = append(known.addrs, addr)
			h.byName[hostKey(name)] = known
		}
	}
	return h
}

// Addresses returns the addresses of a name in the order of the file, and the
// name's canonical form. The slice is the caller's.
func (h *Hosts) Addresses(name string) (addrs []netip.Addr, canonical string) {
	found := h.byName[hostKey(name)]
	return slices.Clone(found.addrs), found.canonical
}

// Names returns the names of an address in the order of the file; of none where
// the text is no address. The slice is the caller's.
func (h *Hosts) Names(addr string) []string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return nil
	}
	return slices.Clone(h.byAddr[ip])
}

func hostKey(name string) string { return lower(absolute(name)) }

// absolute roots a name that has a dot in it. One without is a nickname, which
// exists in this file only.
func absolute(name string) string {
	if strings.Contains(name, ".") {
		return Rooted(name)
	}
	return name
}
