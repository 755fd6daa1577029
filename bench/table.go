//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
)

// table prints what an area has brought: one line for each peer of each scene, with
// our ratios to it.
func table(w io.Writer, a *area, outcomes []outcome) {
	head := []string{"case", "peer"}
	for _, m := range a.metrics {
		head = append(head, m.head)
	}
	for _, m := range a.metrics {
		if m.ratio {
			head = append(head, "ours / its "+m.head)
		}
	}
	row(w, head...)
	rule(w, 2, len(head))
	for _, o := range outcomes {
		name := o.Scene
		for _, p := range o.Peers {
			cells := []string{name, p.Peer}
			name = ""
			for _, m := range a.metrics {
				cell := ""
				if s := p.Metrics[m.key]; len(s) > 0 {
					cell = grouped(s.median(), m.digits)
				}
				cells = append(cells, cell)
			}
			for _, m := range a.metrics {
				if m.ratio && p.Peer != us {
					cells = append(cells, o.ratios(us, p.Peer, m).String())
				} else if m.ratio {
					cells = append(cells, "")
				}
			}
			row(w, cells...)
		}
	}
	remarks(w, outcomes)
}

// remarks prints what must be known to read a table rightly.
func remarks(w io.Writer, outcomes []outcome) {
	absent := map[string]bool{}
	for _, o := range outcomes {
		for _, why := range o.Absent {
			if !absent[why] {
				fmt.Fprintf(w, "\nNot measured: %s.\n", why)
				absent[why] = true
			}
		}
	}
	for _, o := range outcomes {
		for _, p := range o.Peers {
			if share := p.Metrics[waited.key].median(); share > muchWaiting {
				fmt.Fprintf(w, "\nThe machine was not idle: in %q, %s had to wait for its processor %.0f%% of the time. Doubt the rates and the latencies; processor time per operation suffers less.\n",
					o.Scene, p.Peer, 100*share)
				return
			}
		}
	}
}

// muchWaiting is the share of the time that a peer may have waited for its processor
// without a remark.
const muchWaiting = 0.05

// busy tells whether one of these peers had to wait for its processor.
func (o *outcome) busy(peers ...string) bool {
	for _, name := range peers {
		if m := o.of(name); m != nil && m.Metrics[waited.key].median() > muchWaiting {
			return true
		}
	}
	return false
}

// grouped writes a number with commas between thousands.
func grouped(v float64, digits int) string {
	text := fmt.Sprintf("%.*f", digits, v)
	whole, _, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func row(w io.Writer, cells ...string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }

// rule ends the head of a table: the first columns are text, the others numbers.
func rule(w io.Writer, texts, n int) {
	fmt.Fprintf(w, "|%s%s\n", strings.Repeat("---|", texts), strings.Repeat("---:|", n-texts))
}
