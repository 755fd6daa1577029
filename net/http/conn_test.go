package http_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	stdhttp "net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net/http"
)

// conversations are what peers say to a server. The answers are compared with
// those of net/http; strict are the exceptions, where this package refuses what
// the other accepts.
var conversations = []struct {
	name, send string
	strict     bool
}{
	{name: "get", send: "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"},
	{name: "two", send: "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /echo?q HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "head", send: "HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "head of much", send: "HEAD /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "1.0", send: "GET /hello HTTP/1.0\r\n\r\n"},
	{name: "1.0 and more", send: "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /hello HTTP/1.0\r\n\r\n"},
	{name: "1.0 in pieces", send: "GET /big HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"},
	{name: "1.0 nothing", send: "GET /none HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /hello HTTP/1.0\r\n\r\n"},
	{name: "bare line ends", send: "GET /hello HTTP/1.1\nHost: a\nConnection: close\n\n"},
	{name: "in pieces", send: "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "many writes", send: "GET /drops HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "with length", send: "GET /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "too short", send: "GET /short HTTP/1.1\r\nHost: a\r\n\r\n"},
	{name: "too long", send: "GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "204", send: "GET /status/204 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "304", send: "GET /status/304 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "404", send: "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "299", send: "GET /status/299 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "103", send: "GET /early HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "trailers", send: "GET /trailers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "late header", send: "GET /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "bad header values", send: "GET /evil HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "flush", send: "GET /flush HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "flush nothing", send: "GET /flushnothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "read from", send: "GET /readfrom HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "identity", send: "GET /identity HTTP/1.1\r\nHost: a\r\n\r\n"},
	{name: "handler closes", send: "GET /close HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n"},
	{name: "no type", send: "GET /notype HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "encoded", send: "GET /encoded HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "file", send: "GET /content HTTP/1.1\r\nHost: a\r\nRange: bytes=3-8\r\nConnection: close\r\n\r\n"},
	{name: "redirect", send: "GET /redirect HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "options", send: "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "post", send: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "post and a stray line", send: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\r\nGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "chunks", send: "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "chunks and trailers", send: "POST /echo HTTP/1.1\r\nHost: a\r\nTrailer: X-A\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n"},
	{name: "unread", send: "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "unread chunks", send: "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "half read", send: "POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "unread and much", send: "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300000)},
	{name: "expect", send: "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"},
	{name: "expect and be ignored", send: "POST /hello HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"},
	{name: "expect something else", send: "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 5\r\n\r\nhello"},
	{name: "chunk of no size", send: "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"},
	{name: "unread broken chunks", send: "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"},
	{name: "no host", send: "GET /hello HTTP/1.1\r\n\r\n"},
	{name: "empty host", send: "GET /hello HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"},
	{name: "two hosts", send: "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", strict: true}, // the reason is given
	{name: "bad host", send: "GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n"},
	{name: "absolute", send: "GET http://b/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	{name: "absolute without host", send: "GET http://b/echo HTTP/1.1\r\n\r\n"},
	{name: "connect", send: "CONNECT b:443 HTTP/1.1\r\nConnection: close\r\n\r\n"},
	{name: "bad name", send: "GET /hello HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n"},
	{name: "space before the colon", send: "GET /hello HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n"},
	{name: "bad value", send: "GET /hello HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", strict: true},
	{name: "no colon", send: "GET /hello HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", strict: true},
	{name: "folded", send: "GET /hello HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", strict: true},
	{name: "length and chunks", send: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", strict: true},
	{name: "1.0 and chunks", send: "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", strict: true},
	{name: "two lengths", send: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", strict: true},
	{name: "the same length twice", send: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"},
	{name: "signed length", send: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", strict: true},
	{name: "unknown coding", send: "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", strict: true},
	{name: "bad version", send: "GET / HTTP/x.y\r\n\r\n", strict: true},
	{name: "2.0", send: "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
	{name: "bad method", send: "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", strict: true},
	{name: "garbage", send: "\x16\x03\x01\x02\x00\r\n\r\n", strict: true},
	{name: "too large", send: "GET /hello HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 12000) + "\r\n\r\n"},
	{name: "large", send: "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: " + strings.Repeat("x", 6000) + "\r\n\r\n"},
	{name: "panic", send: "GET /panic HTTP/1.1\r\nHost: a\r\n\r\n"},
	{name: "abort", send: "GET /abort HTTP/1.1\r\nHost: a\r\n\r\n"},
	{name: "panic in the middle", send: "GET /panicmiddle HTTP/1.1\r\nHost: a\r\n\r\n"},
	{name: "hijack", send: "GET /hijack HTTP/1.1\r\nHost: a\r\n\r\nping"},
}

// behaviour answers by path. It knows nothing of either server.
func behaviour(w stdhttp.ResponseWriter, r *stdhttp.Request) {
	flush := func() { w.(stdhttp.Flusher).Flush() }
	switch r.URL.Path {
	case "/hello":
		w.Header().Set("X-Hello", "hello")
		_, _ = io.WriteString(w, "hello")
	case "/echo":
		b, err := io.ReadAll(r.Body)
		if err != nil {
			stdhttp.Error(w, "cannot read", stdhttp.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%s %s %s %q %v %v", r.Method, r.Host, r.URL, b, r.ContentLength, r.Trailer)
	case "/big":
		_, _ = w.Write(bytes.Repeat([]byte("0123456789"), 5000))
	case "/drops":
		for range 3000 {
			_, _ = io.WriteString(w, "drop ")
		}
	case "/length":
		w.Header().Set("Content-Length", "9000")
		for range 9 {
			_, _ = w.Write(bytes.Repeat([]byte("0123456789"), 100))
		}
	case "/short":
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "short")
	case "/long":
		w.Header().Set("Content-Length", "3")
		n, err := io.WriteString(w, "abc")
		m, err2 := io.WriteString(w, "def")
		if n != 3 || err != nil || m != 0 || err2 != stdhttp.ErrContentLength {
			panic("too long was not noticed")
		}
	case "/none":
	case "/status/204", "/status/304", "/status/299":
		code := 0
		fmt.Sscanf(r.URL.Path, "/status/%d", &code)
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(code)
		if _, err := io.WriteString(w, "body"); (err == stdhttp.ErrBodyNotAllowed) == (code == 299) {
			panic(err)
		}
	case "/early":
		w.Header().Set("Link", "</style.css>")
		w.WriteHeader(stdhttp.StatusEarlyHints)
		w.Header().Set("X-Final", "1")
		_, _ = io.WriteString(w, "late")
	case "/trailers":
		w.Header().Set("Trailer", "X-One, X-Two")
		_, _ = io.WriteString(w, "body")
		w.Header().Set("X-One", "1")
		w.Header().Set("X-Three", "3")
		w.Header().Set(stdhttp.TrailerPrefix+"X-Four", "4")
		flush()
	case "/late":
		h := w.Header()
		h.Set("X-In-Time", "1")
		w.WriteHeader(stdhttp.StatusAccepted)
		h.Set("X-Late", "1")
		w.Header().Set("X-In-Time", "2")
		w.WriteHeader(stdhttp.StatusTeapot)
		_, _ = io.WriteString(w, "body")
	case "/evil":
		w.Header()["X-Split"] = []string{"a\r\nX-Injected: 1", "b\nc"}
		w.Header()["X Y"] = []string{"no token"}
		w.Header()["x-lower"] = []string{" padded "}
		_, _ = io.WriteString(w, "body")
	case "/flush":
		_, _ = io.WriteString(w, "one")
		flush()
		_, _ = io.WriteString(w, "two")
		flush()
		_, _ = io.WriteString(w, "three")
	case "/flushnothing":
		flush()
	case "/readfrom":
		_, _ = io.Copy(w, strings.NewReader(strings.Repeat("0123456789", 5000)))
	case "/identity":
		w.Header().Set("Transfer-Encoding", "identity")
		_, _ = io.WriteString(w, "until the end")
		flush()
	case "/close":
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, "last")
	case "/notype":
		w.Header()["Content-Type"] = nil
		w.Header()["Date"] = nil
		_, _ = io.WriteString(w, "<html>")
	case "/encoded":
		w.Header().Set("Content-Encoding", "rot13")
		_, _ = io.WriteString(w, "<ugzy>")
	case "/content":
		stdhttp.ServeContent(w, r, "x.txt", time.Unix(1e9, 0), strings.NewReader("0123456789"))
	case "/redirect":
		stdhttp.Redirect(w, r, "/hello", stdhttp.StatusFound)
	case "/half":
		var b [2]byte
		_, _ = io.ReadFull(r.Body, b[:])
		_, _ = w.Write(b[:])
	case "/panic":
		panic("on purpose")
	case "/abort":
		panic(stdhttp.ErrAbortHandler)
	case "/panicmiddle":
		_, _ = io.WriteString(w, "half")
		flush()
		panic("on purpose")
	case "/hijack":
		c, rw, err := w.(stdhttp.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		var b [4]byte
		_, _ = io.ReadFull(rw, b[:])
		fmt.Fprintf(rw, "%s pong", b[:])
		_ = rw.Flush()
		if _, err := io.WriteString(w, "x"); !errors.Is(err, stdhttp.ErrHijacked) {
			panic(err)
		}
	default:
		stdhttp.NotFound(w, r)
	}
}

var dateLine = regexp.MustCompile(`(?m)^Date: [^\n]*GMT\r$`)

// shape makes answers comparable: the order of header lines and the way in which
// a body is cut into chunks are nobody's business.
func shape(t *testing.T, raw string) string {
	t.Helper()
	raw = dateLine.ReplaceAllString(raw, "Date: D\r")
	var out strings.Builder
	for br := bufio.NewReader(strings.NewReader(raw)); ; {
		head, err := readHeadLines(br)
		if err != nil {
			rest, _ := io.ReadAll(br)
			fmt.Fprintf(&out, "%s%q\n", strings.Join(head, "|"), rest)
			return out.String()
		}
		chunked := slices.Contains(head, "Transfer-Encoding: chunked")
		slices.Sort(head[1:])
		fmt.Fprintf(&out, "%s\n", strings.Join(head, "|"))
		if !chunked {
			continue
		}
		resp, err := stdhttp.ReadResponse(bufio.NewReader(io.MultiReader(
			strings.NewReader("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), br)), nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		fmt.Fprintf(&out, "chunks %q %v %v\n", b, err, resp.Trailer)
		return out.String()
	}
}

// readHeadLines returns the lines of a head, or what there is and an error.
func readHeadLines(br *bufio.Reader) (lines []string, err error) {
	first, err := br.Peek(5)
	if err != nil || string(first) != "HTTP/" {
		return nil, errors.New("no head")
	}
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return append(lines, line), err
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return lines, nil
		}
		lines = append(lines, line)
	}
}

// holds: 90
func TestConversations(t *testing.T) {
	// net/http allows 4096 bytes more than it says.
	plain := plainServer(t, &stdhttp.Server{Handler: stdhttp.HandlerFunc(behaviour), MaxHeaderBytes: 9000 - 4096})
	run(t, func() {
		s := &http.Server{Handler: handle(behaviour), MaxHeaderBytes: 9000}
		addr := start(t, s)
		defer s.Close()
		outside(t, func() error {
			for _, c := range conversations {
				ours, err := talk(addr, c.send)
				if err != nil && ours == "" {
					t.Errorf("%s: %v", c.name, err)
				}
				theirs, _ := talk(plain, c.send)
				a, b := shape(t, ours), shape(t, theirs)
				if (a == b) == c.strict {
					t.Errorf("%s: got\n%s\nnet/http gives\n%s\nwant them equal: %v", c.name, a, b, !c.strict)
				}
				if c.strict && !strings.HasPrefix(ours, "HTTP/1.1 400 Bad Request") && !strings.HasPrefix(ours, "HTTP/1.1 501 Not Implemented") {
					t.Errorf("%s: got\n%s\nwant it refused", c.name, a)
				}
			}
			return nil
		})
	})
}
