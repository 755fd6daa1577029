//go:build linux

package main

// metric is something that is measured.
type metric struct {
	key    string // in JSON
	head   string // of its column, with the unit
	digits int
	more   bool // more of it is better
	ratio  bool // whether our ratios have a column
	wall   bool // it is worth little where something else takes the processor away
}

// What a server that is asked and answers is measured by.
var (
	rate   = &metric{wall: true, key: "rate", head: "requests/s", more: true, ratio: true}
	cpu    = &metric{key: "cpu_us", head: "CPU µs/request", digits: 2, ratio: true}
	system = &metric{key: "system", head: "of it system", digits: 2}
	p50    = &metric{wall: true, key: "p50_us", head: "p50 µs"}
	p99    = &metric{wall: true, key: "p99_us", head: "p99 µs", ratio: true}
	p999   = &metric{wall: true, key: "p999_us", head: "p99.9 µs"}
	lost   = &metric{key: "lost", head: "lost"}
)

// What a workload in one process is measured by.
var (
	wallNS   = &metric{wall: true, key: "ns", head: "ns/op", digits: 1, ratio: true}
	cpuNS    = &metric{key: "cpu_ns", head: "CPU ns/op", digits: 1, ratio: true}
	allocs   = &metric{key: "allocs", head: "allocations/op", digits: 2}
	perBytes = &metric{key: "bytes", head: "bytes/op", digits: 0}
)

// What anything is measured by.
var (
	waited = &metric{key: "waited", head: "waited", digits: 2}
	peak   = &metric{key: "peak_mib", head: "peak MiB", digits: 1}
)

// What something costs that is there and does nothing.
var (
	perConn = &metric{key: "bytes_per_conn", head: "bytes/connection", ratio: true}
	perHeap = &metric{key: "go_bytes_per_conn", head: "of it Go heap and stacks"}
	perTask = &metric{key: "bytes_per_task", head: "bytes each, Go heap and stacks", ratio: true}
	perRSS  = &metric{key: "rss_per_task", head: "bytes each, resident", ratio: true}
	spawnNS = &metric{key: "spawn_ns", head: "ns to start one", ratio: true}
)

// requests are the metrics of a server that is asked and answers.
var requests = []*metric{rate, cpu, system, p50, p99, p999, peak}

// operations are the metrics of a workload in one process.
var operations = []*metric{wallNS, cpuNS, allocs, perBytes, peak}

// quantiles are the points at which the distribution of latencies is kept for a
// picture, as metrics that have no column.
var quantiles = func() (all []quantile) {
	for _, q := range []struct {
		name string
		at   float64
	}{
		{"q0", 0},
		{"q10", 0.1},
		{"q25", 0.25},
		{"q50", 0.5},
		{"q75", 0.75},
		{"q90", 0.9},
		{"q95", 0.95},
		{"q99", 0.99},
		{"q995", 0.995},
		{"q999", 0.999},
		{"q9995", 0.9995},
		{"q9999", 0.9999},
	} {
		all = append(all, quantile{&metric{key: q.name, head: q.name}, q.at})
	}
	return all
}()

// quantile is a point of a distribution.
type quantile struct {
	metric *metric
	at     float64
}

// sample is what one measurement found, by metric.
type sample map[*metric]float64

// byKey finds a metric of an area.
func (a *area) byKey(key string) *metric {
	for _, m := range append(a.metrics[:len(a.metrics):len(a.metrics)], waited) {
		if m.key == key {
			return m
		}
	}
	return nil
}
