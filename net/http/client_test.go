package http_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	stdhttp "net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestPackageFunctions(t *testing.T) {
	s := newCounted(t, echo)
	run(t, func() {
		for want, call := range map[string]func() (*http.Response, error){
			"GET /  0 [] map[]":      func() (*http.Response, error) { return http.Get(s.URL) },
			"":                       func() (*http.Response, error) { return http.Head(s.URL) },
			"POST / a 1 [] map[]":    func() (*http.Response, error) { return http.Post(s.URL, "x/y", strings.NewReader("a")) },
			"POST / a=b 3 [] map[]":  func() (*http.Response, error) { return http.PostForm(s.URL, url.Values{"a": {"b"}}) },
			"POST / c=d 3 [] map[] ": func() (*http.Response, error) { return new(http.Client).PostForm(s.URL, url.Values{"c": {"d"}}) },
		} {
			resp, err := call()
			if err != nil {
				t.Errorf("%q: %v", want, err)
				continue
			}
			if got := body(t, resp); got != strings.TrimSpace(want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if _, err := http.Get(":"); err == nil {
			t.Error("a URL of nothing is got")
		}
		if n := s.made(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
	})
}

// A Client without a Transport does not use the standard one, which would stop the
// loop, and this server with it.
func TestZeroClientLetsTheLoopGoOn(t *testing.T) {
	run(t, func() {
		s := &http.Server{Handler: handle(echo)}
		addr := start(t, s)
		defer s.Close()
		c := &http.Client{Timeout: soon}
		if got := get(t, c, "http://"+addr); got != "GET /  0 [] map[]" {
			t.Errorf("got %q", got)
		}
		c.CloseIdleConnections()
	})
}

// The standard Client works over the Transport as well, with its own Timeout.
func TestStandardClient(t *testing.T) {
	s := stuck(t)
	run(t, func() {
		c := &stdhttp.Client{Transport: &http.Transport{}, Timeout: 30 * time.Millisecond}
		for _, path := range []string{"/header", "/body"} {
			resp, err := c.Get(s.URL + path)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
			}
			var timed stdnet.Error
			if !errors.As(err, &timed) || !timed.Timeout() {
				t.Errorf("%s: %v", path, err)
			}
		}
		c.Timeout = soon
		resp, err := c.Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		if got := body(t, resp); got != "whole" {
			t.Errorf("got %q", got)
		}
		legacy := make(chan struct{})
		req := request(t, "GET", s.URL+"/header", nil)
		req.Cancel = legacy //nolint:staticcheck // the old way has to work
		task.GoAfter(time.Millisecond, func() { close(legacy) })
		if _, err := (&http.Client{Transport: c.Transport}).Do(req); err == nil || !strings.Contains(err.Error(), "canceled") {
			t.Errorf("got %v", err)
		}
		c.CloseIdleConnections()
		until(t, "the connections to be closed", func() bool { return s.live() == 0 })
	})
}

// A server that closes in the middle of a request: if it has said why, that is the
// answer, and otherwise the request fails.
func TestUploadIsRefused(t *testing.T) {
	for _, says := range []string{"HTTP/1.1 413 Request Entity Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig", ""} {
		addr := plainTalker(t, func(c stdnet.Conn) {
			_, _ = stdhttp.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, says)
			_ = c.(*stdnet.TCPConn).CloseWrite()
			// The rest is read until the other side has read the answer, and closes.
			_ = c.SetReadDeadline(time.Now().Add(soon))
			_, _ = io.Copy(io.Discard, c)
		})
		run(t, func() {
			c := client(&http.Transport{})
			b := &closeable{Reader: io.LimitReader(endless{}, 1<<40)}
			resp, err := c.Post("http://"+addr, "", b)
			switch {
			case says == "" && err == nil:
				t.Error("a request that was cut short succeeded")
			case says != "" && err != nil:
				t.Error(err)
			case says != "":
				if got := body(t, resp); resp.StatusCode != 413 || got != "big" {
					t.Errorf("got %s %q", resp.Status, got)
				}
			}
			until(t, "the body to be closed", func() bool { return b.closed })
			until(t, "all tasks to end", func() bool { return runtime.Current().Stats().Live == 1 })
		})
	}
}

