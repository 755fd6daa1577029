package net_test

import (
	"bytes"
	"errors"
	"io"
	stdnet "net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// pipes are the places where a pipe is used from.
func pipes(t *testing.T, f func(t *testing.T, a, b net.Conn, together func(...func()))) {
	t.Run("tasks", func(t *testing.T) {
		run(t, func() {
			a, b := net.Pipe()
			defer a.Close()
			defer b.Close()
			f(t, a, b, tasks)
		})
	})
	elsewhere := func(t *testing.T) (a, b net.Conn) {
		must(t, start(t).Do(func() error { a, b = net.Pipe(); return nil }))
		t.Cleanup(func() { _, _ = a.Close(), b.Close() })
		return a, b
	}
	t.Run("goroutines", func(t *testing.T) {
		a, b := elsewhere(t)
		f(t, a, b, goroutines)
	})
	t.Run("tasks of another loop", func(t *testing.T) {
		a, b := elsewhere(t)
		run(t, func() { f(t, a, b, tasks) })
	})
}

// whole writes down what the calls on an end return, with the text of the errors.
func whole(n int, err error) string {
	if err == nil {
		return string(rune('0'+n)) + " nil"
	}
	_, wrapped := err.(*net.OpError)
	is := ""
	for _, target := range []error{io.EOF, io.ErrClosedPipe, os.ErrDeadlineExceeded} {
		if errors.Is(err, target) {
			is += " " + target.Error()
		}
	}
	return string(rune('0'+n)) + " " + err.Error() + is + map[bool]string{true: " wrapped"}[wrapped]
}

// Whatever the ends are closed or expired for, calls fail as the standard library's do.
func TestPipeFailsAsTheStandardOneDoes(t *testing.T) {
	for name, prepare := range map[string]func(a, b net.Conn) error{
		"closed here":       func(a, _ net.Conn) error { return a.Close() },
		"closed there":      func(_, b net.Conn) error { return b.Close() },
		"closed twice":      func(a, _ net.Conn) error { return errors.Join(a.Close(), a.Close()) },
		"closed at both":    func(a, b net.Conn) error { return errors.Join(a.Close(), b.Close()) },
		"expired":           func(a, _ net.Conn) error { return a.SetDeadline(longAgo) },
		"expired and there": func(a, b net.Conn) error { return errors.Join(a.SetDeadline(longAgo), b.Close()) },
		"expired and here":  func(a, _ net.Conn) error { return errors.Join(a.SetDeadline(longAgo), a.Close()) },
	} {
		calls := func(a, b net.Conn) string {
			var all []string
			if err := prepare(a, b); err != nil {
				all = append(all, "prepare: "+err.Error())
			}
			for _, size := range []int{1, 0} {
				all = append(all, "read "+whole(a.Read(make([]byte, size))), "write "+whole(a.Write(make([]byte, size))))
			}
			for _, set := range []func(time.Time) error{a.SetDeadline, a.SetReadDeadline, a.SetWriteDeadline, b.SetDeadline} {
				all = append(all, "set "+whole(0, set(longAgo)))
			}
			all = append(all, a.LocalAddr().String(), a.LocalAddr().Network(), a.RemoteAddr().String())
			return strings.Join(all, "\n")
		}
		t.Run(name, func(t *testing.T) {
			want := calls(stdnet.Pipe())
			pipes(t, func(t *testing.T, a, b net.Conn, _ func(...func())) {
				if got := calls(a, b); got != want {
					t.Errorf("ours:\n%s\ntheirs:\n%s", got, want)
				}
			})
		})
	}
}

// A write returns when all was read, in as many pieces as the readers like.
func TestPipeHandsOverPieceByPiece(t *testing.T) {
	pipes(t, func(t *testing.T, a, b net.Conn, together func(...func())) {
		var steps []string
		together(
			func() {
				n, err := a.Write([]byte("abcde"))
				steps = append(steps, "write "+whole(n, err))
				must(t, a.Close())
			},
			func() {
				for _, size := range []int{2, 0, 2} {
					buf := make([]byte, size)
					n, err := b.Read(buf)
					if err != nil || n != size {
						t.Errorf("%d, %v; want %d bytes", n, err, size)
					}
				}
				if len(steps) > 0 {
					t.Error("the write was over before all was read")
				}
				buf := make([]byte, 9)
				n, err := b.Read(buf)
				if string(buf[:n]) != "e" || err != nil {
					t.Errorf("%q, %v; want e", buf[:n], err)
				}
				if n, err := b.Read(buf); n != 0 || err != io.EOF {
					t.Errorf("%d, %v; want 0, EOF", n, err)
				}
			},
		)
		if got := strings.Join(steps, ";"); got != "write 5 nil" {
			t.Error(got)
		}
	})
}

// A write of nothing waits for a reader, who gets nothing.
func TestPipeCarriesNothing(t *testing.T) {
	pipes(t, func(t *testing.T, a, b net.Conn, together func(...func())) {
		for _, data := range [][]byte{nil, {}} {
			together(
				func() {
					if n, err := a.Write(data); n != 0 || err != nil {
						t.Errorf("%d, %v", n, err)
					}
				},
				func() {
					if n, err := b.Read(make([]byte, 5)); n != 0 || err != nil {
						t.Errorf("%d, %v", n, err)
					}
				},
			)
		}
	})
}

// holds: 85
func TestPipeWritesDoNotInterleave(t *testing.T) {
	pipes(t, func(t *testing.T, a, b net.Conn, together func(...func())) {
		const size = 1000
		write := func(letter string) func() {
			return func() {
				if n, err := a.Write(bytes.Repeat([]byte(letter), size)); n != size || err != nil {
					t.Errorf("%d, %v", n, err)
				}
			}
		}
		together(write("A"), write("B"), write("C"), func() {
			var last byte
			changes, buf := 0, make([]byte, 7)
			for total := 0; total < 3*size; {
				n, err := b.Read(buf)
				if err != nil {
					t.Error(err)
					return
				}
				total += n
				for _, letter := range buf[:n] {
					if letter != last {
						changes++
						last = letter
					}
				}
			}
			if changes != 3 {
				t.Errorf("the writer changed %d times, want 3", changes)
			}
		})
	})
}

// holds: 67
func TestPipeServesReadersInOrder(t *testing.T) {
	run(t, func() {
		a, b := net.Pipe()
		got := make([]byte, 5)
		var all []*task.Task
		for i := range got {
			all = append(all, task.Go(func() {
				_, err := a.Read(got[i : i+1])
				must(t, err)
			}))
		}
		settle()
		n, err := b.Write([]byte("abcde"))
		if n != 5 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		for _, r := range all {
			must(t, r.Join())
		}
		if string(got) != "abcde" {
			t.Errorf("the readers got %q in the order of their coming, want abcde", got)
		}
	})
}

// holds: 64
func TestPipeCloseWakesWhoeverWaits(t *testing.T) {
	for _, who := range []string{"here", "there"} {
		pipes(t, func(t *testing.T, a, b net.Conn, together func(...func())) {
			read, write := io.ErrClosedPipe, io.ErrClosedPipe
			if who == "there" {
				read = io.EOF
			}
			failing := func(call func([]byte) (int, error), want error) func() {
				return func() {
					if n, err := call(make([]byte, 1)); n != 0 || err != want {
						t.Errorf("closed %s: %d, %v; want %v", who, n, err, want)
					}
				}
			}
			together(failing(a.Read, read), failing(a.Read, read), failing(a.Write, write), failing(a.Write, write), func() {
				settled := []func() error{a.Close, b.Close}
				if kernelTask() {
					settle()
				}
				must(t, settled[map[string]int{"here": 0, "there": 1}[who]]())
			})
		})
	}
}

// kernelTask tells whether it is called in a task.
func kernelTask() (is bool) {
	defer func() { _ = recover() }()
	task.Yield()
	return true
}

// Deadlines are kept to the nanosecond, move while somebody waits, and leave the data.
//
// holds: 87
func TestPipeDeadlines(t *testing.T) {
	run(t, func() {
		a, b := net.Pipe()
		loop := runtime.Current()
		begin := loop.Now()
		after := func(d time.Duration, op string, call func([]byte) (int, error)) {
			t.Helper()
			_, err := call(make([]byte, 1))
			expired(t, op, err)
			if took := loop.Now().Sub(begin); took != d {
				t.Errorf("the %s ended after %v, want %v", op, took, d)
			}
		}
		must(t, a.SetReadDeadline(begin.Add(time.Second)))
		must(t, a.SetWriteDeadline(begin.Add(2*time.Second)))
		after(time.Second, "read", a.Read)
		after(2*time.Second, "write", a.Write)
		must(t, a.SetDeadline(begin.Add(time.Minute)))
		task.GoAfter(time.Second, func() { must(t, a.SetDeadline(begin.Add(time.Hour))) })
		read, write := func() { after(time.Hour, "read", a.Read) }, func() { after(time.Hour, "write", a.Write) }
		tasks(read, read, write, write) // of the writers one has its turn
		must(t, a.SetDeadline(never))
		reader := task.Go(func() { after(2*time.Hour, "read", a.Read) })
		task.GoAfter(time.Hour, func() { must(t, a.SetReadDeadline(loop.Now())) })
		must(t, reader.Join())
		must(t, a.SetDeadline(longAgo))
		must(t, a.SetDeadline(never))
		tasks(func() {
			_, err := b.Write([]byte("x"))
			must(t, err)
		}, func() {
			_, err := a.Read(make([]byte, 1))
			must(t, err)
		})
	}, runtime.WithVirtualClock())
}

// What a writer had not got rid of when he was stopped is his again, and the next
// writer begins.
//
// holds: 46, 85
func TestPipeWriterIsStopped(t *testing.T) {
	stops := map[string]func(f func([]byte) (int, error)) (int, error){
		"a timeout": func(f func([]byte) (int, error)) (n int, err error) {
			_ = timeout.Run(time.Second, func() error { n, err = f([]byte("abcde")); return err })
			return n, err
		},
		"a kill": func(f func([]byte) (int, error)) (int, error) {
			victim := task.Go(func() { _, _ = f([]byte("abcde")) })
			task.GoAfter(time.Second, victim.Kill)
			return 2, victim.Join()
		},
	}
	for name, stop := range stops {
		run(t, func() {
			a, b := net.Pipe()
			buf := make([]byte, 2)
			reader := task.Go(func() {
				_, err := b.Read(buf)
				must(t, err)
			})
			var next *task.Task
			task.GoAfter(time.Millisecond, func() {
				next = task.Go(func() {
					n, err := a.Write([]byte("xyz"))
					if n != 3 || err != nil {
						t.Errorf("%s: the next writer: %d, %v", name, n, err)
					}
				})
			})
			n, err := stop(a.Write)
			var e *timeout.Error
			if n != 2 || !errors.As(err, &e) && !errors.Is(err, task.ErrKilled) {
				t.Errorf("%s: %d, %v; want 2 and that", name, n, err)
			}
			must(t, reader.Join())
			rest := make([]byte, 9)
			n, err = b.Read(rest)
			if string(buf)+string(rest[:n]) != "abxyz" || err != nil {
				t.Errorf("%s: %q and then %q, %v; want ab and xyz", name, buf, rest[:n], err)
			}
			must(t, next.Join())
		}, runtime.WithVirtualClock())
	}
}
