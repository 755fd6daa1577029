package http

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	stdhttp "net/http"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzRequest compares the parser with that of net/http: what it accepts the other
// accepts as well, and they understand the same.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\nHost:a\n\n",
		"POST /x?y=%20#z HTTP/1.1\r\nHost: a:80\r\nContent-Length: 3\r\n\r\nabcd",
		"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\nContent-Length: 3\r\n\r\nabcd",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x, Y\r\n\r\n1\r\na\r\n0\r\nX: 1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
		"GET http://b/c HTTP/1.0\r\nConnection: keep-alive, x\r\nPragma: no-cache\r\n\r\n",
		"CONNECT b:443 HTTP/1.1\r\n\r\n",
		"CONNECT /rpc HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\nconnection: Close\r\n\r\n",
		"GET //a//b;c?d;e HTTP/1.1\r\nHost:\r\nx-y: \t z \t\r\nX-Y: w\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: \x80\xff\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		br := bufio.NewReader(bytes.NewReader(data))
		if b, err := br.Peek(1); err != nil || b[0] == '\r' || b[0] == '\n' {
			return
		}
		head, err := readHead(br, 1<<20)
		if err != nil {
			return
		}
		got, how, err := parseRequest(head, context.Background())
		if err != nil {
			return
		}
		theirs := bufio.NewReader(bytes.NewReader(data))
		want, err := stdhttp.ReadRequest(theirs)
		if err != nil {
			t.Fatalf("%q: accepted, but net/http says %v", data, err)
		}
		if how.length != want.ContentLength {
			t.Errorf("%q: length %d, net/http says %d", data, how.length, want.ContentLength)
		}
		got.Body = want.Body
		if got.Header == nil || len(got.Header) == 0 && len(want.Header) == 0 {
			got.Header = want.Header
		}
		if !reflect.DeepEqual(got, want.WithContext(context.Background())) {
			t.Errorf("%q:\n%#v, net/http says\n%#v", data, got, want)
		}
		// What follows the head is the same to both.
		ours := &requestBody{c: &conn{br: br, ctx: &requestContext{}}, req: got, left: how.length}
		if how.length < 0 {
			ours = newRequestBody(ours.c, got, how.length)
		} else if how.length == 0 {
			ours.eof = true
		}
		a, errA := io.ReadAll(ours)
		b, errB := io.ReadAll(want.Body)
		if !bytes.Equal(a, b) && errA == nil || errA == nil && errB != nil {
			t.Fatalf("%q: body %q %v, net/http says %q %v", data, a, errA, b, errB)
		}
		if errA == nil && len(got.Trailer)+len(want.Trailer) > 0 && !reflect.DeepEqual(got.Trailer, want.Trailer) {
			t.Errorf("%q: trailer %v, net/http says %v", data, got.Trailer, want.Trailer)
		}
		if errA != nil || errB != nil {
			return
		}
		a, _ = io.ReadAll(br)
		b, _ = io.ReadAll(theirs)
		if !bytes.Equal(a, b) {
			t.Errorf("%q: left over %q, net/http leaves %q", data, a, b)
		}
	})
}

// A head is found wherever it is cut into packets, and whatever its length.
func TestReadHead(t *testing.T) {
	for _, c := range []struct {
		text, head string
		limit      int
		err        error
	}{
		{text: "a\r\n\r\nb", head: "a\r\n\r\n"},
		{text: "a\n\nb", head: "a\n\n"},
		{text: "a\r\nb\n\r\n\r\n", head: "a\r\nb\n\r\n"},
		{text: "a\r\r\n\r\r\n\r\n", head: "a\r\r\n\r\r\n\r\n"},
		{text: "a\r\n", err: io.EOF},
		{text: "", err: io.EOF},
		{text: "abc\r\n\r\n", limit: 6, err: errTooLarge},
		{text: "abc\r\n\r\n", limit: 7, head: "abc\r\n\r\n"},
		{text: strings.Repeat("x", 4090) + "\r\n\r\nrest", head: strings.Repeat("x", 4090) + "\r\n\r\n"},
		{text: strings.Repeat("x", 4094) + "\r\n\r\nrest", head: strings.Repeat("x", 4094) + "\r\n\r\n"},
		{text: strings.Repeat("x", 9000) + "\n\nrest", head: strings.Repeat("x", 9000) + "\n\n"},
		{text: strings.Repeat("x", 9000) + "\n\nrest", limit: 9001, err: errTooLarge},
		{text: strings.Repeat("x", 90000), limit: 10000, err: errTooLarge},
	} {
		if c.limit == 0 {
			c.limit = 1 << 20
		}
		for _, r := range []io.Reader{
			strings.NewReader(c.text),
			iotest.OneByteReader(strings.NewReader(c.text)),
			iotest.HalfReader(strings.NewReader(c.text)),
		} {
			br := bufio.NewReader(r)
			head, err := readHead(br, c.limit)
			if head != c.head || !errors.Is(err, c.err) {
				t.Errorf("%.20q: got %.20q (%d bytes), %v; want %.20q, %v", c.text, head, len(head), err, c.head, c.err)
			}
			if err != nil {
				continue
			}
			if rest, _ := io.ReadAll(br); string(rest) != c.text[len(c.head):] {
				t.Errorf("%.20q: %q is left, want %q", c.text, rest, c.text[len(c.head):])
			}
		}
	}
}
