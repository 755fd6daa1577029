//go:build unix

package io_test

import (
	"bytes"
	"errors"
	"fmt"
	stdio "io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// streamTalk is a short conversation over TCP. Each side returns how far it came.
func streamTalk(t *testing.T) (client, server error) {
	a, b := streamPair(t)
	answer := task.Go(func() {
		s := io.NewStream(b)
		defer func() { _ = s.Close() }()
		for line, err := range s.Lines() {
			if server = err; err != nil {
				return
			}
			if _, server = fmt.Fprintf(s, "you said %q\n", line); server != nil {
				return
			}
			if server = s.Flush(); server != nil { // else we would wait for an answer to what never left
				return
			}
		}
		server = s.Close()
	})
	s := io.NewStream(a)
	client = func() error {
		for _, word := range []string{"hello", "world"} {
			if _, err := s.WriteString(word + "\n"); err != nil {
				return err
			}
			if err := s.Flush(); err != nil {
				return err
			}
			line, err := s.ReadLine()
			if err != nil {
				return err
			}
			if want := fmt.Sprintf("you said %q", word); string(line) != want {
				t.Errorf("%q, want %q", line, want)
			}
		}
		if err := s.CloseWrite(); err != nil {
			return err
		}
		if rest, err := io.ReadAll(s); len(rest) > 0 || err != nil {
			return fmt.Errorf("%q was left, %w", rest, err)
		}
		return nil
	}()
	if err := s.Close(); client == nil {
		client = err
	}
	must(t, answer.Join())
	return client, server
}

// Every system call of a conversation fails once: an error is seen at one of the ends, as
// it is, and nothing is left behind.
//
// holds: 80, 83
func TestStreamFailsEverywhere(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ECONNRESET, syscall.EPIPE} {
		call := ""
		tasktest.FailEverywhere(t, errno, []string{"read", "write"}, func(c string) { call = c }, func() {
			client, server := streamTalk(t)
			failed := errors.Is(client, errno) || errors.Is(server, errno)
			if failed != (call != "") {
				t.Errorf("%q failed: the client got %v, the server %v", call, client, server)
			}
		})
	}
}

// A call that was interrupted by a signal is made again.
//
// holds: 71
func TestStreamOverAnInterruptedCall(t *testing.T) {
	tasktest.FailEverywhere(t, syscall.EINTR, []string{"read", "write"}, nil, func() {
		client, server := streamTalk(t)
		if client != nil || server != nil {
			t.Errorf("%v, %v", client, server)
		}
	})
}

// The deadlines of the connection are the stream's: a read that expires keeps its data,
// and a write in the background that expires is an error of the next call.
//
// holds: 83, 87
func TestStreamDeadlinesOfTheConnection(t *testing.T) {
	tasktest.Run(t, func() {
		a, b := tasktest.Streams(0)
		s := io.NewStream(a)
		_, err := b.Write([]byte("half"))
		must(t, err)
		var timeout interface{ Timeout() bool }
		must(t, a.SetReadDeadline(time.Unix(1, 0)))
		if _, err := s.ReadLine(); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%v, want a timeout", err)
		}
		must(t, a.SetReadDeadline(time.Time{}))
		_, err = b.Write([]byte(" and half\n"))
		must(t, err)
		if line, err := s.ReadLine(); string(line) != "half and half" || err != nil {
			t.Errorf("%q, %v", line, err)
		}
		_, err = s.Write(make([]byte, 10000))
		must(t, err)
		tasktest.WaitAllParked()
		must(t, a.SetWriteDeadline(time.Unix(1, 0)))
		if err := s.Close(); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%v, want a timeout", err)
		}
		must(t, b.Close())
	})
}

// A copy between two streams over connections of ours is made by the connections, which
// leave it to the system; what the streams had read ahead goes first.
func TestStreamCopyIsTheConnections(t *testing.T) {
	content := strings.Repeat("evergreen ", 50000)
	run(t, func() {
		source, in := streamPair(t)
		out, sink := streamPair(t)
		var asked streamAsked
		from := io.NewStream(struct {
			net.Conn
			stdio.WriterTo
		}{in, asked.writerTo(in.(stdio.WriterTo))})
		to := io.NewStream(out)
		tasks(func() {
			_, err := stdio.WriteString(source, content)
			must(t, err)
			must(t, source.Close())
		}, func() {
			_, err := from.Peek(10)
			must(t, err)
			_, err = to.WriteString("first ")
			must(t, err)
			n, err := io.Copy(to, from)
			if n != int64(len(content)) || err != nil {
				t.Errorf("%d, %v", n, err)
			}
			must(t, to.Close())
			must(t, from.Close())
		}, func() {
			got, err := io.ReadAll(sink)
			if string(got) != "first "+content || err != nil {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			must(t, sink.Close())
		})
		if asked != 1 {
			t.Errorf("the connection was asked %d times to make the copy", asked)
		}
	})
}

// streamAsked counts the copies that a connection is asked to make.
type streamAsked int

func (n *streamAsked) writerTo(w stdio.WriterTo) stdio.WriterTo { return streamWriterTo{n, w} }

type streamWriterTo struct {
	n *streamAsked
	w stdio.WriterTo
}

func (s streamWriterTo) WriteTo(w stdio.Writer) (int64, error) {
	*s.n++
	return s.w.WriteTo(w)
}

// A reset by the peer comes out of a call, and the stream can be closed.
//
// holds: 83
func TestStreamPeerResets(t *testing.T) {
	run(t, func() {
		a, b := streamPair(t)
		must(t, b.(*net.TCPConn).SetLinger(0))
		must(t, b.Close())
		s := io.NewStream(a)
		var err error
		for range 100 {
			if _, err = s.Write(bytes.Repeat([]byte("x"), 100)); err != nil {
				break
			}
			settle()
		}
		if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v, want the peer's reset", err)
		}
		if err := s.Close(); err == nil {
			t.Error("the error is forgotten")
		}
	})
}
