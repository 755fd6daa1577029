package net_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	stdnet "net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// noise is data in which a part that is missing shows.
func noise(size int) []byte {
	random := rand.New(rand.NewPCG(1, uint64(size)))
	p := make([]byte, 0, size+8)
	for len(p) < size {
		p = binary.NativeEndian.AppendUint64(p, random.Uint64())
	}
	return p[:size:size]
}

// fileOf is a file with data in it, at its begin.
func fileOf(t testing.TB, data []byte) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	_, err = f.Write(data)
	must(t, err)
	_, err = f.Seek(0, io.SeekStart)
	must(t, err)
	return f
}

// What is left of a file, of a limit, and where both then stand.
func TestFilesAreSent(t *testing.T) {
	const size = 2<<20 + 7 // several parts
	data := noise(size)
	for name, c := range map[string]struct {
		offset, limit, want int64 // limit 0 for none
	}{
		"whole":              {0, 0, size},
		"from an offset":     {12345, 0, size - 12345},
		"at its end":         {size, 0, 0},
		"limited":            {0, 1<<20 + 3, 1<<20 + 3},
		"limited to all":     {0, size, size},
		"offset and limited": {99, 1000, 1000},
		"shorter than limit": {size - 10, 1000, 10},
		"limited to nothing": {5, -1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
				f := fileOf(t, data)
				_, err := f.Seek(c.offset, io.SeekStart)
				must(t, err)
				var r io.Reader = f
				limited := &io.LimitedReader{R: f, N: c.limit}
				if c.limit != 0 {
					r = limited
				}
				together(
					func() {
						n, err := a.ReadFrom(r)
						if n != c.want || err != nil {
							t.Errorf("%d, %v; want %d", n, err, c.want)
						}
						must(t, a.CloseWrite())
					},
					func() {
						got, err := io.ReadAll(b)
						if err != nil || !bytes.Equal(got, data[c.offset:c.offset+c.want]) {
							t.Errorf("%d bytes came, %v, want %d of the file", len(got), err, c.want)
						}
					},
				)
				if at, err := f.Seek(0, io.SeekCurrent); at != c.offset+c.want || err != nil {
					t.Errorf("the file stands at %d, %v; want %d", at, err, c.offset+c.want)
				}
				if c.limit > 0 && limited.N != c.limit-c.want {
					t.Errorf("of the limit %d is left, want %d", limited.N, c.limit-c.want)
				}
			})
		})
	}
}

// What cannot be sent by the system goes through a buffer.
func TestOtherReadersAreSent(t *testing.T) {
	data := noise(300_000)
	for name, open := range map[string]func(t *testing.T) io.Reader{
		"buffer":           func(*testing.T) io.Reader { return bytes.NewBuffer(data) },
		"reader":           func(*testing.T) io.Reader { return io.MultiReader(bytes.NewReader(data)) },
		"file in a reader": func(t *testing.T) io.Reader { return io.MultiReader(fileOf(t, data)) },
		"limited reader": func(*testing.T) io.Reader {
			return io.LimitReader(bytes.NewReader(append(data, "more"...)), int64(len(data)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
				r := open(t)
				together(
					func() {
						if n, err := io.Copy(a, r); n != int64(len(data)) || err != nil {
							t.Errorf("%d, %v; want %d", n, err, len(data))
						}
						must(t, a.CloseWrite())
					},
					func() {
						if got, err := io.ReadAll(b); err != nil || !bytes.Equal(got, data) {
							t.Errorf("%d bytes came, %v", len(got), err)
						}
					},
				)
			})
		})
	}
}

