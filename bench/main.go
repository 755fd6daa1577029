//go:build linux

// Bench measures Evergreen beside what a Go program would use otherwise.
//
//	go run ./bench                      # from the root of the repository
//	go run ./bench -conns 1000 -rounds 7
//
// So far there is one area: a TCP echo server with 64-byte messages. Each server
// runs in a process of its own on processor 0 with GOMAXPROCS=1, the load
// generator on processor 1. The servers take turns, A B C A B C, so that a slow
// spell of the machine hits them all; what counts are the ratios of one round, of
// which the median and the spread are printed.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"time"
)

func main() {
	log.SetFlags(0)
	serve := flag.String("serve", "", "be the server of that name (used by the program itself)")
	rounds := flag.Int("rounds", 5, "rounds, each with every server")
	seconds := flag.Duration("time", 2*time.Second, "length of one measurement")
	conns := flag.Int("conns", 100, "connections")
	size := flag.Int("size", 64, "bytes of a message")
	flag.Parse()
	if *serve != "" {
		log.Fatal(echoServers[*serve]())
	}
	if err := echo(os.Stdout, *rounds, load{conns: *conns, size: *size, length: *seconds}); err != nil {
		log.Fatal(err)
	}
}

// spread is a set of measurements of one thing.
type spread []float64

func (s spread) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

// String gives the median with the smallest and the largest.
func (s spread) String() string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.median(), slices.Min(s), slices.Max(s))
}
