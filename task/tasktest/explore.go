package tasktest

import (
	"testing"

	"github.com/evergreen-go/evergreen/internal/goroutine"
)

// Options say how far [Explore] goes. The zero Options are a good start. What they
// stand for is a tenth under the race detector, which is slow, and keeps memory for
// every goroutine there ever was.
type Options struct {
	// Orders is how many schedules are tried one after the other of all there are;
	// 0 means 2,000, less than 0 none. Where there are fewer, all are tried.
	Orders int
	// Seeds is how many schedules are drawn from seeds; 0 means 1,000, less than 0
	// none. PCT is the like for schedules by random priorities; 0 means 200.
	Seeds, PCT int
	// First is the first seed; the others follow it.
	First uint64
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		if goroutine.Race {
			otherwise /= 10
		}
		return otherwise
	}
	return max(0, n)
}

// Explore runs a scenario as [Run] does, under many schedules: first come first
// served, all orders there are as far as Options.Orders, seeds, and PCT. It stops at
// the first schedule that fails the test, and logs the command that repeats it. If
// the environment names a schedule only that is run. The scenario must not keep
// anything from one run to the next. It returns how many schedules were run and
// whether they were all there are. It must not be called in a task, and is not a
// checkpoint.
func Explore(t testing.TB, o Options, scenario func()) (runs int, all bool) {
	t.Helper()
	if t.Failed() {
		return 0, false
	}
	good := func(s schedule) bool {
		runs++
		r := &trial{schedule: s}
		r.run(scenario)
		r.tell(t, false)
		return !t.Failed()
	}
	given, err := fromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	if given != nil {
		good(given)
		return runs, false
	}
	if all = exhaust(orDefault(o.Orders, 2000), func(s *trace) ([]choice, bool) {
		r := &trial{schedule: s}
		r.run(scenario)
		r.tell(t, false)
		runs++
		return r.picks, !t.Failed()
	}); all || t.Failed() {
		return runs, all
	}
	for i := range orDefault(o.Seeds, 1000) {
		if !good(newSeeded(o.First + uint64(i))) {
			return runs, false
		}
	}
	for i := range orDefault(o.PCT, 200) {
		if !good(newPCT(o.First+uint64(i), pctDepth, pctSteps)) {
			return runs, false
		}
	}
	return runs, false
}

// exhaust calls try with one schedule after the other, beginning with first come
// first served, until there is none left (then it returns true), the limit is
// reached, or try returns false. try also returns the choices that were made.
//
// A schedule is a list of choices. The next one is the last with its latest choice
// that can be raised raised by one, and what came after it forgotten: a walk
// through the tree of choices in depth, as an odometer counts.
func exhaust(limit int, try func(*trace) ([]choice, bool)) (all bool) {
	var given []int
	for range limit {
		made, ok := try(&trace{given: given})
		if !ok {
			return false
		}
		at := len(made) - 1
		for at >= 0 && made[at].picked+1 >= made[at].n {
			at--
		}
		if at < 0 {
			return true
		}
		given = given[:0]
		for _, c := range made[:at] {
			given = append(given, c.picked)
		}
		given = append(given, made[at].picked+1)
	}
	return false
}
