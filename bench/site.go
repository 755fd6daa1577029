//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	stdnet "net"
	stdhttp "net/http"
	"strings"
	"sync"
	"time"
)

// siteArea has the web site that crawlers crawl. It is nobody's rival: net/http
// serves it, on the load generator's processor.
var siteArea = &area{name: "site", peers: []peer{{name: "site", serve: serveSite}}}

// linksEach is how many links a page has: two to pages that no earlier page leads to,
// so that all are found, the rest anywhere.
const linksEach = 20

// site is a web site of so many pages of some eight kilobytes.
type site struct {
	pages [][]byte
	delay time.Duration // of each answer
	lock  sync.Mutex
	seen  map[int]bool // pages that were asked for
}

func newSite(n int, delay time.Duration) *site {
	s := &site{delay: delay, seen: map[int]bool{}}
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range n {
		var b strings.Builder
		fmt.Fprintf(&b, "<!DOCTYPE html><html><head><title>Page %d</title></head><body><h1>Page %d</h1>\n", i, i)
		for k := range linksEach {
			to := r.IntN(n)
			if k < 2 {
				to = min(2*i+1+k, n-1)
			}
			fmt.Fprintf(&b, "<p>%s <a href=\"/page/%d.html\">more about %d</a></p>\n", strings.Repeat("Words without a meaning. ", 14), to, to)
		}
		b.WriteString("</body></html>\n")
		s.pages = append(s.pages, []byte(b.String()))
	}
	return s
}

func (s *site) ServeHTTP(w stdhttp.ResponseWriter, r *stdhttp.Request) {
	i := 0
	if _, err := fmt.Sscanf(r.URL.Path, "/page/%d.html", &i); err != nil || i < 0 || i >= len(s.pages) {
		stdhttp.NotFound(w, r)
		return
	}
	s.lock.Lock()
	s.seen[i] = true
	s.lock.Unlock()
	if s.delay > 0 {
		time.Sleep(s.delay)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(s.pages[i])
}

// serveSite serves a site and tells on request how many of its pages were asked for.
func serveSite(j job, ready func(string)) error {
	s := newSite(j.Count, j.Delay)
	answers["pages"] = func() string {
		s.lock.Lock()
		defer s.lock.Unlock()
		return fmt.Sprint(len(s.seen))
	}
	l, err := stdnet.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ready(l.Addr().String())
	return stdhttp.Serve(l, s)
}
