//go:build linux

package main

// promises are what the project has set itself, each with the issue that says so.
// -check compares them with what was measured.
var promises = []promise{
	// Tasks, timers, memory.
	{issue: 2, area: "handoff", metric: cpuNS, rival: "Gosched", limit: 0.85},
	{issue: 2, area: "handoff", metric: cpuNS, rival: "channel", limit: 0.45},
	{issue: 2, area: "handoff", metric: allocs, limit: 0.01},
	{issue: 2, area: "spawn", scene: "1,000 at a time ", metric: cpuNS, rival: "go+WaitGroup", limit: 0.6},
	{issue: 2, area: "spawn", scene: "one at a time ", metric: cpuNS, rival: "go+WaitGroup", limit: 0.6},
	{issue: 2, area: "spawn", metric: allocs, limit: 2},
	{issue: 2, area: "memory", scene: "1,000,000 ", metric: perTask, rival: "goroutine", limit: 1.1},
	{issue: 2, area: "timer", metric: cpuNS, rival: "AfterFunc", limit: 1},
	{issue: 2, area: "tcp", scene: "64 B x 100 ", metric: rate, rival: "net", limit: 1.1},
	{issue: 2, area: "tcp", scene: "64 B x 1,000 ", metric: rate, rival: "net", limit: 1.1},

	// Primitives. "None allocates" is a hundredth of an allocation: the measurement has its own.
	{issue: 3, area: "lock", scene: "Mutex, free ", metric: cpuNS, rival: "std", limit: 0.5},
	{issue: 3, area: "lock", scene: "Mutex, contended ", metric: cpuNS, rival: "std", limit: 0.45},
	{issue: 3, area: "lock", metric: allocs, limit: 0.01},
	{issue: 3, area: "channel", scene: "unbuffered ", metric: cpuNS, rival: "chan", limit: 0.5},
	{issue: 3, area: "channel", scene: "buffered ", metric: cpuNS, rival: "chan", limit: 1},
	{issue: 3, area: "channel", metric: allocs, limit: 0.01},
	{issue: 3, area: "queue", metric: cpuNS, rival: "chan", limit: 1.2},
	{issue: 3, area: "queue", metric: allocs, limit: 0.01},
	{issue: 3, area: "group", scene: "1,000 children ", metric: cpuNS, rival: "errgroup", limit: 0.6},
	{issue: 3, area: "select", metric: cpuNS, rival: "select", limit: 0.6},
	{issue: 3, area: "select", metric: allocs, limit: 0.01},

	// Connections.
	{issue: 4, area: "tcp", scene: "64 B x ", metric: rate, rival: "net", limit: 1.15},
	{issue: 4, area: "tcp", scene: "64 KiB x 100 ", metric: rate, rival: "net", limit: 1.15},
	{issue: 4, area: "tcp", metric: rate, rival: "netpoll", limit: 1},
	{issue: 4, area: "tcp", metric: p99, rival: "net", limit: 1},
	{issue: 4, area: "tcp", metric: p999, rival: "net", limit: 1},
	{issue: 4, area: "tcp", scene: "64 B x 100 ", metric: cpu, rival: "epoll", limit: 1.08},
	{issue: 4, area: "tcp", scene: "64 B x 1,000 ", metric: cpu, rival: "epoll", limit: 1.2},
	{issue: 4, area: "accept", metric: rate, rival: "net", limit: 1},
	{issue: 4, area: "udp", metric: rate, rival: "net", limit: 1.1},
	{issue: 4, area: "proxy", metric: rate, rival: "net", limit: 1},
	{issue: 4, area: "idle", metric: perConn, rival: "net", limit: 1},

	// Streams, pipes and programs.
	{issue: 5, area: "line", scene: "1,000,000 from memory ", metric: cpuNS, rival: "bufio", limit: 1},
	{issue: 5, area: "line", scene: "1,000,000 over TCP ", metric: cpuNS, rival: "bufio", limit: 1},
	{issue: 5, area: "pipe", scene: "OSPipe, ", metric: cpuNS, rival: "std", limit: 1},
	{issue: 5, area: "pipe", scene: "in memory, ", metric: cpuNS, rival: "std", limit: 0.5},
	{issue: 5, area: "process", metric: wallNS, rival: "os/exec", limit: 1.1},
}
