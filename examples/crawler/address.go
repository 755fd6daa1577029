package main

import (
	"errors"
	"net/url"
	"strings"
)

// errNotWeb says that a reference leads somewhere no page can be fetched from: mailto:, javascript:,
// data: and the like.
var errNotWeb = errors.New("not an http or https address")

// errMalformed says that a reference is no address at all.
var errMalformed = errors.New("malformed address")

// resolve gives the address a reference on a page leads to, in its normal form: two references to one
// page give the same text, as far as can be told without asking the server. From RFC 3986:
//
//	6.2.2.1 Case Normalization: "the scheme and host are case-insensitive and therefore should be
//	normalized to lowercase", and percent-encoded octets use "uppercase letters for the hexadecimal
//	digits"
//	6.2.2.2 Percent-Encoding Normalization: "decoding any percent-encoded octet that corresponds to
//	an unreserved character"
//	6.2.2.3 Path Segment Normalization: dot segments are removed "by applying the remove_dot_segments
//	algorithm"
//	6.2.3 Scheme-Based Normalization: an empty path is "/", and the default port is left out
//
// The fragment is dropped, because it never reaches the server, and so is user information. The query
// is kept as it stands, in its order: only the server knows what it means.
func resolve(base *url.URL, reference string) (*url.URL, error) {
	text := tidy(reference)
	if i := strings.IndexAny(text, ":/?"); i >= 0 && text[i] == ':' && !isScheme(text[:i]) {
		text = "./" + text // "12:30.html" is a file name, not a scheme
	}
	ref, err := url.Parse(text)
	if err != nil {
		return nil, errMalformed
	}
	if ref.Scheme != "" && ref.Scheme != "http" && ref.Scheme != "https" {
		return nil, errNotWeb
	}
	u := base.ResolveReference(ref)
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	if name := u.Hostname(); name == "" || u.Opaque != "" || strings.Contains(name, ":") && u.Host[0] != '[' {
		return nil, errMalformed
	}
	u.Host = normalHost(u.Scheme, u.Host)
	if u.Path == "" {
		u.Path, u.RawPath = "/", ""
	}
	return u, nil
}

// normalHost is the host in lower case, without a port if it is the scheme's own.
func normalHost(scheme, host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ":")
	switch scheme {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}

// isScheme reports whether text has the form of a URL's scheme.
func isScheme(text string) bool {
	for i := range len(text) {
		c := text[i] | 0x20
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || !isDigit(text[i]) && !strings.Contains("+-.", text[i:i+1])) {
			return false
		}
	}
	return text != ""
}

// tidy brings a reference, as people and programs write it, into the form that RFC 3986 allows, in the
// way browsers do: white space around it and line breaks within it go, the fragment goes, a backslash
// before the query is a slash, what must not stand in an address is percent-encoded and what need not
// be is decoded. As none of the decoded characters separates anything, that can be done for the whole
// text at once. Decoding before the dot segments are resolved matters: "%2e%2e" is "..".
func tidy(reference string) string {
	reference = strings.TrimFunc(reference, func(r rune) bool { return r <= ' ' })
	reference, _, _ = strings.Cut(reference, "#")
	var b strings.Builder
	b.Grow(len(reference))
	query := false
	for i := 0; i < len(reference); i++ {
		c := reference[i]
		switch {
		case c == '\t' || c == '\n' || c == '\r':
		case c == '\\' && !query:
			b.WriteByte('/')
		case c == '%' && i+2 < len(reference) && isHex(reference[i+1]) && isHex(reference[i+2]):
			octet := unhex(reference[i+1])<<4 | unhex(reference[i+2])
			if isUnreserved(octet) {
				b.WriteByte(octet)
			} else {
				writeEncoded(&b, octet)
			}
			i += 2
		case c <= ' ' || c >= 0x7f || strings.IndexByte("%\"<>\\^`{|}", c) >= 0:
			writeEncoded(&b, c)
		default:
			query = query || c == '?'
			b.WriteByte(c)
		}
	}
	return b.String()
}

// writeEncoded writes an octet percent-encoded.
func writeEncoded(b *strings.Builder, octet byte) {
	const digits = "0123456789ABCDEF"
	b.WriteByte('%')
	b.WriteByte(digits[octet>>4])
	b.WriteByte(digits[octet&15])
}

// isUnreserved reports whether RFC 3986, section 2.3, wants the character unencoded.
func isUnreserved(c byte) bool {
	letter := c | 0x20
	return 'a' <= letter && letter <= 'z' || isDigit(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
