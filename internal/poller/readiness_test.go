//go:build unix

package poller

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestPipe(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, w := f.pipe()
		f.fill(w)
		f.drain(r)
		f.add(r, 1)
		f.arm(r, Read)
		f.quiet()
		f.write(w, "x")
		f.expect(Read, 1)

		f.fill(w)
		f.add(w, 2)
		f.arm(w, Write)
		f.wait(0) // of r: more has come
		f.quiet()
		f.drain(r)
		f.expect(Write, 2)
	})
}

func TestSocketBothWays(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		a, b := f.pair()
		f.fill(a)
		f.add(a, 7)
		f.arm(a, Read|Write) // a reader and a writer on one registration
		f.quiet()

		f.write(b, "x")
		f.expect(Read, 7)
		f.drain(a)
		f.arm(a, Read)
		f.quiet()

		f.drain(b)
		f.expect(Write, 7)
	})
}

func TestReadyBeforeAdd(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, w := f.pipe()
		f.write(w, "x")
		f.must(f.p.Add(r, 1))
		f.arm(r, Read)
		f.expect(Read, 1)
	})
}

func TestReadyBeforeArm(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, w := f.pipe()
		f.add(r, 1)
		f.write(w, "x") // between the EAGAIN and the Arm
		f.arm(r, Read)
		f.expect(Read, 1)
	})
}

func TestEdge(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, w := f.pipe()
		f.add(r, 1)
		for range 3 {
			f.arm(r, Read)
			f.write(w, "x")
			f.expect(Read, 1)
			f.quiet() // not drained, but nothing new has happened
			f.drain(r)
			f.arm(r, Read)
			f.quiet()
		}
	})
}

// holds: 68
func TestHangupWakesBothSides(t *testing.T) {
	const both = Read | Write | Hangup
	for name, test := range map[string]func(*fixture){
		"reader of a pipe": func(f *fixture) {
			r, w := f.pipe()
			f.add(r, 1)
			f.arm(r, Read)
			f.close(w)
			f.expect(both, 1)
			f.quiet()
		},
		"writer of a pipe": func(f *fixture) {
			r, w := f.pipe()
			f.fill(w)
			f.add(w, 1)
			f.arm(w, Write)
			f.close(r)
			f.expect(both, 1)
			f.quiet()
		},
		"reader of a socket": func(f *fixture) {
			a, b := f.pair()
			f.fill(a)
			f.add(a, 1)
			f.arm(a, Read)
			f.close(b)
			f.expect(both, 1)
			f.quiet()
		},
		"writer of a socket": func(f *fixture) {
			a, b := f.pair()
			f.fill(a)
			f.add(a, 1)
			f.arm(a, Write)
			f.close(b)
			f.expect(both, 1)
			f.quiet()
		},
	} {
		t.Run(name, func(t *testing.T) { eachBackend(t, test) })
	}
}

func TestHalfClose(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		a, b := f.pair()
		f.fill(a)
		f.add(a, 1)
		f.arm(a, Read)
		f.must(unix.Shutdown(b, unix.SHUT_WR))
		want := Read
		if epoll := f.p.Name() == "epoll"; epoll || pollRdhup != 0 {
			want |= Hangup
		}
		events := f.wait(10 * time.Second)
		if len(events) != 1 || events[0] != (Event{1, want}) {
			t.Fatalf("got %v, want only %v: the peer still reads", events, want)
		}
		f.drain(b)
		f.arm(a, Write)
		f.expect(Write, 1)
	})
}

// holds: 72
func TestNotSupported(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		dir := f.TempDir()
		file, err := os.Create(filepath.Join(dir, "file"))
		f.must(err)
		defer file.Close()
		directory, err := os.Open(dir)
		f.must(err)
		defer directory.Close()
		for _, file := range []*os.File{file, directory} {
			err := f.p.Add(int(file.Fd()), 1)
			if !errors.Is(err, ErrNotSupported) || !errors.Is(err, errors.ErrUnsupported) {
				f.Errorf("Add of %s: %v, want ErrNotSupported", file.Name(), err)
			}
		}
		f.quiet()
	})
}

// holds: 73
func TestBusy(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, w := f.pipe()
		f.add(r, 1)
		if err := f.p.Add(r, 2); !errors.Is(err, ErrBusy) {
			f.Errorf("the second Add: %v, want ErrBusy", err)
		}
		f.arm(r, Read)
		f.write(w, "x")
		f.expect(Read, 1) // the first registration is still the one
		f.must(f.p.Remove(r))
		f.must(f.p.Add(r, 3))
		f.arm(r, Read)
		f.expect(Read, 3)
	})
}

func TestBadDescriptor(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, _ := f.pipe()
		if err := f.p.Remove(r); !errors.Is(err, unix.ENOENT) {
			f.Errorf("Remove of what was never added: %v, want ENOENT", err)
		}
		f.close(r)
		if err := f.p.Add(r, 1); !errors.Is(err, unix.EBADF) {
			f.Errorf("Add of a closed descriptor: %v, want EBADF", err)
		}
		if err := f.p.Add(-1, 1); !errors.Is(err, unix.EBADF) {
			f.Errorf("Add of -1: %v, want EBADF", err)
		}
	})
}
