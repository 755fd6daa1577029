//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Results that are written and read are the same, and a new measurement takes the
// place of the old one of its scene only.
func TestResultsAreKept(t *testing.T) {
	name := filepath.Join(t.TempDir(), "results.json")
	r := newResults()
	one := outcome{Area: "tcp", Scene: tcpArea.scenes[1].name, Rounds: 2, Length: "1s", Absent: []string{"x: gone"}}
	one.Peers = []measured{{Peer: us, Metrics: map[string]spread{}}}
	one.Peers[0].add(sample{rate: 123456.789, cpu: 0})
	one.Peers[0].add(sample{rate: 2, cpu: 0.000123456})
	r.put(one)
	first := one
	first.Scene = tcpArea.scenes[0].name
	r.put(first)
	if err := r.save(name); err != nil {
		t.Fatal(err)
	}
	got, err := resume(name)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Fatalf("read %+v, %v, wrote %+v", got, err, r)
	}
	if got.Outcomes[0].Scene != first.Scene {
		t.Error("the outcomes are not in the order of the scenes")
	}
	if s := got.Outcomes[1].Peers[0].Metrics["rate"]; !reflect.DeepEqual(s, spread{123500, 2}) {
		t.Errorf("the rates are %v, want four digits", s)
	}
	again := one
	again.Rounds = 7
	got.put(again)
	if len(got.Outcomes) != 2 || got.find("tcp", one.Scene).Rounds != 7 || got.find("tcp", first.Scene).Rounds != 2 {
		t.Errorf("after a second measurement: %+v", got.Outcomes)
	}
}

func TestResultsOfAnotherMachine(t *testing.T) {
	name := filepath.Join(t.TempDir(), "results.json")
	if err := (&results{Machine: "an abacus"}).save(name); err != nil {
		t.Fatal(err)
	}
	if _, err := resume(name); err == nil || !strings.Contains(err.Error(), "an abacus") {
		t.Errorf("%v, want a refusal", err)
	}
	if err := os.WriteFile(name, []byte("nonsense"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := resume(name); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("%v, want an error that names the file", err)
	}
}

func TestTable(t *testing.T) {
	r := fakes(t)
	r.Outcomes[0].Absent = []string{"third: not installed"}
	a := &area{metrics: []*metric{rate, cpu}}
	var out bytes.Buffer
	table(&out, a, r.Outcomes)
	want := `| case | peer | requests/s | CPU µs/request | ours / its requests/s | ours / its CPU µs/request |
|---|---|---:|---:|---:|---:|
| a case | evergreen | 100 | 4.00 |  |  |
|  | other | 50 | 2.00 | 2.00 (2.00 to 2.00) | 2.00* (1.00 to 3.00) |

Not measured: third: not installed.
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestTableWarnsOfABusyMachine(t *testing.T) {
	for share, want := range map[float64]bool{0: false, 0.04: false, 0.06: true} {
		var out strings.Builder
		remarks(&out, []outcome{{Peers: []measured{{Peer: "one", Metrics: map[string]spread{waited.key: {share}}}}}})
		if got := strings.Contains(out.String(), "not idle"); got != want {
			t.Errorf("a share of %v: warned %t, want %t", share, got, want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for want, c := range map[string]struct {
		v      float64
		digits int
	}{"0": {0, 0}, "999": {999, 0}, "1,000": {1000, 0}, "1,234,567.89": {1234567.891, 2}, "-1,000": {-1000, 0}, "-100": {-100, 0}} {
		if got := grouped(c.v, c.digits); got != want {
			t.Errorf("%v is written %s, want %s", c.v, got, want)
		}
	}
}
