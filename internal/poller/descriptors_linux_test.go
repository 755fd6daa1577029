package poller

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// open returns the descriptors that this process has open.
func open(t *testing.T) map[int]bool {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	fds := map[int]bool{}
	for _, e := range entries {
		var fd int
		if _, err := fmt.Sscan(e.Name(), &fd); err != nil {
			t.Fatal(err)
		}
		fds[fd] = true
	}
	return fds
}

func TestNoDescriptorLeak(t *testing.T) {
	open(t) // the first may open what the Go runtime keeps open
	before := len(open(t))
	for range 10 {
		eachBackend(t, func(f *fixture) {
			r, _ := f.pipe()
			f.add(r, 1)
			f.must(f.p.Wake())
			f.must(f.p.Close())
		})
	}
	if after := len(open(t)); after > before { // fewer if the collector has found some of an earlier test
		t.Errorf("%d descriptors are open, %d before", after, before)
	}
}

func TestNoneInherited(t *testing.T) {
	open(t)
	for name, newPoller := range backends {
		before := open(t)
		p, err := newPoller()
		if err != nil {
			t.Fatal(err)
		}
		for fd := range open(t) {
			if before[fd] {
				continue
			}
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
			if err == nil && flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("%s: descriptor %d would be inherited by a child process", name, fd)
			}
		}
		p.Close()
	}
}
