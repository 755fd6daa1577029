//go:build unix

package io_test

import (
	"bufio"
	"bytes"
	stdnet "net"
	"regexp"
	"testing"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// streamLines are a million lines of usual lengths.
func streamLines() []byte {
	var b bytes.Buffer
	for i := range 1_000_000 {
		b.WriteString("GET /a/path/as/they/come?in=logs HTTP/1.1"[:10+i%30])
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func streamCount(b *testing.B, n int) {
	if n != 1_000_000 {
		b.Fatalf("%d lines", n)
	}
}

// BenchmarkStreamLines reads a million lines from memory.
func BenchmarkStreamLines(b *testing.B) {
	data := streamLines()
	b.Run("evergreen", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		run(b, func() {
			for b.Loop() {
				n := 0
				s := io.NewStreamReader(bytes.NewReader(data))
				for {
					if _, err := s.ReadLine(); err != nil {
						break
					}
					n++
				}
				streamCount(b, n)
			}
		})
	})
	b.Run("evergreen-Lines", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		run(b, func() {
			for b.Loop() {
				n := 0
				for _, err := range io.NewStreamReader(bytes.NewReader(data)).Lines() {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				streamCount(b, n)
			}
		})
	})
	b.Run("std", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			n := 0
			for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); n++ {
				_ = s.Bytes()
			}
			streamCount(b, n)
		}
	})
}

// BenchmarkStreamSocketLines sends a million lines, one by one, over a TCP connection
// within the process, and reads them: tasks with streams, goroutines with bufio.
func BenchmarkStreamSocketLines(b *testing.B) {
	data := streamLines()
	lines := bytes.SplitAfter(data, []byte("\n"))
	lines = lines[:len(lines)-1]
	b.Run("evergreen", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		run(b, func() {
			for b.Loop() {
				from, to := streamPair(b)
				sender := task.Go(func() {
					s := io.NewStream(from)
					for _, line := range lines {
						if _, err := s.Write(line); err != nil {
							b.Error(err)
							break
						}
					}
					must(b, s.Close())
				})
				n := 0
				s := io.NewStream(to)
				for {
					if _, err := s.ReadLine(); err != nil {
						break
					}
					n++
				}
				streamCount(b, n)
				must(b, s.Close())
				must(b, sender.Join())
			}
		})
	})
	b.Run("std", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			from, to := streamStdPair(b)
			over := make(chan error)
			go func() {
				w := bufio.NewWriter(from)
				for _, line := range lines {
					_, _ = w.Write(line)
				}
				err := w.Flush()
				_ = from.Close()
				over <- err
			}()
			n := 0
			for s := bufio.NewScanner(to); s.Scan(); n++ {
				_ = s.Bytes()
			}
			streamCount(b, n)
			must(b, <-over)
			_ = to.Close()
		}
	})
}

// streamPair makes a connection. To be called in a task.
func streamPair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	a, err = net.Dial("tcp", l.Addr().String())
	must(t, err)
	b, err = l.Accept()
	must(t, err)
	return a, b
}

func streamStdPair(t testing.TB) (a, b stdnet.Conn) {
	t.Helper()
	l, err := stdnet.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	a, err = stdnet.Dial("tcp", l.Addr().String())
	must(t, err)
	b, err = l.Accept()
	must(t, err)
	return a, b
}

// BenchmarkStreamPingPong is a line to a peer and its answer, over TCP.
func BenchmarkStreamPingPong(b *testing.B) {
	line := []byte("how do you do?\n")
	b.Run("evergreen", func(b *testing.B) {
		run(b, func() {
			one, two := streamPair(b)
			echo := task.Go(func() {
				s := io.NewStream(two)
				for line, err := range s.Lines() {
					must(b, err)
					_, _ = s.Write(line)
					_ = s.WriteByte('\n')
				}
				must(b, s.Close())
			})
			s := io.NewStream(one)
			for b.Loop() {
				_, err := s.Write(line)
				must(b, err)
				_, err = s.ReadLine()
				must(b, err)
			}
			must(b, s.Close())
			must(b, echo.Join())
		})
	})
	b.Run("std", func(b *testing.B) {
		one, two := streamStdPair(b)
		over := make(chan struct{})
		go func() {
			defer close(over)
			w := bufio.NewWriter(two)
			for s := bufio.NewScanner(two); s.Scan(); {
				_, _ = w.Write(s.Bytes())
				_ = w.WriteByte('\n')
				_ = w.Flush()
			}
			_ = two.Close()
		}()
		r, w := bufio.NewReader(one), bufio.NewWriter(one)
		for b.Loop() {
			_, _ = w.Write(line)
			must(b, w.Flush())
			_, err := r.ReadSlice('\n')
			must(b, err)
		}
		_ = one.Close()
		<-over
	})
}

// BenchmarkStreamRegexp searches a text for an expression: as it comes, or by package
// regexp with all of it at hand.
func BenchmarkStreamRegexp(b *testing.B) {
	text := append(bytes.Repeat([]byte("a header: and its value\r\n"), 400), "\r\n"...)
	re := regexp.MustCompile(`\r?\n\r?\n`)
	b.Run("evergreen", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		run(b, func() {
			s := io.NewStreamReader(&streamEndless{text: text})
			for b.Loop() {
				p, err := s.ReadUntilRegexp(re)
				if len(p) != len(text) || err != nil {
					b.Fatal(len(p), err)
				}
			}
		})
	})
	b.Run("std", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if at := re.FindReaderIndex(bufio.NewReader(bytes.NewReader(text))); at[1] != len(text) {
				b.Fatal(at)
			}
		}
	})
}
