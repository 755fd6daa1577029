package runtime_test

import (
	"slices"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// trace runs a program whose tasks spawn, yield, sleep and join, and writes down
// who ran when.
func trace(t *testing.T, opts ...runtime.Option) (order []int) {
	t.Helper()
	run(t, func(l *runtime.Loop) {
		for i := range 10 {
			task.Go(func() {
				for range 5 {
					order = append(order, i)
					task.Yield()
				}
				child := task.Go(func() { order = append(order, 100+i) })
				task.Sleep(time.Duration(i%3) * time.Second)
				_ = child.Join()
				order = append(order, 200+i)
			})
		}
		l.CallSoon(func() { order = append(order, 300) })
	}, opts...)
	return order
}

// holds: 106
func TestSameSeedSameTrace(t *testing.T) {
	traces := make(map[string]bool)
	for seed := range uint64(20) {
		first := trace(t, runtime.WithSeed(seed))
		for range 3 {
			if again := trace(t, runtime.WithSeed(seed)); !slices.Equal(first, again) {
				t.Fatalf("seed %d gave\n%v and\n%v", seed, first, again)
			}
		}
		key := ""
		for _, i := range first {
			key += string(rune(i))
		}
		traces[key] = true
	}
	if len(traces) != 20 {
		t.Errorf("20 seeds gave %d different traces", len(traces))
	}
	if a, b := trace(t), trace(t); !slices.Equal(a, b) {
		t.Error("without a seed the order is not the same each time")
	}
}

// holds: 106
func TestRecordedScheduleReplays(t *testing.T) {
	var answers []int
	n := 0
	want := trace(t, runtime.WithPick(func(ready int) int {
		n = (n*5 + 3) % 1009
		answers = append(answers, n%ready)
		return n % ready
	}))
	next := 0
	got := trace(t, runtime.WithPick(func(ready int) int {
		next++
		return answers[next-1]
	}))
	if !slices.Equal(got, want) || next != len(answers) {
		t.Errorf("the replay gave\n%v, want\n%v", got, want)
	}
}

// holds: 106
// Two tasks that only yield alternate as ABBA at worst, and of many none runs a
// third time before each has run a second time.
func TestShufflingKeepsABound(t *testing.T) {
	for seed := range uint64(50) {
		for _, tasks := range []int{2, 7, 50} {
			counts := make([]int, tasks)
			run(t, func(l *runtime.Loop) {
				for i := range tasks {
					task.Go(func() {
						for range 30 {
							counts[i]++
							if low := slices.Min(counts); counts[i] > low+2 {
								t.Errorf("seed %d: a task ran %d times and another %d", seed, counts[i], low)
							}
							task.Yield()
						}
						counts[i] = 1 << 30
					})
				}
			}, runtime.WithSeed(seed))
		}
	}
}

func TestPickThatAnswersNonsenseEndsTheRun(t *testing.T) {
	for _, answer := range []int{-1, 1 << 20} {
		err := runtime.Run(func() {
			for range 3 {
				task.Go(func() {
					task.Sleep(long)
				})
			}
			task.Yield()
			task.Sleep(long)
		}, runtime.WithVirtualClock(), runtime.WithPick(func(int) int { return answer }))
		if err == nil {
			t.Errorf("the answer %d was taken", answer)
		}
	}
}
