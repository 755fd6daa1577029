package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// settings is how the tests are run.
type settings struct {
	build   []string // flags for the compiler
	timeout time.Duration
}

// A tree is a standard library to test.
type tree struct {
	name    string
	kind    kind   // of the failures that are its own
	root    string // its GOROOT
	overlay string // the description of what is replaced in it; empty for nothing
}

// compare tests a package over both nets, prints its line of the summary for each and
// returns what is wrong.
func (s settings) compare(goroot string, standard, evergreen tree, pkg string, all []known) (wrong []string, err error) {
	var first outcome
	for _, t := range []tree{standard, evergreen} {
		begin := time.Now()
		o, err := s.test(goroot, t, pkg, "-skip="+skipped(all, pkg))
		if err != nil {
			return nil, err
		}
		bad, again := o.judge(fails(all, pkg, t.kind))
		note := ""
		if len(again) > 0 {
			if bad, note, err = s.retry(goroot, t, pkg, all, o, bad, again); err != nil {
				return nil, err
			}
		}
		for _, b := range bad {
			wrong = append(wrong, "over "+t.name+": "+b)
		}
		if t.kind == base {
			first = o
		} else {
			wrong = append(wrong, o.missing(first)...)
			if o.tests["TestSeam"] != "pass" {
				wrong = append(wrong, "nothing shows that our net was used: TestSeam did not pass")
			}
		}
		fmt.Printf("%-18s over %-16s %5d passed %4d failed %4d skipped %4.0f s%s\n", pkg, t.name,
			o.count("pass"), o.count("fail")+o.count("run"), o.count("skip"), time.Since(begin).Seconds(), note)
	}
	return wrong, nil
}

// retry runs by themselves the tests that failed unexpectedly, and judges as if the
// second attempt had been the first.
func (s settings) retry(goroot string, t tree, pkg string, all []known, o outcome, bad, again []string) ([]string, string, error) {
	second, err := s.test(goroot, t, pkg, "-run=^("+strings.Join(again, "|")+")$")
	if err != nil {
		return nil, "", err
	}
	if len(second.tests) == 0 { // it did not even compile any more
		return bad, "", nil
	}
	for _, top := range again {
		for test := range o.tests {
			if test == top || strings.HasPrefix(test, top+"/") {
				delete(o.tests, test)
			}
		}
	}
	for test, action := range second.tests {
		o.tests[test], o.output[test] = action, second.output[test]
	}
	bad, still := o.judge(fails(all, pkg, t.kind))
	again = slices.DeleteFunc(again, func(top string) bool { return slices.Contains(still, top) })
	if len(again) == 0 {
		return bad, "", nil
	}
	return bad, "; at the second attempt: " + strings.Join(again, ", "), nil
}

// test runs the tests of a package in a tree.
func (s settings) test(goroot string, t tree, pkg string, more ...string) (outcome, error) {
	args := append([]string{"test", "-json", "-count=1", "-vet=off", "-timeout=" + s.timeout.String()}, s.build...)
	if t.overlay != "" {
		args = append(args, "-overlay="+t.overlay)
	}
	args = append(append(args, more...), pkg)
	// The test's own time is limited by -timeout, which shows where it hangs. This one is
	// for a go command that hangs, and leaves time to compile.
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout+5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, filepath.Join(goroot, "bin", "go"), args...)
	c.Dir = filepath.Join(t.root, "src")
	// The environment is that of the tree, not of the module we are in.
	c.Env = append(os.Environ(), "GOROOT="+t.root, "GOTOOLCHAIN=local", "GOWORK=off", "GOFLAGS=", "GO111MODULE=")
	c.WaitDelay = 10 * time.Second
	var complaints bytes.Buffer
	c.Stderr = &complaints
	out, err := c.Output()
	if ctx.Err() != nil {
		return outcome{}, fmt.Errorf("go test %s over %s did not end", pkg, t.name)
	}
	o, bad := readOutcome(bytes.NewReader(out))
	if bad != nil {
		return o, bad
	}
	if err != nil && !o.failed {
		return o, fmt.Errorf("go test %s over %s: %w: %s", pkg, t.name, err, brief(complaints.String()))
	}
	return o, nil
}

// output is what a command prints; its complaints become the error.
func output(name string, args ...string) ([]byte, error) {
	c := exec.Command(name, args...)
	var complaints bytes.Buffer
	c.Stderr = &complaints
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(complaints.String()))
	}
	return out, nil
}
