package main

import (
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestScan(t *testing.T) {
	for page, want := range map[string][]string{
		`<a href="x">`:                   {"x"},
		`<A HREF='x'></A>`:               {"x"},
		`<a href=x>`:                     {"x"},
		`<a href=x/>`:                    {"x/"},
		`<a href="x"/>`:                  {"x"},
		`<a href>`:                       {""},
		`<a href="">`:                    {""},
		`<a>`:                            nil,
		`<a name=x>`:                     nil,
		`<a href=1 href=2>`:              {"1"},
		`<a href="?a=1&amp;b=2&#x26;c">`: {"?a=1&b=2&c"},
		`<a href="?a&copy=1">`:           {"?a&copy=1"}, // in an attribute, &copy= is no entity
		`<a title=">" href="x">`:         {"x"},
		`<area href=x><frame src=y><iframe src=z>`: {"x", "y", "z"},
		`<link rel=next href=x>`:                   {"x"},
		`<link href=x>`:                            {"x"},
		`<link rel="Alternate StyleSheet" href=x>`: nil,
		`<link rel="shortcut icon" href=x>`:        nil,
		`<img src=x><script src=y></script>`:       nil,
		`<!-- <a href=x> --><a href=y>`:            {"y"},
		`<script>"<a href=x>"</script><a href=y>`:  {"y"},
		`<style><a href=x></style>`:                nil,
		`<title><a href=x></title>`:                nil,
		`<noscript><a href=x></noscript>`:          {"x"},
		`<noframes><a href=x></noframes>`:          {"x"},
		`<p><b><a href=x</p><a href=y>`:            {"x</p", "y"},
		`<a href=x`:                                nil, // the tag never ends
		`<meta http-equiv=refresh content="0;x">`:  {"x"},
		`<meta http-equiv=refresh content=5>`:      nil,
		`<meta name=description content="0;x">`:    nil,
		`<a href="x&quot;y">`:                      {`x"y`},
	} {
		d, err := scan(strings.NewReader(page))
		if err != nil || !slices.Equal(d.references, want) {
			t.Errorf("%s: %q, %v, want %q", page, d.references, err, want)
		}
	}
}

func TestScanOneByteAtATime(t *testing.T) {
	page := `<html><base href="/b/"><p>text<a href="x">é</a><meta name=robots content="noindex,nofollow">`
	d, err := scan(iotest.OneByteReader(strings.NewReader(page)))
	if err != nil || !slices.Equal(d.references, []string{"x"}) || d.base != "/b/" || !d.nofollow {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestScanKeepsWhatItFoundBeforeAnError(t *testing.T) {
	cut := io.MultiReader(strings.NewReader(`<a href=x> and `), iotest.ErrReader(io.ErrUnexpectedEOF))
	d, err := scan(cut)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !slices.Equal(d.references, []string{"x"}) {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestNofollow(t *testing.T) {
	for content, want := range map[string]bool{
		"nofollow": true, "NOINDEX, NOFOLLOW": true, "none": true, "noindex": false, "follow": false, "nofollowing": false,
	} {
		d, _ := scan(strings.NewReader(`<meta name="Robots" content="` + content + `">`))
		if d.nofollow != want {
			t.Errorf("%s: %v", content, d.nofollow)
		}
	}
}

func TestRefreshTarget(t *testing.T) {
	for content, want := range map[string]string{
		"5;url=x":       "x",
		"5; URL = x":    "x",
		"0; url='x y'":  "x y",
		`0;url="x";z`:   "x",
		"0;x":           "x",
		"0, url=x":      "x",
		"5":             "",
		"5;":            "",
		"5;url=":        "",
		"5;urls.html":   "urls.html",
		"0;url='x":      "x",
		"0 ; url=a?b=c": "a?b=c",
	} {
		if got, ok := refreshTarget(content); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", content, got, ok, want)
		}
	}
}

func TestBase(t *testing.T) {
	page, _ := url.Parse("http://example.org/dir/page")
	for base, want := range map[string]string{
		"":                  "http://example.org/dir/page",
		"/other/":           "http://example.org/other/",
		"sub/":              "http://example.org/dir/sub/",
		"https://else.org":  "https://else.org/",
		"javascript:void":   "http://example.org/dir/page",
		"http://[malformed": "http://example.org/dir/page",
	} {
		d := document{base: base}
		if got := d.baseOf(page).String(); got != want {
			t.Errorf("base %q: %s, want %s", base, got, want)
		}
	}
}
