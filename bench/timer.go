//go:build linux

package main

import (
	"context"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// pending is how many other timers there are.
const pending = 1000

var timerArea = &area{
	name: "timer", title: "Timers",
	about:   "A timer that is started and stopped again, as most are, while a thousand others are pending.",
	metrics: operations,
	peers: []peer{
		{name: us, works: map[string]func(*meter){"stop": inLoop(func(m *meter) {
			l := runtime.Current()
			for i := range pending {
				defer l.CallLater(time.Duration(i+1)*time.Hour, func() {}).Cancel()
			}
			m.batch(func(n int) {
				for range n {
					l.CallLater(time.Minute, func() {}).Cancel()
				}
			})
		})}},
		{name: "AfterFunc", works: map[string]func(*meter){"stop": func(m *meter) {
			for i := range pending {
				defer time.AfterFunc(time.Duration(i+1)*time.Hour, func() {}).Stop()
			}
			m.batch(func(n int) {
				for range n {
					time.AfterFunc(time.Minute, func() {}).Stop()
				}
			})
		}}},
	},
	scenes: []scene{workload("start and stop", "stop", job{})},
}

var cancelArea = &area{
	name: "cancel", title: "Time limits",
	about:   "A block that is put under a time limit, which it does not reach: `timeout.Run`, and a context with a timeout and its cancel.",
	metrics: operations,
	peers: []peer{
		{name: us, works: map[string]func(*meter){"limit": inLoop(func(m *meter) {
			m.batch(func(n int) {
				for range n {
					_ = timeout.Run(time.Minute, func() error { return nil })
				}
			})
		})}},
		{name: "context", works: map[string]func(*meter){"limit": func(m *meter) {
			m.batch(func(n int) {
				for range n {
					_, cancel := context.WithTimeout(context.Background(), time.Minute)
					cancel()
				}
			})
		}}},
	},
	scenes: []scene{workload("not reached", "limit", job{})},
}

var offloadArea = &area{
	name: "offload", title: "Offload",
	about: "A function that does nothing on a plain goroutine, while the caller waits for its result: `task.Offload`, and a goroutine " +
		"that sends it over a channel.",
	metrics:  operations,
	pictures: []picture{bars(wallNS, "One call offloaded, and its result")},
	peers: []peer{
		{name: us, works: map[string]func(*meter){"call": inLoop(func(m *meter) {
			m.run(func() int {
				_, _ = task.Offload(func() (int, error) { return 0, nil })
				return 1
			})
		})}},
		{name: "go+chan", works: map[string]func(*meter){"call": func(m *meter) {
			m.run(func() int {
				result := make(chan int)
				go func() { result <- 0 }()
				<-result
				return 1
			})
		}}},
	},
	scenes: twin("one at a time", "call", job{}),
}
