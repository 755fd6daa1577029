package main

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func leftFirst(_, left, right int) (int, int) { return left, right }

func lastTurned(who, left, right int) (int, int) {
	if who == len(names)-1 {
		return right, left
	}
	return left, right
}

// The deadlock is found, and the report has the circle: each waits for a fork that
// the next one has.
func TestDeadlockIsReported(t *testing.T) {
	err := dine(io.Discard, leftFirst)
	var d *runtime.DeadlockError
	if !errors.As(err, &d) {
		t.Fatalf("the dinner ended with %v", err)
	}
	holder := make(map[string]string)
	for _, b := range d.Tasks {
		if slices.Contains(names[:], b.Name) {
			holder[b.Name] = b.Holder
		}
	}
	at := names[0]
	for i := range names {
		next := names[(i+1)%len(names)]
		if holder[at] != next {
			t.Errorf("%s is said to wait for %q, want %s", at, holder[at], next)
		}
		at = next
	}
	var told strings.Builder
	tell(&told, err)
	if !strings.Contains(told.String(), "Spinoza   waits for a sync.Mutex, held by Arendt") {
		t.Errorf("it is told as:\n%s", told.String())
	}
}

func TestTurnedAllEat(t *testing.T) {
	var out strings.Builder
	if err := dine(&out, lastTurned); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if n := strings.Count(out.String(), name+" eats"); n != courses {
			t.Errorf("%s ate %d times, want %d", name, n, courses)
		}
	}
}
