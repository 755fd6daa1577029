// Std runs the standard library's own tests of net/http, httptest, httputil and
// crypto/tls over our listener and dialer. From the directory above:
//
//	go run ./std [-race] [-tags TAGS] [-timeout D] [PACKAGE...]
//
// The library is not changed where it is installed. A tree of links stands in for it,
// with our packages among its own, and the go command reads edited copies of the
// files that make connections; see overlay and the tables in edit.go.
//
// Each package is tested twice, first over the standard net and then over ours.
// known.txt says which tests do not pass, and over which of the two. It must be
// right to the test: Std fails at a test that fails unexpectedly, at one that passes
// although it is listed, and at one that is left out over ours alone. A test that
// fails unexpectedly has a second chance by itself, since many of the library's tests
// go by the clock; the summary names those that needed it.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// packages is what is tested.
var packages = []string{"net/http/httptest", "net/http/httputil", "crypto/tls", "net/http"}

func main() {
	var s settings
	race := flag.Bool("race", false, "test under the race detector")
	tags := flag.String("tags", "", "build `tags`, for the variants of our packages")
	flag.DurationVar(&s.timeout, "timeout", 3*time.Minute, "how long one run of a package may take")
	flag.Parse()
	if *race {
		s.build = append(s.build, "-race")
	}
	if *tags != "" {
		s.build = append(s.build, "-tags="+*tags)
	}
	chosen := flag.Args()
	if len(chosen) == 0 {
		chosen = packages
	}
	ok, err := run(s, chosen)
	if err != nil {
		fmt.Fprintln(os.Stderr, "std:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run tests the packages and tells whether all went as known.txt says.
func run(s settings, chosen []string) (ok bool, err error) {
	text, err := data.Open("known.txt")
	if err != nil {
		return false, err
	}
	all, err := readKnown(text)
	if err != nil {
		return false, fmt.Errorf("known.txt: %w", err)
	}
	goroot, err := trueRoot()
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "std")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted
		os.RemoveAll(dir)
		os.Exit(130)
	}()
	o, err := newOverlay(dir, goroot, packages, s.build)
	if err != nil {
		return false, err
	}
	standard := tree{name: "the standard net", kind: base, root: goroot}
	evergreen := tree{name: "our net", kind: ours, root: o.goroot(), overlay: o.file()}
	ok = true
	for _, pkg := range chosen {
		wrong, err := s.compare(goroot, standard, evergreen, pkg, all)
		if err != nil {
			return false, err
		}
		for _, w := range wrong {
			fmt.Printf("WRONG: %s: %s\n", pkg, w)
			ok = false
		}
	}
	for _, k := range all {
		fmt.Printf("known: %-4s %s %s: %s\n", k.kind, k.pkg, k.test, k.why)
	}
	if !ok {
		fmt.Println("std: not as known.txt says")
	} else {
		fmt.Println("std: as known.txt says")
	}
	return ok, nil
}

// trueRoot is the GOROOT of the go command that is in use here, not a stand-in of
// another run.
func trueRoot() (string, error) {
	out, err := output("go", "env", "GOROOT")
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(strings.TrimSpace(string(out)))
}
