package io_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// streamPieces gives data in pieces of random length, now and then none, and the end
// with the last piece or after it.
type streamPieces struct {
	data []byte
	draw *rand.Rand
}

func newStreamPieces(data []byte, seed uint64) *streamPieces {
	return &streamPieces{data, rand.New(rand.NewPCG(seed, 0))}
}

func (s *streamPieces) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.data[:min(len(s.data), s.draw.IntN(1+s.draw.IntN(40)))])
	s.data = s.data[n:]
	if len(s.data) == 0 && s.draw.IntN(2) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// streamTails gives one string after the other, and then an error that says that it would
// wait.
type streamTails []string

var errStreamWaits = errors.New("it would wait")

func (s *streamTails) Read(p []byte) (int, error) {
	if len(*s) == 0 {
		return 0, errStreamWaits
	}
	n := copy(p, (*s)[0])
	if (*s)[0] = (*s)[0][n:]; (*s)[0] == "" {
		*s = (*s)[1:]
	}
	return n, nil
}

const streamLimit = 48 // of the streams that are compared with the model

// streamModel is what a stream is to do, with all the data at hand.
type streamModel struct{ rest []byte }

func (m *streamModel) take(n int) ([]byte, error) {
	p := m.rest[:n]
	m.rest = m.rest[n:]
	return p, nil
}

func (m *streamModel) cutOff() ([]byte, error) {
	if len(m.rest) == 0 {
		return nil, io.EOF
	}
	p, _ := m.take(len(m.rest))
	return p, io.ErrUnexpectedEOF
}

func (m *streamModel) bytes(n int) ([]byte, error) {
	switch {
	case n > streamLimit:
		return nil, io.ErrTooLong
	case n > len(m.rest):
		return m.cutOff()
	}
	return m.take(n)
}

func (m *streamModel) until(delimiter string) ([]byte, error) {
	i := bytes.Index(m.rest, []byte(delimiter))
	switch {
	case i >= 0 && i+len(delimiter) <= streamLimit:
		return m.take(i + len(delimiter))
	case len(m.rest) >= streamLimit:
		return nil, io.ErrTooLong
	}
	return m.cutOff()
}

func (m *streamModel) line() ([]byte, error) {
	p, err := m.until("\n")
	if err == nil {
		p = bytes.TrimSuffix(p[:len(p)-1], []byte("\r"))
	}
	return p, err
}

func (m *streamModel) message() ([]byte, error) {
	switch {
	case len(m.rest) == 0:
		return nil, io.EOF
	case len(m.rest) < 2:
		m.rest = nil
		return nil, io.ErrUnexpectedEOF
	}
	n := int(binary.BigEndian.Uint16(m.rest))
	switch {
	case n > streamLimit:
		return nil, io.ErrTooLong
	case 2+n > len(m.rest):
		p := m.rest[2:]
		m.rest = nil
		return p, io.ErrUnexpectedEOF
	}
	p, _ := m.take(2 + n)
	return p[2:], nil
}

// streamCompare runs a script against a stream and the model. Every byte of the script is
// a call.
func streamCompare(t testing.TB, data, script []byte, seed uint64) {
	s := io.NewStreamReader(newStreamPieces(data, seed), io.WithReadLimit(streamLimit))
	m := streamModel{rest: data}
	framing := io.LengthFraming(2, binary.BigEndian)
	for i, c := range script {
		n := int(c >> 3)
		var got, want []byte
		var gotErr, wantErr error
		switch c & 7 {
		case 0:
			got, gotErr = s.ReadBytes(2 * n)
			want, wantErr = m.bytes(2 * n)
		case 1:
			got, gotErr = s.ReadLine()
			want, wantErr = m.line()
		case 2, 3:
			delimiter := []string{"\n", "aa", "aba", "\r\n"}[n&3]
			got, gotErr = s.ReadUntil([]byte(delimiter))
			want, wantErr = m.until(delimiter)
		case 4:
			got, gotErr = s.Peek(n)
			want = m.rest[:min(n, len(m.rest))]
			if len(want) < n {
				wantErr = io.EOF
			}
		case 5:
			var gone int
			gone, gotErr = s.Discard(n)
			got = m.rest[:min(gone, len(m.rest))]
			if want, _ = m.take(min(n, len(m.rest))); len(want) < n {
				wantErr = io.EOF
			}
		case 6:
			got, gotErr = s.ReadMessage(framing)
			want, wantErr = m.message()
		case 7:
			var b byte
			if b, gotErr = s.ReadByte(); gotErr == nil {
				got = []byte{b}
			}
			if want, wantErr = nil, error(io.EOF); len(m.rest) > 0 {
				want, wantErr = m.take(1)
			}
		}
		if !bytes.Equal(got, want) || gotErr != wantErr {
			t.Fatalf("call %d (%d) of %v on %q in the pieces of %d: %q, %v; want %q, %v", i, c, script, data, seed, got, gotErr, want, wantErr)
		}
	}
	rest, err := io.ReadAll(s)
	if !bytes.Equal(rest, m.rest) || err != nil {
		t.Fatalf("after %v on %q in the pieces of %d %q are left, %v; want %q", script, data, seed, rest, err, m.rest)
	}
}

