package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestKnownIsReadByColumns(t *testing.T) {
	got, err := readKnown(strings.NewReader("# a comment\n\n" +
		"net/http  TestA/h1 ours  it has a reason\n" +
		"net/http TestB base another\n"))
	want := []known{
		{"net/http", "TestA/h1", ours, "it has a reason"},
		{"net/http", "TestB", base, "another"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestKnownWithoutAReasonIsRefused(t *testing.T) {
	for text, part := range map[string]string{
		"net/http TestA ours\n":                              "line 1 needs",
		"\nnet/http TestA\n":                                 "line 2 needs",
		"net/http TestA flaky now and then\n":                "the kinds are",
		"net/http TestA/sub skip outside\n":                  "skip the whole test",
		"net/http TestA ours x\nnet/http TestA base again\n": "stands there already",
	} {
		if _, err := readKnown(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestKnownFailuresDependOnTheNet(t *testing.T) {
	all := []known{
		{"p", "TestOurs", ours, "x"},
		{"p", "TestBase", base, "x"},
		{"p", "TestSkip", skip, "x"},
		{"other", "TestElsewhere", base, "x"},
	}
	for over, want := range map[kind][]string{base: {"TestBase"}, ours: {"TestBase", "TestOurs"}} {
		var got []string
		for test := range fails(all, "p", over) {
			got = append(got, test)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("over %s: %v", over, got)
		}
	}
}

func TestSkippedIsAPatternForWholeNames(t *testing.T) {
	all := []known{{"p", "TestA", skip, "x"}, {"p", "TestB", skip, "x"}, {"p", "TestC", ours, "x"}, {"q", "TestD", skip, "x"}}
	pattern := regexp.MustCompile(skipped(all, "p"))
	for name, want := range map[string]bool{"TestA": true, "TestB": true, "TestC": false, "TestD": false, "TestAB": false} {
		if pattern.MatchString(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
	if got := skipped(all, "r"); got != "" {
		t.Errorf("a pattern for nothing: %q", got)
	}
}

// The list that is in use must be one that can be read, about what is tested.
func TestKnownFile(t *testing.T) {
	file, err := data.Open("known.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all, err := readKnown(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		if !slices.Contains(packages, k.pkg) {
			t.Errorf("%s is of %s, which is not tested", k.test, k.pkg)
		}
	}
}
