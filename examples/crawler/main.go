package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/evergreen-go/evergreen/runtime"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code.
func run(args []string, stdout io.Writer, stderr *os.File) int {
	o, err := parseOptions(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}

	var c *crawler
	var failed error
	err = runtime.Run(func() {
		if o.start == nil {
			demo, err := startDemo(true)
			if err != nil {
				failed = err
				return
			}
			defer demo.close()
			o.start = demo.start
		}
		c = newCrawler(o)
		failed = crawlAndShow(c, stderr)
	})
	if err = errors.Join(err, failed); err == nil || errors.Is(err, errInterrupted) {
		err = errors.Join(err, write(c, stdout))
	}
	if err != nil {
		fmt.Fprintln(stderr, "crawler:", err)
		return 1
	}
	return 0
}

// crawlAndShow crawls, with progress, until the site is done or Ctrl-C is pressed. It runs inside the loop.
func crawlAndShow(c *crawler, stderr *os.File) error {
	// A second Ctrl-C ends the program at once, because then the handler is gone.
	var interrupt *runtime.Handle
	interrupt, err := runtime.Current().AddSignalHandler(os.Interrupt, func() {
		interrupt.Cancel()
		c.stop()
	})
	if err != nil {
		return err
	}
	defer interrupt.Cancel()
	if !c.quiet {
		defer showProgress(c, stderr)()
	}
	return c.crawl()
}

// write gives out the results, when the loop has ended: as text, and to the files asked for.
func write(c *crawler, stdout io.Writer) error {
	report := newReport(c.start.String(), c.frontier.order, c.took)
	if c.list != "" {
		err := writeFile(c.list, func(w io.Writer) error { return writeList(w, c.frontier.order) })
		if err != nil {
			return err
		}
	}
	if c.json != "" {
		if err := writeFile(c.json, report.writeJSON); err != nil {
			return err
		}
	}
	return report.writeText(stdout)
}

// writeFile makes a file and has it written.
func writeFile(name string, write func(io.Writer) error) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return write(file)
}