// holds: 81, 82, 108
func FuzzStreamReads(f *testing.F) {
	f.Add([]byte("one\ntwo\r\nthree"), []byte{1, 1, 1, 1}, uint64(1))
	f.Add([]byte("aabaabaaba\r\n\x00\x03abc\x00\x09ab"), []byte{18, 10, 26, 54, 6, 6, 6}, uint64(2))
	f.Add(bytes.Repeat([]byte("ab"), 60), []byte{18, 48, 33, 4, 5, 61, 7, 2, 2}, uint64(3))
	f.Add([]byte("\x00\x40x"), []byte{6, 6}, uint64(4))
	f.Fuzz(func(t *testing.T, data, script []byte, seed uint64) {
		if len(script) > 100 {
			return
		}
		run(t, func() { streamCompare(t, data, script, seed) })
	})
}

// holds: 81, 82, 108
func TestStreamReadsAsIfAllWereThere(t *testing.T) {
	run(t, func() {
		for seed := range uint64(3000) {
			draw := rand.New(rand.NewPCG(seed, 7))
			data, script := make([]byte, draw.IntN(300)), make([]byte, draw.IntN(30))
			letters := 6
			if seed%4 == 0 {
				letters = 200 // for long lines
			}
			for i := range data {
				data[i] = "\r\n\x00\x05aba"[min(6, draw.IntN(letters))]
			}
			for i := range script {
				script[i] = byte(draw.IntN(256))
			}
			if streamCompare(t, data, script, seed); t.Failed() {
				return
			}
		}
	})
}

// Where bufio has a method of the same name, it does the same.
func TestStreamDoesWhatBufioDoes(t *testing.T) {
	calls := func(r interface {
		io.Reader
		io.ByteReader
		io.WriterTo
		Peek(int) ([]byte, error)
		Discard(int) (int, error)
		Buffered() int
	},
	) string {
		var all strings.Builder
		buf := make([]byte, 5)
		n, err := r.Read(nil)
		fmt.Fprintln(&all, n, err, r.Buffered())
		p, err := r.Peek(3)
		fmt.Fprintln(&all, string(p), err, r.Buffered())
		n, err = r.Read(buf)
		fmt.Fprintln(&all, n, err, string(buf), r.Buffered())
		c, err := r.ReadByte()
		fmt.Fprintln(&all, c, err)
		n, err = r.Discard(2)
		fmt.Fprintln(&all, n, err, r.Buffered())
		m, err := r.WriteTo(&all)
		fmt.Fprintln(&all, m, err)
		n, err = r.Read(buf)
		fmt.Fprintln(&all, n, err)
		c, err = r.ReadByte()
		fmt.Fprintln(&all, c, err)
		p, err = r.Peek(1)
		fmt.Fprintln(&all, string(p), err)
		n, err = r.Discard(1)
		fmt.Fprintln(&all, n, err)
		return all.String()
	}
	text := "how many bytes are these?"
	want := calls(bufio.NewReader(strings.NewReader(text)))
	run(t, func() {
		if got := calls(io.NewStreamReader(strings.NewReader(text))); got != want {
			t.Errorf("ours:\n%s\nbufio:\n%s", got, want)
		}
	})
}

