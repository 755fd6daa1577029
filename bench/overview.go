//go:build linux

package main

import (
	"slices"

	"github.com/evergreen-go/evergreen/bench/chart"
)

// comparison is a line of the overview.
type comparison struct {
	label, area, scene string
	metric             *metric
	rival              string
}

// overviewGroups are what the README shows: processor time, or memory, of ours beside
// what a Go program would use otherwise.
var overviewGroups = []struct {
	title string
	rows  []comparison
}{
	{"Tasks", []comparison{
		{"hand-off", "handoff", "100 in turn", cpuNS, "Gosched"},
		{"hand-off", "handoff", "100 in turn", cpuNS, "channel"},
		{"spawn and join, 1,000", "spawn", "1,000 at a time", cpuNS, "go+WaitGroup"},
		{"group of 1,000", "group", "1,000 children", cpuNS, "errgroup"},
		{"time limit", "cancel", "not reached", cpuNS, "context"},
		{"timer", "timer", "start and stop", cpuNS, "AfterFunc"},
		{"memory of 1,000,000", "memory", "1,000,000", perTask, "goroutine"},
	}},
	{"Primitives", []comparison{
		{"mutex, free", "lock", "Mutex, free", cpuNS, "std"},
		{"mutex, contended", "lock", "Mutex, contended", cpuNS, "std"},
		{"queue", "queue", "Put and Get", cpuNS, "chan"},
		{"channel, unbuffered", "channel", "unbuffered", cpuNS, "chan"},
		{"channel, buffered", "channel", "buffered", cpuNS, "chan"},
		{"select of four", "select", "one of four", cpuNS, "select"},
		{"offload", "offload", "one at a time", cpuNS, "go+chan"},
	}},
	{"Network", []comparison{
		{"TCP echo, 100", "tcp", "64 B x 100", cpu, "net"},
		{"TCP echo, 1,000", "tcp", "64 B x 1,000", cpu, "net"},
		{"TCP echo, 100", "tcp", "64 B x 100", cpu, "netpoll"},
		{"TCP echo, 100", "tcp", "64 B x 100", cpu, "epoll"},
		{"UDP echo, 100", "udp", "64 B x 100", cpu, "net"},
		{"HTTP server, 100", "http", "hello x 100", cpu, "net/http"},
		{"HTTP server, 100", "http", "hello x 100", cpu, "fasthttp"},
		{"HTTP client, 100", "client", "100 tasks", cpuNS, "net/http"},
		{"crawler", "crawl", "500 pages", pageCPU, "colly"},
	}},
}

// overview is the picture of the README.
func overview(r *results) chart.Drawing {
	d := chart.Ratios{
		Title: "What Evergreen takes beside what else a Go program would use",
		Unit:  "processor time or memory, divided by the other's, by the same load in the same minute; less than 1 is less",
	}
	for _, g := range overviewGroups {
		group := chart.Group{Title: g.title}
		for _, c := range g.rows {
			o := r.find(c.area, c.scene)
			if o == nil {
				continue
			}
			if s := o.ratios(us, c.rival, c.metric); len(s) > 0 {
				group.Rows = append(group.Rows, chart.Ratio{Label: c.label, To: c.rival, Value: s.median(), Low: slices.Min(s), High: slices.Max(s)})
			}
		}
		if len(group.Rows) > 0 {
			d.Groups = append(d.Groups, group)
		}
	}
	if len(d.Groups) == 0 {
		return nil
	}
	return d
}
