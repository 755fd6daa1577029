package main

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// report is the result of a crawl, in the form in which -json writes it. Every list is sorted, so
// that two crawls of one site can be compared line by line.
type report struct {
	Start     string  `json:"start"`
	Pages     int     `json:"pages"` // addresses of the site that were fetched
	HTML      int     `json:"html"`  // of them, web pages that answered 200
	Bytes     int64   `json:"bytes"`
	Seconds   float64 `json:"seconds"`
	Redirects int     `json:"redirects"`
	Retries   int     `json:"retries"`
	Truncated int     `json:"truncated"` // longer than -max-body
	External  int     `json:"external"`  // addresses of other hosts that were asked for

	Answers map[string]int `json:"answers"` // by status or failure
	Types   map[string]int `json:"types"`   // media types of whole answers that are no redirects
	Skipped map[reason]int `json:"skipped"`
	Traps   []string       `json:"traps"`   // addresses at which a trap was left
	Slowest []timing       `json:"slowest"` // the ten slowest
	Broken  []brokenLink   `json:"broken"`
	All     []result       `json:"all"`
}

// timing says how long a page took.
type timing struct {
	Millis float64 `json:"ms"`
	URL    string  `json:"url"`
}

// brokenLink is an address that does not work, with all links that lead there.
type brokenLink struct {
	URL     string `json:"url"`
	Problem string `json:"problem"`
	From    []link `json:"from"`
}

// link is a link as one finds it in a page. It leads to the broken address at once, or by redirects.
type link struct {
	Page string `json:"page"`
	To   string `json:"to"`
}

// result is one page that was fetched.
type result struct {
	URL     string  `json:"url"`
	Outcome string  `json:"outcome"` // status or failure
	Type    string  `json:"type,omitempty"`
	Bytes   int64   `json:"bytes"`
	Depth   int     `json:"depth"`
	Millis  float64 `json:"ms"`
	Tries   int     `json:"tries"`
}

// slowestShown is how many of the slowest pages a report names.
const slowestShown = 10

// newReport makes the report of a crawl from the pages found.
func newReport(start string, pages []*page, took time.Duration) *report {
	r := &report{
		Start: start, Seconds: took.Seconds(),
		Answers: map[string]int{}, Types: map[string]int{}, Skipped: map[reason]int{},
		Traps: []string{}, Slowest: []timing{}, Broken: []brokenLink{}, All: []result{},
	}
	parents := parentsOf(pages)
	for _, p := range pages {
		switch p.state {
		case skipped:
			r.Skipped[p.skip]++
			if p.skip == trapped {
				r.Traps = append(r.Traps, p.url)
			}
		case done:
			r.count(p)
		}
		if problem := p.problem(); problem != "" {
			r.Broken = append(r.Broken, brokenLink{p.url, problem, linksTo(p, parents)})
		}
	}
	slices.Sort(r.Traps)
	slices.SortFunc(r.All, func(a, b result) int { return strings.Compare(a.URL, b.URL) })
	slices.SortFunc(r.Broken, func(a, b brokenLink) int { return strings.Compare(a.URL, b.URL) })
	slices.SortFunc(r.Slowest, func(a, b timing) int {
		return cmp.Or(cmp.Compare(b.Millis, a.Millis), strings.Compare(a.URL, b.URL))
	})
	r.Slowest = r.Slowest[:min(len(r.Slowest), slowestShown)]
	return r
}

// count adds a page that was fetched.
func (r *report) count(p *page) {
	r.Bytes += p.bytes
	r.Retries += p.tries - 1
	r.Answers[p.outcome()]++
	switch {
	case p.external:
		r.External++
	default:
		r.Pages++
	}
	if p.truncated {
		r.Truncated++
	}
	switch {
	case p.redirects():
		r.Redirects++
	case p.failure == "" && p.kind != "":
		r.Types[p.kind]++
	}
	if p.isPage() {
		r.HTML++
	}
	millis := float64(p.took.Microseconds()) / 1000
	r.Slowest = append(r.Slowest, timing{millis, p.url})
	r.All = append(r.All, result{p.url, p.outcome(), p.kind, p.bytes, p.way.depth, millis, p.tries})
}

// isPage reports whether p is a web page of the site that came in full.
func (p *page) isPage() bool {
	return !p.external && p.failure == "" && p.status == 200 && p.isHTML()
}

// parentsOf turns the links around, as far as linksTo needs it: for pages that do not work or redirect.
func parentsOf(pages []*page) map[*page][]*page {
	parents := map[*page][]*page{}
	for _, p := range pages {
		for _, target := range p.links {
			if target.redirects() || target.problem() != "" {
				parents[target] = append(parents[target], p)
			}
		}
	}
	return parents
}

// linksTo finds the links that lead to a page. Where a redirect leads there, the links to the redirect
// count: they are what has to be mended.
func linksTo(broken *page, parents map[*page][]*page) []link {
	links := []link{}
	seen := map[*page]bool{broken: true}
	for todo := []*page{broken}; len(todo) > 0; todo = todo[1:] {
		for _, parent := range parents[todo[0]] {
			if !parent.redirects() {
				links = append(links, link{Page: parent.url, To: todo[0].url})
			} else if !seen[parent] {
				seen[parent] = true
				todo = append(todo, parent)
			}
		}
	}
	slices.SortFunc(links, func(a, b link) int {
		return cmp.Or(strings.Compare(a.Page, b.Page), strings.Compare(a.To, b.To))
	})
	return links
}

// writeJSON writes the report for other programs.
func (r *report) writeJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// writeList writes the addresses of all web pages of the site, one a line, sorted.
func writeList(w io.Writer, pages []*page) error {
	var list []string
	for _, p := range pages {
		if p.isPage() {
			list = append(list, p.url+"\n")
		}
	}
	slices.Sort(list)
	_, err := io.WriteString(w, strings.Join(list, ""))
	return err
}

// byCount gives the keys of a table, those counted most first.
func byCount[K cmp.Ordered](table map[K]int) []K {
	return slices.SortedFunc(maps.Keys(table), func(a, b K) int {
		return cmp.Or(cmp.Compare(table[b], table[a]), cmp.Compare(a, b))
	})
}
