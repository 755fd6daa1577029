package io_test

import (
	"bytes"
	"errors"
	stdnet "net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	stdio "io"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// descStream is a way from a writer to a reader, in a task.
type descStream func(t testing.TB) (r stdio.ReadCloser, w stdio.WriteCloser)

var descStreams = map[string]descStream{
	"pipe": func(t testing.TB) (stdio.ReadCloser, stdio.WriteCloser) { r, w := descPipe(t); return r, w },
	"tcp":  func(t testing.TB) (stdio.ReadCloser, stdio.WriteCloser) { return descDial(t, "tcp", "127.0.0.1:0") },
	"unix": func(t testing.TB) (stdio.ReadCloser, stdio.WriteCloser) {
		return descDial(t, "unix", filepath.Join(t.TempDir(), "s"))
	},
	"descriptor of a socket": func(t testing.TB) (stdio.ReadCloser, stdio.WriteCloser) {
		a, b, err := descPair()
		must(t, err)
		return a, b
	},
}

func descDial(t testing.TB, network, address string) (a, b stdnet.Conn) {
	t.Helper()
	l, err := net.Listen(network, address)
	must(t, err)
	defer l.Close()
	a, err = net.Dial(network, l.Addr().String())
	must(t, err)
	b, err = l.Accept()
	must(t, err)
	return a, b
}

// descMoves counts the calls of the system that read and write here.
func descMoves(calls map[string]int) func(call string) {
	return func(call string) { calls[call]++ }
}

// What is copied from anything to anything arrives, and the system moves it wherever a
// pipe is one of the two.
func TestCopiesBetweenEverything(t *testing.T) {
	data := descNoise(3<<20 + 7)
	for from, open := range descStreams {
		for to, openTo := range descStreams {
			t.Run(from+" to "+to, func(t *testing.T) {
				run(t, func() {
					source, feed := open(t)
					drain, sink := openTo(t)
					tasks(
						func() {
							_, _ = feed.Write(data)
							must(t, feed.Close())
						},
						func() {
							if n, err := stdio.Copy(sink, source); n != int64(len(data)) || err != nil {
								t.Errorf("Copy returned %d, %v; want %d", n, err, len(data))
							}
							must(t, sink.Close())
							must(t, source.Close())
						},
						func() {
							if got, err := stdio.ReadAll(drain); err != nil || !bytes.Equal(got, data) {
								t.Errorf("%d bytes came, %v", len(got), err)
							}
							must(t, drain.Close())
						},
					)
				})
			})
		}
	}
}

// A copy makes no read and no write of its own where a pipe is one of the two.
func TestPipesAreCopiedByTheSystem(t *testing.T) {
	for _, pair := range [][2]string{{"pipe", "pipe"}, {"pipe", "tcp"}, {"tcp", "pipe"}, {"pipe", "unix"}, {"unix", "pipe"}} {
		t.Run(pair[0]+" to "+pair[1], func(t *testing.T) {
			calls := map[string]int{}
			count := descMoves(calls)
			// With no call chosen to fail, the kit tells of each by name.
			tasktest.FailEverywhere(t, syscall.EIO, []string{"splice"}, count, func() {
				source, feed := descStreams[pair[0]](t)
				drain, sink := descStreams[pair[1]](t)
				if _, err := feed.Write([]byte("hello")); err != nil {
					t.Error(err)
				}
				must(t, feed.Close())
				n, err := stdio.Copy(sink, source)
				if err != nil && !errors.Is(err, syscall.EIO) || err == nil && n != 5 {
					t.Errorf("Copy returned %d, %v", n, err)
				}
				must(t, sink.Close())
				must(t, source.Close())
				if got, err := stdio.ReadAll(drain); string(got) != "hello"[:n] || err != nil {
					t.Errorf("read %q, %v", got, err)
				}
				must(t, drain.Close())
			})
			if calls["splice"] < 2 {
				t.Errorf("there were %v, want splice for the data and for the end", calls)
			}
		})
	}
}

func TestFilesAndLimitsAreCopiedToPipes(t *testing.T) {
	data := descNoise(500_000)
	name := filepath.Join(t.TempDir(), "f")
	must(t, os.WriteFile(name, data, 0o600))
	for what, c := range map[string]struct{ offset, limit, want int64 }{
		"whole":             {0, 0, int64(len(data))},
		"from an offset":    {1234, 0, int64(len(data)) - 1234},
		"limited":           {99, 100_001, 100_001},
		"limited to more":   {400_000, 200_000, 100_000},
		"limited to naught": {5, -1, 0},
	} {
		t.Run(what, func(t *testing.T) {
			run(t, func() {
				f, err := os.Open(name)
				must(t, err)
				defer f.Close()
				_, err = f.Seek(c.offset, stdio.SeekStart)
				must(t, err)
				var from stdio.Reader = f
				limited := &stdio.LimitedReader{R: f, N: c.limit}
				if c.limit != 0 {
					from = limited
				}
				r, w := descPipe(t)
				tasks(
					func() {
						if n, err := stdio.Copy(w, from); n != c.want || err != nil {
							t.Errorf("Copy returned %d, %v; want %d", n, err, c.want)
						}
						must(t, w.Close())
					},
					func() {
						if got, err := stdio.ReadAll(r); err != nil || !bytes.Equal(got, data[c.offset:c.offset+c.want]) {
							t.Errorf("%d bytes came, %v; want %d", len(got), err, c.want)
						}
						must(t, r.Close())
					},
				)
				if at, err := f.Seek(0, stdio.SeekCurrent); at != c.offset+c.want || err != nil {
					t.Errorf("the file stands at %d, %v", at, err)
				}
				if c.limit > 0 && limited.N != c.limit-c.want {
					t.Errorf("of the limit %d is left", limited.N)
				}
			})
		})
	}
}

// A type that embeds a connection is not passed by.
func TestEmbeddedDescriptorIsNotPassedBy(t *testing.T) {
	run(t, func() {
		r, w := descPipe(t)
		_, err := w.WriteString("hello")
		must(t, err)
		must(t, w.Close())
		drain, sink := descDial(t, "tcp", "127.0.0.1:0")
		counting := &descCounting{Descriptor: r}
		if n, err := sink.(*net.TCPConn).ReadFrom(counting); n != 5 || err != nil {
			t.Errorf("ReadFrom returned %d, %v", n, err)
		}
		if counting.n != 5 {
			t.Errorf("the reader has counted %d bytes of 5", counting.n)
		}
		must(t, errors.Join(sink.Close(), drain.Close(), r.Close()))
	})
}

type descCounting struct {
	*io.Descriptor
	n int
}

func (c *descCounting) Read(p []byte) (int, error) {
	n, err := c.Descriptor.Read(p)
	c.n += n
	return n, err
}

// WriteTo hides that of the descriptor, as a counting reader must.
func (c *descCounting) WriteTo(w stdio.Writer) (int64, error) {
	return stdio.Copy(w, struct{ stdio.Reader }{c})
}

// A copy that waits for its source leaves its sink to others.
func TestCopyThatWaitsDoesNotHoldTheWriter(t *testing.T) {
	run(t, func() {
		for name, open := range descStreams {
			source, feed := open(t)
			r, w := descPipe(t)
			copier := task.Go(func() { _, _ = stdio.Copy(w, source) })
			settle()
			if err := timeout.Run(time.Minute, func() error {
				_, err := w.WriteString("between")
				return err
			}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			must(t, feed.Close())
			must(t, copier.Join())
			must(t, errors.Join(w.Close(), source.Close()))
			if got, err := stdio.ReadAll(r); string(got) != "between" || err != nil {
				t.Errorf("%s: read %q, %v", name, got, err)
			}
			must(t, r.Close())
		}
	})
}

// A copy that has waited for its source goes on when there is something.
func TestCopyGoesOnAfterAPause(t *testing.T) {
	for from, open := range descStreams {
		for to, openTo := range descStreams {
			t.Run(from+" to "+to, func(t *testing.T) {
				run(t, func() {
					source, feed := open(t)
					drain, sink := openTo(t)
					copier := task.Go(func() { _, _ = stdio.Copy(sink, source) })
					for range 3 {
						settle()
						_, err := feed.Write([]byte("hello"))
						must(t, err)
						got := make([]byte, 5)
						if err := timeout.Run(10*time.Second, func() error {
							_, err := stdio.ReadFull(drain, got)
							return err
						}); err != nil || string(got) != "hello" {
							t.Fatalf("read %q, %v", got, err)
						}
					}
					must(t, feed.Close())
					must(t, copier.Join())
					must(t, errors.Join(sink.Close(), source.Close(), drain.Close()))
				})
			})
		}
	}
}

// Where a copy ends, by a close or a cancellation, what it says to have moved has
// arrived, and the rest is still in its source.
//
// holds: 46, 64, 85
func TestCopyEndedInTheMiddle(t *testing.T) {
	data := descNoise(1 << 20)
	for name, end := range map[string]func(source, sink *io.Descriptor) error{
		"cancel":       nil,
		"close source": func(source, _ *io.Descriptor) error { return source.Close() },
		"close sink":   func(_, sink *io.Descriptor) error { return sink.Close() },
		"deadline":     func(_, sink *io.Descriptor) error { return sink.SetDeadline(time.Unix(1, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func() {
				source, feed := descPipe(t)
				drain, sink := descPipe(t)
				feeder := task.Go(func() { _, _ = feed.Write(data) })
				n := int64(0)
				var err error
				copier := task.Go(func() {
					_ = timeout.Run(time.Hour, func() error {
						n, err = stdio.Copy(sink, source)
						return nil
					})
				})
				settle() // until the sink is full
				if end != nil {
					must(t, end(source, sink))
				} else {
					g := task.NewGroup()
					copier.Kill()
					_ = copier.Join()
					g.Go(func() error { n, err = stdio.Copy(sink, source); return nil })
					settle()
					g.Cancel()
					_ = g.Wait()
				}
				if name == "close source" { // the copy waits for room
					_, _ = stdio.ReadFull(drain, make([]byte, 1<<16))
				}
				_ = copier.Join()
				if err == nil || strings.HasPrefix(name, "close") && !errors.Is(err, os.ErrClosed) {
					t.Errorf("Copy returned %d, %v", n, err)
				}
				must(t, errors.Join(ignoreClosed(sink.Close()), feed.SetDeadline(time.Unix(1, 0))))
				must(t, feeder.Join())
				must(t, errors.Join(feed.Close()))
				there, errThere := stdio.ReadAll(drain)
				rest, errRest := stdio.ReadAll(source)
				switch {
				case errThere != nil || name != "close source" && errRest != nil:
					t.Errorf("ReadAll returned %v, %v", errThere, errRest)
				case name == "close source":
				case !bytes.Equal(append(there, rest...), data[:len(there)+len(rest)]):
					t.Errorf("%d bytes have arrived, and %d were left: they are not what was written", len(there), len(rest))
				case end != nil && n != int64(len(there)):
					t.Errorf("Copy returned %d, %d bytes have arrived", n, len(there))
				}
				must(t, errors.Join(drain.Close(), ignoreClosed(source.Close())))
			})
		})
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// holds: 46
func TestCopyCancelledEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		source, feed := descPipe(t)
		drain, sink := descPipe(t)
		got := []byte{}
		copied := int64(0)
		writer := s.Go(func() { _, _ = feed.WriteString("hello") })
		copier := s.Go(func() { copied, _ = stdio.Copy(sink, source) })
		reader := s.Go(func() {
			for {
				p := make([]byte, 3)
				n, err := drain.Read(p)
				if got = append(got, p[:n]...); err != nil {
					return
				}
			}
		})
		_ = writer.Join()
		must(t, feed.Close())
		_ = copier.Join()
		must(t, sink.Close())
		_ = reader.Join()
		s.After(func() {
			rest, _ := stdio.ReadAll(drain)
			left, _ := stdio.ReadAll(source)
			if all := string(got) + string(rest) + string(left); all != "hello" && all != "" || !s.Cancelled() && copied != 5 {
				t.Errorf("read %q, then %q, and %q was left; %d bytes were copied", got, rest, left, copied)
			}
			must(t, errors.Join(drain.Close(), source.Close()))
		})
	})
}

// holds: 60, 61
func TestEndlessPourLetsOthersRun(t *testing.T) {
	run(t, func() {
		source, feed := descPipe(t)
		drain, sink := descPipe(t)
		g := task.NewGroup()
		for _, f := range []func(){
			func() {
				for {
					if _, err := feed.Write(make([]byte, 1000)); err != nil {
						return
					}
				}
			},
			func() { _, _ = stdio.Copy(sink, source) },
			func() { _, _ = stdio.Copy(stdio.Discard, drain) },
		} {
			g.Go(func() error { f(); return nil })
		}
		settle() // it comes back
		g.Cancel()
		_ = g.Wait()
		must(t, errors.Join(source.Close(), feed.Close(), drain.Close(), sink.Close()))
	})
}
