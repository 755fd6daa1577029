package main

import (
	"fmt"
	"html"
	stdhttp "net/http"
	"strings"
	"time"
)

// site is a web site for demonstration and test: some hundred ordinary pages (demo_forest.go), and one page
// for each oddity that a crawler meets on the real web (demo_odd.go). All of it is made up when the site is
// made, and the same every time. As the site is written down as data, a test can tell from the data what a
// crawl must find.
type site struct {
	host  string
	docs  map[string]*doc     // by path and query, as they stand in a request
	order []*doc              // the same, in the order they were made
	wait  func(time.Duration) // passes the time pages take; in tests it need not
	hits  map[string]int      // requests by path and query
}

// doc is one page of the site.
type doc struct {
	address string // path and query
	status  int
	kind    string // Content-Type
	delay   time.Duration
	target  string // Location of a redirect, as written
	refs    []ref
	text    string                                                          // stands before the references
	body    string                                                          // instead of text and references
	send    func(w stdhttp.ResponseWriter, r *stdhttp.Request, body string) // instead of plain sending
}

// ref is a reference on a page, as written and as meant. Both are the author's word: the test of the
// crawler believes what is meant, and has the crawler work it out from what is written.
type ref struct {
	written string // in HTML: with entities, and without a tag it becomes <a href="written">
	means   string // path and query of a page of the site, or a whole address elsewhere, or nothing at all
	tag     bool   // written is a whole tag
}

// to is the plainest reference.
func to(address string) ref { return ref{written: html.EscapeString(address), means: address} }

// newSite makes the demo site for a host.
func newSite(host string) *site {
	s := &site{host: host, docs: map[string]*doc{}, wait: func(time.Duration) {}, hits: map[string]int{}}
	home := s.add(&doc{address: "/", text: "Welcome to the forest.", delay: 5 * time.Millisecond})
	s.addForest(home)
	s.addOddities(home)
	home.refs = append(home.refs, to("/calendar/2026/11/"), to("/shop/?sid="+sessionAfter("")), to("/deep/"))
	s.add(&doc{address: "/robots.txt", kind: "text/plain", body: robotsText})
	return s
}

// robotsText forbids a directory but for one page, and files by their ending.
const robotsText = `# The demo site
User-agent: *
Disallow: /private/
Allow: /private/open.html   # the longer rule wins
Disallow: /*.tmp$
`

// add puts a page on the site, by default an HTML page that answers 200.
func (s *site) add(d *doc) *doc {
	if d.status == 0 {
		d.status = stdhttp.StatusOK
	}
	if d.kind == "" {
		d.kind = "text/html; charset=utf-8"
	}
	if s.docs[d.address] != nil {
		panic("the demo site has two pages " + d.address)
	}
	s.docs[d.address] = d
	s.order = append(s.order, d)
	return d
}

// ServeHTTP answers a request. Handlers are tasks as well: hits needs no lock, and wait lets others run.
func (s *site) ServeHTTP(w stdhttp.ResponseWriter, r *stdhttp.Request) {
	address := r.URL.RequestURI()
	s.hits[address]++
	d := s.docs[address]
	if d == nil {
		d = s.endless(r.URL)
	}
	if d == nil {
		d = &doc{address: address, status: stdhttp.StatusNotFound, kind: "text/html", refs: []ref{to("/odd/on-an-error-page")}}
	}
	s.wait(d.delay)
	w.Header().Set("Content-Type", d.kind)
	if d.target != "" {
		w.Header().Set("Location", d.target)
	}
	if d.send != nil {
		d.send(w, r, d.render())
		return
	}
	w.WriteHeader(d.status)
	if r.Method != stdhttp.MethodHead {
		fmt.Fprint(w, d.render())
	}
}

// render writes the page.
func (d *doc) render() string {
	if d.body != "" {
		return d.body
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html><head><title>%s</title></head>\n<body>\n<p>%s</p>\n",
		html.EscapeString(d.address), html.EscapeString(d.text))
	for _, r := range d.refs {
		if r.tag {
			b.WriteString(r.written + "\n")
		} else {
			fmt.Fprintf(&b, "<a href=\"%s\">%s</a>\n", r.written, html.EscapeString(r.means))
		}
	}
	b.WriteString("</body></html>\n")
	return b.String()
}