// holds: 108
func TestStreamIsAReader(t *testing.T) {
	content := bytes.Repeat([]byte("evergreen\n"), 2000)
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"plain":    func(r io.Reader) io.Reader { return r },
		"one byte": iotest.OneByteReader,
		"half":     iotest.HalfReader,
		"data err": iotest.DataErrReader,
		"all":      func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) },
	} {
		run(t, func() {
			must(t, iotest.TestReader(io.NewStreamReader(wrap(bytes.NewReader(content))), content))
			lines := 0
			for line, err := range io.NewStreamReader(wrap(bytes.NewReader(content))).Lines() {
				if string(line) != "evergreen" || err != nil {
					t.Fatalf("%s: %q, %v", name, line, err)
				}
				lines++
			}
			if lines != 2000 {
				t.Errorf("%s: %d lines", name, lines)
			}
		})
	}
}

// An error that is no end leaves the data for the next call, and is told once.
//
// holds: 82
func TestStreamKeepsDataOverAnError(t *testing.T) {
	run(t, func() {
		s := io.NewStreamReader(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("ab\ncd"))))
		for _, want := range []struct {
			line string
			err  error
		}{{"", iotest.ErrTimeout}, {"ab", nil}, {"cd", io.ErrUnexpectedEOF}, {"", io.EOF}, {"", io.EOF}} {
			line, err := s.ReadLine()
			if string(line) != want.line || err != want.err {
				t.Errorf("%q, %v; want %q, %v", line, err, want.line, want.err)
			}
		}
		mine := errors.New("mine")
		s = io.NewStreamReader(io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(mine)))
		for range 2 {
			if p, err := s.ReadUntil([]byte("x")); p != nil || err != mine {
				t.Errorf("%q, %v; want nothing and the error", p, err)
			}
		}
		if p, err := s.ReadBytes(2); string(p) != "ab" || err != nil {
			t.Errorf("%q, %v; want what came before the error", p, err)
		}
	})
}

// An error that comes with data is told after them; the end is not asked for twice by
// what finds it in the middle of something.
func TestStreamTellsAnErrorAfterItsData(t *testing.T) {
	run(t, func() {
		mine := errors.New("mine")
		calls := 0
		source := func(last error) *io.StreamReader {
			calls = 0
			return io.NewStreamReader(streamFunc(func(p []byte) (int, error) {
				if calls++; calls > 1 {
					return 0, errStreamWaits
				}
				return copy(p, "abc"), last
			}))
		}
		s := source(mine)
		for _, want := range []error{mine, errStreamWaits} {
			if _, err := s.ReadLine(); err != want {
				t.Errorf("%v, want %v", err, want)
			}
		}
		for name, call := range map[string]func(s *io.StreamReader) ([]byte, error){
			"ReadLine":        (*io.StreamReader).ReadLine,
			"ReadBytes":       func(s *io.StreamReader) ([]byte, error) { return s.ReadBytes(4) },
			"ReadUntilRegexp": func(s *io.StreamReader) ([]byte, error) { return s.ReadUntilRegexp(regexp.MustCompile("c+")) },
			"ReadMessage":     func(s *io.StreamReader) ([]byte, error) { return s.ReadMessage(io.VarintFraming().Limit(200)) },
			"of a length":     func(s *io.StreamReader) ([]byte, error) { return s.ReadMessage(io.LengthFraming(4, binary.BigEndian)) },
		} {
			s := source(io.EOF)
			if _, err := call(s); err != io.ErrUnexpectedEOF && name != "ReadUntilRegexp" {
				t.Errorf("%s: %v", name, err)
			}
			if p, err := call(s); len(p) > 0 || err != io.EOF || calls > 1 {
				t.Errorf("%s after the end: %q, %v, and the source was asked %d times", name, p, err, calls)
			}
		}
		s = source(io.EOF)
		for range 2 {
			if p, err := s.Peek(5); string(p) != "abc" || err != io.EOF || calls > 1 {
				t.Errorf("%q, %v, and the source was asked %d times", p, err, calls)
			}
		}
	})
}

