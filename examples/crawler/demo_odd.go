package main

import (
	"compress/gzip"
	"fmt"
	stdhttp "net/http"
	"strconv"
	"strings"
	"time"
)

// hugeSize is the size of the huge page, beyond what the demo reads of a page.
const hugeSize = 4 << 20

// addOddities adds the page /odd/ with a link to every oddity.
func (s *site) addOddities(home *doc) {
	odd := s.add(&doc{address: "/odd/"})
	home.refs = append(home.refs, to("/odd/"), to("/odd/missing.html"))
	s.addFailures(odd)
	s.addRedirects(odd)
	s.addContents(odd)
	s.addMarkup(odd)
	s.addEncodings(odd)
	s.addForbidden(odd)
	odd.refs = append(odd.refs,
		ref{written: "mailto:forester@example.org"},
		ref{written: "javascript:void(0)"},
		ref{written: "data:text/html,%3Ca%20href=/odd/in-data%3E"},
		ref{written: "tel:+1-555-0100"},
		ref{written: "http://[::1", means: "http://[::1"}, // no address at all, and reported so
		ref{written: "http://elsewhere.invalid/", means: "http://elsewhere.invalid/"},
		ref{written: "//elsewhere.invalid/x?y#z", means: "http://elsewhere.invalid/x?y"},
		ref{written: "http://127.0.0.1:1/", means: "http://127.0.0.1:1/"}, // another port is another host
		// The order of a query matters to the server, for all we know.
		to("/odd/query?q=oak&page=1"), to("/odd/query?page=1&q=oak"),
		ref{written: "?plain", means: "/odd/?plain"},
		ref{written: "#top", means: "/odd/"},
		ref{written: "", means: "/odd/"},
	)
	s.add(&doc{address: "/odd/query?q=oak&page=1"})
	s.add(&doc{address: "/odd/query?page=1&q=oak"})
	s.add(&doc{address: "/odd/?plain"})
}

// linked adds a page and a link to it.
func (s *site) linked(from *doc, d *doc) *doc {
	from.refs = append(from.refs, to(d.address))
	return s.add(d)
}

// addFailures adds what does not work.
func (s *site) addFailures(odd *doc) {
	odd.refs = append(odd.refs, to("/odd/missing.html"))
	s.add(&doc{address: "/odd/missing.html", status: 404, refs: []ref{{written: "/odd/on-an-error-page"}}})
	s.linked(odd, &doc{address: "/odd/gone", status: 410})
	s.linked(odd, &doc{address: "/odd/error", status: 500})
	s.linked(odd, &doc{address: "/odd/hang", delay: hangTime})
	s.linked(odd, &doc{address: "/odd/cut-off", refs: []ref{to("/odd/before-the-cut")}, send: sendCutOff})
	s.add(&doc{address: "/odd/before-the-cut"})
	s.linked(odd, &doc{address: "/odd/second-try", send: func(w stdhttp.ResponseWriter, r *stdhttp.Request, body string) {
		if s.hits["/odd/second-try"] == 1 {
			sendCutOff(w, r, body)
		}
		fmt.Fprint(w, body)
	}})
}

// sendCutOff sends a page, and closes the connection in the middle of it.
func sendCutOff(w stdhttp.ResponseWriter, _ *stdhttp.Request, body string) {
	w.Header().Set("Content-Length", strconv.Itoa(2*len(body)))
	fmt.Fprint(w, body)
	stdhttp.NewResponseController(w).Flush()
	panic(stdhttp.ErrAbortHandler) // the server closes the connection
}

// addRedirects adds redirects, good ones and bad ones.
func (s *site) addRedirects(odd *doc) {
	s.linked(odd, &doc{address: "/odd/moved", status: 301, target: "/odd/new-place#here"})
	s.linked(odd, &doc{address: "/odd/elsewhere", status: 302, target: "new-place"}) // relative to this page
	s.linked(odd, &doc{address: "/odd/see", status: 303, target: "http://" + s.host + "/odd/new-place"})
	s.add(&doc{address: "/odd/new-place"})
	s.linked(odd, &doc{address: "/odd/away", status: 302, target: "http://elsewhere.invalid/away"})
	s.linked(odd, &doc{address: "/odd/to-missing", status: 307, target: "/odd/missing.html"})
	s.linked(odd, &doc{address: "/odd/self", status: 301, target: "/odd/self"})
	s.linked(odd, &doc{address: "/odd/loop-a", status: 302, target: "/odd/loop-b"})
	s.add(&doc{address: "/odd/loop-b", status: 302, target: "/odd/loop-a"})
	s.linked(odd, &doc{address: "/odd/no-target", status: 301})
	odd.refs = append(odd.refs, to("/odd/hop/a"))
	for hop := byte('a'); hop < 'z'; hop++ {
		s.add(&doc{address: fmt.Sprintf("/odd/hop/%c", hop), status: 308, target: fmt.Sprintf("%c", hop+1)})
	}
}

// addContents adds what is not HTML, or more than one wants.
func (s *site) addContents(odd *doc) {
	s.linked(odd, &doc{address: "/odd/picture.png", kind: "image/png", body: "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00<a href=/odd/in-picture>", 40)})
	s.linked(odd, &doc{address: "/odd/paper.pdf", kind: "application/pdf", body: "%PDF-1.7\n<a href=/odd/in-paper>\n%%EOF\n"})
	s.linked(odd, &doc{address: "/odd/notes.txt", kind: "text/plain", body: "<a href=/odd/in-notes>not a link</a>\n"})
	s.linked(odd, &doc{address: "/odd/empty", body: " "})
	s.linked(odd, &doc{address: "/odd/slow", delay: 400 * time.Millisecond})

	start := `<a href="/odd/before-the-limit">near</a>` + "\n"
	filler := strings.Repeat("<p>The forest is large.</p>\n", hugeSize/28)
	s.linked(odd, &doc{
		address: "/odd/huge", body: start + filler + `<a href="/odd/behind-the-limit">far</a>`,
		refs: []ref{to("/odd/before-the-limit")},
	})
	s.add(&doc{address: "/odd/before-the-limit"})
}

