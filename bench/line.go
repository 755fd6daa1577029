//go:build linux

package main

import (
	"bufio"
	"bytes"
	stdio "io"
	"log"
	stdnet "net"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

var lineArea = &area{
	name: "line", title: "Reading lines",
	about: "A million lines of 10 to 39 bytes, by `Stream.ReadLine` and by `bufio.Scanner`: from memory, and over a TCP connection within " +
		"the process, into which they are written one by one, with the buffer that a `Stream` has and with a `bufio.Writer`. " +
		"One operation is one line.",
	metrics:  operations,
	pictures: []picture{bars(cpuNS, "One line")},
	peers: []peer{
		{name: us, works: map[string]func(*meter){
			"memory": inLoop(func(m *meter) {
				data := someLines(m.Count)
				m.run(func() int { return countOurs(io.NewStreamReader(bytes.NewReader(data)), m.Count) })
			}),
			"socket": inLoop(func(m *meter) {
				data := bytes.SplitAfter(someLines(m.Count), []byte("\n"))
				m.run(func() int { return linesOverOurs(data[:m.Count]) })
			}),
		}},
		{name: "bufio", works: map[string]func(*meter){
			"memory": func(m *meter) {
				data := someLines(m.Count)
				m.run(func() int { return countTheirs(bytes.NewReader(data), m.Count) })
			},
			"socket": func(m *meter) {
				data := bytes.SplitAfter(someLines(m.Count), []byte("\n"))
				m.run(func() int { return linesOverTheirs(data[:m.Count]) })
			},
		}},
	},
	scenes: []scene{
		workload("1,000,000 from memory", "memory", job{Count: 1_000_000}),
		workload("1,000,000 over TCP", "socket", job{Count: 1_000_000}),
	},
}

// someLines are n lines of usual lengths.
func someLines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		b.WriteString("GET /a/path/as/they/come?in=logs HTTP/1.1"[:10+i%30])
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// must ends the peer's process: a workload that goes wrong is not measured.
func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func mustCount(n, want int) int {
	if n != want {
		log.Fatalf("%d lines came, want %d", n, want)
	}
	return n
}

func countOurs(s *io.StreamReader, want int) int {
	n := 0
	for {
		if _, err := s.ReadLine(); err != nil {
			return mustCount(n, want)
		}
		n++
	}
}

func countTheirs(r stdio.Reader, want int) int {
	n := 0
	for s := bufio.NewScanner(r); s.Scan(); n++ {
		_ = s.Bytes()
	}
	return mustCount(n, want)
}

func linesOverOurs(lines [][]byte) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	from, err := net.Dial("tcp", l.Addr().String())
	must(err)
	to, err := l.Accept()
	must(err)
	must(l.Close())
	sender := task.Go(func() {
		s := io.NewStream(from)
		for _, line := range lines {
			_, err := s.Write(line)
			must(err)
		}
		must(s.Close())
	})
	s := io.NewStream(to)
	n := countOurs(s.StreamReader, len(lines))
	must(s.Close())
	must(sender.Join())
	return n
}

func linesOverTheirs(lines [][]byte) int {
	l, err := stdnet.Listen("tcp", "127.0.0.1:0")
	must(err)
	from, err := stdnet.Dial("tcp", l.Addr().String())
	must(err)
	to, err := l.Accept()
	must(err)
	must(l.Close())
	over := make(chan struct{})
	go func() {
		defer close(over)
		w := bufio.NewWriter(from)
		for _, line := range lines {
			_, err := w.Write(line)
			must(err)
		}
		must(w.Flush())
		must(from.Close())
	}()
	n := countTheirs(to, len(lines))
	must(to.Close())
	<-over
	return n
}
