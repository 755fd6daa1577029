package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A known is a line of known.txt: a test that is not expected to pass.
type known struct {
	pkg, test string
	kind      kind
	why       string
}

// kind says over which net a test is known not to pass.
type kind string

const (
	// ours fails over our net and passes over the standard one.
	ours kind = "ours"
	// base fails over the standard net as well.
	base kind = "base"
	// skip is not run at all, because its outcome depends on the world outside.
	skip kind = "skip"
)

// readKnown reads known.txt: four columns, package, test, kind and reason, the last
// of which goes to the end of the line. A # begins a comment line.
func readKnown(r io.Reader) ([]known, error) {
	var all []known
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		var k known
		var of string
		for _, column := range []*string{&k.pkg, &k.test, &of} {
			*column, line, _ = strings.Cut(line, " ")
			line = strings.TrimSpace(line)
		}
		k.kind, k.why = kind(of), line
		switch {
		case k.why == "":
			return nil, fmt.Errorf("line %d needs a package, a test, a kind and a reason", n)
		case k.kind != ours && k.kind != base && k.kind != skip:
			return nil, fmt.Errorf("line %d is of the kind %q; the kinds are %s, %s and %s", n, k.kind, ours, base, skip)
		case k.kind == skip && strings.Contains(k.test, "/"):
			return nil, fmt.Errorf("line %d skips a subtest; skip the whole test", n)
		case slices.ContainsFunc(all, func(o known) bool { return o.pkg == k.pkg && o.test == k.test }):
			return nil, fmt.Errorf("line %d: %s of %s stands there already", n, k.test, k.pkg)
		}
		all = append(all, k)
	}
	return all, lines.Err()
}

// skipped is the tests of a package that are not run, as a pattern for go test -skip;
// empty if there are none.
func skipped(all []known, pkg string) string {
	var names []string
	for _, k := range all {
		if k.kind == skip && k.pkg == pkg {
			names = append(names, k.test)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

// fails is the tests of a package that must fail over a net, with the line of each.
func fails(all []known, pkg string, over kind) map[string]known {
	found := make(map[string]known)
	for _, k := range all {
		if k.pkg == pkg && (k.kind == base || k.kind == over) {
			found[k.test] = k
		}
	}
	return found
}
