package main

import (
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"
)

// The ordinary part of the demo site: a section for each tree, with pages linked to their neighbours, to
// their section and to another one. Every link is spelled in one of the ways people spell links.

var trees = strings.Fields("acorn birch cedar douglas elm fir ginkgo hazel ironwood juniper kauri larch")

// pagesPerTree is the number of pages in a section, beside its index.
const pagesPerTree = 25

// addForest adds the sections to the site, and links to them from home.
func (s *site) addForest(home *doc) {
	random := rand.New(rand.NewPCG(2026, 11))
	for t, tree := range trees {
		index := s.add(&doc{address: "/trees/" + tree + "/", delay: someDelay(random), text: someWords(random, 60)})
		home.refs = append(home.refs, s.spell(t, "/", index.address))
		for n := 1; n <= pagesPerTree; n++ {
			d := s.add(&doc{address: treePage(tree, n), delay: someDelay(random), text: someWords(random, 100+random.IntN(900))})
			index.refs = append(index.refs, s.spell(n, index.address, d.address))
			other := trees[(t+n)%len(trees)]
			for i, address := range []string{
				"/", index.address,
				treePage(tree, n%pagesPerTree+1),
				treePage(tree, (n+pagesPerTree-2)%pagesPerTree+1),
				treePage(other, n),
			} {
				d.refs = append(d.refs, s.spell(n+t+i, d.address, address))
			}
		}
	}
}

func treePage(tree string, n int) string { return fmt.Sprintf("/trees/%s/page-%02d.html", tree, n) }

// spell writes a reference to an address in the nth of several ways. All of them mean the same page.
func (s *site) spell(n int, from, address string) ref {
	directory := from[:strings.LastIndexByte(from, '/')+1]
	relative, below := strings.CutPrefix(address, directory)
	if !below || relative == "" {
		relative = strings.Repeat("../", strings.Count(directory, "/")-1) + address[1:]
		if relative == "" {
			relative = "./"
		}
	}
	written := address
	switch n % 10 {
	case 0:
		written = relative
	case 1:
		written = "http://" + s.host + address
	case 2:
		written = "HTTP://" + strings.ToUpper(s.host) + address
	case 3:
		written = "//" + s.host + address
	case 4:
		written = address + "#section-" + fmt.Sprint(n)
	case 5:
		written = "/trees/../." + address
	case 6:
		written = strings.Replace(address, "/trees/", "/%74ree%73/", 1)
	case 7:
		written = "\n\t " + address + " \r\n"
	case 8:
		return ref{written: strings.ReplaceAll(address, "/", "&#x2f;"), means: address}
	}
	return ref{written: html.EscapeString(written), means: address}
}

// someDelay is the time a page takes: mostly little, at times much.
func someDelay(random *rand.Rand) time.Duration {
	if random.IntN(60) == 0 {
		return 500 * time.Millisecond
	}
	return time.Duration(2+random.ExpFloat64()*20) * time.Millisecond
}

// someWords makes a text of n words.
func someWords(random *rand.Rand, n int) string {
	words := strings.Fields("the a green tall old young quiet tree forest leaf needle root stands grows falls under over beside moss light rain")
	text := make([]string, n)
	for i := range text {
		text[i] = words[random.IntN(len(words))]
	}
	return strings.Join(text, " ")
}

// endless makes up the pages of the traps, which no map could hold: a calendar with a link to the next
// month, a shop that puts a new session number into every link, and a wrong relative link that goes ever
// deeper. It is nil for any other address.
func (s *site) endless(u *url.URL) *doc {
	var year, month int
	d := &doc{address: u.RequestURI(), status: 200, kind: "text/html"}
	switch {
	case matchAll(u.Path, "/calendar/%d/%d/", &year, &month) && 1 <= month && month <= 12:
		next := time.Date(year, time.Month(month)+1, 1, 0, 0, 0, 0, time.UTC)
		d.refs = []ref{to("/"), to(next.Format("/calendar/2006/01/"))}
	case u.Path == "/shop/" && u.Query().Has("sid"):
		d.refs = []ref{to("/shop/?sid=" + sessionAfter(u.Query().Get("sid")))}
	case strings.ReplaceAll(u.Path, "more/", "") == "/deep/":
		d.refs = []ref{{written: "more/", means: u.Path + "more/"}}
	default:
		return nil
	}
	return d
}

// matchAll reports whether a text has the form of a pattern, and takes the numbers out of it.
func matchAll(text, pattern string, numbers ...any) bool {
	n, err := fmt.Sscanf(text, pattern, numbers...)
	return err == nil && n == len(numbers)
}

// sessionAfter makes up the next session number: the way it comes about does not matter, only that it is
// another one each time.
func sessionAfter(session string) string {
	seed := uint64(len(session))
	for _, c := range session {
		seed = seed*31 + uint64(c)
	}
	return fmt.Sprintf("%016x", rand.New(rand.NewPCG(seed, 1)).Uint64())
}
