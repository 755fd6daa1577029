package tasktest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// variable is the environment variable that repeats a schedule.
const variable = "EVERGREEN_SCHEDULE"

// schedule decides which of the tasks that are ready runs next.
type schedule interface {
	// pick chooses one of n; 0 is the one that has waited longest.
	pick(l *kernel.Loop, n int) int
	// choose decides what the code under test leaves to chance.
	choose(n int) int
	// String is what the environment variable has to be set to, to repeat a run in
	// which these choices were made.
	String(made []choice) string
}

// fromEnvironment returns the schedule that the environment asks for, nil for none.
func fromEnvironment() (schedule, error) {
	value := os.Getenv(variable)
	kind, rest, _ := strings.Cut(value, ":")
	switch kind {
	case "":
		return nil, nil
	case "fifo":
		return fifo{}, nil
	case "seed", "pct":
		seed, err := strconv.ParseUint(rest, 10, 64)
		if err != nil {
			break
		}
		if kind == "pct" {
			return newPCT(seed, pctDepth, pctSteps), nil
		}
		return newSeeded(seed), nil
	case "trace":
		s := &trace{}
		for part := range strings.SplitSeq(rest, ".") {
			i, err := strconv.Atoi(part)
			if err != nil && rest != "" {
				return nil, badSchedule(value)
			}
			s.given = append(s.given, i)
		}
		return s, nil
	}
	return nil, badSchedule(value)
}

func badSchedule(value string) error {
	return fmt.Errorf("evergreen: %s is %q: give fifo, seed:N, pct:N or trace:0.2.1", variable, value)
}

// fifo is first come first served, as a loop does it by itself.
type fifo struct{}

func (fifo) pick(*kernel.Loop, int) int { return 0 }

func (fifo) choose(int) int { return 0 }

func (fifo) String([]choice) string { return "fifo" }

// seeded draws every choice from a seed, each task with the same chance.
type seeded struct {
	seed   uint64
	random *rand.Rand
}

func freshSeed() uint64 { return rand.Uint64() >> 32 } // short enough to type

func newSeeded(seed uint64) *seeded { return &seeded{seed, rand.New(rand.NewPCG(seed, 0))} }

func (s *seeded) pick(_ *kernel.Loop, n int) int { return s.random.IntN(n) }

func (s *seeded) choose(n int) int { return s.random.IntN(n) }

func (s *seeded) String([]choice) string { return "seed:" + strconv.FormatUint(s.seed, 10) }

// trace repeats choices, and goes on with 0 when they are used up.
type trace struct {
	given []int
	at    int
}

func (s *trace) pick(_ *kernel.Loop, n int) int { return s.choose(n) }

func (s *trace) choose(n int) int {
	if s.at >= len(s.given) {
		return 0
	}
	i := s.given[s.at]
	s.at++
	return min(max(i, 0), n-1) // the code may have changed since the trace was made
}

func (s *trace) String(made []choice) string {
	last := len(made)
	for last > 0 && made[last-1].picked == 0 {
		last--
	}
	parts := make([]string, last)
	for i := range parts {
		parts[i] = strconv.Itoa(made[i].picked)
	}
	return "trace:" + strings.Join(parts, ".")
}

const (
	// pctDepth is how many constraints on the order of steps a failure may need for
	// PCT to find it; most need one or two.
	pctDepth = 3
	// pctSteps is the length of a run in which the changes of priority fall.
	pctSteps = 100
)

// pct is probabilistic concurrency testing: each task has a random priority and the
// highest runs; at a few random moments the one that would run falls below all
// others. A failure that needs d orderings among n tasks in k steps is found with a
// chance of at least 1/(n k^(d-1)) per run, far better than by free choice.
// (Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with
// Probabilistic Guarantees of Finding Bugs, ASPLOS 2010.)
type pct struct {
	seed     uint64
	random   *rand.Rand
	priority map[uint64]int // by the task's number; higher runs first
	changes  map[int]bool   // the steps at which a priority falls
	step     int
	lowest   int
}

func newPCT(seed uint64, depth, steps int) *pct {
	s := &pct{
		seed:     seed,
		random:   rand.New(rand.NewPCG(seed, 1)),
		priority: make(map[uint64]int),
		changes:  make(map[int]bool),
	}
	for range depth - 1 {
		s.changes[s.random.IntN(steps)] = true
	}
	return s
}

func (s *pct) pick(l *kernel.Loop, n int) int {
	best := s.best(l, n)
	if s.changes[s.step] {
		s.lowest--
		s.priority[l.ReadyID(best)] = s.lowest
		best = s.best(l, n)
	}
	s.step++
	return best
}

func (s *pct) choose(n int) int { return s.random.IntN(n) }

func (s *pct) best(l *kernel.Loop, n int) int {
	best, highest := 0, 0
	for i := range n {
		id := l.ReadyID(i)
		p, known := s.priority[id]
		if !known {
			p = 1 + s.random.IntN(1<<30)
			s.priority[id] = p
		}
		if i == 0 || p > highest {
			best, highest = i, p
		}
	}
	return best
}

func (s *pct) String([]choice) string { return "pct:" + strconv.FormatUint(s.seed, 10) }

// command returns the shell command that repeats the test with a schedule.
func command(t testing.TB, schedule string) string {
	return fmt.Sprintf("%s=%s go test -run '^%s$' %s", variable, schedule, strings.ReplaceAll(t.Name(), "/", "$/^"), callerPackage())
}

// callerPackage returns the import path of the first package on the stack that is
// not this one: the test's.
func callerPackage() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		f, more := frames.Next()
		dir, name := "", f.Function
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			dir, name = name[:i+1], name[i+1:]
		}
		name, _, _ = strings.Cut(name, ".")
		switch {
		case dir+name == "testing" || !more:
			return "." // a subtest of ours: whose test it is part of is not on this stack
		case !strings.HasSuffix(dir+name, "/task/tasktest"):
			return strings.TrimSuffix(dir+name, "_test")
		}
	}
}
