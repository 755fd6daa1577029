package main

import (
	"errors"
	"fmt"
	stdhttp "net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// testOptions are those of the command line without arguments.
func testOptions(t *testing.T) options {
	t.Helper()
	o, err := parseOptions(nil, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	o.timeout = 10 * time.Second
	return o
}

// inLoop runs a test as a task.
func inLoop(t *testing.T, f func()) {
	t.Helper()
	if err := runtime.Run(f); err != nil {
		t.Error(err)
	}
}

// serve serves a handler until the function it returns is called, and gives the address of its start page.
func serve(t *testing.T, handler stdhttp.HandlerFunc) (start *url.URL, end func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return nil, func() {}
	}
	server := &http.Server{Handler: handler}
	serving := task.Go(func() { server.Serve(listener) })
	return &url.URL{Scheme: "http", Host: listener.Addr().String(), Path: "/"}, func() {
		server.Close()
		serving.Join()
	}
}

// pathOutcomes says what became of each page, by its address without the host of start.
func pathOutcomes(c *crawler) map[string]string {
	got := map[string]string{}
	for _, p := range c.frontier.order {
		address := strings.TrimPrefix(p.url, "http://"+c.start.Host)
		if got[address] = p.outcome(); p.state == skipped {
			got[address] = string(p.skip)
		}
	}
	return got
}

func sameMap(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s: %s is %q, want %q", what, key, got[key], value)
		}
	}
	for key, value := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("%s: %s is %q, and should not be there", what, key, value)
		}
	}
}

func TestStartPage(t *testing.T) {
	var elsewhere string
	site := func(w stdhttp.ResponseWriter, r *stdhttp.Request) {
		switch r.URL.Path {
		case "/good":
			fmt.Fprint(w, `<html><a href="/from-good">`)
		case "/from-good":
		case "/away":
			stdhttp.Redirect(w, r, elsewhere, stdhttp.StatusFound)
		case "/round":
			stdhttp.Redirect(w, r, "/round", stdhttp.StatusFound)
		case "/robots.txt":
			fmt.Fprint(w, "User-agent: *\nDisallow: /forbidden")
		default:
			stdhttp.NotFound(w, r)
		}
	}
	broken := func(w stdhttp.ResponseWriter, r *stdhttp.Request) {
		w.WriteHeader(stdhttp.StatusServiceUnavailable)
	}
	for path, want := range map[string]string{
		"/good":      "",
		"/missing":   "404 Not Found",
		"/round":     "too many redirects",
		"/forbidden": "robots.txt forbids it",
		"/away":      "robots.txt: 503 Service Unavailable",
	} {
		inLoop(t, func() {
			o := testOptions(t)
			start, end := serve(t, site)
			defer end()
			other, end := serve(t, broken)
			defer end()
			elsewhere = other.String()
			start.Path = path
			o.start = start
			err := newCrawler(o).crawl()
			if fmt.Sprint(err) != "<nil>" && want == "" || want != "" && !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("%s: %v, want %q", path, err, want)
			}
		})
	}
}

// A start page that redirects to another host takes the crawl there, with the rules of that host.
func TestStartPageMoves(t *testing.T) {
	inLoop(t, func() {
		o := testOptions(t)
		there, end := serve(t, func(w stdhttp.ResponseWriter, r *stdhttp.Request) {
			switch r.URL.Path {
			case "/robots.txt":
				fmt.Fprint(w, "User-agent: *\nDisallow: /private")
			case "/":
				fmt.Fprint(w, `<html><a href="/page"><a href="/private">`)
			}
		})
		defer end()
		here, end := serve(t, func(w stdhttp.ResponseWriter, r *stdhttp.Request) {
			target := "/step"
			if r.URL.Path == "/step" {
				target = there.String()
			}
			stdhttp.Redirect(w, r, target, stdhttp.StatusMovedPermanently)
		})
		defer end()
		o.start = here
		c := newCrawler(o)
		if err := c.crawl(); err != nil {
			t.Error(err)
		}
		address := strings.TrimSuffix(there.String(), "/")
		sameMap(t, "pages", pathOutcomes(c), map[string]string{
			"/": "301", "/step": "301", address + "/": "200", address + "/page": "200", address + "/private": "robots",
		})
	})
}

