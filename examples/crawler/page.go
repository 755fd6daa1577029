package main

import (
	"math"
	stdhttp "net/http"
	"strconv"
	"strings"
	"time"
)

// page is one address the crawl has come across, fetched or not, and what became of it. All pages
// together, with their links, are the graph from which the report is made.
type page struct {
	url   string // in normal form
	state state
	skip  reason // why it was left out, if state is skipped
	way   way    // how it is reached
	shape string // see shape

	external   bool // on another host: asked for, not crawled
	seed       bool // the start page, or where it redirects to
	barred     reason
	links      []*page // every page this one links to, once; of a redirect its target
	lastLinker *page   // the page that linked here last

	answer
	failure string // why there is no answer, or only a part of one
	took    time.Duration
	tries   int
}

// answer is what the server said.
type answer struct {
	status    int
	kind      string // media type, such as "text/html"
	bytes     int64  // of the body, as far as it was read
	truncated bool   // the body is longer than we cared to read
	location  string // target of a redirect, as written
	doc       document
}

// state says how far a page has come.
type state int

const (
	found   state = iota // known, and not decided on
	skipped              // left out, at least for now
	queued               // to be fetched
	active               // being fetched
	done                 // fetched, or failed for good
)

// reason says why a page is left out.
type reason string

const (
	offHost     reason = "off host"
	tooDeep     reason = "too deep"
	disallowed  reason = "robots"
	trapped     reason = "trap"
	overLimit   reason = "page limit"
	tooManyHops reason = "too many redirects"
	malformed   reason = "malformed"
	interrupted reason = "interrupted"
)

// way says how a page is reached from the start page. Each number is the smallest that any way has,
// so none of them depends on the order in which pages were fetched.
type way struct {
	depth int // links
	hops  int // redirects in a row
	chain int // links in a row between pages of one shape, see trap.go
}

// nowhere is longer than every way.
var nowhere = way{depth: math.MaxInt, hops: math.MaxInt, chain: math.MaxInt}

// shorten makes w as short as other in each respect, and reports whether that changed anything.
func (w *way) shorten(other way) bool {
	before := *w
	w.depth = min(w.depth, other.depth)
	w.hops = min(w.hops, other.hops)
	w.chain = min(w.chain, other.chain)
	return *w != before
}

// wayTo is the way to a page that p links or redirects to. A redirect is not a step down: its target is the
// same page under another name.
func (p *page) wayTo(target *page) way {
	next := way{depth: p.way.depth + 1}
	if p.redirects() {
		next.depth, next.hops = p.way.depth, p.way.hops+1
	}
	if p.shape == target.shape {
		next.chain = p.way.chain + 1
	}
	return next
}

// redirects reports whether the server sent us elsewhere, and said where.
func (p *page) redirects() bool { return p.location != "" }

// destination follows redirects to the page at their end, which is p itself if it does not redirect. It is
// nil if they have no end.
func (p *page) destination() *page {
	for range maxHops + 2 {
		if !p.redirects() || len(p.links) == 0 {
			return p
		}
		p = p.links[0]
	}
	return nil
}

// inLoop reports whether redirects lead from p back to p.
func (p *page) inLoop() bool {
	q := p
	for range maxHops + 1 {
		if !q.redirects() || len(q.links) == 0 {
			return false
		}
		if q = q.links[0]; q == p {
			return true
		}
	}
	return false
}

// problem says what is wrong with a page, in a few words. It is empty if a link to the page works.
func (p *page) problem() string {
	switch {
	case p.failure != "":
		return p.failure
	case p.status >= 400:
		return strings.TrimSpace(strconv.Itoa(p.status) + " " + stdhttp.StatusText(p.status))
	case p.inLoop():
		return "redirect loop"
	case p.redirects() && len(p.links) > 0 && p.links[0].skip == tooManyHops:
		return "too many redirects"
	}
	return ""
}

// outcome is what the report counts the page under: the status, or the failure if there is no whole answer.
func (p *page) outcome() string {
	if p.failure != "" {
		return p.failure
	}
	return strconv.Itoa(p.status)
}

// isRedirect reports whether the status is one that sends us elsewhere.
func (a *answer) isRedirect() bool {
	switch a.status {
	case stdhttp.StatusMovedPermanently, stdhttp.StatusFound, stdhttp.StatusSeeOther,
		stdhttp.StatusTemporaryRedirect, stdhttp.StatusPermanentRedirect:
		return true
	}
	return false
}

// isHTML reports whether the answer is a web page.
func (a *answer) isHTML() bool {
	return a.kind == "text/html" || a.kind == "application/xhtml+xml"
}