// addMarkup adds references in all kinds of tags, in good order and in bad.
func (s *site) addMarkup(odd *doc) {
	tag := func(written, means string) ref { return ref{written: written, means: means, tag: true} }
	pages := []struct {
		address string
		refs    []ref
	}{
		{"/odd/tags", []ref{
			tag(`<map><area shape=rect href="area"></map>`, "/odd/area"),
			tag(`<link rel="next" href="next">`, "/odd/next"),
			tag(`<link rel="alternate stylesheet" href="style.css">`, ""),
			tag(`<iframe src="iframe"><a href="in-iframe"></iframe>`, "/odd/iframe"),
			tag(`<noscript><a href="noscript">no scripts</a></noscript>`, "/odd/noscript"),
			tag(`<meta http-equiv="Refresh" content="600; URL='refresh'">`, "/odd/refresh"),
			tag(`<img src="picture-in-page.png"><script src="script.js"></script>`, ""),
			tag(`<script>document.write('<a href="in-script">')</script>`, ""),
			tag(`<!-- <a href="in-comment"> -->`, ""),
			tag(`<textarea><a href="in-textarea"></textarea>`, ""),
			tag(`<a name="anchor">no link</a>`, ""),
		}},
		{"/odd/soup", []ref{
			tag(`<table><tr><td><p><b><a href=unquoted>unquoted`, "/odd/unquoted"),
			tag(`</i></td><A HREF='single' HREF='second'>upper case`, "/odd/single"),
			tag(`<a href="entity?a=1&amp;b=2&copy;=3">`, "/odd/entity?a=1&b=2%C2%A9=3"),
			tag("<a href=\"br\no\tken\">", "/odd/broken"),
			tag(`<a href="with space">`, "/odd/with%20space"),
			tag(`<a href="100%">`, "/odd/100%25"),
			tag(`<a href="back\slash">`, "/odd/back/slash"),
			tag(`<a title="a > b" href="greater"><<<>`, "/odd/greater"),
			tag(`<a href="../../../odd/./up/../above">`, "/odd/above"),
			tag(`<a href="caf&eacute;">`, "/odd/caf%C3%A9"),
			tag(`<a href="12:30.html">`, "/odd/12:30.html"),
			tag(`<a href="after-all"`+">", "/odd/after-all"),
		}},
		{"/odd/base/", []ref{
			tag(`<base href="/odd/other/"><base href="/odd/second/">`, ""),
			tag(`<a href="leaf">relative to the base</a>`, "/odd/other/leaf"),
		}},
	}
	for _, p := range pages {
		s.linked(odd, &doc{address: p.address, refs: p.refs})
		for _, r := range p.refs {
			if r.means != "" {
				s.add(&doc{address: r.means})
			}
		}
	}
}

// addEncodings adds pages that are sent in unusual ways.
func (s *site) addEncodings(odd *doc) {
	leaf := func(name string) []ref {
		s.add(&doc{address: "/odd/leaf-" + name})
		return []ref{to("/odd/leaf-" + name)}
	}
	s.linked(odd, &doc{address: "/odd/chunked", refs: leaf("chunked"), send: func(w stdhttp.ResponseWriter, _ *stdhttp.Request, body string) {
		for start := 0; start < len(body); start += 50 {
			fmt.Fprint(w, body[start:min(start+50, len(body))])
			stdhttp.NewResponseController(w).Flush()
			s.wait(time.Millisecond)
		}
	}})
	s.linked(odd, &doc{address: "/odd/gzip", refs: leaf("gzip"), send: func(w stdhttp.ResponseWriter, r *stdhttp.Request, body string) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			fmt.Fprint(w, body)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, body)
		z.Close()
	}})
	s.linked(odd, &doc{address: "/odd/untyped", refs: leaf("untyped"), send: func(w stdhttp.ResponseWriter, _ *stdhttp.Request, body string) {
		w.Header()["Content-Type"] = nil // the crawler has to look at the page
		fmt.Fprint(w, body)
	}})
	s.linked(odd, &doc{address: "/odd/charset", kind: "text/html; charset=klingon", text: "caf\xe9 \xff\xfe", refs: leaf("charset")})
	s.linked(odd, &doc{address: "/odd/xhtml", kind: "application/xhtml+xml", refs: leaf("xhtml")})
	s.linked(odd, &doc{address: "/odd/bad-type", kind: "Text/HTML;;charset", refs: leaf("bad-type")})
}

// addForbidden adds what robots must not fetch or follow.
func (s *site) addForbidden(odd *doc) {
	odd.refs = append(odd.refs, to("/private/secret.html"), to("/odd/scratch.tmp"))
	s.linked(odd, &doc{address: "/private/open.html"})
	s.linked(odd, &doc{address: "/odd/scratch.tmp.html"})
	s.linked(odd, &doc{address: "/odd/nofollow", refs: []ref{
		{written: `<meta name="ROBOTS" content="noindex, NoFollow">`, tag: true},
		{written: "/odd/not-followed"},
	}})
}
