package main

import (
	"net/url"
	"strings"
)

// robots holds the rules of a robots.txt that are meant for us, as RFC 9309 describes them. The zero
// value allows everything.
type robots struct {
	rules []rule
}

// rule allows or forbids the paths that match its pattern.
type rule struct {
	pattern string
	allow   bool
}

// parseRobots reads a robots.txt for the crawler with the given User-Agent header. Several groups for one name
// count as one (section 2.2.1), and the group for "*" counts only when no group has our name.
func parseRobots(text, userAgent string) robots {
	us := strings.ToLower(productToken(userAgent))
	var ours, anyone []rule
	named := false                   // some group has our name
	forUs, forAnyone := false, false // the group we are in
	inNames := false                 // the last line named a crawler
	text = strings.TrimPrefix(text, "\ufeff")
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line, _, _ = strings.Cut(line, "#")
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch key = strings.ToLower(strings.TrimSpace(key)); key {
		case "user-agent":
			if !inNames {
				forUs, forAnyone = false, false
			}
			inNames = true
			forAnyone = forAnyone || value == "*"
			if us != "" && strings.ToLower(productToken(value)) == us {
				forUs, named = true, true
			}
		case "allow", "disallow":
			inNames = false
			if value == "" {
				continue // "Disallow:" with nothing forbids nothing
			}
			r := rule{pattern: tidy(value), allow: key == "allow"}
			if forUs {
				ours = append(ours, r)
			}
			if forAnyone {
				anyone = append(anyone, r)
			}
		}
	}
	if named {
		return robots{rules: ours}
	}
	return robots{rules: anyone}
}

// productToken is the leading part of a name that counts in the comparison: "evergreen-crawler" of
// "evergreen-crawler/1.0".
func productToken(name string) string {
	end := strings.IndexFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-' || r == '_')
	})
	if end >= 0 {
		return name[:end]
	}
	return name
}

// allows reports whether an address may be fetched. The most specific match, which is the longest
// pattern, decides; of two as long, the one that allows (section 2.2.2).
func (r robots) allows(u *url.URL) bool {
	path := u.RequestURI()
	if path == "/robots.txt" {
		return true
	}
	best, allowed := -1, true
	for _, rule := range r.rules {
		n := len(rule.pattern)
		if n < best || n == best && !rule.allow || !rule.matches(path) {
			continue
		}
		best, allowed = n, rule.allow
	}
	return allowed
}

// matches reports whether the pattern covers the path: it matches from the start, "*" stands for
// anything, and "$" at its end stands for the end of the path.
func (r rule) matches(path string) bool {
	pattern, toEnd := strings.CutSuffix(r.pattern, "$")
	first, rest, star := strings.Cut(pattern, "*")
	path, ok := strings.CutPrefix(path, first)
	if !ok {
		return false
	}
	for star {
		var part string
		part, rest, star = strings.Cut(rest, "*")
		if !star && toEnd {
			return strings.HasSuffix(path, part)
		}
		i := strings.Index(path, part)
		if i < 0 {
			return false
		}
		path = path[i+len(part):]
	}
	return !toEnd || path == ""
}
