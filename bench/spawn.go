//go:build linux

package main

import (
	stdsync "sync"

	"github.com/sourcegraph/conc"
	"golang.org/x/sync/errgroup"

	"github.com/evergreen-go/evergreen/task"
)

var spawnArea = &area{
	name: "spawn", title: "Spawn and join",
	about:    "A task that does nothing, from `task.Go` to the end of its `Join`; a goroutine from `go` to the end of `WaitGroup.Wait`.",
	metrics:  operations,
	pictures: []picture{bars(cpuNS, "Spawn and join of a task that does nothing")},
	peers: []peer{
		{name: us, works: map[string]func(*meter){"spawn": inLoop(func(m *meter) {
			tasks := make([]*task.Task, m.Count)
			m.run(func() int {
				for i := range tasks {
					tasks[i] = task.Go(func() {})
				}
				for _, t := range tasks {
					_ = t.Join()
				}
				return m.Count
			})
		})}},
		{name: "go+WaitGroup", works: map[string]func(*meter){"spawn": func(m *meter) {
			m.run(func() int {
				var wg stdsync.WaitGroup
				for range m.Count {
					wg.Go(func() {})
				}
				wg.Wait()
				return m.Count
			})
		}}},
	},
	scenes: append([]scene{workload("one at a time", "spawn", job{Count: 1})},
		twin("1,000 at a time", "spawn", job{Count: 1000})...),
}

// children is a group of any make.
type children interface {
	Go(f func() error)
	Wait() error
}

// concGroup is conc's, whose children return nothing.
type concGroup struct{ conc.WaitGroup }

func (g *concGroup) Go(f func() error) { g.WaitGroup.Go(func() { _ = f() }) }
func (g *concGroup) Wait() error       { g.WaitGroup.Wait(); return nil }

// groups makes a workload of groups whose children do nothing.
func groups(make func() children) func(*meter) {
	return func(m *meter) {
		m.run(func() int {
			g := make()
			for range m.Count {
				g.Go(func() error { return nil })
			}
			_ = g.Wait()
			return m.Count
		})
	}
}

var groupArea = &area{
	name: "group", title: "Groups of tasks",
	about:    "A thousand children that do nothing, from the making of the group to the end of its `Wait`; one operation is one child.",
	metrics:  operations,
	pictures: []picture{bars(cpuNS, "One child of a group")},
	peers: []peer{
		{name: us, works: map[string]func(*meter){"group": inLoop(groups(func() children { return task.NewGroup() }))}},
		{name: "errgroup", works: map[string]func(*meter){"group": groups(func() children { return &errgroup.Group{} })}},
		{name: "conc", works: map[string]func(*meter){"group": groups(func() children { return &concGroup{} })}},
	},
	scenes: twin("1,000 children", "group", job{Count: 1000}),
}
