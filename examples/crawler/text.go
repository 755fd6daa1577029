package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"time"
)

// How many of a long list the text shows. The JSON report has them all.
const (
	linksShown = 5
	trapsShown = 5
)

// writeText writes the report for people.
func (r *report) writeText(w io.Writer) error {
	out := bufio.NewWriter(w)
	took := time.Duration(r.Seconds * float64(time.Second))
	fmt.Fprintf(out, "Crawled %s\n\n", r.Start)
	fmt.Fprintf(out, "  pages      %d, of them %d HTML\n", r.Pages, r.HTML)
	fmt.Fprintf(out, "  bytes      %s\n", size(r.Bytes))
	fmt.Fprintf(out, "  time       %s, %.1f pages/s\n", took.Round(time.Millisecond), r.rate())
	fmt.Fprintf(out, "  redirects  %d\n", r.Redirects)
	fmt.Fprintf(out, "  retries    %d\n", r.Retries)
	fmt.Fprintf(out, "  truncated  %d\n", r.Truncated)
	if r.External > 0 {
		fmt.Fprintf(out, "  external   %d\n", r.External)
	}
	writeTable(out, "Answers", r.Answers)
	writeTable(out, "Content types", r.Types)
	writeTable(out, "Skipped", r.Skipped)
	if len(r.Traps) > 0 {
		fmt.Fprint(out, "\nTraps left at\n")
		for _, address := range r.Traps[:min(len(r.Traps), trapsShown)] {
			fmt.Fprintf(out, "  %s\n", address)
		}
		writeRest(out, "  ", len(r.Traps)-trapsShown)
	}
	if len(r.Slowest) > 0 {
		fmt.Fprint(out, "\nSlowest\n")
		for _, t := range r.Slowest {
			fmt.Fprintf(out, "  %7.0f ms  %s\n", t.Millis, t.URL)
		}
	}
	if len(r.Broken) > 0 {
		fmt.Fprint(out, "\nBroken links\n")
		for _, b := range r.Broken {
			b.writeText(out)
		}
	}
	return out.Flush()
}

// rate is pages per second.
func (r *report) rate() float64 {
	if r.Seconds == 0 {
		return 0
	}
	return float64(r.Pages+r.External) / r.Seconds
}

// writeText writes an address that does not work, and under it the pages to be mended.
func (b brokenLink) writeText(out io.Writer) {
	fmt.Fprintf(out, "  %s: %s\n", b.URL, b.Problem)
	for _, from := range b.From[:min(len(b.From), linksShown)] {
		fmt.Fprintf(out, "      on %s", from.Page)
		if from.To != b.URL {
			fmt.Fprintf(out, ", which links to %s", from.To)
		}
		fmt.Fprintln(out)
	}
	writeRest(out, "      ", len(b.From)-linksShown)
}

// writeRest says how much of a list was not shown.
func writeRest(out io.Writer, indent string, n int) {
	if n > 0 {
		fmt.Fprintf(out, "%sand %d more\n", indent, n)
	}
}

// writeTable writes counts, the largest first. An empty table is left out.
func writeTable[K cmp.Ordered](out io.Writer, title string, table map[K]int) {
	if len(table) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s\n", title)
	for _, key := range byCount(table) {
		fmt.Fprintf(out, "  %7d  %v\n", table[key], key)
	}
}

// size puts a number of bytes into the unit people use for it.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
