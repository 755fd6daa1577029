package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// An outcome is how the tests of a package ended.
type outcome struct {
	// tests has for each test "pass", "skip" or "fail", and "run" for one that was begun
	// and did not end, because the process did.
	tests map[string]string
	// output is what each test printed, and under "" what the package did.
	output map[string]string
	// failed tells that the package failed, perhaps without any test's doing so.
	failed bool
}

// readOutcome reads the output of go test -json for one package.
func readOutcome(r io.Reader) (outcome, error) {
	o := outcome{tests: make(map[string]string), output: make(map[string]string)}
	texts := make(map[string]*strings.Builder)
	for dec := json.NewDecoder(r); ; {
		var e struct{ Action, Test, Output string }
		err := dec.Decode(&e)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return o, fmt.Errorf("go test -json printed something else: %w", err)
		}
		switch e.Action {
		case "run", "pass", "skip", "fail":
			if e.Test != "" {
				o.tests[e.Test] = e.Action
			} else if e.Action == "fail" {
				o.failed = true
			}
		case "output", "build-output":
			if texts[e.Test] == nil {
				texts[e.Test] = new(strings.Builder)
			}
			texts[e.Test].WriteString(e.Output)
		}
	}
	for test, text := range texts {
		o.output[test] = text.String()
	}
	return o, nil
}

// count is how many tests ended in a way.
func (o outcome) count(action string) (n int) {
	for _, a := range o.tests {
		if a == action {
			n++
		}
	}
	return n
}

// broken is the tests that failed or did not end, in order. A test is left out if one
// of its subtests says more.
func (o outcome) broken() []string {
	var all []string
	for test, action := range o.tests {
		if action == "fail" || action == "run" {
			all = append(all, test)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Clone(all), func(test string) bool {
		return slices.ContainsFunc(all, func(sub string) bool { return strings.HasPrefix(sub, test+"/") })
	})
}

// judge holds the outcome against the tests that must fail. It returns what is wrong,
// and the top-level tests that failed unexpectedly, for a second attempt.
func (o outcome) judge(expected map[string]known) (wrong, again []string) {
	broken := o.broken()
	for _, test := range broken {
		if _, ok := expected[test]; ok {
			continue
		}
		word := "fails"
		if o.tests[test] == "run" {
			word = "did not end"
		} else if top, _, _ := strings.Cut(test, "/"); !slices.Contains(again, top) {
			again = append(again, top)
		}
		wrong = append(wrong, fmt.Sprintf("%s %s\n%s", test, word, indent(brief(o.output[test]))))
	}
	for _, test := range slices.Sorted(maps.Keys(expected)) {
		switch action := o.tests[test]; {
		case slices.Contains(broken, test):
		case action == "":
			wrong = append(wrong, test+" stands in known.txt and was not run")
		default:
			wrong = append(wrong, fmt.Sprintf("%s stands in known.txt (%s) and ends with %q: take the line out", test, expected[test].why, action))
		}
	}
	if o.failed && len(broken) == 0 {
		wrong = append(wrong, "the package fails and none of its tests does\n"+indent(brief(o.output[""])))
	}
	return wrong, again
}

// missing is the tests that passed over the standard net and were left out over ours:
// neither run to an end nor listed.
func (o outcome) missing(standard outcome) []string {
	var wrong []string
	for _, test := range slices.Sorted(maps.Keys(standard.tests)) {
		if action := o.tests[test]; standard.tests[test] == "pass" && (action == "" || action == "skip") {
			wrong = append(wrong, fmt.Sprintf("%s passes over the standard net and is left out over ours (%q)", test, action))
		}
	}
	return wrong
}

// brief is the beginning and the end of a text that is too long to be shown: a dying
// process says first why, and a failing test last.
func brief(text string) string {
	const each = 30
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(all) > 2*each {
		cut := fmt.Sprintf("... %d lines", len(all)-2*each)
		all = slices.Concat(all[:each], []string{cut}, all[len(all)-each:])
	}
	return strings.Join(all, "\n")
}

func indent(text string) string {
	return "\t" + strings.ReplaceAll(text, "\n", "\n\t")
}
