//go:build linux

// Bench measures Evergreen beside what a program would use otherwise.
//
//	go run ./bench                          # everything, from the root of the repository
//	go run ./bench -quick                   # everything that fits into two minutes
//	go run ./bench -area tcp,udp            # some areas
//	go run ./bench -area tcp -case "64 B"     # the cases whose names contain that
//	go run ./bench -json results.json       # keep what was measured, round by round
//	go run ./bench -check                   # and exit 1 where a promise is broken
//	go run ./bench -from results.json       # tables, check and pages of what was kept
//
// Each peer runs in a process of its own on processor 0 with GOMAXPROCS=1, the load
// generator on processor 1. The peers take turns, A B C D A B C D, so that a
// slow spell of the machine hits them all; what counts are the ratios of one round, of
// which the median and the spread are printed. A star beside a ratio says that the
// spread is larger than the difference.
//
// An area is a file: who its peers are, and what is asked of them. What is promised is
// a table in promises.go. The page docs/performance.md and its pictures are made by
// -docs from the results that are kept beside them.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// areas is everything that can be measured, in the order of the report.
var areas = []*area{
	handoffArea, spawnArea, groupArea, memoryArea, lockArea, queueArea, channelArea, selectArea,
	timerArea, cancelArea, offloadArea,
	tcpArea, acceptArea, udpArea, proxyArea, idleArea,
	lineArea, pipeArea, fileArea, processArea,
	httpArea, clientArea, tlsArea, crawlArea, growthArea, wrkArea,
}

// command is what the command line asks for beside the run itself.
type command struct {
	options
	check bool
	json  string // a file that keeps the results, and adds to those it has
	from  string // a file of results to be shown instead of measuring
	docs  string // the directory of the documentation, which is written anew
}

func main() {
	log.SetFlags(0)
	if isPeer() {
		log.Fatal(serve())
	}
	var c command
	flag.IntVar(&c.rounds, "rounds", 5, "rounds, each with every peer")
	flag.DurationVar(&c.length, "time", time.Second, "length of one measurement")
	flag.DurationVar(&c.budget, "budget", 0, "length of the whole run: there are fewer rounds if it is short, and no long cases; 0 for no limit")
	flag.StringVar(&c.area, "area", "", "areas to run, with commas between them; all if empty")
	flag.StringVar(&c.scene, "case", "", "run the cases with this in their name; a space stands at its end too")
	flag.BoolVar(&c.check, "check", false, "compare with what is promised, exit 1 where a promise is missed beyond the spread")
	flag.StringVar(&c.profile, "profile", "", "directory for a CPU profile of every peer")
	only := flag.String("peer", "", "the peers that take part, with commas between them; all if empty")
	flag.IntVar(&c.most, "most", 0, "connections and tasks at most, whatever the case says; 0 for no limit")
	quick := flag.Bool("quick", false, "three rounds of 150ms at most, within two minutes")
	flag.StringVar(&c.json, "json", "", "file that keeps the results; those of other cases that it has stay")
	flag.StringVar(&c.from, "from", "", "show the results that are kept in this file, and measure nothing")
	flag.StringVar(&c.docs, "docs", "", "write performance.md and its pictures into this directory")
	flag.Parse()
	if *quick {
		c.rounds, c.length, c.budget = 3, 150*time.Millisecond, 110*time.Second
	}
	if *only != "" {
		c.peers = strings.Split(*only, ",")
	}
	broken, err := c.do(os.Stdout)
	cleanUp()
	switch {
	case err != nil:
		log.Fatal(err)
	case broken > 0:
		log.Fatalf("bench: %d promises are broken", broken)
	}
}

// do does what was asked for, and returns how many promises are broken.
func (c command) do(out io.Writer) (broken int, err error) {
	var r *results
	switch {
	case c.from != "":
		if r, err = loadResults(c.from); err != nil {
			return 0, err
		}
		fmt.Fprintf(out, "# Benchmarks\n\n%s, %s.\n", r.Machine, r.When)
		for _, a := range areas {
			r.show(out, a, c.options)
		}
	default:
		if r, err = c.run(out); err != nil {
			return 0, err
		}
	}
	if c.check {
		broken = check(out, r, promises)
	}
	if c.docs != "" {
		err = writeDocs(c.docs, r)
	}
	return broken, err
}

// run measures what the options ask for, and prints the table of each area when it is
// done.
func (c command) run(out io.Writer) (*results, error) {
	prepare()
	r, keep := newResults(), func(*results) error { return nil }
	if c.json != "" {
		var err error
		if r, err = resume(c.json); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(c.json), 0o777); err != nil {
			return nil, err
		}
		keep = func(r *results) error { return r.save(c.json) } // at once: a run may be stopped
	}
	fmt.Fprintf(out, "# Benchmarks\n\n%s, %s. Medians of at most %d rounds of %v.\n", r.Machine, r.When, c.rounds, c.length)
	plan := newPlan(c.options)
	for _, a := range areas {
		for _, s := range a.scenes {
			if !c.wants(a, s) {
				continue
			}
			in, absent := a.entrants(s, c.options)
			if len(in) == 0 {
				continue
			}
			if most := raiseFiles(); uint64(c.limit(s.files)) > most {
				plan.leaveOut(s, fmt.Sprintf("needs %d descriptors, the system allows %d", s.files, most))
				continue
			}
			until, ok := plan.next(s, len(in))
			if !ok {
				continue
			}
			o, err := a.measure(s, in, c.options, until)
			if err != nil {
				return nil, fmt.Errorf("%s, %s, %w", a.name, s.name, err)
			}
			o.Absent = absent
			r.put(o)
			if err := keep(r); err != nil {
				return nil, err
			}
		}
		r.show(out, a, c.options)
		plan.report(out, a)
	}
	if plan.begun == 0 {
		return nil, fmt.Errorf("bench: no area %q has a case like %q with these peers: the areas are %s", c.area, c.scene, strings.Join(areaNames(), ", "))
	}
	return r, nil
}

// show prints what an area has brought, if anything that is asked for.
func (r *results) show(out io.Writer, a *area, o options) {
	var some []outcome
	for _, s := range a.scenes {
		if got := r.find(a.name, s.name); got != nil && o.wants(a, s) {
			some = append(some, *got)
		}
	}
	if len(some) == 0 {
		return
	}
	fmt.Fprintf(out, "\n## %s\n\n", a.title)
	if a.about != "" {
		fmt.Fprintf(out, "%s\n\n", a.about)
	}
	table(out, a, some)
}

func areaNames() (names []string) {
	for _, a := range areas {
		names = append(names, a.name)
	}
	return names
}
