package main

import (
	"net/url"
	"strings"
	"testing"
)

func TestRobots(t *testing.T) {
	const agent = "evergreen-crawler/1.0"
	for _, test := range []struct {
		name, text string
		yes, no    string // paths
	}{
		{"empty", "", "/ /x", ""},
		{"all", "User-agent: *\nDisallow: /", "/robots.txt", "/ /x"},
		{"nothing", "User-agent: *\nDisallow:", "/ /x", ""},
		{"prefix", "User-agent: *\nDisallow: /fish", "/ /Fish /catfish", "/fish /fish.html /fish/salmon /fishheads /fish?id=1"},
		{"directory", "User-agent: *\nDisallow: /fish/", "/fish /fish.html", "/fish/ /fish/salmon"},
		{"star", "User-agent: *\nDisallow: /*.php", "/ /php", "/x.php /a/b.php?x /x.php5"},
		{"end", "User-agent: *\nDisallow: /*.php$", "/x.php?y /x.php5", "/x.php /a/b.php /.php.php"},
		{"end alone", "User-agent: *\nDisallow: /$", "/x", "/"},
		{"two stars", "User-agent: *\nDisallow: /a*b*c$", "/abcd /acb", "/abc /a1b2c /abcbc"},
		{"query", "User-agent: *\nDisallow: /*?", "/x", "/x?y"},
		{"longest", "User-agent: *\nDisallow: /a/\nAllow: /a/b", "/a/b /a/bc", "/a/ /a/c"},
		{"longest, other order", "User-agent: *\nAllow: /a/b\nDisallow: /a/", "/a/b", "/a/c"},
		{"tie allows", "User-agent: *\nDisallow: /page\nAllow: /page", "/page", ""},
		{"tie allows, other order", "User-agent: *\nAllow: /page\nDisallow: /page", "/page", ""},
		{"ours beats star", "User-agent: *\nDisallow: /\nUser-agent: Evergreen-Crawler\nDisallow: /x", "/ /y", "/x"},
		{"ours with version", "User-agent: evergreen-crawler/2.1\nDisallow: /x", "/y", "/x"},
		{"ours is empty", "User-agent: evergreen-crawler\nUser-agent: other\nDisallow:\n\nUser-agent: *\nDisallow: /", "/x", ""},
		{"others", "User-agent: other\nDisallow: /", "/x", ""},
		{"part of a name", "User-agent: evergreen\nDisallow: /", "/x", ""},
		{"shared group", "User-agent: other\nUser-agent: *\nDisallow: /x", "/y", "/x"},
		{"merged groups", "User-agent: evergreen-crawler\nDisallow: /x\nUser-agent: other\nDisallow: /z\nUser-agent: evergreen-crawler\nDisallow: /y", "/z", "/x /y"},
		{"rules without group", "Disallow: /x", "/x", ""},
		{"comments, case, space", " USER-AGENT : * # all\nDISALLOW\t:\t/x#y\n", "/", "/x"},
		{"other lines", "User-agent: *\nCrawl-delay: 5\nSitemap: /map\nDisallow: /x", "/", "/x"},
		{"line ends", "User-agent: *\r\nDisallow: /x\rDisallow: /y\r\n", "/", "/x /y"},
		{"byte order mark", "\ufeffUser-agent: *\nDisallow: /x", "/", "/x"},
		{"percent", "User-agent: *\nDisallow: /%7Eu\nDisallow: /é\nDisallow: /a%2fb", "/a/b", "/~u /%C3%A9 /a%2Fb"},
		{"html instead", "<html><body>Not found</body></html>", "/x", ""},
	} {
		rules := parseRobots(test.text, agent)
		check := func(paths string, want bool) {
			for path := range strings.FieldsSeq(paths) {
				u, err := url.Parse("http://example.org" + path)
				if err != nil {
					t.Fatal(err)
				}
				if got := rules.allows(u); got != want {
					t.Errorf("%s: %s allowed: %v", test.name, path, got)
				}
			}
		}
		check(test.yes, true)
		check(test.no, false)
	}
}