// A source that never gives anything, or says that it has given more than there is room.
func TestStreamBadSource(t *testing.T) {
	run(t, func() {
		if _, err := io.NewStreamReader(streamFunc(func([]byte) (int, error) { return 0, nil })).ReadByte(); err != io.ErrNoProgress {
			t.Errorf("%v, want ErrNoProgress", err)
		}
		for _, n := range []int{-1, 1 << 20} {
			func() {
				s := io.NewStreamReader(streamFunc(func([]byte) (int, error) { return n, nil }))
				defer func() {
					if r := recover(); r == nil {
						t.Error("a count that cannot be was taken")
					}
				}()
				_, _ = s.ReadByte()
			}()
		}
		for _, count := range []func(*io.StreamReader) error{
			func(s *io.StreamReader) error { _, err := s.ReadBytes(-1); return err },
			func(s *io.StreamReader) error { _, err := s.Peek(-1); return err },
			func(s *io.StreamReader) error { _, err := s.Discard(-1); return err },
		} {
			if count(io.NewStreamReader(strings.NewReader("abc"))) == nil {
				t.Error("a negative count was taken")
			}
		}
	})
}

type streamFunc func(p []byte) (int, error)

func (f streamFunc) Read(p []byte) (int, error)  { return f(p) }
func (f streamFunc) Write(p []byte) (int, error) { return f(p) }

// A timeout in the middle of a call leaves what was read for the next.
//
// holds: 46, 82
func TestStreamTimeoutKeepsWhatWasRead(t *testing.T) {
	for name, call := range map[string]func(*io.Stream) ([]byte, error){
		"ReadUntil":       func(s *io.Stream) ([]byte, error) { return s.ReadUntil([]byte("end\n")) },
		"ReadUntilRegexp": func(s *io.Stream) ([]byte, error) { return s.ReadUntilRegexp(regexp.MustCompile("e(n)d\n")) },
		"ReadBytes":       func(s *io.Stream) ([]byte, error) { return s.ReadBytes(10) },
		"ReadLine": func(s *io.Stream) ([]byte, error) {
			line, err := s.ReadLine()
			return append(append([]byte(nil), line...), '\n'), err
		},
		"ReadMessage": func(s *io.Stream) ([]byte, error) {
			p, err := s.ReadMessage(io.DelimiterFraming([]byte("\n")))
			return append(p, '\n'), err
		},
		"Peek": func(s *io.Stream) ([]byte, error) { return s.Peek(10) },
	} {
		run(t, func() {
			a, b := tasktest.Streams(1)
			s := io.NewStream(a)
			writer := task.Go(func() {
				for _, piece := range []string{"begin-", "e", "nd", "\n"} {
					_, err := b.Write([]byte(piece))
					must(t, err)
					task.Sleep(time.Second)
				}
			})
			tries := 0
			for {
				var got []byte
				err := timeout.Run(300*time.Millisecond, func() (err error) {
					got, err = call(s)
					return err
				})
				tries++
				var e *timeout.Error
				if errors.As(err, &e) {
					continue
				}
				want := "begin-end\n"
				if string(got) != want || err != nil {
					t.Errorf("%s: %q, %v", name, got, err)
				}
				break
			}
			if tries < 9 {
				t.Errorf("%s: it was there after %d tries", name, tries)
			}
			must(t, writer.Join())
		}, runtime.WithVirtualClock())
	}
}

// Whatever the limit says is too long, the data stay, and another call takes them.
//
// holds: 82
func TestStreamTooLongKeepsTheData(t *testing.T) {
	run(t, func() {
		for _, size := range []int{10, 11, 5000} {
			data := strings.Repeat("x", size-1) + "\n"
			s := io.NewStreamReader(iotest.OneByteReader(strings.NewReader(data)), io.WithReadLimit(10))
			line, err := s.ReadLine()
			if size <= 10 {
				if len(line) != size-1 || err != nil {
					t.Errorf("%d: %q, %v", size, line, err)
				}
				continue
			}
			for _, call := range []func() ([]byte, error){
				s.ReadLine,
				func() ([]byte, error) { return s.ReadUntil([]byte("\n")) },
				func() ([]byte, error) { return s.ReadUntilRegexp(regexp.MustCompile("\n")) },
				func() ([]byte, error) { return s.ReadBytes(11) },
				func() ([]byte, error) { return s.Peek(11) },
				func() ([]byte, error) { return s.ReadMessage(io.DelimiterFraming([]byte("\n")).Limit(9)) },
			} {
				if p, err := call(); p != nil || !errors.Is(err, io.ErrTooLong) {
					t.Errorf("%d: %q, %v", size, p, err)
				}
			}
			if got, err := io.ReadAll(s); string(got) != data || err != nil {
				t.Errorf("%d: %d bytes are left, %v", size, len(got), err)
			}
		}
	})
}

