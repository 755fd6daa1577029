package main

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"-n", "3", "example.org", "-depth=2", "-delay", "1s"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.start.String() != "http://example.org/" || o.tasks != 3 || o.depth != 2 || o.delay != time.Second {
		t.Errorf("%+v", o)
	}
	if o.timeout != 10*time.Second || o.trap != 500 || o.maxBody != 16<<20 || !o.robots {
		t.Errorf("defaults: %+v", o)
	}
}

func TestOptionsOfTheDemo(t *testing.T) {
	o, err := parseOptions([]string{"-trap", "7"}, io.Discard)
	if err != nil || o.start != nil || o.timeout != demoTimeout || o.maxBody != demoMaxBody || o.trap != 7 {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestOptionsRefused(t *testing.T) {
	for args, want := range map[string]string{
		"-n 0":                "-n must be at least 1",
		"-depth -1":           "negative",
		"-timeout 0s":         "more than 0",
		"-max-body 0":         "more than 0",
		"-nonsense":           "not defined",
		"-n x":                "invalid value",
		"a.example b.example": "more than one URL",
		"ftp://example.org/":  "cannot crawl",
		"http://":             "cannot crawl",
	} {
		var said strings.Builder
		if _, err := parseOptions(strings.Fields(args), &said); err == nil || !strings.Contains(said.String(), want) {
			t.Errorf("%s: %v, said %q", args, err, said.String())
		}
	}
}

func TestHelp(t *testing.T) {
	var said strings.Builder
	if _, err := parseOptions([]string{"-h"}, &said); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	for _, name := range []string{"-n ", "-depth", "-pages", "-timeout", "-delay", "-robots", "-list", "-json", "-external"} {
		if !strings.Contains(said.String(), name) {
			t.Errorf("the help does not name %s", name)
		}
	}
}
