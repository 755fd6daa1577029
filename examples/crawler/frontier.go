package main

import "net/url"

// maxHops is how many redirects in a row are followed. Browsers give up after about 20, RFC 9309 asks for
// at least five.
const maxHops = 10

// frontier knows every address the crawl has come across, and which are still to be fetched.
//
// It is a map and a slice, used by all tasks, without a lock. That is safe because none of its methods
// may wait: no other task runs between the look at the map and the write to it.
type frontier struct {
	host   string // the site's host, and its port unless that is the scheme's own
	robots robots

	maxDepth int  // 0 = no limit, as with the other two
	maxPages int  // counts pages queued
	maxChain int  // see trap.go
	external bool // queue pages of other hosts too

	known map[string]*page
	order []*page // all known pages, in the order they were found
	queue []*page
	taken int // pages of this site ever queued
	ended bool
}

// newFrontier makes a frontier with nothing in it.
func newFrontier(o options) *frontier {
	return &frontier{
		maxDepth: o.depth, maxPages: o.pages, maxChain: o.trap, external: o.external,
		known: map[string]*page{},
	}
}

// start adds the first page of the crawl.
func (f *frontier) start(u *url.URL) *page {
	p := f.page(u)
	p.seed = true
	f.reach(p, way{})
	return p
}

// link notes that a page links to an address, and queues the address if it is new and within the limits.
func (f *frontier) link(from *page, to *url.URL) *page {
	p := f.page(to)
	f.connect(from, p)
	return p
}

// bad notes that a page has a link which is no address.
func (f *frontier) bad(from *page, reference string) {
	p := f.known[reference]
	if p == nil {
		p = f.add(&page{url: reference, barred: malformed, way: nowhere})
		p.failure = errMalformed.Error()
	}
	f.connect(from, p)
}

// page returns the page with an address, which is in normal form, and makes it if there is none yet.
func (f *frontier) page(u *url.URL) *page {
	address := u.String()
	if p := f.known[address]; p != nil {
		return p
	}
	p := &page{url: address, shape: shape(u), way: nowhere}
	switch {
	case u.Host != f.host:
		p.external = f.external
		p.barred = offHost
	case !f.robots.allows(u):
		p.barred = disallowed
	case looksEndless(u):
		p.barred = trapped
	}
	return f.add(p)
}

// add makes a page known.
func (f *frontier) add(p *page) *page {
	f.known[p.url] = p
	f.order = append(f.order, p)
	return p
}

// connect notes a link between two pages. A page that has the same link many times adds them in one go,
// so it is enough to remember who linked last.
func (f *frontier) connect(from, to *page) {
	if to.lastLinker != from {
		to.lastLinker = from
		from.links = append(from.links, to)
	}
	f.reach(to, from.wayTo(to))
}

// reach notes a way to a page, and queues the page if that brings it within the limits. A way that is
// shorter than those known may bring the pages behind it within the limits too.
func (f *frontier) reach(p *page, w way) {
	if !p.way.shorten(w) {
		return
	}
	if p.state == found || p.state == skipped {
		f.decide(p)
	}
	for _, next := range p.links {
		f.reach(next, p.wayTo(next))
	}
}

// decide queues a page or leaves it out.
func (f *frontier) decide(p *page) {
	p.skip = f.objection(p)
	if p.skip != "" {
		p.state = skipped
		return
	}
	p.state = queued
	f.queue = append(f.queue, p)
	if !p.external {
		f.taken++
	}
}

// objection says why a page should not be fetched. It is empty if nothing stands against it.
func (f *frontier) objection(p *page) reason {
	switch {
	case p.way.hops > maxHops:
		return tooManyHops
	case p.external:
		return ""
	case p.barred != "":
		return p.barred
	case f.maxDepth > 0 && p.way.depth > f.maxDepth:
		return tooDeep
	case f.maxChain > 0 && p.way.chain > f.maxChain:
		return trapped
	case f.maxPages > 0 && f.taken >= f.maxPages:
		return overLimit
	}
	return ""
}

// pop takes the next page to be fetched. It returns nil if there is none now; pages that are being fetched
// may add more.
func (f *frontier) pop() *page {
	if len(f.queue) == 0 || f.ended {
		return nil
	}
	p := f.queue[0]
	f.queue[0] = nil
	f.queue = f.queue[1:]
	p.state = active
	return p
}

// abandon gives up everything that has not been fetched, for good.
func (f *frontier) abandon() {
	f.ended = true
	f.queue = nil
	for _, p := range f.order {
		if p.state == queued || p.state == active {
			p.state, p.skip = skipped, interrupted
		}
	}
}
