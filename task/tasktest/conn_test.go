package tasktest_test

import (
	"bufio"
	"errors"
	"io"
	stdnet "net"
	stdhttp "net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

func TestStreamsKeepTheContract(t *testing.T) {
	for _, chunk := range []int{0, 1, 3} {
		tasktest.TestConn(t, func() (a, b stdnet.Conn, err error) {
			a, b = tasktest.Streams(chunk)
			return a, b, nil
		})
	}
}

func TestTCPKeepsTheContract(t *testing.T) {
	tasktest.TestConn(t, func() (a, b stdnet.Conn, err error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		defer l.Close()
		if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
			return nil, nil, err
		}
		b, err = l.Accept()
		return a, b, err
	})
}

// A stream that delivers one byte at a time, and everything that the standard
// library puts on top still works: bufio, an HTTP request, a whole file.
//
// holds: 108
func TestOneByteAtATime(t *testing.T) {
	tasktest.Run(t, func() {
		a, b := tasktest.Streams(1)
		text := strings.Repeat("a line of text\n", 500)
		sender := task.Go(func() {
			_, _ = io.WriteString(a, "GET /path?x=1 HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello")
			_, _ = io.WriteString(a, text)
			_ = a.CloseWrite()
		})
		if err := iotest.TestReader(strings.NewReader(text), []byte(text)); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(b)
		req, err := stdhttp.ReadRequest(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(req.Body)
		if req.URL.Path != "/path" || string(body) != "hello" || err != nil {
			t.Errorf("the request is for %s with %q, %v", req.URL, body, err)
		}
		lines := 0
		for s := bufio.NewScanner(r); s.Scan(); lines++ {
			if s.Text() != "a line of text" {
				t.Fatalf("line %d is %q", lines, s.Text())
			}
		}
		if lines != 500 {
			t.Errorf("%d lines", lines)
		}
		_ = sender.Join()
		if n, err := b.Read(make([]byte, 10)); n != 0 || err != io.EOF {
			t.Errorf("after the end Read returned %d, %v", n, err)
		}
		_, _ = b.Write([]byte("ab"))
		if n, err := a.Read(make([]byte, 10)); n != 1 || err != nil {
			t.Errorf("a Read of one byte at a time returned %d, %v", n, err)
		}
		_, _ = a.Close(), b.Close()
	})
}

func TestStreamsEnds(t *testing.T) {
	tasktest.Run(t, func() {
		a, b := tasktest.Streams(0)
		if a.LocalAddr().String() != "a" || a.RemoteAddr().String() != "b" || b.RemoteAddr().String() != "a" || a.LocalAddr().Network() != "memory" {
			t.Error("the ends are misnamed")
		}
		if n, err := a.Read(nil); n != 0 || err != nil {
			t.Errorf("a Read into nothing returned %d, %v", n, err)
		}
		writer := task.Go(func() {
			if n, err := a.Write(make([]byte, 100_000)); n != 4096 || !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("Write to a peer that is closed returned %d, %v", n, err)
			}
		})
		tasktest.WaitAllParked()
		_ = b.Close()
		_ = writer.Join()
		if err := b.Close(); !errors.Is(err, stdnet.ErrClosed) {
			t.Errorf("a second Close returned %v", err)
		}
		if n, err := a.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("Read from a peer that is closed returned %d, %v", n, err)
		}
		_ = a.Close()
	})
}
