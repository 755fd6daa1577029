//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// noLimit is the end of a scene that may take as long as it likes.
var noLimit time.Time

// plan shares out the time that a run may take among its scenes. A scene that needs
// less leaves the rest to the others. One for which nothing is left is left out, and so
// is a long one; the report says so.
type plan struct {
	limited bool
	end     time.Time // of the run
	left    int       // peers of scenes still to come
	begun   int       // scenes measured
	out     []string  // left out of the present area, and why
}

func newPlan(o options) *plan {
	p := &plan{limited: o.budget > 0, end: time.Now().Add(o.budget)}
	for _, a := range areas {
		for _, s := range a.scenes {
			if in, _ := a.entrants(s, o); o.wants(a, s) && len(in) > 0 && !(p.limited && s.long) {
				p.left += len(in)
			}
		}
	}
	return p
}

// next says until when the next scene may take, the zero time for no limit, and
// whether it is to be measured at all. Of the time that is left it has as much as it has peers.
func (p *plan) next(s scene, peers int) (until time.Time, ok bool) {
	if !p.limited {
		p.begun++
		return noLimit, true
	}
	rest := time.Until(p.end)
	if s.long || rest <= 0 {
		if !s.long {
			p.left -= peers
		}
		p.leaveOut(s, "for want of time")
		return noLimit, false
	}
	p.begun++
	share := rest / time.Duration(max(p.left, peers)) * time.Duration(peers)
	p.left -= peers
	return time.Now().Add(share), true
}

// leaveOut notes a scene that is not measured, and why.
func (p *plan) leaveOut(s scene, why string) {
	p.out = append(p.out, fmt.Sprintf("%s (%s)", s.name, why))
}

// report says which scenes of an area were left out.
func (p *plan) report(w io.Writer, a *area) {
	if len(p.out) > 0 {
		fmt.Fprintf(w, "\nLeft out of %q: %s.\n", a.title, strings.Join(p.out, ", "))
	}
	p.out = nil
}
