package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sampleCrawl is a small crawl, made by hand, in which everything happens that a report can show.
func sampleCrawl() []*page {
	var pages []*page
	add := func(path string, p page) *page {
		if p.url = path; path[0] == '/' {
			p.url = "http://h" + path
		}
		p.state, p.tries = done, max(p.tries, 1)
		pages = append(pages, &p)
		return &p
	}
	left := func(path string, why reason) *page {
		p := add(path, page{skip: why})
		p.state = skipped
		return p
	}
	html := func(status int) answer { return answer{status: status, kind: "text/html", bytes: 1500} }

	home := add("/", page{answer: html(200), took: 12 * time.Millisecond})
	missing := add("/missing", page{answer: html(404), took: 3 * time.Millisecond})
	hangs := add("/hangs", page{failure: timedOut, tries: 2, took: time.Second})
	moved := add("/moved", page{answer: answer{status: 301, location: "/missing"}})
	picture := add("/picture", page{answer: answer{status: 200, kind: "image/png", bytes: 2_500_000}, took: 700 * time.Microsecond})
	large := add("/large", page{answer: answer{status: 200, kind: "text/html", bytes: 1 << 20, truncated: true}})
	loopA := add("/loop-a", page{answer: answer{status: 302, location: "loop-b"}})
	loopB := add("/loop-b", page{answer: answer{status: 302, location: "loop-a"}})
	home.links = []*page{missing, hangs, moved, picture, large, loopA, left("/trap", trapped), left("/secret", disallowed)}
	moved.links, loopA.links, loopB.links = []*page{missing}, []*page{loopB}, []*page{loopA}
	for n := range 7 {
		p := add(fmt.Sprintf("/page-%d", n), page{answer: html(200), took: time.Duration(n) * time.Millisecond})
		p.links = []*page{missing, home}
		home.links = append(home.links, p)
	}
	home.links = append(home.links, left("http://[", malformed), left("/x", offHost), left("/y", offHost))
	pages[len(pages)-3].failure = errMalformed.Error()
	return pages
}

func TestReportText(t *testing.T) {
	var got strings.Builder
	if err := newReport("http://h/", sampleCrawl(), 2500*time.Millisecond).writeText(&got); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "report.txt")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("UPDATE_GOLDEN=1 accepts this as right:\n%s\nwant:\n%s", got.String(), want)
	}
}

func TestReportJSON(t *testing.T) {
	var text strings.Builder
	if err := newReport("http://h/", sampleCrawl(), time.Second).writeJSON(&text); err != nil {
		t.Fatal(err)
	}
	var got report
	if err := json.Unmarshal([]byte(text.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Pages != 15 || got.HTML != 9 || got.Redirects != 3 || got.Retries != 1 || got.Truncated != 1 || len(got.All) != 15 {
		t.Errorf("%+v", got)
	}
	if len(got.Broken) != 5 || len(got.Broken[4].From) != 9 || got.Broken[4].From[1] != (link{Page: "http://h/", To: "http://h/moved"}) {
		t.Errorf("broken: %+v", got.Broken)
	}
}

// A report of nothing has empty lists and tables, not null.
func TestEmptyReport(t *testing.T) {
	var text strings.Builder
	r := newReport("http://h/", nil, 0)
	if err := r.writeJSON(&text); err != nil || strings.Contains(text.String(), "null") {
		t.Errorf("%v, %s", err, text.String())
	}
	if err := r.writeText(&text); err != nil {
		t.Error(err)
	}
}

func TestList(t *testing.T) {
	var got strings.Builder
	if err := writeList(&got, sampleCrawl()[:6]); err != nil {
		t.Fatal(err)
	}
	if want := "http://h/\nhttp://h/large\n"; got.String() != want {
		t.Errorf("%q, want %q", got.String(), want)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 1_234_567: "1.2 MB", 5e10: "50.0 GB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
