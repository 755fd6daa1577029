package tasktest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// double stands in for a test that is to fail, and writes down what it is told.
type double struct {
	testing.TB // the real test, for what is not overridden
	failed     bool
	said       []string
}

func (d *double) Helper() {}

func (d *double) Failed() bool { return d.failed }

func (d *double) Logf(format string, args ...any) {
	d.said = append(d.said, fmt.Sprintf(format, args...))
}

func (d *double) Errorf(format string, args ...any) {
	d.failed = true
	d.Logf(format, args...)
}

func (d *double) Error(args ...any) { d.Errorf("%s", fmt.Sprint(args...)) }

func (d *double) Fatal(args ...any) {
	d.Error(args...)
	runtime.Goexit()
}

// text is everything that was said.
func (d *double) text() string { return strings.Join(d.said, "\n") }

// mustFail runs f with a test that stands in for t, and checks that it fails and
// says all of the words.
func mustFail(t *testing.T, f func(t testing.TB), words ...string) *double {
	t.Helper()
	d := &double{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done) // f may leave by Goexit
		f(d)
	}()
	<-done
	if !d.failed {
		t.Errorf("the test did not fail; it said:\n%s", d.text())
	}
	for _, w := range words {
		if !strings.Contains(d.text(), w) {
			t.Errorf("it does not say %q but:\n%s", w, d.text())
		}
	}
	return d
}