// What is left of a body that nobody reads any more is killed, not waited for.
func TestBodyThatNeverEnds(t *testing.T) {
	s := newCounted(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = r.Body.Read(make([]byte, 1))
		w.Header().Set("Connection", "close")
		fmt.Fprint(w, "enough")
	})
	run(t, func() {
		c := client(&http.Transport{})
		b := &closeable{Reader: io.MultiReader(strings.NewReader("x"), asleep{})}
		resp, err := c.Post(s.URL, "", b)
		if err != nil {
			t.Fatal(err)
		}
		if got := body(t, resp); got != "enough" {
			t.Errorf("got %q", got)
		}
		until(t, "the body to be closed", func() bool { return b.closed })
	})
}

// asleep is a body that does not come.
type asleep struct{}

func (asleep) Read([]byte) (int, error) {
	task.Sleep(time.Hour)
	return 0, io.EOF
}

// A response that cannot be read to its end says so, and its connection is not
// used again.
func TestBrokenResponses(t *testing.T) {
	for says, want := range map[string]error{
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort":         io.ErrUnexpectedEOF,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n": io.ErrUnexpectedEOF,
		"HTTP/1.1 200 OK\r\nContent-Le":                              nil,
		"HTTP/1.1 two hundred\r\n\r\n":                               nil,
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more":    errFine,
		"HTTP/1.1 200 OK\r\n\r\nuntil the end":                       errFine,
		"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok":             errFine,
	} {
		addr := plainTalker(t, func(c stdnet.Conn) {
			_, _ = stdhttp.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, says)
		})
		run(t, func() {
			c := client(&http.Transport{})
			for range 2 {
				resp, err := c.Get("http://" + addr)
				if err == nil {
					_, err = io.ReadAll(resp.Body)
					_ = resp.Body.Close()
				}
				if err == nil {
					err = errFine
				}
				if want != nil && !errors.Is(err, want) || err == errFine && want == nil {
					t.Errorf("%q: got %v, want %v", says, err, want)
				}
			}
			if n := runtime.Current().Stats().Descriptors; n != 0 {
				t.Errorf("%q: %d descriptors are left", says, n)
			}
		})
	}
}

var errFine = errors.New("no error")

func TestInternationalHost(t *testing.T) {
	run(t, func() {
		var dialed string
		oops := errors.New("oops")
		c := client(&http.Transport{DialContext: func(ctx context.Context, network, addr string) (stdnet.Conn, error) {
			dialed = addr
			return nil, oops
		}})
		for host, want := range map[string]string{
			"bücher.example":      "xn--bcher-kva.example:80",
			"BÜCHER.example:8080": "xn--bcher-kva.example:8080",
			"[::1]":               "[::1]:80",
		} {
			if _, err := c.Get("http://" + host + "/"); !errors.Is(err, oops) || dialed != want {
				t.Errorf("%s: dialed %s (%v), want %s", host, dialed, err, want)
			}
		}
	})
}

// A request in a block that has expired already does not begin.
func TestNoTimeAtAll(t *testing.T) {
	s := newCounted(t, echo)
	run(t, func() {
		tr := &http.Transport{}
		defer tr.CloseIdleConnections()
		get(t, client(tr), s.URL)
		asleep := task.GoAfter(time.Hour, func() {})
		defer asleep.Kill()
		b := &closeable{Reader: strings.NewReader("x")}
		err := timeout.Run(time.Millisecond, func() error {
			_ = asleep.Join()
			_, err := tr.RoundTrip(request(t, "POST", s.URL, b))
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) || !b.closed {
			t.Errorf("got %v, body closed: %v", err, b.closed)
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		oops := errors.New("oops")
		cancel(oops)
		b = &closeable{Reader: strings.NewReader("x")}
		if _, err := tr.RoundTrip(request(t, "POST", s.URL, b).WithContext(ctx)); err != oops || !b.closed {
			t.Errorf("got %v, body closed: %v", err, b.closed)
		}
		if n := s.made(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
	})
}
