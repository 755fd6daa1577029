//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if isServer() { // started by a measurement
		panic(serve())
	}
	os.Exit(m.Run())
}

// tiny is a run that shows that everything works and measures nothing.
var tiny = options{rounds: 1, length: 30 * time.Millisecond, most: 5, check: true}

// Every server of every area does what is asked of it, and there is a line for each.
func TestEveryArea(t *testing.T) {
	for _, a := range areas {
		t.Run(a.name, func(t *testing.T) {
			o := tiny
			o.area = a.name
			var out, lines bytes.Buffer
			if _, err := run(&out, &lines, o); err != nil {
				t.Fatal(err)
			}
			found := map[string]int{}
			for line := range strings.Lines(lines.String()) {
				var m struct {
					Area, Case, Peer    string
					Rate                float64
					CPU                 float64 `json:"cpu_us"`
					P50                 float64 `json:"p50_us"`
					P99                 float64 `json:"p99_us"`
					P999                float64 `json:"p999_us"`
					BytesPerConn        float64 `json:"bytes_per_conn"`
					Lost, System, Peaks float64
				}
				if err := json.Unmarshal([]byte(line), &m); err != nil {
					t.Fatal(err)
				}
				found[m.Case+" "+m.Peer]++
				if a == idleArea {
					continue // so few connections can fit in what was there
				}
				if m.Rate <= 0 || m.CPU <= 0 || m.P50 <= 0 || m.P50 > m.P99 || m.P99 > m.P999 {
					t.Errorf("that cannot be: %s", line)
				}
			}
			for _, s := range a.scenes {
				for _, p := range a.peers {
					if n := found[s.name+" "+p.name]; n != 1 {
						t.Errorf("%d measurements of %s at %s, want 1", n, p.name, s.name)
					}
					if !strings.Contains(out.String(), "\n| "+p.name+" | ") {
						t.Errorf("there is no line for %s in\n%s", p.name, out.String())
					}
				}
			}
		})
	}
}

func TestUnknownArea(t *testing.T) {
	o := tiny
	o.area = "nowhere"
	if _, err := run(&bytes.Buffer{}, &bytes.Buffer{}, o); err == nil || !strings.Contains(err.Error(), tcpArea.name) {
		t.Errorf("%v, want an error that names the areas", err)
	}
}

// A promise names a scene and peers that exist; otherwise it would be kept for ever.
func TestPromisesAreOfSomething(t *testing.T) {
	for _, p := range promises {
		met := false
		for _, a := range areas {
			for _, s := range a.scenes {
				rival := a.find(p.rival) != nil || p.rival == "netpoll" // which is not everywhere
				met = met || a.name == p.area && strings.HasPrefix(s.name+" ", p.scene) && rival
			}
		}
		if !met {
			t.Errorf("nothing is measured for %+v", p)
		}
	}
}

func TestPromiseKept(t *testing.T) {
	for _, c := range []struct {
		metric       *metric
		limit        float64
		ratios       spread
		kept, beyond bool
	}{
		{rate, 1.1, spread{1.0, 1.2, 1.3}, true, false},
		{rate, 1.1, spread{1.0, 1.05, 1.3}, false, false},
		{rate, 1.1, spread{1.0, 1.05, 1.09}, false, true},
		{cpu, 1.1, spread{1.0, 1.05, 1.3}, true, false},
		{cpu, 1.1, spread{1.0, 1.2, 1.3}, false, false},
		{cpu, 1.1, spread{1.2, 1.25, 1.3}, false, true},
	} {
		p := promise{metric: c.metric, limit: c.limit}
		if kept, beyond := p.kept(c.ratios); kept != c.kept || beyond != c.beyond {
			t.Errorf("%s %v of %v: kept %t, beyond the spread %t", c.metric.key, c.limit, c.ratios, kept, beyond)
		}
	}
}
