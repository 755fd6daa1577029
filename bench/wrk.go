//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// wrkArea looks at our load generator: it and wrk ask the same server, which is no
// rival here.
var wrkArea = &area{
	name: "wrk", title: "The load generator beside wrk",
	about: "Both ask fasthttp for hello over 100 connections; the line of evergreen is our load generator. As long as it gets as much " +
		"out of the fastest server here, it does not hold the others back.",
	metrics: []*metric{rate, p50, p99},
	peers: []peer{
		{name: us},
		{name: "wrk", absent: sync.OnceValue(func() string {
			if _, err := exec.LookPath("wrk"); err != nil {
				return "it is not installed (Debian: wrk)"
			}
			return ""
		})},
	},
	scenes: []scene{{name: "hello x 100", measure: func(_ *area, p peer, o options) (sample, error) {
		fast := *httpArea.find("fasthttp")
		conns := o.limit(100)
		if p.name == us {
			return load{conns: conns, ask: helloRequest}.measure(httpArea, fast, o)
		}
		c, err := start(httpArea, fast, job{}, o)
		if err != nil {
			return nil, err
		}
		defer c.stop()
		return runWrk(c, conns, o.length)
	}}},
}

// runWrk runs wrk, whose threads inherit the load generator's processor, and reads
// what it says. It measures whole seconds only.
func runWrk(c *child, conns int, length time.Duration) (sample, error) {
	seconds := max(1, int(length.Round(time.Second).Seconds()))
	text, err := exec.Command("wrk", "-t1", fmt.Sprintf("-c%d", conns), fmt.Sprintf("-d%ds", seconds), "--latency",
		"http://"+c.addr.String()+"/hello").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("wrk: %w: %s", err, text)
	}
	return readWrk(text)
}

var (
	wrkRate    = regexp.MustCompile(`Requests/sec: +([0-9.]+)`)
	wrkLatency = regexp.MustCompile(`(50|99)% +([0-9.]+)(us|ms|s)\n`)
)

// readWrk reads what wrk says.
func readWrk(text []byte) (sample, error) {
	s := sample{}
	if m := wrkRate.FindSubmatch(text); m != nil {
		s[rate], _ = strconv.ParseFloat(string(m[1]), 64)
	}
	for _, m := range wrkLatency.FindAllSubmatch(text, -1) {
		d, err := time.ParseDuration(strings.TrimSpace(string(m[2]) + string(m[3])))
		if err != nil {
			return nil, err
		}
		s[map[string]*metric{"50": p50, "99": p99}[string(m[1])]] = float64(d) / 1e3
	}
	if s[rate] == 0 || s[p50] == 0 || s[p99] == 0 || bytes.Contains(text, []byte("Non-2xx")) {
		return nil, fmt.Errorf("wrk says: %s", text)
	}
	return s, nil
}