func TestExternal(t *testing.T) {
	inLoop(t, func() {
		o := testOptions(t)
		var asked []string
		there, end := serve(t, func(w stdhttp.ResponseWriter, r *stdhttp.Request) {
			asked = append(asked, r.Method+" "+r.URL.Path)
			switch r.URL.Path {
			case "/good":
				fmt.Fprint(w, `<html><a href="/deeper">`)
			case "/moved":
				stdhttp.Redirect(w, r, "/gone", stdhttp.StatusFound)
			case "/no-head":
				if r.Method == stdhttp.MethodHead {
					w.WriteHeader(stdhttp.StatusMethodNotAllowed)
				}
			default:
				stdhttp.NotFound(w, r)
			}
		})
		defer end()
		here, end := serve(t, func(w stdhttp.ResponseWriter, r *stdhttp.Request) {
			for _, path := range []string{"good", "moved", "no-head", "missing"} {
				fmt.Fprintf(w, `<a href="%s%s">`, there, path)
			}
		})
		defer end()
		o.start, o.external, o.robots = here, true, false
		c := newCrawler(o)
		if err := c.crawl(); err != nil {
			t.Error(err)
		}
		address := strings.TrimSuffix(there.String(), "/")
		sameMap(t, "pages", pathOutcomes(c), map[string]string{
			"/": "200", address + "/good": "200", address + "/moved": "302", address + "/no-head": "200",
			address + "/missing": "404", address + "/gone": "404",
		})
		slices.Sort(asked)
		want := []string{"GET /no-head", "HEAD /gone", "HEAD /good", "HEAD /missing", "HEAD /moved", "HEAD /no-head"}
		if !slices.Equal(asked, want) {
			t.Errorf("asked for %q, want %q", asked, want)
		}
		if r := newReport("", c.frontier.order, 0); r.Pages != 1 || r.External != 5 || len(r.Broken) != 2 {
			t.Errorf("%+v", r)
		}
	})
}

// The server answers no page before as many are asked for at once as there are tasks: fewer would wait for
// ever.
func TestManyAtOnce(t *testing.T) {
	const tasks = 7
	inLoop(t, func() {
		o := testOptions(t)
		var c *crawler
		active, most := 0, 0
		start, end := serve(t, func(w stdhttp.ResponseWriter, r *stdhttp.Request) {
			if c.working > tasks {
				t.Errorf("%d tasks, more than %d", c.working, tasks)
			}
			if r.URL.Path != "/" {
				active++
				most = max(most, active)
				for most < tasks {
					task.Yield()
				}
				active--
			}
			for n := range 40 {
				fmt.Fprintf(w, `<html><a href="/%d">`, n)
			}
		})
		defer end()
		o.start, o.tasks, o.robots = start, tasks, false
		c = newCrawler(o)
		if err := c.crawl(); err != nil || c.fetched != 41 {
			t.Errorf("%d pages, %v", c.fetched, err)
		}
		if most != tasks || c.working != 0 {
			t.Errorf("%d at once, %d still at work", most, c.working)
		}
	})
}

func TestDelay(t *testing.T) {
	const delay = 10 * time.Millisecond
	inLoop(t, func() {
		o := testOptions(t)
		start, end := serve(t, func(w stdhttp.ResponseWriter, r *stdhttp.Request) {
			for n := range 10 {
				fmt.Fprintf(w, `<html><a href="/%d">`, n)
			}
		})
		defer end()
		o.start, o.delay, o.robots = start, delay, false
		c := newCrawler(o)
		if err := c.crawl(); err != nil || c.took < 10*delay {
			t.Errorf("11 requests took %v: %v", c.took, err)
		}
	})
}

// Stop ends all workers wherever they are: here in the middle of a request that is never answered.
func TestStop(t *testing.T) {
	inLoop(t, func() {
		o := testOptions(t)
		var c *crawler
		stopped := false
		start, end := serve(t, func(w stdhttp.ResponseWriter, r *stdhttp.Request) {
			switch r.URL.Path {
			case "/":
				fmt.Fprint(w, `<html><a href="/hang"><a href="/stop"><a href="/later">`)
			case "/stop":
				c.stop()
				stopped = true
			default:
				for !stopped {
					task.Yield()
				}
			}
		})
		defer end()
		o.start, o.tasks, o.robots = start, 2, false
		c = newCrawler(o)
		if err := c.crawl(); !errors.Is(err, errInterrupted) {
			t.Error(err)
		}
		sameMap(t, "pages", pathOutcomes(c), map[string]string{
			"/": "200", "/hang": "interrupted", "/stop": "interrupted", "/later": "interrupted",
		})
	})
}
