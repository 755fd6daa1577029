package main

import (
	"net/url"
	"strings"
	"testing"
)

func TestShape(t *testing.T) {
	for path, want := range map[string]string{
		"/":                        "h/",
		"/a/b.html":                "h/a/b.html",
		"/calendar/2026/11/":       "h/calendar/#/",
		"/calendar/2026/":          "h/calendar/#/",
		"/s/8f3ac/99b21/cart":      "h/s/#/cart",
		"/1/a/2/b":                 "h/#/a/#/b",
		"/item?id=5&sid=8f3ac":     "h/item?id&sid",
		"/item?id":                 "h/item?id",
		"/page-07.html":            "h/#",
		"/a?x=1&x=2":               "h/a?x&x",
		"/%C3%A9":                  "h/#", // harmless: only chains of one shape count
		"/3.11/library/index.html": "h/#/library/index.html",
	} {
		u, err := url.Parse("http://h" + path)
		if err != nil {
			t.Fatal(err)
		}
		if got := shape(u); got != want {
			t.Errorf("shape(%s) = %s, want %s", path, got, want)
		}
	}
}

func TestLooksEndless(t *testing.T) {
	for path, want := range map[string]bool{
		"/":                              false,
		"/a/a/a/a":                       false,
		"/a/a/a/a/a":                     true,
		"/a/b/a/b/a/b/a/b/a":             true,
		"//////":                         false,
		"/?" + strings.Repeat("x", 3000): true,
		"/" + strings.Repeat("x", 2000):  false,
		"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o": false,
		numbered(40):                     true,
	} {
		u, err := url.Parse("http://h" + path)
		if err != nil {
			t.Fatal(err)
		}
		if got := looksEndless(u); got != want {
			t.Errorf("looksEndless(%.50s) = %v", path, got)
		}
	}
}

// numbered is a path of n segments, all of them different.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("/" + strings.Repeat("x", i+1))
	}
	return b.String()
}
