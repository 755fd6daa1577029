package main

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
)

// graph is a site made of links alone: a path, and where it links to. With a "=" before the path it
// redirects there.
type graph map[string][]string

// walk crawls a graph without a network, always taking the page of the queue that pick chooses.
func walk(t *testing.T, o options, g graph, pick func(queue []*page) int) *frontier {
	t.Helper()
	f := newFrontier(o)
	f.host = "h"
	address := func(path string) *url.URL {
		u, err := resolve(&url.URL{Scheme: "http", Host: "h", Path: "/"}, path)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	f.start(address("/"))
	for len(f.queue) > 0 {
		i := pick(f.queue)
		f.queue[0], f.queue[i] = f.queue[i], f.queue[0]
		p := f.pop()
		u, _ := url.Parse(p.url)
		if _, redirects := g["="+u.Path]; redirects {
			p.location = "set"
			f.link(p, address(g["="+u.Path][0]))
		}
		for _, target := range g[u.Path] {
			f.link(p, address(target))
		}
		p.state = done
	}
	return f
}

func first([]*page) int        { return 0 }
func last(queue []*page) int   { return len(queue) - 1 }
func middle(queue []*page) int { return len(queue) / 2 }

// outcomes lists what became of the pages of a frontier.
func outcomes(f *frontier) []string {
	var list []string
	for _, p := range f.order {
		text := fmt.Sprintf("%s %d", p.url[len("http://h"):], p.way.depth)
		if p.state == skipped {
			text = p.url[len("http://h"):] + " " + string(p.skip)
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return list
}

func TestFrontier(t *testing.T) {
	chain := func(pattern string, from, to int) graph {
		g := graph{}
		for n := from; n < to; n++ {
			g[fmt.Sprintf(pattern, n)] = []string{fmt.Sprintf(pattern, n+1)}
		}
		return g
	}
	with := func(g graph, page string, links ...string) graph { g[page] = links; return g }

	for _, test := range []struct {
		name string
		options
		graph graph
		want  []string
	}{
		{"alone", options{}, graph{}, []string{"/ 0"}},
		{"twice", options{}, graph{"/": {"a", "a#x", "/a", "b"}, "/a": {"/", "b", "a"}}, []string{"/ 0", "/a 1", "/b 1"}},
		{"depth", options{depth: 2}, graph{"/": {"a"}, "/a": {"b"}, "/b": {"c"}}, []string{"/ 0", "/a 1", "/b 2", "/c too deep"}},
		{
			"depth is the shortest way",
			options{depth: 3},
			// x is found by way of a and b as well as by s; y and z lie behind it.
			graph{"/": {"s", "a"}, "/a": {"b"}, "/b": {"x"}, "/s": {"x"}, "/x": {"y"}, "/y": {"z"}},
			[]string{"/ 0", "/a 1", "/b 2", "/s 1", "/x 2", "/y 3", "/z too deep"},
		},
		{"redirects add no depth", options{depth: 1}, graph{"/": {"r"}, "=/r": {"a"}, "/a": {"b"}}, []string{"/ 0", "/a 1", "/b too deep", "/r 1"}},
		{"redirect loop", options{}, graph{"/": {"r"}, "=/r": {"s"}, "=/s": {"r"}}, []string{"/ 0", "/r 1", "/s 1"}},
		{
			"chain of one shape",
			options{trap: 2},
			with(chain("/p/%d", 1, 9), "/", "/p/1"),
			[]string{"/ 0", "/p/1 1", "/p/2 2", "/p/3 3", "/p/4 trap"},
		},
		{
			"a list is no chain",
			options{trap: 2},
			with(chain("/p/%d", 1, 5), "/", "/p/1", "/p/2", "/p/3", "/p/4", "/p/5"),
			[]string{"/ 0", "/p/1 1", "/p/2 1", "/p/3 1", "/p/4 1", "/p/5 1"},
		},
		{
			"a chain that is entered again",
			options{trap: 1},
			graph{"/": {"x", "/p/1"}, "/p/1": {"/p/2"}, "/p/2": {"/p/3"}, "/p/3": {"/p/4"}, "/x": {"/p/3"}},
			[]string{"/ 0", "/p/1 1", "/p/2 2", "/p/3 2", "/p/4 3", "/x 1"},
		},
	} {
		for name, pick := range map[string]func([]*page) int{"first": first, "last": last, "middle": middle} {
			got := outcomes(walk(t, test.options, test.graph, pick))
			if !slices.Equal(got, test.want) {
				t.Errorf("%s, %s first:\n got %q\nwant %q", test.name, name, got, test.want)
			}
		}
	}
}

func TestFrontierHosts(t *testing.T) {
	site := graph{"/": {"http://other/", "http://h:81/", "https://h/s", "http://H:80/t", "//h/u"}}
	for external, want := range map[bool][]state{
		false: {done, skipped, skipped, done, done, done},
		true:  {done, done, done, done, done, done},
	} {
		f := walk(t, options{external: external}, site, first)
		var got []state
		for _, p := range f.order {
			got = append(got, p.state)
		}
		if !slices.Equal(got, want) {
			t.Errorf("external %v: %v, want %v", external, got, want)
		}
		if f.taken != 4 {
			t.Errorf("external %v: %d pages of the site", external, f.taken)
		}
	}
}

// A page that links to another one many times is one parent of it.
func TestFrontierLinksOnce(t *testing.T) {
	f := walk(t, options{}, graph{"/": {"a", "b", "a", "a#x", "b"}, "/a": {"b", "/"}}, first)
	for path, want := range map[string]int{"/": 2, "/a": 2, "/b": 0} {
		if got := len(f.known["http://h"+path].links); got != want {
			t.Errorf("%s links to %d pages, want %d", path, got, want)
		}
	}
}

func TestFrontierPageLimit(t *testing.T) {
	f := walk(t, options{pages: 3}, graph{"/": {"a", "b", "c", "d"}}, first)
	want := []string{"/ 0", "/a 1", "/b 1", "/c page limit", "/d page limit"}
	if got := outcomes(f); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFrontierTooManyRedirects(t *testing.T) {
	site := graph{"/": {"/a"}}
	for c := 'a'; c < 'z'; c++ {
		site["=/"+string(c)] = []string{"/" + string(c+1)}
	}
	f := walk(t, options{}, site, first)
	last := f.order[len(f.order)-1]
	if last.url != "http://h/l" || last.skip != tooManyHops { // a, and ten redirects on
		t.Errorf("ended at %s: %s", last.url, last.skip)
	}
	// A direct link into the chain starts the count anew.
	site["/"] = []string{"/a", "/x"}
	site["/x"] = []string{"/l"}
	f = walk(t, options{}, site, first)
	if p := f.known["http://h/l"]; p.state != done {
		t.Errorf("l is %v: %s", p.state, p.skip)
	}
}

func TestFrontierAbandon(t *testing.T) {
	f := newFrontier(options{})
	f.host = "h"
	start := f.start(&url.URL{Scheme: "http", Host: "h", Path: "/"})
	f.link(start, &url.URL{Scheme: "http", Host: "h", Path: "/a"})
	f.pop()
	f.abandon()
	if p := f.pop(); p != nil {
		t.Errorf("%s after the end", p.url)
	}
	for _, p := range f.order {
		if p.skip != interrupted {
			t.Errorf("%s: %q", p.url, p.skip)
		}
	}
	f.link(start, &url.URL{Scheme: "http", Host: "h", Path: "/b"})
	if f.pop() != nil {
		t.Error("a page was added after the end, and is given out")
	}
}
