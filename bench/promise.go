//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// promise is a limit for the ratio of our measurement to a rival's.
type promise struct {
	area, scene string // scene: the beginning of its name, "" for all
	metric      *metric
	rival       string
	limit       float64
}

// promises are kept by -check. More is better where the metric says so; there the
// limit is the least, elsewhere the most.
var promises = []promise{
	{"tcp", "", rate, "net", 1.15},
	{"tcp", "", rate, "netpoll", 1},
	{"tcp", "", p99, "net", 1},
	{"tcp", "", p999, "net", 1},
	{"tcp", "64B x 100 ", cpu, "epoll", 1.08},
	{"tcp", "64B x 1000 ", cpu, "epoll", 1.2},
	{"accept", "", rate, "net", 1},
	{"udp", "", rate, "net", 1.1},
	{"proxy", "", rate, "net", 1},
	{"idle", "", perConn, "net", 1},
}

// kept tells whether the ratios keep the promise by their median, and if not, whether
// they miss it beyond their spread: the best of them misses it too.
func (p promise) kept(r spread) (kept, beyond bool) {
	if p.metric.more {
		return r.median() >= p.limit, slices.Max(r) < p.limit
	}
	return r.median() <= p.limit, slices.Min(r) > p.limit
}

// check prints how a scene's promises are kept and returns how many are broken
// beyond the spread.
func check(w io.Writer, a *area, s scene, all map[string][]sample) (broken int) {
	first := true
	for _, p := range promises {
		if p.area != a.name || !strings.HasPrefix(s.name+" ", p.scene) || all[us] == nil || all[p.rival] == nil {
			continue
		}
		if first {
			fmt.Fprintln(w)
			row(w, "promise", "measured", "")
			rule(w, 3)
			first = false
		}
		r := ratios(all[us], all[p.rival], p.metric)
		sign := "at most"
		if p.metric.more {
			sign = "at least"
		}
		word := "kept"
		switch kept, beyond := p.kept(r); {
		case beyond:
			word = "BROKEN"
			broken++
		case !kept:
			word = "missed within the spread"
		}
		row(w, fmt.Sprintf("%s %s %.2f of %s", p.metric.head, sign, p.limit, p.rival), r.String(), word)
	}
	return broken
}
