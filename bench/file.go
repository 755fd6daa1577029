//go:build linux

package main

import (
	"os"
	"path/filepath"

	"github.com/evergreen-go/evergreen/io"
)

var fileArea = &area{
	name: "file", title: "Files",
	about: "A file that the system has in memory, read and written whole, and a piece of an open one: in a task, where the others go on " +
		"meanwhile, and by package os on a goroutine.",
	metrics:  operations,
	pictures: []picture{bars(wallNS, "One file")},
	peers: []peer{
		{name: us, works: map[string]func(*meter){
			"read": withFile(func(m *meter, name string) {
				m.files(func() error { _, err := io.ReadFile(name); return err })
			}, inLoop),
			"write": withFile(func(m *meter, name string) {
				data := make([]byte, m.Size)
				m.files(func() error { return io.WriteFile(name, data, 0o600) })
			}, inLoop),
			"piece": withFile(func(m *meter, name string) {
				f, err := io.Open(name)
				must(err)
				defer f.Close()
				p := make([]byte, m.Size)
				m.files(func() error { _, err := f.ReadAt(p, 0); return err })
			}, inLoop),
		}},
		{name: "os", works: map[string]func(*meter){
			"read": withFile(func(m *meter, name string) {
				m.files(func() error { _, err := os.ReadFile(name); return err })
			}, nil),
			"write": withFile(func(m *meter, name string) {
				data := make([]byte, m.Size)
				m.files(func() error { return os.WriteFile(name, data, 0o600) })
			}, nil),
			"piece": withFile(func(m *meter, name string) {
				f, err := os.Open(name)
				must(err)
				defer f.Close()
				p := make([]byte, m.Size)
				m.files(func() error { _, err := f.ReadAt(p, 0); return err })
			}, nil),
		}},
	},
	scenes: []scene{
		workload("ReadFile, 1 KiB", "read", job{Size: 1 << 10}),
		workload("ReadFile, 1 MiB", "read", job{Size: 1 << 20}),
		workload("WriteFile, 1 KiB", "write", job{Size: 1 << 10}),
		workload("WriteFile, 1 MiB", "write", job{Size: 1 << 20}),
		workload("ReadAt, 4 KiB", "piece", job{Size: 4 << 10}),
	},
}

// withFile gives a workload a file of the size that the job says.
func withFile(work func(m *meter, name string), in func(func(*meter)) func(*meter)) func(*meter) {
	return func(m *meter) {
		dir, err := os.MkdirTemp("", "evergreen-bench-")
		must(err)
		defer os.RemoveAll(dir)
		name := filepath.Join(dir, "file")
		must(os.WriteFile(name, make([]byte, m.Size), 0o600))
		f := func(m *meter) { work(m, name) }
		if in != nil {
			f = in(f)
		}
		f(m)
	}
}

func (m *meter) files(f func() error) {
	m.run(func() int {
		must(f())
		return 1
	})
}
