package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/task"
)

// The demo site is data, in which every reference says what it means. From that the test works out what a
// crawl must find, without any of the crawler's code, and compares page by page.

// surprises are the pages of the demo site that end otherwise than with the status they have in the data.
var surprises = map[string]string{
	"/odd/hang":      timedOut,
	"/odd/cut-off":   broken,
	"/odd/no-target": "redirect to nowhere",
	"/odd/hop/l":     string(tooManyHops), // a to k are ten redirects in a row

	"http://[::1":                     string(malformed),
	"http://elsewhere.invalid/":       string(offHost),
	"http://elsewhere.invalid/x?y":    string(offHost),
	"http://elsewhere.invalid/away":   string(offHost),
	"http://127.0.0.1:1/":             string(offHost),
	"/private/secret.html":            string(disallowed),
	"/odd/scratch.tmp":                string(disallowed),
	"/deep/" + more(maxRepeats+1):     string(trapped),
	"/calendar/2028/12/" /* 25 on */ : "200",
	"/calendar/2029/01/":              string(trapped),
}

func more(n int) string { return strings.Repeat("more/", n) }

// truth says what must become of each address.
func truth(s *site) map[string]string {
	want := map[string]string{}
	for _, d := range s.order {
		want[d.address] = strconv.Itoa(d.status)
	}
	delete(want, "/robots.txt") // fetched, but no page
	for hop := byte('l'); hop <= 'z'; hop++ {
		delete(want, "/odd/hop/"+string(hop))
	}
	session := sessionAfter("")
	for n := range demoTrap + 1 {
		want[time.Date(2026, time.Month(11+n), 1, 0, 0, 0, 0, time.UTC).Format("/calendar/2006/01/")] = "200"
		want["/shop/?sid="+session] = "200"
		session = sessionAfter(session)
	}
	want["/shop/?sid="+session] = string(trapped)
	for n := range maxRepeats + 1 {
		want["/deep/"+more(n)] = "200"
	}
	for address, outcome := range surprises {
		want[address] = outcome
	}
	return want
}

// brokenTruth says what is wrong with each address that does not work, and where the links to it are:
// "page" or "page through redirect".
func brokenTruth(s *site) (problems map[string]string, links map[string][]string) {
	problems = map[string]string{
		"/odd/missing.html": "404 Not Found", "/odd/gone": "410 Gone", "/odd/error": "500 Internal Server Error",
		"/odd/hang": timedOut, "/odd/cut-off": broken, "/odd/no-target": "redirect to nowhere",
		"/odd/self": "redirect loop", "/odd/loop-a": "redirect loop", "/odd/loop-b": "redirect loop",
		"/odd/hop/k": "too many redirects", "http://[::1": "malformed address",
	}
	links = map[string][]string{
		"/odd/missing.html": {"/odd/ through /odd/to-missing"},
		"/odd/loop-b":       {"/odd/ through /odd/loop-a"},
		"/odd/hop/k":        {"/odd/ through /odd/hop/a"},
	}
	for _, d := range s.order {
		for _, r := range d.refs {
			if problems[r.means] != "" {
				links[r.means] = append(links[r.means], d.address)
			}
		}
	}
	for _, from := range links {
		slices.Sort(from)
	}
	return problems, links
}

func TestDemo(t *testing.T) {
	inLoop(t, func() {
		o, err := parseOptions(nil, t.Output())
		if err != nil {
			t.Error(err)
			return
		}
		d, err := startDemo(false)
		if err != nil {
			t.Error(err)
			return
		}
		defer d.close()
		d.site.wait = func(delay time.Duration) {
			if delay == hangTime {
				task.Sleep(delay)
			}
		}
		o.start = d.start
		c := newCrawler(o)
		if err := c.crawl(); err != nil {
			t.Error(err)
		}
		sameMap(t, "pages", pathOutcomes(c), truth(d.site))
		checkBroken(t, c, d.site)
		checkHits(t, c, d.site)

		r := newReport(o.start.String(), c.frontier.order, c.took)
		if r.Redirects != 19 || r.Truncated != 1 || r.Retries != 3 {
			t.Errorf("%d redirects, %d truncated, %d retries", r.Redirects, r.Truncated, r.Retries)
		}
		if r.Types["image/png"] != 1 || r.Types["application/pdf"] != 1 || r.Types["text/plain"] != 1 || r.Types["application/xhtml+xml"] != 1 {
			t.Errorf("types: %v", r.Types)
		}
	})
}

// checkBroken compares the broken links of the report with the truth.
func checkBroken(t *testing.T, c *crawler, s *site) {
	problems, links := brokenTruth(s)
	path := func(address string) string { return strings.TrimPrefix(address, "http://"+s.host) }
	got := map[string]string{}
	for _, b := range newReport("", c.frontier.order, 0).Broken {
		got[path(b.URL)] = b.Problem
		var from []string
		for _, l := range b.From {
			text := path(l.Page)
			if l.To != b.URL {
				text += " through " + path(l.To)
			}
			from = append(from, text)
		}
		if want := links[path(b.URL)]; !slices.Equal(from, want) {
			t.Errorf("%s is linked from %q, want %q", b.URL, from, want)
		}
	}
	sameMap(t, "broken links", got, problems)
}

// checkHits makes sure that each page was asked for once, and the failing ones once more.
func checkHits(t *testing.T, c *crawler, s *site) {
	want := map[string]string{"/robots.txt": "1"}
	for _, p := range c.frontier.order {
		if p.state == done {
			want[strings.TrimPrefix(p.url, "http://"+s.host)] = "1"
		}
	}
	want["/odd/hang"], want["/odd/cut-off"], want["/odd/second-try"] = "2", "2", "2"
	got := map[string]string{}
	for address, n := range s.hits {
		got[address] = strconv.Itoa(n)
	}
	sameMap(t, "requests", got, want)
}

// Whatever a page of the forest links to is there: the site itself is sound.
func TestDemoSiteIsSound(t *testing.T) {
	s := newSite("127.0.0.1:8080")
	for _, d := range s.order {
		for _, r := range d.refs {
			if strings.HasPrefix(r.means, "/trees/") && s.docs[r.means] == nil {
				t.Errorf("%s links to %s", d.address, r.means)
			}
		}
	}
	if len(s.order) < 300 {
		t.Errorf("only %d pages", len(s.order))
	}
}
