//go:build linux

package main

import (
	"os/exec"
	stdsync "sync"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/task"
)

const (
	programs      = 8 // at once
	programsAfter = 5 // one after the other, by each
)

var processArea = &area{
	name: "process", title: "Starting programs",
	about: "The program `true`, eight at once, each of which is started when one has ended: by tasks, and by goroutines with os/exec. " +
		"What the programs themselves take is in the first column, and not in the processor time.",
	metrics:  operations,
	pictures: []picture{bars(wallNS, "One program, from its start to its end")},
	peers: []peer{
		{name: us, absent: noTrue, works: map[string]func(*meter){"true": inLoop(func(m *meter) {
			path := mustFind("true")
			m.run(func() int {
				tasks := make([]*task.Task, programs)
				for i := range tasks {
					tasks[i] = task.Go(func() {
						for range programsAfter {
							must(io.Command(path).Run())
						}
					})
				}
				for _, t := range tasks {
					must(t.Join())
				}
				return programs * programsAfter
			})
		})}},
		{name: "os/exec", absent: noTrue, works: map[string]func(*meter){"true": func(m *meter) {
			path := mustFind("true")
			m.run(func() int {
				var wg stdsync.WaitGroup
				for range programs {
					wg.Go(func() {
						for range programsAfter {
							must(exec.Command(path).Run())
						}
					})
				}
				wg.Wait()
				return programs * programsAfter
			})
		}}},
	},
	scenes: []scene{workload("true, 8 at once", "true", job{})},
}

func noTrue() string {
	if _, err := exec.LookPath("true"); err != nil {
		return "there is no program true"
	}
	return ""
}

func mustFind(program string) string {
	path, err := exec.LookPath(program)
	must(err)
	return path
}
