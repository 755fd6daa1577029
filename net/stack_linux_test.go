//go:build !race && !evergreen_channels && !evergreen_portable

package net_test

import (
	stdnet "net"
	stdruntime "runtime"
	"runtime/metrics"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// A task that waits for a connection keeps the two kilobytes of stack that it
// began with, even if it is the one that finds nothing to do but poll. (The race
// detector's frames are larger, and so are those of the portable ways round.)
func TestManyReadersKeepSmallStacks(t *testing.T) {
	const readers = 300
	run(t, func() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close()
		before := stacks()
		task.Go(func() {
			for range readers {
				c, err := l.Accept()
				if err != nil {
					t.Error(err)
					return
				}
				task.Go(func() { repeat(c) })
			}
		})
		_, err = task.Offload(func() (none struct{}, err error) {
			var all []stdnet.Conn
			for range readers { // each answers while the others wait, so it is the one that polls
				c, err := stdnet.Dial("tcp", l.Addr().String())
				if err != nil {
					return none, err
				}
				all = append(all, c)
				for range 3 {
					if _, err := c.Write([]byte("x")); err != nil {
						return none, err
					}
					if _, err := c.Read(make([]byte, 1)); err != nil {
						return none, err
					}
				}
			}
			if each := (stacks() - before) / readers; each > 3000 {
				t.Errorf("a reader's stack takes %d bytes, want 2048 and a little", each)
			}
			for _, c := range all {
				_ = c.Close()
			}
			return none, nil
		})
		must(t, err)
	})
}

// repeat is a handler of its own, as programs have it: with its frame.
//
//go:noinline
func repeat(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 1)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
		if _, err := c.Write(buf); err != nil {
			return
		}
	}
}

// stacks is what all stacks take, in bytes.
func stacks() int {
	stdruntime.GC()
	s := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(s)
	return int(s[0].Value.Uint64())
}
