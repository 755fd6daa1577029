//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if isPeer() { // started by a measurement
		panic(serve())
	}
	code := m.Run()
	cleanUp()
	os.Exit(code)
}

// tiny is a run that shows that everything works and measures nothing.
func tiny(area string) command {
	return command{options: options{rounds: 1, length: 10 * time.Millisecond, most: 5, area: area}, check: true}
}

// Every peer of every area does what is asked of it: there is a line for each in the
// table, and nothing that cannot be among the figures.
func TestEveryArea(t *testing.T) {
	for _, a := range areas {
		t.Run(a.name, func(t *testing.T) {
			c := tiny(a.name)
			if c.peers = quickToStart(a); len(c.peers) == 0 {
				t.Skip("all its peers are other programs")
			}
			c.json = filepath.Join(t.TempDir(), "results.json")
			var out bytes.Buffer
			if _, err := c.do(&out); err != nil {
				t.Fatal(err)
			}
			r, err := loadResults(c.json)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range a.scenes {
				o := r.find(a.name, s.name)
				if o == nil {
					t.Fatalf("nothing was measured of %s", s.name)
				}
				in, absent := a.entrants(s, c.options)
				if len(o.Peers) != len(in) || len(o.Absent) != len(absent) {
					t.Errorf("%s: %d peers took part and %d were absent, want %d and %d", s.name, len(o.Peers), len(o.Absent), len(in), len(absent))
				}
				for _, p := range o.Peers {
					plausible(t, a, s, p)
				}
			}
			for _, p := range a.peers {
				if p.command == nil && !strings.Contains(out.String(), " | "+p.name+" | ") {
					t.Errorf("there is no line for %s in\n%s", p.name, out.String())
				}
			}
		})
	}
}

// quickToStart are the peers that are part of this program.
func quickToStart(a *area) (names []string) {
	for _, p := range a.peers {
		if p.command == nil {
			names = append(names, p.name)
		}
	}
	return names
}

// The other programs do what is asked of them too, where they are installed.
func TestOtherPrograms(t *testing.T) {
	for _, a := range areas {
		for _, p := range a.peers {
			if p.command == nil {
				continue
			}
			t.Run(a.name+"/"+p.name, func(t *testing.T) {
				if why := p.absent(); why != "" {
					t.Skip(why)
				}
				c := tiny(a.name)
				m, err := a.scenes[0].measure(a, p, c.options)
				if err != nil {
					t.Fatal(err)
				}
				got := measured{Peer: p.name, Metrics: map[string]spread{}}
				got.add(m)
				plausible(t, a, a.scenes[0], got)
			})
		}
	}
}

// plausible looks at what was measured of one peer.
func plausible(t *testing.T, a *area, s scene, p measured) {
	t.Helper()
	value := func(m *metric) float64 { return p.Metrics[m.key].median() }
	for _, m := range a.metrics {
		if n := len(p.Metrics[m.key]); n != 1 {
			t.Errorf("%s, %s: %d measurements of %s, want 1", s.name, p.Peer, n, m.key)
		}
	}
	for _, m := range []*metric{rate, cpu, p50, wallNS, cpuNS, peak} {
		if _, ok := p.Metrics[m.key]; ok && value(m) <= 0 {
			t.Errorf("%s, %s: %s is %v", s.name, p.Peer, m.key, value(m))
		}
	}
	if value(p50) > value(p99) || slices.Contains(a.metrics, p999) && value(p99) > value(p999) {
		t.Errorf("%s, %s: p50 %v, p99 %v, p99.9 %v", s.name, p.Peer, value(p50), value(p99), value(p999))
	}
}

func TestUnknownArea(t *testing.T) {
	if _, err := tiny("nowhere").do(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), tcpArea.name) {
		t.Errorf("%v, want an error that names the areas", err)
	}
}
