//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
)

// area is one question, asked in several scenes.
type area struct {
	name, title string
	// peers are the rivals in the order of their turns. The first is what the others
	// are compared with in the main table.
	peers []peer
	// metrics are what is measured, in the order of the columns.
	metrics []*metric
	scenes  []scene
}

// peer is one rival.
type peer struct {
	name string
	// serve is what its process does: it reports by ready, and goes on until it is
	// killed.
	serve func(task job, ready func(addr string)) error
}

// scene is one case of an area.
type scene struct {
	name    string
	measure func(a *area, peer string, o options) (sample, error)
}

// sample is what one measurement found, by metric.
type sample map[*metric]float64

// metric is something that is measured.
type metric struct {
	key    string // in JSON
	head   string // of its column, with the unit
	digits int
	more   bool // more of it is better
	ratio  bool // whether the ratio to the first peer has a column
}

var (
	rate    = &metric{key: "rate", head: "requests/s", more: true, ratio: true}
	cpu     = &metric{key: "cpu_us", head: "CPU us/request", digits: 2, ratio: true}
	system  = &metric{key: "system", head: "of it system", digits: 2}
	p50     = &metric{key: "p50_us", head: "p50 us"}
	p99     = &metric{key: "p99_us", head: "p99 us", ratio: true}
	p999    = &metric{key: "p999_us", head: "p99.9 us", ratio: true}
	waited  = &metric{key: "waited", head: "waited", digits: 2}
	peak    = &metric{key: "peak_mib", head: "peak MiB", digits: 1}
	lost    = &metric{key: "lost", head: "lost"}
	perConn = &metric{key: "bytes_per_conn", head: "bytes/connection", ratio: true}
	perHeap = &metric{key: "go_bytes_per_conn", head: "of it Go heap and stacks"}
)

// limit is how many connections a run has where a scene asks for n.
func (o options) limit(n int) int {
	if o.most > 0 {
		return min(n, o.most)
	}
	return n
}

// among returns the area with those of its peers only; with all if none is named.
func (a *area) among(names []string) *area {
	if names == nil {
		return a
	}
	some := *a
	some.peers = nil
	for _, p := range a.peers {
		if slices.Contains(names, p.name) {
			some.peers = append(some.peers, p)
		}
	}
	return &some
}

func (a *area) find(name string) *peer {
	for i := range a.peers {
		if a.peers[i].name == name {
			return &a.peers[i]
		}
	}
	return nil
}

// measure runs the rounds of a scene: every peer once, then every peer again.
func (a *area) measure(s scene, o options, lines io.Writer) (map[string][]sample, error) {
	all := map[string][]sample{}
	for round := range o.rounds {
		for _, p := range a.peers {
			m, err := s.measure(a, p.name, o)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			all[p.name] = append(all[p.name], m)
			if err := journal(lines, a, s, p, round, m); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}
