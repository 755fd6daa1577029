//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	stdruntime "runtime"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
)

// workload makes a scene that needs no load generator: each peer's process does the
// work of that name and says how it went.
func workload(name, work string, j job) scene {
	return scene{name: name, work: work, measure: func(a *area, p peer, o options) (sample, error) {
		j := j
		j.Work, j.Length, j.Count, j.Backend = work, o.length, o.limit(j.Count), o.backend
		c, err := launch(a, p, j, o)
		if err != nil {
			return nil, err
		}
		defer c.stop()
		line, err := c.answer()
		if err != nil {
			return nil, fmt.Errorf("no result: %w", err)
		}
		found := map[string]float64{}
		if err := json.Unmarshal([]byte(line), &found); err != nil {
			return nil, err
		}
		s := sample{}
		for key, value := range found {
			if m := a.byKey(key); m != nil {
				s[m] = value
			}
		}
		return s, nil
	}}
}

// twin adds to scenes of one processor the same with two.
func twin(name, work string, j job) []scene {
	two := j
	two.Procs = 2
	return []scene{workload(name, work, j), workload(name+", 2 processors", work, two)}
}

// meter measures a workload, in the process that does it.
type meter struct {
	job
	found sample
	// uncollected: no garbage is collected before the measurement begins.
	uncollected bool
}

// perform does a workload and writes what was found to the standard output.
func perform(j job, work func(*meter)) error {
	m := &meter{job: j, found: sample{}}
	work(m)
	most, err := memoryOf(os.Getpid(), "VmHWM")
	if err != nil {
		return err
	}
	m.found[peak] = most / (1 << 20)
	keyed := map[string]float64{}
	for metric, value := range m.found {
		keyed[metric.key] = value
	}
	text, err := json.Marshal(keyed)
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	control() // until this process is ended: the profile may be asked for
	return nil
}

// run calls f again and again, for the length of the measurement and before that for
// a fifth of it to warm up, and notes what one operation takes. f returns how many
// operations it did.
func (m *meter) run(f func() int) {
	// The clock is looked at after every so many calls, so that it does not count.
	const tick = 50 * time.Microsecond
	often := 1
	for began := time.Now(); ; {
		at := time.Now()
		for range often {
			f()
		}
		if time.Since(at) < tick {
			often *= 2
		}
		if time.Since(began) > m.Length/5 {
			break
		}
	}
	if !m.uncollected {
		stdruntime.GC() // all begin with an empty heap
	}
	var before, after stdruntime.MemStats
	used, ops := mustUse(), 0
	stdruntime.ReadMemStats(&before)
	began := now()
	for end := began + int64(m.Length); now() < end; {
		for range often {
			ops += f()
		}
	}
	took := now() - began
	stdruntime.ReadMemStats(&after)
	now := mustUse()
	per := func(v float64) float64 { return v / float64(max(1, ops)) }
	m.found[wallNS] = per(float64(took))
	m.found[cpuNS] = per(float64(now.cpu - used.cpu))
	m.found[allocs] = per(float64(after.Mallocs - before.Mallocs))
	m.found[perBytes] = per(float64(after.TotalAlloc - before.TotalAlloc))
	m.found[waited] = float64(now.waited-used.waited) / float64(took) / float64(m.Procs)
}

// batch is run for an f that does n operations: so many that calling it does not count.
func (m *meter) batch(f func(n int)) {
	const n = 1000
	m.run(func() int {
		f(n)
		return n
	})
}

func mustUse() usage {
	u, err := use(os.Getpid())
	if err != nil {
		log.Fatal(err)
	}
	return u
}

// inLoop makes a workload of one that runs in a task.
func inLoop(work func(*meter)) func(*meter) {
	return func(m *meter) {
		if err := runtime.Run(func() { work(m) }); err != nil {
			log.Fatal(err)
		}
	}
}
