package net_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"slices"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
)

func TestBytesArriveInOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
		sent := make([]byte, 1<<20)
		_, _ = rand.Read(sent)
		send := func(c *net.TCPConn) func() {
			return func() {
				rest := sent
				for size := 1; len(rest) > 0; size = size*3 + 1 {
					n, err := c.Write(rest[:min(size, len(rest))])
					if err != nil {
						t.Error(err)
						return
					}
					rest = rest[n:]
				}
				if err := c.CloseWrite(); err != nil {
					t.Error(err)
				}
			}
		}
		receive := func(c *net.TCPConn) func() {
			return func() {
				if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, sent) {
					t.Errorf("received %d bytes of %d, unlike those sent or with an error: %v", len(got), len(sent), err)
				}
			}
		}
		together(send(a), receive(b), send(b), receive(a))
	})
}

func TestReadsReturnWhatThereIs(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, _ func(...func())) {
		for _, word := range []string{"one", "two", "three"} {
			_, err := a.Write([]byte(word))
			must(t, err)
			buf := make([]byte, 100)
			n, err := b.Read(buf)
			must(t, err)
			if string(buf[:n]) != word {
				t.Errorf("read %q, want %q", buf[:n], word)
			}
		}
	})
}

func TestReadingNothingDoesNotWait(t *testing.T) {
	everywhere(t, func(t *testing.T, a, _ *net.TCPConn, _ func(...func())) {
		for _, op := range []func([]byte) (int, error){a.Read, a.Write} {
			if n, err := op(nil); n != 0 || err != nil {
				t.Errorf("%d, %v; want 0, nil", n, err)
			}
		}
	})
}

// A short read is taken as a sign that the socket is drained; a full one is not.
//
// holds: 62
func TestNoByteIsLeftBehindBySmallReads(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
		for _, size := range []int{1, 7, 64, 100, 1 << 20} {
			sent := slices.Repeat([]byte("evergreen."), 100)
			_, err := a.Write(sent)
			must(t, err)
			buf := make([]byte, size)
			got := []byte{}
			for len(got) < len(sent) {
				n, err := b.Read(buf)
				must(t, err)
				got = append(got, buf[:n]...)
			}
			if !bytes.Equal(got, sent) {
				t.Errorf("reading %d at a time changed what was sent", size)
			}
			// And the next byte wakes a reader that has seen the end of it.
			together(
				func() {
					if n, err := b.Read(buf); n != 1 || err != nil {
						t.Errorf("after reads of %d the next returned %d, %v; want 1, nil", size, n, err)
					}
				},
				func() {
					if _, err := a.Write([]byte{'!'}); err != nil {
						t.Error(err)
					}
				},
			)
		}
	})
}

func TestAddressesAreThoseOfThePeer(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, _ func(...func())) {
		if a.LocalAddr().String() != b.RemoteAddr().String() || a.RemoteAddr().String() != b.LocalAddr().String() {
			t.Errorf("%v to %v at one end, %v to %v at the other", a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr())
		}
		if network := a.LocalAddr().Network(); network != "tcp" {
			t.Errorf("the network is %q, want tcp", network)
		}
	})
}

func TestRawConnWaitsForWhatItsFunctionAsks(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
		raw, err := b.SyscallConn()
		must(t, err)
		buf := make([]byte, 10)
		n := 0
		together(
			func() {
				err := raw.Read(func(fd uintptr) bool {
					var err error
					n, err = syscall.Read(int(fd), buf)
					return err != syscall.EAGAIN
				})
				if err != nil {
					t.Error(err)
				}
			},
			func() {
				if _, err := a.Write([]byte("x")); err != nil {
					t.Error(err)
				}
			},
		)
		if n != 1 || buf[0] != 'x' {
			t.Errorf("the function read %q, want x", buf[:max(n, 0)])
		}
		var seen uintptr
		must(t, raw.Control(func(fd uintptr) { seen = fd }))
		if seen == 0 {
			t.Error("Control did not show the descriptor")
		}
		must(t, raw.Write(func(uintptr) bool { return true }))
	})
}

func TestPanicInRawReadLeavesTheConnectionUsable(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		raw, err := b.SyscallConn()
		must(t, err)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not come out of Read")
				}
			}()
			_ = raw.Read(func(uintptr) bool { panic("no") })
		}()
		_, err = a.Write([]byte("x"))
		must(t, err)
		_, err = b.Read(make([]byte, 1))
		must(t, err)
	})
}

func TestOptionsAreSet(t *testing.T) {
	everywhere(t, func(t *testing.T, a, _ *net.TCPConn, _ func(...func())) {
		for name, err := range map[string]error{
			"SetNoDelay":         a.SetNoDelay(false),
			"SetLinger":          a.SetLinger(-1),
			"SetKeepAlive":       a.SetKeepAlive(true),
			"SetKeepAlivePeriod": a.SetKeepAlivePeriod(1e9),
			"SetKeepAliveConfig": a.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true}),
			"SetReadBuffer":      a.SetReadBuffer(1 << 16),
			"SetWriteBuffer":     a.SetWriteBuffer(1 << 16),
		} {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