// Searches look at every byte once however the data come, and a search that is repeated
// goes on where it was.
//
// holds: 82
func TestStreamSearchesAreLinear(t *testing.T) {
	const size = 20000
	data := strings.Repeat("a", size) + "ab"
	for name, call := range map[string]func(*io.StreamReader) ([]byte, error){
		"ReadUntil":       func(s *io.StreamReader) ([]byte, error) { return s.ReadUntil([]byte("ab")) },
		"ReadLine":        func(s *io.StreamReader) ([]byte, error) { return s.ReadLine() },
		"ReadUntilRegexp": func(s *io.StreamReader) ([]byte, error) { return s.ReadUntilRegexp(regexp.MustCompile(`[ab]b`)) },
		"with a prefix":   func(s *io.StreamReader) ([]byte, error) { return s.ReadUntilRegexp(regexp.MustCompile(`ab+`)) },
		"no match":        func(s *io.StreamReader) ([]byte, error) { return s.ReadUntilRegexp(regexp.MustCompile(`(a*)*c`)) },
	} {
		run(t, func() {
			s := io.NewStreamReader(iotest.OneByteReader(strings.NewReader(data)))
			_, _ = call(s)
			// One more for each piece, where the delimiter may have begun.
			if n := s.Examined(); n < size || n > 3*size {
				t.Errorf("%s: %d bytes were looked at, of %d", name, n, size)
			}
		})
	}
	run(t, func() {
		a, b := tasktest.Streams(0)
		s := io.NewStreamReader(a)
		for range size / 100 {
			_, err := b.Write(bytes.Repeat([]byte("a"), 100))
			must(t, err)
			_ = timeout.Run(time.Second, func() error { _, err := s.ReadUntil([]byte("ab")); return err })
		}
		if n := s.Examined(); n < size || n > 2*size {
			t.Errorf("%d bytes were looked at in %d tries, of %d", n, size/100, size)
		}
	}, runtime.WithVirtualClock())
}

// Readers of one stream take turns, first come first served: each gets whole lines, and
// one that comes back at once waits behind the others.
func TestStreamReadersTakeTurns(t *testing.T) {
	tasktest.Explore(t, tasktest.Options{Orders: 500, Seeds: 100, PCT: 50}, func() {
		a, b := tasktest.Streams(2)
		s := io.NewStream(a)
		var got []string
		var readers []*task.Task
		for range 3 {
			readers = append(readers, task.Go(func() {
				for range 2 {
					line, err := s.ReadLine()
					must(t, err)
					got = append(got, string(line))
				}
			}))
		}
		tasktest.WaitAllParked() // one reads and two wait for their turn
		for _, line := range []string{"a-\n", "b-\n", "c-\n", "d-\n", "e-\n", "f-\n"} {
			_, err := b.Write([]byte(line))
			must(t, err)
			tasktest.WaitAllParked()
		}
		for _, r := range readers {
			must(t, r.Join())
		}
		if fmt.Sprint(got) != "[a- b- c- d- e- f-]" {
			t.Errorf("the readers got %v", got)
		}
	})
}

