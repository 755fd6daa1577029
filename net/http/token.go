package http

import (
	"net/textproto"
	"strings"

	stdhttp "net/http"
)

// The character classes of the HTTP grammar. net/http has them in a package of
// golang.org/x/net that it keeps to itself.

func class(chars string) (table [256]bool) {
	for c := range 256 {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		table[c] = letter || c < 0x80 && strings.IndexByte(chars, byte(c)) >= 0
	}
	return table
}

var (
	tokenBytes = class("!#$%&'*+-.^_`|~")
	hostBytes  = class("!$%&()*+,-.:;=[]'_~")
)

// isToken tells whether s is a method or the name of a header.
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenBytes[s[i]] {
			return false
		}
	}
	return len(s) > 0
}

// isHost tells whether s can be the value of a Host header. It checks the
// characters only; an empty host is one.
func isHost(s string) bool {
	for i := range len(s) {
		if !hostBytes[s[i]] {
			return false
		}
	}
	return true
}

// isValue tells whether s can be the value of a header: no control characters, so
// that one value cannot be taken for two by somebody else.
func isValue(s string) bool {
	for i := range len(s) {
		if b := s[i]; b < ' ' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}

// elements calls f for each element of a comma-separated list.
func elements(list string, f func(string)) {
	for e := range strings.SplitSeq(list, ",") {
		if e = textproto.TrimString(e); e != "" {
			f(e)
		}
	}
}

// hasToken tells whether one of the lists has that element, in whatever case.
func hasToken(lists []string, token string) bool {
	for _, list := range lists {
		if strings.EqualFold(list, token) { // nearly always
			return true
		}
		found := false
		elements(list, func(e string) { found = found || strings.EqualFold(e, token) })
		if found {
			return true
		}
	}
	return false
}

// bodyAllowed tells whether a response of that status can have a body.
func bodyAllowed(status int) bool {
	return status >= 200 && status != stdhttp.StatusNoContent && status != stdhttp.StatusNotModified
}

// badHeader names what is wrong with a header that is to be sent, "" for nothing.
func badHeader(h stdhttp.Header) string {
	for name, values := range h {
		if !isToken(name) {
			return "field name " + quote(name)
		}
		for _, v := range values {
			if !isValue(v) {
				return "field value for " + quote(name) // the value may be a secret
			}
		}
	}
	return ""
}
