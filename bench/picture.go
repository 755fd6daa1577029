//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/evergreen-go/evergreen/bench/chart"
)

// picture is one of an area, made from results.
type picture struct {
	name string // of its file, without the ending
	alt  string // what it shows, for those who cannot see it
	// draw returns nil if nothing was measured that it could show.
	draw func(r *results, a *area) chart.Drawing
}

// bars is a picture of one metric, with a panel for each scene, or for those named.
func bars(m *metric, title string, scenes ...string) picture {
	return picture{
		name: m.key, alt: title,
		draw: func(r *results, a *area) chart.Drawing {
			b := chart.Bars{Title: title, Unit: unit(m) + "; the lines show the smallest and the largest of the rounds"}
			for _, s := range a.scenes {
				o := r.find(a.name, s.name)
				if o == nil || scenes != nil && !slices.Contains(scenes, s.name) {
					continue
				}
				b.Panels = append(b.Panels, panel(o, m))
			}
			if len(b.Panels) == 0 {
				return nil
			}
			return b
		},
	}
}

// unit is what a metric counts, and which way is better.
func unit(m *metric) string {
	if m.more {
		return m.head + ", more is better"
	}
	return m.head + ", less is better"
}

// panel has the best first.
func panel(o *outcome, m *metric) chart.Panel {
	p := chart.Panel{Title: o.Scene}
	for _, one := range o.Peers {
		s := one.Metrics[m.key]
		if len(s) == 0 {
			continue
		}
		bar := chart.Bar{Label: one.Peer, Value: s.median(), Low: slices.Min(s), High: slices.Max(s), Ours: one.Peer == us}
		if one.Peer != us && o.of(us) != nil {
			bar.Note = fmt.Sprintf("ours ×%s", short(o.ratios(us, one.Peer, m).median()))
		}
		p.Bars = append(p.Bars, bar)
	}
	slices.SortStableFunc(p.Bars, func(a, b chart.Bar) int {
		if m.more {
			a, b = b, a
		}
		return int(math.Copysign(1, a.Value-b.Value))
	})
	return p
}

// short writes a ratio.
func short(v float64) string {
	if v >= 10 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// color gives every peer the same color in all curves.
func color(a *area, peer string) string {
	if peer == us {
		return chart.Green
	}
	i := 0
	for _, p := range a.peers {
		if p.name == peer {
			break
		}
		if p.name != us {
			i++
		}
	}
	return chart.Colors[i%len(chart.Colors)]
}

// growth is a picture of one metric over scenes that differ by a number, which stands
// in their name after a prefix.
func growth(m *metric, title, xLabel, prefix, suffix string, least float64) picture {
	return picture{
		name: m.key + "-growth", alt: title,
		draw: func(r *results, a *area) chart.Drawing {
			l := chart.Lines{Title: title, Unit: unit(m), XLabel: xLabel, LogY: true, Markers: true}
			of := map[string]*chart.Series{}
			for _, s := range a.scenes {
				o := r.find(a.name, s.name)
				n, ok := count(s.name, prefix, suffix)
				if o == nil || !ok || n < least {
					continue
				}
				at := math.Log10(n)
				l.Ticks = append(l.Ticks, chart.Tick{At: at, Text: grouped(n, 0)})
				for _, p := range o.Peers {
					if of[p.Peer] == nil {
						of[p.Peer] = &chart.Series{Name: p.Peer, Ours: p.Peer == us, Color: color(a, p.Peer)}
					}
					of[p.Peer].X = append(of[p.Peer].X, at)
					of[p.Peer].Y = append(of[p.Peer].Y, p.Metrics[m.key].median())
				}
			}
			for _, p := range a.peers { // only those that are there all the way
				if s := of[p.name]; s != nil && len(s.X) == len(l.Ticks) {
					l.Series = append(l.Series, *s)
				}
			}
			if len(l.Ticks) < 2 || len(l.Series) == 0 {
				return nil
			}
			thin(&l)
			return l
		},
	}
}

// thin takes away the names of ticks that are too close to the next.
func thin(l *chart.Lines) {
	for i := len(l.Ticks) - 2; i > 0; i-- {
		if l.Ticks[i+1].At-l.Ticks[i].At < (l.Ticks[len(l.Ticks)-1].At-l.Ticks[0].At)/12 {
			l.Ticks[i].Text = ""
		}
	}
}

// count reads the number between a prefix and a suffix.
func count(name, prefix, suffix string) (n float64, ok bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	rest = strings.TrimSuffix(strings.TrimSuffix(rest, suffix), strings.TrimSuffix(suffix, "s"))
	_, err := fmt.Sscanf(strings.ReplaceAll(rest, ",", ""), "%g", &n)
	return n, ok && err == nil
}

// latencies is a picture of how the answers of a scene are distributed.
func latencies(scene, title string) picture {
	return picture{
		name: "latency", alt: title,
		draw: func(r *results, a *area) chart.Drawing {
			o := r.find(a.name, scene)
			if o == nil {
				return nil
			}
			l := chart.Lines{Title: title, Unit: "µs until the answer was there, less is better", XLabel: "of 100 answers so many were as quick", LogY: true}
			for _, q := range quantiles {
				text := ""
				if slices.Contains([]float64{0, 0.5, 0.9, 0.99, 0.999, 0.9999}, q.at) {
					text = fmt.Sprintf("%.4g", 100*q.at)
				}
				l.Ticks = append(l.Ticks, chart.Tick{At: nines(q.at), Text: text})
			}
			for _, p := range o.Peers {
				s := chart.Series{Name: p.Peer, Ours: p.Peer == us, Color: color(a, p.Peer)}
				for _, q := range quantiles {
					if v := p.Metrics[q.metric.key]; len(v) > 0 {
						s.X, s.Y = append(s.X, nines(q.at)), append(s.Y, max(v.median(), 1))
					}
				}
				if len(s.X) == len(quantiles) {
					l.Series = append(l.Series, s)
				}
			}
			if len(l.Series) == 0 {
				return nil
			}
			return l
		},
	}
}

// nines stretches the end of a distribution: 0.9 is at 1, 0.99 at 2.
func nines(q float64) float64 { return -math.Log10(1 - q) }
