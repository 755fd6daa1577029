package net_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// pieces are cuts of one text, with empty ones among them.
func pieces(sizes ...int) (v [][]byte, whole []byte) {
	for i, size := range sizes {
		p := bytes.Repeat([]byte{byte('a' + i%26)}, size)
		v, whole = append(v, p), append(whole, p...)
	}
	return v, whole
}

// cuts are the lengths of pieces by a name.
func cuts() map[string][]int {
	many := slices.Repeat([]int{3}, 3000)
	sparse := slices.Repeat([]int{0}, 5000)
	sparse[4000] = 7
	return map[string][]int{
		"none": nil, "one": {5}, "some": {1, 2, 3}, "empty": {0, 0}, "empty among others": {0, 1, 0, 0, 2, 0}, "many": many, "nearly all empty": sparse,
		"64": slices.Repeat([]int{1}, 64), "65": slices.Repeat([]int{1}, 65), "1025": slices.Repeat([]int{1}, 1025),
		"large": {1 << 20, 1, 1 << 21, 0, 1 << 20},
	}
}

// Over a connection, a pipe and a buffer; and nothing is left in the pieces, nor is
// what they pointed to held on to.
func TestBuffersAreWritten(t *testing.T) {
	for name, sizes := range cuts() {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
				v, whole := pieces(sizes...)
				all := v
				buffers := net.Buffers(v)
				together(
					func() {
						n, err := buffers.WriteTo(a)
						if n != int64(len(whole)) || err != nil || len(buffers) != 0 {
							t.Errorf("%d, %v, %d pieces are left; want %d, nil, 0", n, err, len(buffers), len(whole))
						}
						must(t, a.CloseWrite())
					},
					func() {
						if got, err := io.ReadAll(b); err != nil || !bytes.Equal(got, whole) {
							t.Errorf("%d bytes came and %v, want the %d that were sent", len(got), err, len(whole))
						}
					},
				)
				for i, p := range all {
					if p != nil {
						t.Errorf("piece %d is still held", i)
						break
					}
				}
			})
		})
	}
}

func TestBuffersAreThoseOfTheStandardLibrary(t *testing.T) {
	for name, sizes := range cuts() {
		v, whole := pieces(sizes...)
		ours, theirs := net.Buffers(slices.Clone(v)), stdnet.Buffers(slices.Clone(v))
		for _, size := range []int{0, 1, 2, 7, 100, len(whole), len(whole) + 1} {
			p, q := make([]byte, size), make([]byte, size)
			n, err := ours.Read(p)
			m, want := theirs.Read(q)
			if n != m || err != want || !bytes.Equal(p, q) || len(ours) != len(theirs) {
				t.Errorf("%s: Read(%d): %d, %v and %d are left; want %d, %v and %d", name, size, n, err, len(ours), m, want, len(theirs))
			}
		}
		for limit := range 4 {
			ours, theirs = slices.Clone(v), slices.Clone(v)
			a, b := &full{room: limit * 2}, &full{room: limit * 2}
			n, err := ours.WriteTo(a)
			m, want := theirs.WriteTo(b)
			if n != m || err != want || a.String() != b.String() || !slices.EqualFunc(ours, theirs, bytes.Equal) {
				t.Errorf("%s: WriteTo with room for %d: %d, %v and %d are left; want %d, %v and %d", name, limit*2, n, err, len(ours), m, want, len(theirs))
			}
		}
	}
}

// full is a writer with little room.
type full struct {
	bytes.Buffer
	room int
}

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.room)
	f.room -= n
	f.Buffer.Write(p[:n])
	if n < len(p) {
		return n, errors.ErrUnsupported
	}
	return n, nil
}

// What was not written is left, to the byte.
//
// holds: 85
func TestBuffersOfAStoppedWriteAreLeft(t *testing.T) {
	for name, stop := range map[string]func(a *net.TCPConn){
		"deadline": func(a *net.TCPConn) { must(t, a.SetWriteDeadline(longAgo)) },
		"close":    func(a *net.TCPConn) { must(t, a.CloseWrite()) },
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
				must(t, a.SetWriteBuffer(1<<16)) // or it would take megabytes to fill
				v, whole := pieces(slices.Repeat([]int{1 << 14, 0, 1}, 120)...)
				buffers := net.Buffers(v)
				total := int64(0)
				together(
					func() {
						var err error
						total, err = buffers.WriteTo(a)
						var op *net.OpError
						if !errors.As(err, &op) || op.Op != "writev" || total == 0 {
							t.Errorf("%d, %v; want some and an OpError of a writev", total, err)
						}
						_ = a.CloseWrite()
					},
					func() {
						if _, err := io.ReadFull(b, make([]byte, 1)); err != nil {
							t.Error(err)
						}
						stop(a)
					},
				)
				rest, err := io.ReadAll(b)
				must(t, err)
				if int64(len(rest))+1 != total {
					t.Errorf("%d bytes were written, it says, and %d came", total, len(rest)+1)
				}
				if left := slices.Concat(buffers...); !bytes.Equal(left, whole[total:]) {
					t.Errorf("%d bytes are left, want %d", len(left), len(whole)-int(total))
				}
			})
		})
	}
}

