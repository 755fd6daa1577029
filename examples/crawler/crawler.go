package main

import (
	"errors"
	"fmt"
	stdhttp "net/http"
	"net/url"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// retryPause is what a server gets to recover before it is asked again.
const retryPause = 200 * time.Millisecond

// errInterrupted says that a crawl was stopped before its end.
var errInterrupted = errors.New("interrupted")

// crawler is one crawl. All of its fields are shared by its tasks, and none needs a lock: see the
// package comment.
type crawler struct {
	options
	client   *stdhttp.Client
	frontier *frontier

	workers []*task.Task // all ever started
	working int          // of them, those which have not ended
	turn    time.Time    // when the next request may be sent, if there is a -delay

	began   time.Time
	took    time.Duration
	fetched int           // pages done
	current string        // the page begun last
	onPage  func(p *page) // told of each page done
}

// newCrawler prepares a crawl.
func newCrawler(o options) *crawler {
	return &crawler{options: o, client: newClient(o), frontier: newFrontier(o), onPage: func(*page) {}}
}

// crawl walks the site, and returns when every page is fetched or left out. What it found is in the frontier;
// the error says that the start page could not be had. It is a checkpoint.
func (c *crawler) crawl() error {
	defer c.client.CloseIdleConnections()
	c.began = now()
	if err := c.enter(c.start); err != nil {
		return err
	}
	start := c.frontier.start(c.start)
	c.hire()
	// The list grows while we wait: a worker starts others before it ends. When the last one on the
	// list has ended, nobody is left to start another.
	for i := 0; i < len(c.workers); i++ {
		c.workers[i].Join()
	}
	c.took = now().Sub(c.began)
	if c.frontier.ended {
		c.frontier.abandon() // what the killed workers had in hand
		return errInterrupted
	}
	return verdict(start)
}

// hire starts workers for the pages that wait in the frontier, up to the number allowed. It is not a
// checkpoint: a new task runs when this one next has to wait.
func (c *crawler) hire() {
	for range len(c.frontier.queue) {
		if c.working == c.tasks {
			return
		}
		c.working++
		c.workers = append(c.workers, task.Go(c.work))
	}
}

// work is the life of a worker: it fetches pages for as long as there are any.
func (c *crawler) work() {
	defer func() { c.working-- }()
	for p := c.frontier.pop(); p != nil; p = c.frontier.pop() {
		c.visit(p)
		c.hire()
	}
}

// visit fetches a page and adds what it links to.
func (c *crawler) visit(p *page) {
	c.current = p.url
	for p.tries = 1; ; p.tries++ {
		c.waitTurn(p)
		sent := now()
		answer, err := c.fetch(p.url, p.external)
		p.answer, p.failure, p.took = answer, failureOf(err), now().Sub(sent)
		if !worthRetrying(p.failure) || p.tries > c.retries {
			break
		}
		task.Sleep(retryPause)
	}
	c.follow(p)
	p.doc = document{}
	p.state = done
	c.fetched++
	c.onPage(p)
}

// waitTurn keeps requests to the site -delay apart. The moment is taken before the wait, so that the
// next worker, which may come by during the wait, gets the moment after it.
func (c *crawler) waitTurn(p *page) {
	if c.delay == 0 || p.external {
		return
	}
	at := now()
	if c.turn.After(at) {
		at = c.turn
	}
	c.turn = at.Add(c.delay)
	task.Sleep(at.Sub(now()))
}

// follow adds the links of a page to the frontier, or the target if it is a redirect.
func (c *crawler) follow(p *page) {
	address, err := url.Parse(p.url)
	if err != nil {
		return // cannot be: it was fetched
	}
	if p.isRedirect() {
		c.redirect(p, address)
		return
	}
	if p.doc.nofollow && c.robots {
		return
	}
	base := p.doc.baseOf(address)
	for _, reference := range p.doc.references {
		switch target, err := resolve(base, reference); err {
		case nil:
			c.frontier.link(p, target)
		case errMalformed:
			c.frontier.bad(p, reference)
		}
	}
}

// redirect adds the target of a redirect to the frontier.
func (c *crawler) redirect(p *page, address *url.URL) {
	target, err := resolve(address, p.location)
	if p.location == "" || err != nil {
		p.location, p.failure = "", "redirect to nowhere"
		return
	}
	if p.seed && target.Host != c.frontier.host {
		if err := c.enter(target); err != nil { // the site lives there
			p.failure = err.Error()
			return
		}
	}
	t := c.frontier.link(p, target)
	t.seed = t.seed || p.seed
}

// enter makes the host of an address the one to be crawled. It is called while no other worker runs:
// before the first is started, and by the one that fetches the start page. It is a checkpoint.
func (c *crawler) enter(u *url.URL) (err error) {
	c.frontier.host = u.Host
	if c.robots {
		c.frontier.robots, err = c.fetchRobots(u)
	}
	return err
}

// stop ends the crawl early. The workers end at their next checkpoint, wherever they are.
func (c *crawler) stop() {
	c.frontier.abandon()
	for _, worker := range c.workers {
		worker.Kill()
	}
}

// verdict says whether the start page could be had, at the end of its redirects.
func verdict(start *page) error {
	p := start.destination()
	switch {
	case p == nil || p.skip == tooManyHops:
		return fmt.Errorf("cannot fetch %s: too many redirects", start.url)
	case p.skip == disallowed:
		return fmt.Errorf("cannot fetch %s: robots.txt forbids it (-robots=false ignores that)", p.url)
	case p.skip != "":
		return fmt.Errorf("cannot fetch %s: left out (%s)", p.url, p.skip)
	case p.failure != "":
		return fmt.Errorf("cannot fetch %s: %s", p.url, p.failure)
	case p.status/100 != 2:
		return fmt.Errorf("cannot fetch %s: %d %s", p.url, p.status, stdhttp.StatusText(p.status))
	}
	return nil
}

// now is the loop's time, which in a test may be a virtual one.
func now() time.Time { return runtime.Current().Now() }
