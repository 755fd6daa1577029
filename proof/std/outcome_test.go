package main

import (
	"slices"
	"strings"
	"testing"
)

// events is what go test -json prints: a line for each action and test.
func events(t *testing.T, lines ...string) outcome {
	t.Helper()
	var b strings.Builder
	for _, line := range lines {
		action, test, _ := strings.Cut(line, " ")
		test, text, _ := strings.Cut(test, ": ")
		b.WriteString(`{"Action":"` + action + `","Test":"` + test + `","Output":"` + text + `"}` + "\n")
	}
	o, err := readOutcome(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOutcomeOfEachTest(t *testing.T) {
	o := events(t, "run TestA", "output TestA: hello", "pass TestA", "run TestB", "skip TestB", "run TestC", "run TestC/x", "fail TestC/x", "fail TestC", "fail")
	if o.tests["TestA"] != "pass" || o.tests["TestB"] != "skip" || o.output["TestA"] != "hello" || !o.failed {
		t.Errorf("%+v", o)
	}
	if got := o.broken(); !slices.Equal(got, []string{"TestC/x"}) {
		t.Errorf("broken: %v", got)
	}
	if p, f, s := o.count("pass"), o.count("fail"), o.count("skip"); p != 1 || f != 2 || s != 1 {
		t.Errorf("%d passed, %d failed, %d skipped", p, f, s)
	}
}

func TestOutcomeIsNotReadFromOtherText(t *testing.T) {
	if _, err := readOutcome(strings.NewReader("FAIL\n")); err == nil {
		t.Error("it was")
	}
}

func TestJudge(t *testing.T) {
	listed := func(tests ...string) map[string]known {
		expected := make(map[string]known)
		for _, test := range tests {
			expected[test] = known{test: test, why: "a reason"}
		}
		return expected
	}
	for name, c := range map[string]struct {
		lines    []string
		expected map[string]known
		wrong    []string // the beginning of each
		again    []string
	}{
		"all pass": {lines: []string{"run TestA", "pass TestA"}},
		"an unexpected failure": {
			lines: []string{"run TestA", "output TestA: why", "fail TestA", "fail"},
			wrong: []string{"TestA fails\n\twhy"},
			again: []string{"TestA"},
		},
		"two subtests are one second attempt": {
			lines: []string{"run TestA", "run TestA/x", "fail TestA/x", "run TestA/y", "fail TestA/y", "fail TestA", "fail"},
			wrong: []string{"TestA/x fails", "TestA/y fails"},
			again: []string{"TestA"},
		},
		"an expected failure": {
			lines:    []string{"run TestA", "run TestA/x", "fail TestA/x", "fail TestA", "fail"},
			expected: listed("TestA/x"),
		},
		"a failure beside the expected one": {
			lines:    []string{"run TestA", "run TestA/x", "fail TestA/x", "run TestA/y", "fail TestA/y", "fail TestA", "fail"},
			expected: listed("TestA/x"),
			wrong:    []string{"TestA/y fails"},
			again:    []string{"TestA"},
		},
		"an unexpected pass": {
			lines:    []string{"run TestA", "pass TestA"},
			expected: listed("TestA"),
			wrong:    []string{`TestA stands in known.txt (a reason) and ends with "pass"`},
		},
		"an expected failure that is skipped": {
			lines:    []string{"run TestA", "skip TestA"},
			expected: listed("TestA"),
			wrong:    []string{`TestA stands in known.txt (a reason) and ends with "skip"`},
		},
		"an expected failure that is gone": {
			lines:    []string{"run TestB", "pass TestB"},
			expected: listed("TestA"),
			wrong:    []string{"TestA stands in known.txt and was not run"},
		},
		"the process died": {
			lines: []string{"run TestA", "pass TestA", "run TestB", "output : fatal error", "fail"},
			wrong: []string{"TestB did not end"},
		},
		"it does not compile": {
			lines: []string{"output : undefined", "fail"},
			wrong: []string{"the package fails and none of its tests does\n\tundefined"},
		},
	} {
		wrong, again := events(t, c.lines...).judge(c.expected)
		if !slices.EqualFunc(wrong, c.wrong, strings.HasPrefix) || !slices.Equal(again, c.again) {
			t.Errorf("%s: wrong %q, again %q", name, wrong, again)
		}
	}
}

// A test that is skipped, or not even there, passes no less quietly than one that is
// run: only beside the standard net can it be seen.
func TestMissing(t *testing.T) {
	standard := events(t, "run TestA", "pass TestA", "run TestB", "pass TestB", "run TestC", "pass TestC", "run TestD", "skip TestD")
	got := events(t, "run TestA", "pass TestA", "run TestB", "skip TestB").missing(standard)
	if want := []string{"TestB ", "TestC "}; !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("%q", got)
	}
}

func TestBriefHasBothEnds(t *testing.T) {
	if got := brief("begin\n" + strings.Repeat("line\n", 1000) + "end\n"); !strings.HasPrefix(got, "begin\n") || !strings.HasSuffix(got, "\nend") || strings.Count(got, "\n") > 100 {
		t.Errorf("%q", got)
	}
	if got := brief("short\n"); got != "short" {
		t.Errorf("%q", got)
	}
}
