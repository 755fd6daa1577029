//go:build linux

package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// A promise names an area, a scene, a metric and a rival that exist; otherwise it
// would be kept for ever.
func TestPromisesAreOfSomething(t *testing.T) {
	for _, p := range promises {
		met := false
		for _, a := range areas {
			for _, s := range a.scenes {
				if a.name != p.area || !strings.HasPrefix(s.name+" ", p.scene) {
					continue
				}
				in := func(name string) bool {
					peer := a.find(name)
					if peer == nil || s.only != nil && !slices.Contains(s.only, name) {
						return false
					}
					_, can := peer.works[s.work]
					return s.work == "" || can
				}
				// netpoll does not compile for every architecture.
				rival := p.rival == "" || p.rival == "netpoll" || in(p.rival)
				met = met || in(us) && rival && slices.Contains(a.metrics, p.metric)
			}
		}
		if !met {
			t.Errorf("nothing is measured for %s: %s, %q", p, p.area, p.scene)
		}
		if p.issue == 0 {
			t.Errorf("%s: %s does not say who promised it", p.area, p)
		}
		if p.known != nil && (p.known.tried == "" || p.metric.more != (p.known.now < p.limit)) {
			t.Errorf("%s: %s has a known miss of %v, which is none or not explained", p.area, p, p.known.now)
		}
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		metric *metric
		limit  float64
		known  float64
		ratios spread
		want   verdict
	}{
		{rate, 1.1, 0, spread{1.0, 1.2, 1.3}, kept},
		{rate, 1.1, 0, spread{1.0, 1.05, 1.3}, within},
		{rate, 1.1, 0, spread{1.0, 1.05, 1.09}, broken},
		{rate, 1.1, 1.02, spread{1.0, 1.05, 1.09}, known},
		{rate, 1.1, 1.02, spread{1.0, 1.01, 1.03}, known}, // worse than is known, within the spread
		{rate, 1.1, 1.02, spread{0.9, 0.95, 1.01}, broken},
		{rate, 1.1, 1.02, spread{1.2, 1.2, 1.2}, kept},
		{cpu, 1.1, 0, spread{1.0, 1.05, 1.3}, kept},
		{cpu, 1.1, 0, spread{1.0, 1.2, 1.3}, within},
		{cpu, 1.1, 0, spread{1.2, 1.25, 1.3}, broken},
		{cpu, 1.1, 1.3, spread{1.2, 1.25, 1.3}, known},
		{cpu, 1.1, 1.3, spread{1.4, 1.5, 1.6}, broken},
	} {
		p := promise{metric: c.metric, limit: c.limit}
		if c.known != 0 {
			p.known = &miss{now: c.known}
		}
		if v := p.judge(c.ratios); v != c.want {
			t.Errorf("%s %v, known %v, of %v: %s, want %s", c.metric.key, c.limit, c.known, []float64(c.ratios), v, c.want)
		}
	}
}

// fakes are two rivals of which is known what they take, without a process: ours takes
// 2, 4, 6 in its rounds, the other always 2.
func fakes(t *testing.T) *results {
	t.Helper()
	turn := map[string]int{}
	s := scene{name: "a case", measure: func(_ *area, p peer, _ options) (sample, error) {
		turn[p.name]++
		if p.name == us {
			return sample{cpu: float64(2 * turn[us]), rate: 100}, nil
		}
		return sample{cpu: 2, rate: 50}, nil
	}}
	a := &area{name: "fake", peers: []peer{{name: us}, {name: "other"}}, metrics: []*metric{rate, cpu}, scenes: []scene{s}}
	o := options{rounds: 3}
	in, _ := a.entrants(s, o)
	got, err := a.measure(s, in, o, noLimit)
	if err != nil {
		t.Fatal(err)
	}
	return &results{Outcomes: []outcome{got}}
}

// A broken promise is found, and one that is kept is not called broken.
func TestCheckFindsBrokenPromises(t *testing.T) {
	r := fakes(t)
	for _, c := range []struct {
		p      promise
		broken int
		says   string
	}{
		{promise{issue: 9, area: "fake", metric: cpu, rival: "other", limit: 0.9}, 1, "| 9 | 2.00* (1.00 to 3.00) | BROKEN |"},
		{promise{area: "fake", metric: cpu, rival: "other", limit: 1.5}, 0, "missed within the spread"},
		{promise{area: "fake", metric: cpu, rival: "other", limit: 2}, 0, "| kept |"},
		{promise{area: "fake", metric: rate, rival: "other", limit: 2}, 0, "| 2.00 (2.00 to 2.00) | kept |"},
		{promise{area: "fake", metric: rate, rival: "other", limit: 2.1}, 1, "BROKEN"},
		{promise{area: "fake", metric: cpu, limit: 1}, 1, "| 4 (2 to 6) | BROKEN |"},
		{promise{area: "fake", metric: cpu, rival: "other", limit: 0.9, known: &miss{2, "everything"}}, 0, "missed, known (2)"},
		{promise{area: "fake", metric: cpu, rival: "nobody", limit: 0.9}, 0, "0 kept"},
		{promise{area: "fake", scene: "a c", metric: cpu, rival: "other", limit: 0.9}, 1, "BROKEN"},
		{promise{area: "fake", scene: "another", metric: cpu, rival: "other", limit: 0.9}, 0, "0 kept"},
	} {
		var out bytes.Buffer
		if n := check(&out, r, []promise{c.p}); n != c.broken || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: %d broken, want %d and %q in\n%s", c.p, n, c.broken, c.says, out.String())
		}
	}
}

// What the clock says is not judged where something else had the processor; what the
// processor's clock says is.
func TestCheckOfABusyMachine(t *testing.T) {
	r := fakes(t)
	r.Outcomes[0].of("other").Metrics[waited.key] = spread{0.5, 0.6, 0.7}
	for p, want := range map[promise]int{
		{area: "fake", metric: rate, rival: "other", limit: 2.1}: 0,
		{area: "fake", metric: cpu, rival: "other", limit: 0.9}:  1,
	} {
		var out bytes.Buffer
		if n := check(&out, r, []promise{p}); n != want || want == 0 && !strings.Contains(out.String(), "1 not judged") {
			t.Errorf("%s: %d broken, want %d, in\n%s", p, n, want, out.String())
		}
	}
}

// The peers take turns, and the ratios are those of one round.
func TestRoundsAreInterleaved(t *testing.T) {
	var order []string
	s := scene{measure: func(_ *area, p peer, _ options) (sample, error) {
		order = append(order, p.name)
		return sample{}, nil
	}}
	a := &area{peers: []peer{{name: "a"}, {name: "b"}, {name: "gone", absent: func() string { return "not here" }}}}
	o := options{rounds: 2}
	in, absent := a.entrants(s, o)
	if _, err := a.measure(s, in, o, noLimit); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b", "a", "b"}; !slices.Equal(order, want) {
		t.Errorf("the peers came in the order %v, want %v", order, want)
	}
	if want := []string{"gone: not here"}; !slices.Equal(absent, want) {
		t.Errorf("absent are %q, want %q", absent, want)
	}
	if r := fakes(t).Outcomes[0].ratios(us, "other", cpu); !slices.Equal(r, spread{1, 2, 3}) {
		t.Errorf("the ratios are %v, want 1, 2, 3", []float64(r))
	}
}
