//go:build linux

package main

import (
	"fmt"
	"io"
	"log"
	stdhttp "net/http"
	stdsync "sync"

	"github.com/valyala/fasthttp"

	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/task"
)

// getsEach is how often each task of a client asks before all are waited for.
const getsEach = 20

var clientArea = &area{
	name: "client", title: "HTTP client",
	about: "So many tasks, or goroutines, of one process get a page over connections that are kept, and read it to its end. " +
		"The server is the same for all: fasthttp's, on the other processor.",
	metrics:  operations,
	pictures: []picture{bars(cpuNS, "One HTTP request, client on one processor")},
	peers: []peer{
		{name: "net/http", works: map[string]func(*meter){"get": func(m *meter) {
			c := &stdhttp.Client{Transport: &stdhttp.Transport{MaxIdleConnsPerHost: m.Count}}
			m.gets(func() error { return getStd(c, m.Backend) }, func(all func()) {
				var wg stdsync.WaitGroup
				for range m.Count {
					wg.Go(all)
				}
				wg.Wait()
			})
		}}},
		{name: us, works: map[string]func(*meter){"get": inLoop(func(m *meter) {
			t := &http.Transport{MaxIdleConnsPerHost: m.Count}
			defer t.CloseIdleConnections()
			c := &stdhttp.Client{Transport: t}
			m.gets(func() error { return getStd(c, m.Backend) }, func(all func()) {
				tasks := make([]*task.Task, m.Count)
				for i := range tasks {
					tasks[i] = task.Go(all)
				}
				for _, t := range tasks {
					_ = t.Join()
				}
			})
		})}},
		{name: "fasthttp", works: map[string]func(*meter){"get": func(m *meter) {
			c := &fasthttp.Client{MaxConnsPerHost: m.Count}
			m.gets(func() error { return getFast(c, m.Backend) }, func(all func()) {
				var wg stdsync.WaitGroup
				for range m.Count {
					wg.Go(all)
				}
				wg.Wait()
			})
		}}},
	},
	scenes: []scene{
		backed(workload("1 task", "get", job{Count: 1}), httpArea, "fasthttp"),
		backed(workload("100 tasks", "get", job{Count: 100}), httpArea, "fasthttp"),
	},
}

// backed gives a scene a server on the other processor.
func backed(s scene, a *area, server string) scene {
	plain := s.measure
	s.measure = func(of *area, p peer, o options) (sample, error) {
		c, err := start(a, *a.find(server), job{Aside: true}, options{})
		if err != nil {
			return nil, err
		}
		defer c.stop()
		o.backend = "http://" + c.addr.String() + "/hello"
		return plain(of, p, o)
	}
	return s
}

// gets measures so many that do all of it at once: get the page, and get it again.
func (m *meter) gets(get func() error, together func(all func())) {
	m.run(func() int {
		together(func() {
			for range getsEach {
				if err := get(); err != nil {
					log.Fatal(err)
				}
			}
		})
		return m.Count * getsEach
	})
}

func getStd(c *stdhttp.Client, url string) error {
	answer, err := c.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return rightHello(body, err)
}

func getFast(c *fasthttp.Client, url string) error {
	q, a := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(q)
	defer fasthttp.ReleaseResponse(a)
	q.SetRequestURI(url)
	err := c.Do(q, a)
	return rightHello(a.Body(), err)
}

func rightHello(body []byte, err error) error {
	if err == nil && string(body) != hello {
		err = fmt.Errorf("got %.100q", body)
	}
	return err
}
