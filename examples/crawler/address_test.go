package main

import (
	"net/url"
	"testing"
)

func TestResolve(t *testing.T) {
	const base = "http://example.org/a/b/c?x=y"
	for reference, want := range map[string]string{
		// RFC 3986, section 5.4: normal and abnormal examples, as far as they have other rules.
		"g":             "http://example.org/a/b/g",
		"./g":           "http://example.org/a/b/g",
		"g/":            "http://example.org/a/b/g/",
		"/g":            "http://example.org/g",
		"//g":           "http://g/",
		"?z":            "http://example.org/a/b/c?z",
		"g?y":           "http://example.org/a/b/g?y",
		"":              "http://example.org/a/b/c?x=y",
		".":             "http://example.org/a/b/",
		"..":            "http://example.org/a/",
		"../g":          "http://example.org/a/g",
		"../../../../g": "http://example.org/g",
		"g;x=1/../y":    "http://example.org/a/b/y",
		"g.":            "http://example.org/a/b/g.",
		"..g":           "http://example.org/a/b/..g",

		// Case, port, empty path.
		"HTTP://EXAMPLE.org":         "http://example.org/",
		"http://example.org:80":      "http://example.org/",
		"http://example.org:":        "http://example.org/",
		"https://example.org:443/":   "https://example.org/",
		"http://example.org:443/":    "http://example.org:443/",
		"https://example.org:80/":    "https://example.org:80/",
		"http://example.org:8080/A":  "http://example.org:8080/A",
		"http://[2001:DB8::1]:80/":   "http://[2001:db8::1]/",
		"http://example.org?q":       "http://example.org/?q",
		"http://user:pw@example.org": "http://example.org/",

		// Fragments go, queries stay as they are.
		"#here":          "http://example.org/a/b/c?x=y",
		"g#here":         "http://example.org/a/b/g",
		"g?b=2&a=1#here": "http://example.org/a/b/g?b=2&a=1",
		"g?":             "http://example.org/a/b/g?",
		"g?a/../b":       "http://example.org/a/b/g?a/../b",
		"g?a\\b":         "http://example.org/a/b/g?a%5Cb",

		// Percent-encoding.
		"%7Euser":    "http://example.org/a/b/~user",
		"%41%5f%2d":  "http://example.org/a/b/A_-",
		"x%2fy":      "http://example.org/a/b/x%2Fy",
		"%2e%2e/g":   "http://example.org/a/g",
		"g?q=%c3%A9": "http://example.org/a/b/g?q=%C3%A9",
		"é":          "http://example.org/a/b/%C3%A9",
		"a b":        "http://example.org/a/b/a%20b",
		"100%":       "http://example.org/a/b/100%25",
		"%zz":        "http://example.org/a/b/%25zz",
		"a%2":        "http://example.org/a/b/a%252",
		"{x}|y^z`":   "http://example.org/a/b/%7Bx%7D%7Cy%5Ez%60",
		"a+b%2Bc":    "http://example.org/a/b/a+b%2Bc",
		"a[1]":       "http://example.org/a/b/a[1]",
		"\xe9":       "http://example.org/a/b/%E9",
		"x%2fy é":    "http://example.org/a/b/x%2Fy%20%C3%A9",

		// As browsers do.
		" \n g \t": "http://example.org/a/b/g",
		"a\nb\tc":  "http://example.org/a/b/abc",
		"\\x\\y":   "http://example.org/x/y",
		"12:30":    "http://example.org/a/b/12:30",
		"a_b:c":    "http://example.org/a/b/a_b:c",
	} {
		from, _ := url.Parse(base)
		got, err := resolve(from, reference)
		if err != nil {
			t.Errorf("resolve(%q): %v", reference, err)
		} else if got.String() != want {
			t.Errorf("resolve(%q) = %s, want %s", reference, got, want)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	base, _ := url.Parse("http://example.org/")
	for reference, want := range map[string]error{
		"mailto:a@example.org":   errNotWeb,
		"javascript:void(0)":     errNotWeb,
		"JavaScript: f('[')":     errNotWeb,
		"data:text/html,<a>":     errNotWeb,
		"ftp://example.org/":     errNotWeb,
		"about:blank":            errNotWeb,
		"http://[::1":            errMalformed,
		"http://":                errMalformed,
		"http:opaque":            errMalformed,
		"http://example.org:x/":  errMalformed,
		"https:///no/host":       errMalformed,
		"http://exa mple.org/":   errMalformed,
		"http://example.org:8a/": errMalformed,
	} {
		if got, err := resolve(base, reference); err != want {
			t.Errorf("resolve(%q) = %v, %v, want %v", reference, got, err, want)
		}
	}
}

// A normal form is normal: to resolve it once more changes nothing.
func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"a/../b", "%2e%2e/%zz", "//h:80?q#f", "http:", "\\\\x", "é?é", "a:b", "?", "http://h/%2f/../x", ".//x", "/..//x"} {
		f.Add(seed)
	}
	base, _ := url.Parse("http://example.org/dir/page?q")
	f.Fuzz(func(t *testing.T, reference string) {
		once, err := resolve(base, reference)
		if err != nil {
			return
		}
		twice, err := resolve(base, once.String())
		if err != nil || twice.String() != once.String() {
			t.Errorf("%q gives %q, which gives %q, %v", reference, once, twice, err)
		}
	})
}
