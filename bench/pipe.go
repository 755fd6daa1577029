//go:build linux

package main

import (
	stdio "io"
	"os"
	stdsync "sync"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/task"
)

var pipeArea = &area{
	name: "pipe", title: "Pipes",
	about: "The system's: messages one way, and a question and an answer of 64 bytes over two of them; tasks over `OSPipe`, goroutines over " +
		"`os.Pipe`. And in memory: tasks over our `Pipe`, goroutines over `io.Pipe`.",
	metrics:  operations,
	pictures: []picture{bars(cpuNS, "One message through a pipe")},
	peers: []peer{
		{name: us, works: map[string]func(*meter){
			"way": inLoop(func(m *meter) {
				r, w, err := io.OSPipe()
				must(err)
				oneWay(m, r, w, tasksTogether)
			}),
			"ping": inLoop(func(m *meter) {
				r1, w1, err := io.OSPipe()
				must(err)
				r2, w2, err := io.OSPipe()
				must(err)
				t := task.Go(func() { pong(r1, w2) })
				ping(m, r2, w1)
				must(t.Join())
				must(r1.Close())
				must(r2.Close())
			}),
			"memory": inLoop(func(m *meter) {
				r, w := io.Pipe()
				oneWay(m, r, w, tasksTogether)
			}),
		}},
		{name: "std", works: map[string]func(*meter){
			"way": func(m *meter) {
				r, w, err := os.Pipe()
				must(err)
				oneWay(m, r, w, goroutinesTogether)
			},
			"ping": func(m *meter) {
				r1, w1, err := os.Pipe()
				must(err)
				r2, w2, err := os.Pipe()
				must(err)
				go pong(r1, w2)
				ping(m, r2, w1)
			},
			"memory": func(m *meter) {
				r, w := stdio.Pipe()
				oneWay(m, r, w, goroutinesTogether)
			},
		}},
	},
	scenes: []scene{
		workload("OSPipe, 512 B", "way", job{Size: 512}),
		workload("OSPipe, 64 KiB", "way", job{Size: 64 << 10}),
		workload("OSPipe, ping-pong", "ping", job{Size: 64}),
		workload("in memory, 64 B", "memory", job{Size: 64}),
		workload("in memory, 4 KiB", "memory", job{Size: 4 << 10}),
	},
}

func tasksTogether(f, g func()) {
	t := task.Go(f)
	g()
	must(t.Join())
}

func goroutinesTogether(f, g func()) {
	var wg stdsync.WaitGroup
	wg.Go(f)
	g()
	wg.Wait()
}

// oneWay writes messages into a pipe and reads them at its other end.
func oneWay(m *meter, r stdio.ReadCloser, w stdio.WriteCloser, together func(f, g func())) {
	message, buf := make([]byte, m.Size), make([]byte, m.Size)
	m.batch(func(n int) {
		together(func() {
			for range n {
				_, err := w.Write(message)
				must(err)
			}
		}, func() {
			for left := n * m.Size; left > 0; {
				k, err := r.Read(buf)
				must(err)
				left -= k
			}
		})
	})
	must(w.Close())
	must(r.Close())
}

func ping(m *meter, r stdio.Reader, w stdio.WriteCloser) {
	p := make([]byte, m.Size)
	m.batch(func(n int) {
		for range n {
			_, err := w.Write(p)
			must(err)
			_, err = stdio.ReadFull(r, p)
			must(err)
		}
	})
	must(w.Close())
}

func pong(r stdio.Reader, w stdio.WriteCloser) {
	defer w.Close()
	p := make([]byte, 64)
	for {
		n, err := r.Read(p)
		if err != nil {
			return
		}
		if _, err := w.Write(p[:n]); err != nil {
			return
		}
	}
}
