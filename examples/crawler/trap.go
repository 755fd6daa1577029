package main

import (
	"net/url"
	"strings"
)

// Some sites have no end: a calendar links to the next month for ever, a shop puts a fresh session
// number into every link, a wrong relative link nests a directory in itself. Two rules bound them:
//
//  1. An address that looks odd by itself is a trap: see looksEndless.
//  2. Addresses that differ by numbers or by values of the query only have one shape. A chain in which
//     every page was reached through a page of its own shape is a trap after -trap links. Ten thousand
//     articles linked from an index are no chain; the months of a calendar are.
//
// A trap that branches out into ever new words is bounded by -depth and -pages alone.
const (
	maxAddress  = 2048 // bytes
	maxSegments = 32   // of a path
	maxRepeats  = 4    // of one segment in a path
)

// looksEndless reports whether an address is of a kind which only an endless site makes.
func looksEndless(u *url.URL) bool {
	path := u.EscapedPath()
	if len(path)+len(u.RawQuery) > maxAddress || strings.Count(path, "/") > maxSegments {
		return true
	}
	count := map[string]int{}
	for segment := range strings.SplitSeq(path, "/") {
		count[segment]++
		if segment != "" && count[segment] > maxRepeats {
			return true
		}
	}
	return false
}

// shape is the address with the variable parts taken out. A segment of the path with a digit in it
// becomes "#", several of them in a row become one, and of the query only the keys remain:
//
//	/calendar/2026/11/     /calendar/#/
//	/s/8f3ac/99b21/cart    /s/#/cart
//	/item?id=5&sid=8f3ac   /item?id&sid
func shape(u *url.URL) string {
	var b strings.Builder
	b.WriteString(u.Host)
	number := false
	for i, segment := range strings.Split(u.EscapedPath(), "/") {
		wasNumber := number
		number = strings.ContainsAny(segment, "0123456789")
		if number && wasNumber {
			continue
		}
		if i > 0 {
			b.WriteByte('/')
		}
		if number {
			b.WriteByte('#')
		} else {
			b.WriteString(segment)
		}
	}
	if u.RawQuery == "" {
		return b.String()
	}
	separator := byte('?')
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		key, _, _ := strings.Cut(pair, "=")
		b.WriteByte(separator)
		b.WriteString(key)
		separator = '&'
	}
	return b.String()
}
