//go:build linux

package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchange makes a scene of a load.
func exchange(name string, l load) scene {
	return scene{name: name, measure: l.measure}
}

// measure starts a server, loads it and ends it.
func (l load) measure(a *area, p peer, o options) (sample, error) {
	l.conns = o.limit(l.conns)
	d := dialer{kind: unix.SOCK_STREAM, arrivals: -1}
	if l.udp {
		d.kind = unix.SOCK_DGRAM
	}
	j := job{Size: l.size}
	if l.backend {
		fd, addr, err := listenRaw()
		if err != nil {
			return nil, err
		}
		defer unix.Close(fd)
		d.arrivals, j.Backend = fd, addr
	}
	c, err := start(a, p, j, o)
	if err != nil {
		return nil, err
	}
	defer c.stop()
	d.to = c.addr
	g, err := newGenerator(l, d)
	if err != nil {
		return nil, err
	}
	defer g.close()
	if err := g.open(); err != nil {
		return nil, err
	}
	g.verify = true
	if err := g.drive(o.length / 5); err != nil { // warm-up
		return nil, err
	}
	g.verify, g.done, g.lost = false, 0, 0
	g.times.reset()
	before, err := c.use()
	if err != nil {
		return nil, err
	}
	began := now()
	// On a busy machine a short measurement can be over before the server had its turn.
	for tries := 0; g.done == 0 && tries < 100; tries++ {
		if err := g.drive(o.length); err != nil {
			return nil, err
		}
	}
	took := now() - began
	after, err := c.use()
	if err != nil {
		return nil, err
	}
	s, err := summary(c, before, after, &g.times, took)
	if l.udp && err == nil {
		s[lost] = float64(g.lost)
	}
	return s, err
}

// summary is what a server was found to do with so many answers.
func summary(c *child, before, after usage, times *histogram, took int64) (sample, error) {
	if times.total == 0 {
		return nil, errors.New("no answer came")
	}
	most, err := c.memory("VmHWM")
	user, kernel := after.user-before.user, after.kernel-before.kernel
	s := sample{
		rate:   float64(times.total) / float64(took) * 1e9,
		cpu:    float64(after.cpu-before.cpu) / 1e3 / float64(times.total),
		system: kernel / max(1, user+kernel),
		p50:    times.at(0.50), p99: times.at(0.99), p999: times.at(0.999),
		// It had something to do and no processor: somebody else's doing.
		waited: float64(after.waited-before.waited) / float64(took),
		peak:   most / (1 << 20),
	}
	for _, q := range quantiles {
		s[q.metric] = times.at(q.at)
	}
	return s, err
}
