//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// promise is a limit for the ratio of our measurement to a rival's, or for the
// measurement itself.
type promise struct {
	issue       int    // in which it was made
	area, scene string // scene: the beginning of its name, "" for all
	metric      *metric
	rival       string // "" if the limit is for our measurement itself
	limit       float64
	// known tells of a promise that is missed at present: by how much, and why. It is an
	// error only if it gets worse.
	known *miss
}

// miss is what is known of a promise that is not kept.
type miss struct {
	now   float64 // what has been reached
	tried string  // to do better, and what is in the way
}

// verdict is how a promise stands.
type verdict int

const (
	kept   verdict = iota
	within         // missed by the median, not by all rounds
	known          // missed, as is known
	broken         // missed by every round, or worse than is known
	unsure         // missed, but the machine was busy with something else
)

func (v verdict) String() string {
	return [...]string{"kept", "missed within the spread", "missed, known", "BROKEN", "not judged: the machine was busy"}[v]
}

// judge tells how a promise stands after what was measured in each round.
func (p promise) judge(s spread) verdict {
	holds, beyond := p.against(s, p.limit)
	switch {
	case holds:
		return kept
	case p.known != nil:
		if _, worse := p.against(s, p.known.now); worse {
			return broken
		}
		return known
	case !beyond:
		return within
	}
	return broken
}

// against tells whether a limit is kept by the median, and if not, whether it is
// missed beyond the spread: the best of the rounds misses it too.
func (p promise) against(s spread, limit float64) (holds, beyond bool) {
	if p.metric.more {
		return s.median() >= limit, slices.Max(s) < limit
	}
	return s.median() <= limit, slices.Min(s) > limit
}

// String says what is promised.
func (p promise) String() string {
	sign := "at most"
	if p.metric.more {
		sign = "at least"
	}
	if p.rival == "" {
		return fmt.Sprintf("%s %s %.4g", p.metric.head, sign, p.limit)
	}
	return fmt.Sprintf("%s %s %.4g of %s", p.metric.head, sign, p.limit, p.rival)
}

// measured returns what a scene has brought for the promise, nil if nothing.
func (p promise) measured(o outcome) spread {
	if p.area != o.Area || !strings.HasPrefix(o.Scene+" ", p.scene) {
		return nil
	}
	if p.rival != "" {
		return o.ratios(us, p.rival, p.metric)
	}
	if m := o.of(us); m != nil {
		return m.Metrics[p.metric.key]
	}
	return nil
}

// check prints how the promises stand and returns how many are broken.
func check(w io.Writer, r *results, promises []promise) (n int) {
	fmt.Fprintf(w, "\n## Promises\n\n")
	row(w, "case", "promise", "issue", "measured", "")
	rule(w, 2, 5)
	var notes []string
	count := map[verdict]int{}
	for _, p := range promises {
		for _, o := range r.Outcomes {
			s := p.measured(o)
			if len(s) == 0 {
				continue
			}
			v := p.judge(s)
			if v != kept && p.metric.wall && o.busy(us, p.rival) {
				v = unsure
			}
			count[v]++
			word := v.String()
			if p.known != nil {
				word += fmt.Sprintf(" (%.4g)", p.known.now)
				if note := fmt.Sprintf("%s, %s: %s", p.area, p, p.known.tried); !slices.Contains(notes, note) {
					notes = append(notes, note)
				}
			}
			row(w, o.Area+", "+o.Scene, p.String(), fmt.Sprint(p.issue), plain(p, s), word)
		}
	}
	fmt.Fprintf(w, "\n%d kept, %d missed within the spread, %d missed as is known, %d not judged, %d broken.\n",
		count[kept], count[within], count[known], count[unsure], count[broken])
	for _, note := range notes {
		fmt.Fprintf(w, "\n- %s", note)
	}
	if len(notes) > 0 {
		fmt.Fprintln(w)
	}
	return count[broken]
}

// plain writes what was measured: ratios with two digits, measurements with four.
func plain(p promise, s spread) string {
	if p.rival != "" {
		return s.String()
	}
	return fmt.Sprintf("%.4g (%.4g to %.4g)", s.median(), slices.Min(s), slices.Max(s))
}
