//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// us is the peer whose ratios to every other are printed.
const us = "evergreen"

// area is one question, asked in several scenes.
type area struct {
	name, title string
	// about says in the report what is done and how the rivals do it.
	about string
	// peers are the rivals in the order of their turns.
	peers []peer
	// metrics are what is measured, in the order of the columns.
	metrics []*metric
	scenes  []scene
	// pictures are what the page shows beside the table.
	pictures []picture
}

// peer is one rival. It has either serve, for scenes that ask a server; or command, if
// that server is no part of this program; or works, for scenes that happen in its
// process alone.
type peer struct {
	name string
	// serve is what its process does: it reports by ready, and goes on until it is
	// killed.
	serve func(task job, ready func(addr string)) error
	// command is a program that writes where it listens, as the process of serve does.
	command func(task job) *exec.Cmd
	// works are its workloads by their names, see workload.
	works map[string]func(*meter)
	// absent says why it cannot take part on this machine, "" if it can; nil: it can.
	absent func() string
}

// scene is one case of an area.
type scene struct {
	name    string
	measure func(a *area, p peer, o options) (sample, error)
	// work is the workload that a peer must have to take part, "" for a server's.
	work string
	// only are the peers that take part, nil for all.
	only []string
	// long: a run that is short of time leaves it out.
	long bool
	// files is how many descriptors a process of it must have; 0: what any has.
	files int
}

// options are what the command line says about a run.
type options struct {
	rounds      int
	length      time.Duration // of one measurement
	budget      time.Duration // of the whole run, 0 for no limit
	area, scene string        // what to run, "" for all
	profile     string        // where a server writes its profile, "" for nowhere
	most        int           // connections and tasks at most, 0 for no limit
	peers       []string      // who takes part, nil for all
	backend     string        // of a workload that needs a server: where it is, see backed
}

// limit is how many connections or tasks a run has where a scene asks for n.
func (o options) limit(n int) int {
	if o.most > 0 {
		return min(n, o.most)
	}
	return n
}

// wants tells whether the options ask for a scene.
func (o options) wants(a *area, s scene) bool {
	return (o.area == "" || slices.Contains(strings.Split(o.area, ","), a.name)) && strings.Contains(s.name+" ", o.scene)
}

// entrants are the peers of a scene, those that can take part, and a word for each of
// the others.
func (a *area) entrants(s scene, o options) (in []peer, absent []string) {
	for _, p := range a.peers {
		_, can := p.works[s.work]
		if s.work != "" && !can || s.only != nil && !slices.Contains(s.only, p.name) ||
			o.peers != nil && !slices.Contains(o.peers, p.name) {
			continue
		}
		if p.absent != nil {
			if why := p.absent(); why != "" {
				absent = append(absent, p.name+": "+why)
				continue
			}
		}
		in = append(in, p)
	}
	return in, absent
}

func (a *area) find(name string) *peer {
	for i := range a.peers {
		if a.peers[i].name == name {
			return &a.peers[i]
		}
	}
	return nil
}

// measure runs the rounds of a scene: every peer once, then every peer again. It ends
// early, though not before the first round, when the time is up.
func (a *area) measure(s scene, in []peer, o options, until time.Time) (outcome, error) {
	out := outcome{Area: a.name, Scene: s.name, Length: o.length.String()}
	for _, p := range in {
		out.Peers = append(out.Peers, measured{Peer: p.name, Metrics: map[string]spread{}})
	}
	for round := range o.rounds {
		began := time.Now()
		for i, p := range in {
			m, err := s.measure(a, p, o)
			if err != nil {
				return out, fmt.Errorf("%s: %w", p.name, err)
			}
			out.Peers[i].add(m)
		}
		out.Rounds = round + 1
		if !until.IsZero() && time.Now().Add(time.Since(began)).After(until) {
			break
		}
	}
	return out, nil
}
