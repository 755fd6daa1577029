//go:build linux

// Bench measures Evergreen beside what a Go program would use otherwise.
//
//	go run ./bench                          # everything, from the root of the repository
//	go run ./bench -area tcp,udp            # some areas
//	go run ./bench -area tcp -case 64B      # the cases whose names contain that
//	go run ./bench -quick                   # short, for a look
//	go run ./bench -json results.jsonl      # every measurement, one line each
//	go run ./bench -check                   # and exit 1 where a promise is broken
//
// Each server runs in a process of its own on processor 0 with GOMAXPROCS=1, the
// load generator on processor 1. The servers take turns, A B C D A B C D, so that a
// slow spell of the machine hits them all; what counts are the ratios of one round, of
// which the median and the spread are printed. A star beside a ratio says that the
// spread is larger than the difference.
//
// An area is a file: what its servers are, and what is asked of them.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"
	"time"
)

// areas is everything that can be measured, in the order of the report.
var areas = []*area{tcpArea, acceptArea, udpArea, proxyArea, idleArea}

// options are what the command line says about a run.
type options struct {
	rounds      int
	length      time.Duration // of one measurement
	area, scene string        // what to run, "" for all
	check       bool          // compare with the promises
	profile     string        // where a server writes its profile, "" for nowhere
	most        int           // connections at most, 0 for no limit
	peers       []string      // who takes part, nil for all
}

func main() {
	log.SetFlags(0)
	if isServer() {
		log.Fatal(serve())
	}
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "rounds, each with every server")
	flag.DurationVar(&o.length, "time", 2*time.Second, "length of one measurement")
	flag.StringVar(&o.area, "area", "", "areas to run, with commas between them; all if empty")
	flag.StringVar(&o.scene, "case", "", "run the cases with this in their name; a space stands at its end too")
	flag.BoolVar(&o.check, "check", false, "compare the ratios with the promised ones, exit 1 where one is missed beyond its spread")
	flag.StringVar(&o.profile, "profile", "", "directory for a CPU profile of every server")
	only := flag.String("peer", "", "the servers that take part, with commas between them; all if empty")
	flag.IntVar(&o.most, "most", 0, "connections at most, whatever the case says; 0 for no limit")
	quick := flag.Bool("quick", false, "three rounds of 300ms")
	file := flag.String("json", "", "file for one line of JSON per measurement")
	flag.Parse()
	if *quick {
		o.rounds, o.length = 3, 300*time.Millisecond
	}
	if *only != "" {
		o.peers = strings.Split(*only, ",")
	}
	var lines io.Writer = io.Discard
	if *file != "" {
		f, err := os.Create(*file)
		if err != nil {
			log.Fatal(err)
		}
		defer f.Close()
		lines = f
	}
	broken, err := run(os.Stdout, lines, o)
	switch {
	case err != nil:
		log.Fatal(err)
	case broken > 0:
		log.Fatalf("bench: %d promises are broken", broken)
	}
}

// run measures what the options ask for, writes the tables to out and the
// measurements to lines, and returns how many promises are broken.
func run(out, lines io.Writer, o options) (broken int, err error) {
	prepare()
	fmt.Fprintln(out, "# Benchmarks")
	fmt.Fprintln(out)
	fmt.Fprintln(out, machine())
	found := false
	for _, a := range areas {
		if o.area != "" && !slices.Contains(strings.Split(o.area, ","), a.name) {
			continue
		}
		for _, s := range a.scenes {
			a := a.among(o.peers)
			if !strings.Contains(s.name+" ", o.scene) || len(a.peers) == 0 {
				continue
			}
			found = true
			all, err := a.measure(s, o, lines)
			if err != nil {
				return broken, fmt.Errorf("%s, %s, %w", a.name, s.name, err)
			}
			table(out, a, s, all, o)
			if o.check {
				broken += check(out, a, s, all)
			}
		}
	}
	if !found {
		return broken, fmt.Errorf("bench: no area %q has a case like %q with these servers: the areas are %s", o.area, o.scene, strings.Join(areaNames(), ", "))
	}
	return broken, nil
}

func areaNames() (names []string) {
	for _, a := range areas {
		names = append(names, a.name)
	}
	return names
}
