//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// results are what a run has brought: all that the tables, the pictures and the check
// of the promises are made from.
type results struct {
	Machine  string // on what it was measured
	When     string // the day
	Outcomes []outcome
}

// outcome is what one scene has brought.
type outcome struct {
	Area, Scene string
	Rounds      int
	Length      string
	Peers       []measured
	// Absent are the peers that could not take part, with the reason.
	Absent []string `json:",omitempty"`
}

// measured is what was measured of one peer: a value for each round, by the key of
// its metric.
type measured struct {
	Peer    string
	Metrics map[string]spread
}

// add puts in what a round has brought. Four digits are more than any measurement
// is worth, and keep the file small.
func (m *measured) add(s sample) {
	for metric, value := range s {
		if value != 0 && !math.IsInf(value, 0) && !math.IsNaN(value) {
			value, _ = strconv.ParseFloat(strconv.FormatFloat(value, 'g', 4, 64), 64)
		}
		m.Metrics[metric.key] = append(m.Metrics[metric.key], value)
	}
}

// of returns what was measured of a peer, nil if nothing was.
func (o *outcome) of(peer string) *measured {
	for i := range o.Peers {
		if o.Peers[i].Peer == peer {
			return &o.Peers[i]
		}
	}
	return nil
}

// ratios divides what was measured of one peer by what was measured of another in
// the same round; nil if one of them has not been measured.
func (o *outcome) ratios(of, to string, m *metric) spread {
	a, b := o.of(of), o.of(to)
	if a == nil || b == nil {
		return nil
	}
	return ratios(a.Metrics[m.key], b.Metrics[m.key])
}

// find returns the outcome of a scene, nil if it has none.
func (r *results) find(area, scene string) *outcome {
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; o.Area == area && o.Scene == scene {
			return o
		}
	}
	return nil
}

// put puts an outcome in, in the place of an earlier one of the same scene.
func (r *results) put(o outcome) {
	if old := r.find(o.Area, o.Scene); old != nil {
		*old = o
		return
	}
	r.Outcomes = append(r.Outcomes, o)
	place := func(o outcome) (n int) {
		for _, a := range areas {
			for _, s := range a.scenes {
				n++
				if a.name == o.Area && s.name == o.Scene {
					return n
				}
			}
		}
		return n + 1
	}
	slices.SortStableFunc(r.Outcomes, func(a, b outcome) int { return place(a) - place(b) })
}

// newResults are those of this machine, today, without any yet.
func newResults() *results {
	return &results{Machine: machine(), When: time.Now().UTC().Format(time.DateOnly)}
}

// loadResults reads results from a file.
func loadResults(name string) (*results, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r := &results{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// resume reads the results that a new run adds to: none, if there is no such file. It
// refuses those of another machine, which would be compared with this one's.
func resume(name string) (*results, error) {
	r := newResults()
	old, err := loadResults(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r, nil
	case err != nil:
		return nil, err
	case old.Machine != r.Machine:
		return nil, fmt.Errorf("bench: %s holds what was measured on another machine (%s): give another file", name, old.Machine)
	}
	old.When = r.When
	return old, nil
}

// save writes the results to a file, one line for each measured peer.
func (r *results) save(name string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	for _, before := range []string{`{"Area"`, `{"Peer"`} {
		text = bytes.ReplaceAll(text, []byte(before), []byte("\n"+before))
	}
	return os.WriteFile(name, append(text, '\n'), 0o666)
}

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
	return fmt.Sprintf("%s, %s/%s, Linux %s, %d processors (%s)", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		unix.ByteSliceToString(u.Release[:]), runtime.NumCPU(), model)
}