// holds: 85
func TestBuffersOfACancelledWriteAreLeft(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer b.Close()
		must(t, a.SetWriteBuffer(1<<16))
		v, whole := pieces(slices.Repeat([]int{1 << 14}, 150)...)
		buffers := net.Buffers(v)
		var n int64
		var e *timeout.Error
		if err := timeout.Run(1<<20, func() (err error) { n, err = buffers.WriteTo(a); return err }); !errors.As(err, &e) {
			t.Errorf("%v, want a *timeout.Error", err)
		}
		must(t, a.Close())
		if came := drain(t, b); int64(came) != n || len(slices.Concat(buffers...)) != len(whole)-came {
			t.Errorf("%d bytes were written, it says, %d came, and %d of %d are left", n, came, len(slices.Concat(buffers...)), len(whole))
		}
	})
}

// Other writes and other Buffers wait until all pieces are written.
//
// holds: 85
func TestBuffersDoNotInterleave(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer b.Close()
		var all []*task.Task
		const size, count = 1 << 14, 100
		for i := range 3 {
			letter := bytes.Repeat([]byte{byte('A' + i)}, size)
			all = append(all, task.Go(func() {
				v := net.Buffers(slices.Repeat([][]byte{letter}, count))
				if n, err := v.WriteTo(a); n != size*count || err != nil {
					t.Errorf("%d, %v", n, err)
				}
			}))
		}
		closer := task.Go(func() {
			for _, one := range all {
				must(t, one.Join())
			}
			must(t, a.Close())
		})
		got, err := io.ReadAll(b)
		must(t, err)
		must(t, closer.Join())
		if parts := slices.Compact(got); len(got) != 3*size*count || len(parts) != 3 {
			t.Errorf("%d bytes came, and the writer changed %d times; want %d and 3", len(got), len(parts), 3*size*count)
		}
	})
}

// Where each write is a message the pieces are one.
func TestBuffersAreOneMessage(t *testing.T) {
	compare(t, map[string]scenario{
		"udp and unix": func(s *script, l *parts) {
			peer := s.peerOf("udp4")
			defer peer.Close()
			udp, err := l.dialUDP("udp4", nil, peer.LocalAddr().(*stdnet.UDPAddr))
			s.must(err)
			defer udp.Close()
			ln, err := stdnet.Listen("unixpacket", filepath.Join(s.dir, "s"))
			s.must(err)
			defer ln.Close()
			packets, err := l.dialUnix("unixpacket", nil, s.unixAt("unixpacket", "s"))
			s.must(err)
			defer packets.Close()
			end, err := ln.Accept()
			s.must(err)
			defer end.Close()
			for _, one := range []struct{ from, to stdnet.Conn }{{udp, peer}, {packets, end}} {
				n, err := writeBuffers(one.from, [][]byte{[]byte("one "), nil, []byte("message")})
				s.say("WriteTo", n, err)
				buf := make([]byte, 99)
				m, err := one.to.Read(buf)
				s.say("it came", string(buf[:m]), err)
			}
		},
		"failures": func(s *script, l *parts) {
			peer := s.peerOf("udp4")
			defer peer.Close()
			c, err := l.dialUDP("udp4", nil, peer.LocalAddr().(*stdnet.UDPAddr))
			s.must(err)
			for _, v := range [][][]byte{nil, {nil}, {make([]byte, 60000), make([]byte, 60000)}} {
				n, err := writeBuffers(c, v)
				s.say("WriteTo", n, err)
			}
			s.must(c.SetDeadline(longAgo))
			n, err := writeBuffers(c, [][]byte{[]byte("x")})
			s.say("expired", n, err)
			s.must(c.Close())
			n, err = writeBuffers(c, [][]byte{[]byte("x")})
			s.say("closed", n, err)
		},
	})
}

// writeBuffers writes with the Buffers of the library that c is of.
func writeBuffers(c stdnet.Conn, v [][]byte) (int64, error) {
	switch c.(type) {
	case *net.UDPConn, *net.UnixConn:
		return (*net.Buffers)(&v).WriteTo(c)
	case *stdnet.UDPConn, *stdnet.UnixConn:
		return (*stdnet.Buffers)(&v).WriteTo(c)
	}
	return 0, fmt.Errorf("%T is of neither library: %w", c, syscall.EINVAL)
}

// Between two lists of pieces the others have their turn, though the peer takes all at
// once.
//
// holds: 60
func TestBuffersGiveWayBetweenTheirParts(t *testing.T) {
	run(t, func() {
		const parts = 20
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		turns, over := 0, false
		other := task.Go(func() {
			for !over {
				turns++
				task.Yield()
			}
		})
		task.Yield()
		before := turns
		v := net.Buffers(slices.Repeat([][]byte{{'x'}}, parts*64)) // which is as many as go at once
		if n, err := v.WriteTo(a); n != parts*64 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if got := turns - before; got < parts-1 {
			t.Errorf("the other had %d turns in %d parts", got, parts)
		}
		over = true
		must(t, other.Join())
	})
}
