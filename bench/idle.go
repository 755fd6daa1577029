//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	stdnet "net"
	"strconv"

	"golang.org/x/sys/unix"
)

// idleArea opens connections, each with a reader that waits, and looks at how much
// larger the server has become. What the system keeps for a socket is the same for
// all and not counted.
var idleArea = &area{
	name: "idle", title: "Memory of idle connections",
	about:    "A connection whose reader waits for a byte. What the system keeps for a socket is the same for all and not counted.",
	metrics:  []*metric{perConn, perHeap},
	pictures: []picture{bars(perConn, "Memory of an idle connection")},
	peers: []peer{
		{name: "net", serve: func(_ job, ready func(string)) error { return stdStream(ready, idleConn) }},
		{name: us, serve: func(_ job, ready func(string)) error { return ourStream(ready, idleConn) }},
		{name: "epoll", serve: func(_ job, ready func(string)) error {
			return rawStream(ready, func(l *rawLoop, c *rawConn) { l.close(c) }, func(_ *rawLoop, c *rawConn) {
				_, _ = unix.Write(c.fd, greeting)
			})
		}},
	},
	scenes: []scene{
		idlers("1,000 connections", 1000),
		idlers("10,000 connections", 10_000),
	},
}

// greeting is what a server sends first, so that the client knows that its
// connection has been accepted.
var greeting = []byte{'!'}

func greet(w io.Writer) { _, _ = w.Write(greeting) }

// idleConn reads a byte that does not come, into a buffer as small as can be: how
// much memory a program reads into is its own affair.
func idleConn(c stdnet.Conn) {
	defer c.Close()
	greet(c)
	_, _ = c.Read(make([]byte, 1))
}

// idlers makes a scene of so many connections.
func idlers(name string, n int) scene {
	return scene{name: name, measure: func(a *area, p peer, o options) (sample, error) { return idle(a, p, o, n) }}
}

// idle measures what a connection costs when there are n.
func idle(a *area, p peer, o options, n int) (sample, error) {
	n = o.limit(n)
	c, err := start(a, p, job{}, o)
	if err != nil {
		return nil, err
	}
	defer c.stop()
	d := dialer{to: c.addr, kind: unix.SOCK_STREAM}
	var fds []int
	defer func() {
		for _, fd := range fds {
			hangUp(fd)
		}
	}()
	open := func() error {
		fd, err := d.dial(len(fds))
		if err != nil {
			return err
		}
		fds = append(fds, fd)
		if err := await(fd, unix.POLLIN); err != nil {
			return fmt.Errorf("the server does not greet: %w", err)
		}
		if n, err := unix.Read(fd, make([]byte, 1)); n != 1 {
			return fmt.Errorf("the server does not greet: %v", err)
		}
		return nil
	}
	if err := open(); err != nil { // what is made once is there before
		return nil, err
	}
	rss, heap, err := c.settled()
	if err != nil {
		return nil, err
	}
	for range n {
		if err := open(); err != nil {
			return nil, err
		}
	}
	grown, more, err := c.settled()
	if err != nil {
		return nil, err
	}
	return sample{perConn: (grown - rss) / float64(n), perHeap: (more - heap) / float64(n)}, nil
}

// settled is what the server takes when it has thrown away what it can: memory that
// the system sees, and what Go's objects and stacks take of it.
func (c *child) settled() (rss, heap float64, err error) {
	answer, err := c.ask("collect")
	if err != nil {
		return 0, 0, errors.Join(errors.New("the server does not answer"), err)
	}
	if heap, err = strconv.ParseFloat(answer, 64); err != nil {
		return 0, 0, err
	}
	rss, err = c.memory("RssAnon")
	return rss, heap, err
}
