//go:build linux

package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// made is results with a value for every metric of every scene, growing from peer to
// peer, without a measurement.
func made() *results {
	r := &results{Machine: "a machine", When: "2026-01-02"}
	for _, a := range areas {
		for _, s := range a.scenes {
			o := outcome{Area: a.name, Scene: s.name, Rounds: 2, Length: "1s"}
			for i, p := range a.peers {
				if s.only != nil && !slices.Contains(s.only, p.name) {
					continue
				}
				m := measured{Peer: p.name, Metrics: map[string]spread{}}
				for _, metric := range a.metrics {
					m.Metrics[metric.key] = spread{float64(10 * (i + 1)), float64(12 * (i + 1))}
				}
				for k, q := range quantiles {
					m.Metrics[q.metric.key] = spread{float64((i + 1) * (k + 1)), float64((i + 1) * (k + 1))}
				}
				o.Peers = append(o.Peers, m)
			}
			r.put(o)
		}
	}
	return r
}

// The page shows every area, every picture there is, and every promise.
func TestPages(t *testing.T) {
	r := made()
	files := pages(r)
	page := string(files["performance.md"])
	for _, want := range []string{"Measured on 2026-01-02 with a machine.", "performance/overview.svg", "## Promises"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if i := strings.IndexAny(page, "{}"); i >= 0 {
		t.Errorf("a mark was left in the page: %.40q", page[i:])
	}
	for _, a := range areas {
		if !strings.Contains(page, "\n## "+a.title+"\n") {
			t.Errorf("the page does not have %q", a.title)
		}
		if a.about == "" {
			t.Errorf("nothing is said about %q", a.title)
		}
		for _, p := range a.pictures {
			file := "performance/" + a.name + "-" + p.name + ".svg"
			if text := files[file]; len(text) == 0 || !strings.Contains(page, "("+file+")") || !strings.Contains(string(text), ">"+us+"</text>") {
				t.Errorf("%s is not shown, or has no line of ours", file)
			}
		}
	}
	for _, p := range promises {
		if !strings.Contains(page, p.String()) {
			t.Errorf("the page does not have the promise %s", p)
		}
	}
	for _, g := range overviewGroups {
		for _, c := range g.rows {
			if o := r.find(c.area, c.scene); o == nil || len(o.ratios(us, c.rival, c.metric)) == 0 {
				t.Errorf("the overview's %q of %q is not measured", c.label, c.rival)
			}
		}
	}
}

// Results with gaps make a page with gaps.
func TestPagesOfLittle(t *testing.T) {
	if page := string(pages(&results{})["performance.md"]); strings.Contains(page, "svg)") {
		t.Errorf("there is a picture of nothing in\n%s", page)
	}
	r := made()
	r.Outcomes = []outcome{*r.find("tcp", "64 B x 100")}
	files := pages(r)
	if page := string(files["performance.md"]); !strings.Contains(page, "## TCP echo") || strings.Contains(page, "## Locks") || files["performance/tcp-rate.svg"] == nil {
		t.Errorf("the page of one case is\n%s", page)
	}
}

// What stands in docs is what the results beside it give. If not:
// go run ./bench -from docs/performance/results.json -docs docs
func TestDocsAreInStep(t *testing.T) {
	docs := filepath.Join("..", "docs")
	r, err := loadResults(filepath.Join(docs, "performance", "results.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("there are no results")
	}
	if err != nil {
		t.Fatal(err)
	}
	want := pages(r)
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(docs, name)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("docs/%s is not made from docs/performance/results.json (%v); see the comment of this test", name, err)
		}
	}
	pictures, err := filepath.Glob(filepath.Join(docs, "performance", "*.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range pictures {
		if want["performance/"+filepath.Base(file)] == nil {
			t.Errorf("%s is a picture that no results give", file)
		}
	}
}

// What is written can be shown again without measuring.
func TestFromResults(t *testing.T) {
	dir := t.TempDir()
	c := command{from: filepath.Join(dir, "r.json"), docs: filepath.Join(dir, "docs"), check: true}
	if err := made().save(c.from); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	broken, err := c.do(&out)
	if err != nil || broken == 0 || !strings.Contains(out.String(), "BROKEN") || !strings.Contains(out.String(), "## TCP echo") {
		t.Errorf("%d broken promises, %v, in\n%s", broken, err, out.String())
	}
	if _, err := os.Stat(filepath.Join(c.docs, "performance.md")); err != nil {
		t.Error(err)
	}
}