// Iterators stop when they are told to, pass errors on, and end with the data.
//
// holds: 31
func TestStreamIterators(t *testing.T) {
	run(t, func() {
		s := io.NewStreamReader(strings.NewReader("a\nb\r\n\nc"))
		var got []string
		for line, err := range s.Lines() {
			must(t, err)
			if got = append(got, string(line)); len(got) == 2 {
				break
			}
		}
		for line, err := range s.Lines() {
			must(t, err)
			got = append(got, string(line))
		}
		if fmt.Sprintf("%q", got) != `["a" "b" "" "c"]` {
			t.Errorf("%q", got)
		}
		mine := errors.New("mine")
		for _, seq := range []func(*io.StreamReader) func(func([]byte, error) bool){
			func(s *io.StreamReader) func(func([]byte, error) bool) { return s.Lines() },
			func(s *io.StreamReader) func(func([]byte, error) bool) { return s.Chunks() },
			func(s *io.StreamReader) func(func([]byte, error) bool) {
				return s.Messages(io.DelimiterFraming([]byte("\n")))
			},
		} {
			var all []string
			for p, err := range seq(io.NewStreamReader(io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(mine)))) {
				all = append(all, fmt.Sprintf("%s %v", strings.TrimSuffix(string(p), "\n"), err))
			}
			if fmt.Sprint(all) != "[a <nil>  mine]" {
				t.Errorf("%q", all)
			}
			for range seq(io.NewStreamReader(strings.NewReader(""))) {
				t.Error("something was yielded where there is nothing")
			}
		}
		chunks := ""
		for p, err := range io.NewStreamReader(iotest.OneByteReader(strings.NewReader("abc"))).Chunks() {
			must(t, err)
			chunks += string(p) + "|"
		}
		if chunks != "a|b|c|" {
			t.Errorf("%s", chunks)
		}
	})
}

// A stream is of one loop: other callers are told.
//
// holds: 94
func TestStreamOutsideOfItsLoop(t *testing.T) {
	var s *io.Stream
	run(t, func() { s = io.NewStream(&bytes.Buffer{}) })
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "Stream.ReadLine") {
			t.Errorf("%v", r)
		}
	}()
	_, _ = s.ReadLine()
}

// holds: 61
func TestStreamCallsAreCheckpoints(t *testing.T) {
	run(t, func() {
		s := io.NewStream(bytes.NewBuffer(bytes.Repeat([]byte("0\n"), 100)), io.WithWaterMarks(1, 1<<20))
		group := task.NewGroup()
		group.Go(func() error {
			group.Cancel()
			for name, call := range map[string]func() error{
				"Read":            func() error { _, err := s.Read(make([]byte, 1)); return err },
				"ReadByte":        func() error { _, err := s.ReadByte(); return err },
				"ReadBytes":       func() error { _, err := s.ReadBytes(1); return err },
				"Peek":            func() error { _, err := s.Peek(1); return err },
				"Discard":         func() error { _, err := s.Discard(1); return err },
				"ReadLine":        func() error { _, err := s.ReadLine(); return err },
				"ReadUntil":       func() error { _, err := s.ReadUntil([]byte("0")); return err },
				"ReadUntilRegexp": func() error { _, err := s.ReadUntilRegexp(regexp.MustCompile("0")); return err },
				"ReadMessage":     func() error { _, err := s.ReadMessage(io.VarintFraming()); return err },
				"WriteTo":         func() error { _, err := s.WriteTo(io.Discard); return err },
				"Write":           func() error { _, err := s.Write([]byte("x")); return err },
				"WriteString":     func() error { _, err := s.WriteString("x"); return err },
				"WriteByte":       func() error { return s.WriteByte('x') },
				"WriteMessage":    func() error { return s.WriteMessage(io.VarintFraming(), nil) },
				"Flush":           s.Flush,
				"ReadFrom":        func() error { _, err := s.ReadFrom(strings.NewReader("x")); return err },
			} {
				if err := call(); !errors.Is(err, task.ErrCanceled) {
					t.Errorf("%s in a cancelled task: %v", name, err)
				}
			}
			return nil
		})
		_ = group.Wait()
	})
}

func TestStreamReadLineDoesNotAllocate(t *testing.T) {
	if goroutine.Portable || testing.CoverMode() != "" {
		t.Skip("skipped: coverage, and the portable way to tell goroutines apart, allocate")
	}
	run(t, func() {
		s := io.NewStreamReader(&streamEndless{text: []byte("a line that goes on\n")})
		_, _ = s.ReadLine()
		for range 20000 { // until the buffer has its size
			_, _ = s.ReadLine()
		}
		if n := testing.AllocsPerRun(10000, func() { _, _ = s.ReadLine() }); n != 0 {
			t.Errorf("a line allocates %v times", n)
		}
	})
}

// streamEndless repeats a text.
type streamEndless struct {
	text []byte
	at   int
}

func (s *streamEndless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		m := copy(p[n:], s.text[s.at:])
		n += m
		s.at = (s.at + m) % len(s.text)
	}
	return n, nil
}
