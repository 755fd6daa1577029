package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestBarLine(t *testing.T) {
	began := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	c := &crawler{frontier: newFrontier(options{}), began: began, fetched: 30, working: 4, current: "http://example.org/some/long/path/page.html"}
	for width, want := range map[int]string{
		100: "30 done, 0 queued, 4 active, 15/s  http://example.org/some/long/path/page.html",
		56:  "30 done, 0 queued, 4 active, 15/s  http://exa…/page.html",
		10:  "30 done, 0",
	} {
		got := barLine(c, began.Add(2*time.Second), width)
		if got != want || utf8.RuneCountInString(got) > width {
			t.Errorf("%d: %q, want %q", width, got, want)
		}
	}
}

func TestLogLine(t *testing.T) {
	p := &page{url: "http://h/x", took: 12 * time.Millisecond, answer: answer{status: 301, bytes: 99, location: "/y"}}
	if got, want := logLine(p), "301      12 ms      99 B  http://h/x -> /y"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCutMiddle(t *testing.T) {
	const address = "http://example.org/a/long/path/to/page.html"
	for width, want := range map[int]string{
		100: address, len(address): address, 21: "http://exa…/page.html", 8: "htt…html", 3: "htt", 0: "", -1: "",
	} {
		if got := cutMiddle(address, width); got != want {
			t.Errorf("%d: %q, want %q", width, got, want)
		}
	}
	if got := cutMiddle(strings.Repeat("é", 20), 9); got != "éééé…éééé" {
		t.Errorf("%q", got)
	}
}
