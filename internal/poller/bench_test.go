//go:build unix

package poller

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

func benchBackends(b *testing.B, bench func(b *testing.B, p Poller)) {
	for _, name := range []string{"epoll", "poll"} {
		newPoller, ok := backends[name]
		if !ok {
			continue
		}
		b.Run(name, func(b *testing.B) {
			p, err := newPoller()
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			bench(b, p)
		})
	}
}

func benchPipe(b *testing.B, p Poller, token uint64) (r, w int) {
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { unix.Close(fds[0]); unix.Close(fds[1]) })
	for _, fd := range fds {
		unix.SetNonblock(fd, true)
	}
	if err := p.Add(fds[0], token); err != nil {
		b.Fatal(err)
	}
	return fds[0], fds[1]
}

func BenchmarkWaitZeroEmpty(b *testing.B) {
	for _, idle := range []int{1, 100} {
		b.Run(fmt.Sprintf("idle=%d", idle), func(b *testing.B) {
			benchBackends(b, func(b *testing.B, p Poller) {
				for i := range idle {
					r, _ := benchPipe(b, p, uint64(i))
					p.Arm(r, Read)
				}
				events := make([]Event, 64)
				b.ReportAllocs()
				for b.Loop() {
					if n, err := p.Wait(events, 0); n != 0 || err != nil {
						b.Fatal(n, err)
					}
				}
			})
		})
	}
}

// One byte goes through a pipe: a write, a Wait and a read.
func BenchmarkWaitOneReady(b *testing.B) {
	benchBackends(b, func(b *testing.B, p Poller) {
		r, w := benchPipe(b, p, 1)
		events := make([]Event, 64)
		buf := make([]byte, 1)
		b.ReportAllocs()
		for b.Loop() {
			p.Arm(r, Read)
			unix.Write(w, buf)
			if n, err := p.Wait(events, 0); n != 1 || err != nil {
				b.Fatal(n, err)
			}
			unix.Read(r, buf)
		}
	})
}

// The share of the write and the read in BenchmarkWaitOneReady.
func BenchmarkPipeAlone(b *testing.B) {
	benchBackends(b, func(b *testing.B, p Poller) {
		r, w := benchPipe(b, p, 1)
		buf := make([]byte, 1)
		for b.Loop() {
			unix.Write(w, buf)
			unix.Read(r, buf)
		}
	})
}

func BenchmarkWakeWait(b *testing.B) {
	benchBackends(b, func(b *testing.B, p Poller) {
		events := make([]Event, 64)
		b.ReportAllocs()
		for b.Loop() {
			p.Wake()
			if n, err := p.Wait(events, -1); n != 0 || err != nil {
				b.Fatal(n, err)
			}
		}
	})
}

// Every Wake but the first since the last Wait.
func BenchmarkWakeAgain(b *testing.B) {
	benchBackends(b, func(b *testing.B, p Poller) {
		b.ReportAllocs()
		for b.Loop() {
			p.Wake()
		}
	})
}