// end is a connection from here to one of the standard library.
func (s *script) end(l *parts, network string) (near stdnet.Conn, far stdnet.Conn) {
	s.Helper()
	at := "127.0.0.1:0"
	if network == "unix" {
		at = s.dir + "/1"
		if _, err := os.Lstat(at); err == nil {
			at = s.dir + "/2"
		}
	}
	ln, err := stdnet.Listen(network, at)
	s.must(err)
	if u, ok := ln.(*stdnet.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	defer ln.Close()
	near, err = l.dialer(stdnet.Dialer{}).DialContext(s.Context(), network, ln.Addr().String())
	s.must(err)
	far, err = ln.Accept()
	s.must(err)
	return near, far
}

// Copies between two connections return what the standard library's do.
func TestCopiesAreThoseOfTheStandardLibrary(t *testing.T) {
	all := map[string]scenario{}
	data := noise(3 << 19)
	for _, pair := range [][2]string{{"tcp", "tcp"}, {"unix", "tcp"}, {"tcp", "unix"}, {"unix", "unix"}} {
		for name, limit := range map[string]int64{"": 0, " limited": 1<<20 + 1, " limited to more": 2 << 20, " limited to nothing": -1} {
			all[pair[0]+" to "+pair[1]+name] = func(s *script, l *parts) {
				from, source := s.end(l, pair[0])
				to, sink := s.end(l, pair[1])
				defer from.Close()
				defer to.Close()
				go func() {
					_, _ = source.Write(data)
					_ = source.Close()
				}()
				came := make(chan []byte)
				go func() {
					got, _ := io.ReadAll(sink)
					_ = sink.Close()
					came <- got
				}()
				var r io.Reader = from
				limited := &io.LimitedReader{R: from, N: limit}
				if limit != 0 {
					r = limited
				}
				n, err := io.Copy(to, r)
				s.say("Copy", n, err, limited.N)
				s.must(to.Close())
				got := <-came
				s.say("it came", len(got), bytes.Equal(got, data[:min(len(got), len(data))]))
				_, _ = io.Copy(io.Discard, from) // or the source would never end
			}
		}
		all["expired source "+pair[0]+pair[1]] = copyFails(pair, func(s *script, from, to, source, sink stdnet.Conn) { s.must(from.SetReadDeadline(longAgo)) })
		all["expired sink "+pair[0]+pair[1]] = copyFails(pair, func(s *script, from, to, source, sink stdnet.Conn) { s.must(to.SetWriteDeadline(longAgo)) })
		all["closed source "+pair[0]+pair[1]] = copyFails(pair, func(s *script, from, to, source, sink stdnet.Conn) { s.must(from.Close()) })
		all["closed sink "+pair[0]+pair[1]] = copyFails(pair, func(s *script, from, to, source, sink stdnet.Conn) { s.must(to.Close()) })
		all["half closed sink "+pair[0]+pair[1]] = copyFails(pair, func(s *script, from, to, source, sink stdnet.Conn) {
			s.must(to.(interface{ CloseWrite() error }).CloseWrite())
		})
		if pair[0] == "tcp" {
			all["reset source "+pair[0]+pair[1]] = copyFails(pair, func(s *script, from, to, source, sink stdnet.Conn) {
				_, err := io.ReadFull(source, make([]byte, 1)) // it has been connected for certain
				s.must(err)
				s.must(source.(*stdnet.TCPConn).SetLinger(0))
				s.must(source.Close())
			})
		}
	}
	compare(t, all)
}

// copyFails copies after something has happened, with data there, and says what the
// error is like. Which of the system's calls has failed is the library's own affair.
func copyFails(pair [2]string, happen func(s *script, from, to, source, sink stdnet.Conn)) scenario {
	return func(s *script, l *parts) {
		from, source := s.end(l, pair[0])
		to, sink := s.end(l, pair[1])
		for _, c := range []stdnet.Conn{from, source, to, sink} {
			defer c.Close()
		}
		_, err := source.Write([]byte("hello"))
		s.must(err)
		_, err = from.Write([]byte("hello"))
		s.must(err)
		happen(s, from, to, source, sink)
		_, err = io.Copy(to, from)
		var op *stdnet.OpError
		s.say("Copy", err == nil, errors.As(err, &op))
		if op != nil {
			s.say("OpError", op.Op, op.Net, op.Source, op.Addr, op.Timeout())
		}
		for _, target := range []error{stdnet.ErrClosed, os.ErrDeadlineExceeded, syscall.EPIPE, syscall.ECONNRESET} {
			s.say("is "+target.Error(), errors.Is(err, target))
		}
	}
}

// A Splice goes through a pipe, which is there while the copy goes on: so it is the
// system that copies. Nothing of it is left.
func TestCopyIsMadeInsideTheSystem(t *testing.T) {
	run(t, func() {
		from, source := pair(t)
		to, sink := pair(t)
		path := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", path)
		must(t, err)
		unix, err := net.Dial("unix", path)
		must(t, err)
		unixPeer, err := l.Accept()
		must(t, err)
		must(t, l.Close())
		for _, c := range []net.Conn{from, source, to, sink, unix, unixPeer} {
			defer c.Close()
		}
		for name, c := range map[string]struct{ to, from net.Conn }{
			"TCP to TCP": {to, from}, "Unix to TCP": {to, unix}, "TCP to Unix": {unixPeer, from},
		} {
			before := openPipes(t)
			copier := task.Go(func() { _, _ = io.Copy(c.to, c.from) })
			limited := task.Go(func() { _, _ = io.CopyN(c.to, c.from, 100) })
			settle()
			want := 4
			if name == "TCP to Unix" {
				want = 2 // a limited reader hides the connection, and a Unix one has no ReadFrom
			}
			if pipes := openPipes(t) - before; pipes != want {
				t.Errorf("%s: %d ends of pipes more are open while it is copied, want %d", name, pipes, want)
			}
			copier.Kill()
			limited.Kill()
			_, _ = copier.Join(), limited.Join()
			if after := openPipes(t); after != before {
				t.Errorf("%s: %d ends of pipes are open, before it was %d", name, after, before)
			}
		}
	})
}

// openPipes counts the ends of pipes that are open. Other descriptors may come and go on
// other goroutines.
func openPipes(t *testing.T) (n int) {
	t.Helper()
	const all = "/proc/self/fd/"
	entries, err := os.ReadDir(all)
	must(t, err)
	for _, e := range entries {
		if what, err := os.Readlink(all + e.Name()); err == nil && strings.HasPrefix(what, "pipe:") {
			n++
		}
	}
	return n
}

// An endless stream between endless readers leaves the loop to others.
//
// holds: 60, 61
func TestEndlessCopyLetsOthersRun(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) io.Reader{
		"file": func(t *testing.T) io.Reader {
			f := fileOf(t, nil)
			must(t, f.Truncate(1<<40)) // a hole
			return f
		},
		"zeros": func(*testing.T) io.Reader { return zeros{} },
		"connection": func(t *testing.T) io.Reader {
			a, b := pair(t)
			go func() {
				_, _ = io.Copy(a, zeros{}) // a plain goroutine
				_ = a.Close()
			}()
			t.Cleanup(func() { _ = b.Close() })
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func() {
				a, b := pair(t)
				r := open(t)
				copier := task.Go(func() { _, _ = io.Copy(a, r) })
				sink := task.Go(func() { drain(t, b) })
				settle() // it comes back
				if n, err := b.Read(make([]byte, 1)); n != 1 || err != nil {
					t.Errorf("%d, %v: the copy does not go on", n, err)
				}
				copier.Kill()
				_ = copier.Join()
				if c, ok := r.(io.Closer); ok {
					must(t, c.Close())
				}
				must(t, a.Close())
				must(t, sink.Join())
				must(t, b.Close())
			})
		})
	}
}
