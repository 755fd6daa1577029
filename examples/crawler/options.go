package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

// options is everything a user can choose.
type options struct {
	start *url.URL // nil asks for the demo site

	tasks     int
	depth     int
	pages     int
	trap      int
	retries   int
	maxBody   int64
	timeout   time.Duration
	delay     time.Duration
	robots    bool
	external  bool
	userAgent string

	list  string
	json  string
	quiet bool
}

// The demo site has a page that never answers, one that is too large, and two without end. With these
// values, instead of the defaults, they do not keep anyone waiting.
const (
	demoTimeout = time.Second
	demoMaxBody = 1 << 20
	demoTrap    = 25
)

// parseOptions reads the command line. Usage and complaints are written to output.
func parseOptions(args []string, output io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("crawler", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.IntVar(&o.tasks, "n", 16, "fetch up to this many pages at once")
	flags.IntVar(&o.depth, "depth", 0, "follow links up to this far from the start page (0 = any distance)")
	flags.IntVar(&o.pages, "pages", 100_000, "fetch at most this many pages (0 = no limit)")
	flags.IntVar(&o.trap, "trap", 500, "give up a chain of pages that differ by numbers only after this many links (0 = never)")
	flags.IntVar(&o.retries, "retries", 1, "ask again this often after a timeout or a broken connection")
	flags.Int64Var(&o.maxBody, "max-body", 16<<20, "read at most this many bytes of a page")
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, "give up a page after this time")
	flags.DurationVar(&o.delay, "delay", 0, "let this much time pass between two requests")
	flags.BoolVar(&o.robots, "robots", true, "obey robots.txt and <meta name=robots content=nofollow>")
	flags.BoolVar(&o.external, "external", false, "ask other hosts by HEAD whether links to them work")
	flags.StringVar(&o.userAgent, "user-agent", "evergreen-crawler/1.0", "what to call ourselves")
	flags.StringVar(&o.list, "list", "", "write the addresses of all HTML pages to this `file`, sorted")
	flags.StringVar(&o.json, "json", "", "write the report to this `file` as JSON")
	flags.BoolVar(&o.quiet, "quiet", false, "show no progress")
	flags.Usage = func() {
		fmt.Fprintf(output, "usage: crawler [flags] [URL]\n\nWithout a URL a demo site is served and crawled.\n\n")
		flags.PrintDefaults()
	}

	rest, err := parseMixed(flags, args)
	if err != nil {
		return o, err // the flag package has said it already
	}
	if err := o.finish(flags, rest); err != nil {
		fmt.Fprintf(output, "crawler: %v (-h shows all flags)\n", err)
		return o, err
	}
	return o, nil
}

// parseMixed lets flags stand before and after the URL, which the flag package alone does not.
func parseMixed(flags *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// finish checks the values and fills in what depends on whether there is a URL.
func (o *options) finish(flags *flag.FlagSet, rest []string) error {
	switch {
	case len(rest) > 1:
		return errors.New("more than one URL")
	case o.tasks < 1:
		return errors.New("-n must be at least 1")
	case o.depth < 0 || o.pages < 0 || o.trap < 0 || o.retries < 0 || o.delay < 0:
		return errors.New("a limit cannot be negative")
	case o.timeout <= 0 || o.maxBody <= 0:
		return errors.New("-timeout and -max-body must be more than 0")
	case len(rest) == 1:
		start, err := parseStart(rest[0])
		o.start = start
		return err
	}

	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["timeout"] {
		o.timeout = demoTimeout
	}
	if !given["max-body"] {
		o.maxBody = demoMaxBody
	}
	if !given["trap"] {
		o.trap = demoTrap
	}
	return nil
}

// parseStart reads the URL of the command line, where "http://" may be left out.
func parseStart(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	start, err := resolve(&url.URL{}, text)
	if err != nil {
		return nil, fmt.Errorf("cannot crawl %q: %w", text, err)
	}
	return start, nil
}
