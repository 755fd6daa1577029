package dns

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

const (
	// maxName is the length of the longest name with its final dot: 255 bytes in a
	// message, where each label and the root have a byte for their length (RFC 1035).
	maxName  = 254
	maxLabel = 63
)

// ErrAddress says that a text is not an address.
var ErrAddress = errors.New("unrecognized address")

// Rooted ends a name with a dot, which keeps suffixes from being tried.
func Rooted(name string) string {
	if strings.HasSuffix(name, ".") {
		return name
	}
	return name + "."
}

// Valid tells whether a text has the form of a domain name: labels of letters,
// digits, hyphens and underscores, no hyphen at an end, and not digits only, which
// would be a mistyped address (RFC 1035, RFC 3696).
func Valid(name string) bool {
	if name == "." {
		return true
	}
	bare := strings.TrimSuffix(name, ".")
	if bare == "" || len(bare) >= maxName {
		return false
	}
	word := false // there is something that no number has
	for label := range strings.SplitSeq(bare, ".") {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			switch {
			case '0' <= c && c <= '9':
			case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == '-':
				word = true
			default:
				return false
			}
		}
	}
	return word
}

// Special tells whether a rooted name must not be asked for: names under .onion are
// for Tor (RFC 7686), those under .invalid never exist (RFC 6761, 6.4). A server
// asked for one learns a secret, or a typing mistake.
func Special(name string) bool {
	name = lower(strings.TrimSuffix(name, "."))
	return strings.HasSuffix(name, ".onion") || strings.HasSuffix(name, ".invalid")
}

// Reverse returns the name under which the names of an address are kept: under
// in-addr.arpa (RFC 1035, 3.5) or ip6.arpa (RFC 3596, 2.5). The error is
// [ErrAddress].
func Reverse(addr string) (string, error) {
	ip, err := netip.ParseAddr(addr)
	if err != nil || ip.Zone() != "" {
		return "", ErrAddress
	}
	ip = ip.Unmap()
	bytes := ip.AsSlice()
	var b strings.Builder
	for i := len(bytes) - 1; i >= 0; i-- {
		if ip.Is4() {
			b.WriteString(strconv.Itoa(int(bytes[i])) + ".")
			continue
		}
		const digits = "0123456789abcdef"
		b.Write([]byte{digits[bytes[i]&15], '.', digits[bytes[i]>>4], '.'})
	}
	if ip.Is4() {
		return b.String() + "in-addr.arpa.", nil
	}
	return b.String() + "ip6.arpa.", nil
}

// lower maps the letters that names have two of to the small ones. Others are left
// as they are: DNS knows nothing of them.
func lower(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}
