package net_test

import (
	"bytes"
	"context"
	"errors"
	stdnet "net"
	stdruntime "runtime"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// holds: 85
func TestWritesDoNotInterleave(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
		const size = 1 << 21 // more than the system takes at once
		write := func(letter string) func() {
			return func() {
				if n, err := a.Write(bytes.Repeat([]byte(letter), size)); n != size || err != nil {
					t.Errorf("%d, %v", n, err)
				}
			}
		}
		together(write("A"), write("B"), write("C"), func() {
			buf := make([]byte, 1<<16)
			var last byte
			total, changes := 0, 0
			for total < 3*size {
				n, err := b.Read(buf)
				if err != nil {
					t.Error(err)
					return
				}
				if n > 0 && bytes.Count(buf[:n], []byte{last}) < n { // nearly all that comes is of one writer
					for _, letter := range buf[:n] {
						if letter != last {
							changes++
							last = letter
						}
					}
				}
				total += n
			}
			if changes != 3 {
				t.Errorf("the writer changed %d times, want 3", changes)
			}
		})
	})
}

// holds: 85
func TestCancelledWriteTellsHowMuchWasWritten(t *testing.T) {
	for _, p := range places {
		if p.name == "goroutines" {
			continue // they cannot be cancelled
		}
		t.Run(p.name, func(t *testing.T) {
			p.with(t, func(a, b *net.TCPConn, _ func(...func())) {
				written := 0
				ctx, cancel := context.WithCancel(context.Background())
				writer := task.Go(func() {
					err := timeout.WithContext(ctx, func() (err error) {
						written, err = a.Write(lots)
						return err
					})
					var e *net.OpError
					if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Op != "write" {
						t.Errorf("%v, want an OpError of a write that was cancelled", err)
					}
				})
				if _, err := b.Read(make([]byte, 1)); err != nil { // it has begun
					t.Error(err)
				}
				cancel()
				must(t, writer.Join())
				must(t, a.CloseWrite())
				if rest := drain(t, b); written == 0 || rest+1 != written {
					t.Errorf("Write says %d bytes, the peer received %d", written, rest+1)
				}
			})
		})
	}
}

func TestWriterWhoseTurnItIsNotCanBeCancelled(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		first := task.Go(func() { _, _ = a.Write(lots) })
		settle()
		n, err := 0, timeout.Run(1, func() (err error) {
			_, err = a.Write([]byte("x"))
			return err
		})
		var e *timeout.Error
		if n != 0 || !errors.As(err, &e) {
			t.Errorf("%d, %v; want 0 and a *timeout.Error", n, err)
		}
		first.Kill()
		must(t, a.CloseWrite())
		drain(t, b)
	})
}

// holds: 86
func TestPeerThatNeverReadsBoundsOurMemory(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		const most = 1 << 30
		block := make([]byte, 1<<16)
		written := 0
		heap := heapInUse()
		writer := task.Go(func() {
			for written < most {
				n, err := a.Write(block)
				written += n
				if err != nil {
					return
				}
			}
			t.Error("a gigabyte was taken, and nobody has read it")
		})
		for last := -1; last != written; {
			last = written
			settle()
		}
		if grown := heapInUse() - heap; grown > 8<<20 {
			t.Errorf("the heap grew by %d bytes", grown)
		}
		writer.Kill()
	})
}

func heapInUse() int64 {
	var m stdruntime.MemStats
	stdruntime.GC()
	stdruntime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// holds: 80
func TestHalfClosedConnectionStillWrites(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
		const size = 1 << 22 // CloseWrite must not drop what is still on its way
		together(
			func() {
				if _, err := a.Write(make([]byte, size)); err != nil {
					t.Error(err)
				}
				if err := a.CloseWrite(); err != nil {
					t.Error(err)
				}
				if n := drain(t, a); n != size {
					t.Errorf("after CloseWrite the other direction carried %d bytes, want %d", n, size)
				}
			},
			func() {
				if n := drain(t, b); n != size {
					t.Errorf("before the end came %d bytes, want %d", n, size)
				}
				if _, err := b.Write(make([]byte, size)); err != nil {
					t.Errorf("after the peer's end: %v", err)
				}
				if err := b.CloseWrite(); err != nil {
					t.Error(err)
				}
			},
		)
	})
}

// holds: 80
func TestCloseWriteWakesTheReader(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		reader := task.Go(func() {
			if n := drain(t, b); n != 0 {
				t.Errorf("%d bytes, want none", n)
			}
		})
		settle()
		must(t, a.CloseWrite())
		must(t, reader.Join())
	})
}

func TestCloseReadEndsTheReader(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		reader := task.Go(func() {
			if n := drain(t, a); n != 0 {
				t.Errorf("%d bytes, want none", n)
			}
		})
		settle()
		must(t, a.CloseRead())
		must(t, reader.Join())
		_, err := a.Write([]byte("x"))
		must(t, err)
	})
}

// A flood of bytes that are there already, read one at a time, against a
// connection whose byte arrives in the middle of it. 61 switches between two polls,
// and 128 operations between two switches, are what the kernel promises.
//
// holds: 60, 61
func TestSlowConnectionIsServedBesidesAFlood(t *testing.T) {
	run(t, func() {
		const flood, promise = 40_000, 61*128 + 128
		a, b := pair(t)
		slow, peer := pair(t)
		for _, c := range []*net.TCPConn{a, b, slow, peer} {
			defer c.Close()
		}
		_, err := a.Write(make([]byte, flood))
		must(t, err)
		ops, sentAt, servedAt := 0, 0, 0
		served := task.Go(func() {
			_, err := slow.Read(make([]byte, 1))
			must(t, err)
			servedAt = ops
		})
		settle()
		buf := make([]byte, 1)
		for ; ops < flood; ops++ {
			if ops == 100 {
				sentAt = ops
				_, err := peer.Write(buf)
				must(t, err)
			}
			_, err := b.Read(buf)
			must(t, err)
		}
		must(t, served.Join())
		if waited := servedAt - sentAt; waited > promise {
			t.Errorf("the slow connection was served after %d operations of the other, want at most %d", waited, promise)
		}
	})
}

// holds: 61
func TestAcceptFloodLetsOthersRun(t *testing.T) {
	run(t, func() {
		const clients = 400
		l := listen(t)
		defer l.Close()
		for range clients {
			c, err := stdnet.Dial("tcp", l.Addr().String()) // the system completes it
			must(t, err)
			defer c.Close()
		}
		turns, done := 0, false
		task.Go(func() {
			for !done {
				turns++
				task.Yield()
			}
		})
		for range clients {
			c, err := l.Accept()
			must(t, err)
			defer c.Close()
		}
		done = true
		if turns == 0 {
			t.Errorf("%d connections were accepted in one go", clients)
		}
	})
}
