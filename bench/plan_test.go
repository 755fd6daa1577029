//go:build linux

package main

import (
	"strings"
	"testing"
	"time"
)

// Without a limit every scene is measured to its end; with one, each gets its share,
// long ones are left out, and when nothing is left the rest is; the report says so.
func TestPlan(t *testing.T) {
	p := &plan{}
	if until, ok := p.next(scene{long: true}, 1); !ok || !until.IsZero() {
		t.Error("without a limit a long scene is limited")
	}

	begin := time.Now()
	p = &plan{limited: true, end: begin.Add(time.Hour), left: 12}
	if _, ok := p.next(scene{name: "the long one", long: true}, 1); ok {
		t.Error("a long scene was let into a short run")
	}
	for p.left > 0 {
		want := 3 * time.Hour / time.Duration(p.left)
		until, ok := p.next(scene{}, 3)
		if got := until.Sub(begin); !ok || got < want || got > want+time.Minute {
			t.Fatalf("a scene may take %v, want %v", got, want)
		}
	}
	p.end = begin
	if _, ok := p.next(scene{name: "the late one"}, 1); ok {
		t.Error("a scene was begun when nothing was left")
	}
	var out strings.Builder
	p.report(&out, &area{title: "Things"})
	if want := "\nLeft out of \"Things\": the long one (for want of time), the late one (for want of time).\n"; out.String() != want {
		t.Errorf("the report says %q, want %q", out.String(), want)
	}
}

// A scene that is out of time has one round, the first, and all its peers.
func TestTimeIsUp(t *testing.T) {
	n := 0
	s := scene{measure: func(*area, peer, options) (sample, error) {
		n++
		return sample{}, nil
	}}
	a := &area{peers: []peer{{name: "a"}, {name: "b"}}}
	out, err := a.measure(s, a.peers, options{rounds: 5}, time.Now())
	if err != nil || n != 2 || out.Rounds != 1 {
		t.Errorf("%d measurements in %d rounds (%v), want one round of both", n, out.Rounds, err)
	}
}
