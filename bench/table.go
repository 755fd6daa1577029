//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// us is the peer whose ratios to every other are printed.
const us = "evergreen"

// table prints a scene: what was measured, and our ratios to each of the others.
func table(w io.Writer, a *area, s scene, all map[string][]sample, o options) {
	fmt.Fprintf(w, "\n## %s: %s\n\n", a.title, s.name)
	fmt.Fprintf(w, "%d rounds of %v. Medians.\n\n", o.rounds, o.length)
	head := []string{"server"}
	for _, m := range a.metrics {
		head = append(head, m.head)
	}
	row(w, head...)
	rule(w, len(head))
	for _, p := range a.peers {
		cells := []string{p.name}
		for _, m := range a.metrics {
			cells = append(cells, fmt.Sprintf("%.*f", m.digits, values(all[p.name], m).median()))
		}
		row(w, cells...)
	}
	disturbed(w, a, all)
	if a.find(us) == nil || len(a.peers) == 1 {
		return
	}
	fmt.Fprintf(w, "\nRatios of %s to the others of the same round: median (smallest to largest).\n\n", us)
	head = []string{"to"}
	for _, m := range a.metrics {
		if m.ratio {
			head = append(head, m.head)
		}
	}
	row(w, head...)
	rule(w, len(head))
	for _, p := range a.peers {
		if p.name == us {
			continue
		}
		cells := []string{p.name}
		for _, m := range a.metrics {
			if m.ratio {
				cells = append(cells, ratios(all[us], all[p.name], m).String())
			}
		}
		row(w, cells...)
	}
}

// disturbed warns if something else ran on the servers' processor.
func disturbed(w io.Writer, a *area, all map[string][]sample) {
	const much = 0.05
	for _, p := range a.peers {
		if share := values(all[p.name], waited).median(); share > much {
			fmt.Fprintf(w, "\nThe machine was not idle: %s had to wait for its processor %.0f%% of the time. Doubt the rates and the latencies; CPU per request suffers less.\n", p.name, 100*share)
			return
		}
	}
}

func row(w io.Writer, cells ...string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }

func rule(w io.Writer, n int) { fmt.Fprintf(w, "|---%s|\n", strings.Repeat("|---:", n-1)) }

// machine says on what the figures were measured.
func machine() string {
	model := "unknown processor"
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	var u unix.Utsname
	_ = unix.Uname(&u)
	return fmt.Sprintf("%s, %s/%s, Linux %s, %d processors (%s).", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		unix.ByteSliceToString(u.Release[:]), runtime.NumCPU(), model)
}

// journal writes one measurement as a line of JSON.
func journal(w io.Writer, a *area, s scene, p peer, round int, m sample) error {
	line := map[string]any{"area": a.name, "case": s.name, "peer": p.name, "round": round}
	for metric, value := range m {
		line[metric.key] = value
	}
	return json.NewEncoder(w).Encode(line)
}
