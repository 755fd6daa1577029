package http_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	stdhttp "net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// client makes a client whose connections end with the test's main task.
func client(tr *http.Transport) *http.Client { return &http.Client{Transport: tr} }

// counted is a standard server that counts its connections.
type counted struct {
	*httptest.Server
	mu    sync.Mutex
	conns []stdnet.Conn
	open  int
}

func newCounted(t *testing.T, h http.HandlerFunc) *counted {
	s := &counted{Server: httptest.NewUnstartedServer(h)}
	s.Config.ConnState = func(c stdnet.Conn, state http.ConnState) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch state {
		case http.StateNew:
			s.conns = append(s.conns, c)
			s.open++
		case http.StateClosed, http.StateHijacked:
			s.open--
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// made returns how many connections there have been.
func (s *counted) made() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func (s *counted) live() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// echo answers with what it was sent.
func echo(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	fmt.Fprintf(w, "%s %s %s %d %v %v", r.Method, r.URL, b, r.ContentLength, r.TransferEncoding, r.Trailer)
}

func TestRoundTrips(t *testing.T) {
	s := newCounted(t, echo)
	run(t, func() {
		c := client(&http.Transport{})
		defer c.CloseIdleConnections()
		for _, x := range []struct {
			method, want string
			body         io.Reader
			trailer      http.Header
		}{
			{method: "GET", want: "GET /x?y  0 [] map[]"},
			{method: "", want: "GET /x?y  0 [] map[]"},
			{method: "POST", body: strings.NewReader("abc"), want: "POST /x?y abc 3 [] map[]"},
			{method: "POST", body: io.MultiReader(strings.NewReader("abc")), want: "POST /x?y abc -1 [chunked] map[]"},
			{method: "POST", body: http.NoBody, want: "POST /x?y  0 [] map[]"},
			{method: "GET", body: io.MultiReader(strings.NewReader("abc")), want: "GET /x?y abc -1 [chunked] map[]"},
			{method: "GET", body: io.MultiReader(), want: "GET /x?y  0 [] map[]"},
			{method: "DELETE", body: bytes.NewBufferString("abc"), want: "DELETE /x?y abc 3 [] map[]"},
			{method: "PUT", body: io.MultiReader(strings.NewReader("abc")), trailer: http.Header{"X-T": {"1"}}, want: "PUT /x?y abc -1 [chunked] map[X-T:[1]]"},
		} {
			req := request(t, x.method, s.URL+"/x?y", x.body)
			req.Trailer = x.trailer
			resp, err := c.Do(req)
			if err != nil {
				t.Fatalf("%s: %v", x.want, err)
			}
			if got := body(t, resp); got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
			if resp.Request != req {
				t.Error("the response has another request")
			}
		}
		if n := s.made(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
		resp, err := c.Head(s.URL)
		if err != nil || resp.ContentLength != int64(len("HEAD /  0 [] map[]")) {
			t.Errorf("HEAD: %v, %v", resp, err)
		}
		big := strings.Repeat("0123456789", 100000)
		if got := get(t, c, s.URL+"/"+big[:3000]); len(got) != 3000+len("GET /  0 [] map[]") {
			t.Errorf("a long URL: %d bytes", len(got))
		}
		resp, err = c.Post(s.URL, "text/plain", strings.NewReader(big))
		if err != nil {
			t.Fatal(err)
		}
		if got := body(t, resp); got != "POST / "+big+" 1000000 [] map[]" {
			t.Errorf("a long body: %d bytes", len(got))
		}
		if n := s.made(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
	})
}

func TestBadRequests(t *testing.T) {
	run(t, func() {
		tr := &http.Transport{}
		for want, spoil := range map[string]func(*http.Request){
			"nil Request.URL":             func(r *http.Request) { r.URL = nil },
			"nil Request.Header":          func(r *http.Request) { r.Header = nil },
			"unsupported protocol scheme": func(r *http.Request) { r.URL.Scheme = "ftp" },
			"invalid method":              func(r *http.Request) { r.Method = "G T" },
			"no Host":                     func(r *http.Request) { r.URL.Host = "" },
			"invalid header field name":   func(r *http.Request) { r.Header["X Y"] = nil },
			"invalid header field value":  func(r *http.Request) { r.Header["X"] = []string{"a\nb"} },
			"invalid trailer":             func(r *http.Request) { r.Trailer = http.Header{"": nil} },
		} {
			b := &closeable{Reader: strings.NewReader("x")}
			r := request(t, "POST", "http://127.0.0.1:1/", b)
			spoil(r)
			_, err := tr.RoundTrip(r)
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) {
				t.Errorf("got %v, want %q", err, want)
			}
			if !b.closed {
				t.Errorf("%s: the body was not closed", want)
			}
		}
	})
}

// closeable is a body that knows whether it was closed.
type closeable struct {
	io.Reader
	closed bool
}

func (c *closeable) Close() error {
	c.closed = true
	return nil
}

func TestGzip(t *testing.T) {
	s := newCounted(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Asked", r.Header.Get("Accept-Encoding"))
		if r.URL.Path == "/broken" {
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "this is not gzip")
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, strings.Repeat("packed ", 1000))
		z.Close()
	})
	run(t, func() {
		c := client(&http.Transport{})
		defer c.CloseIdleConnections()
		for range 2 {
			resp, err := c.Get(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			got := body(t, resp)
			if got != strings.Repeat("packed ", 1000) || !resp.Uncompressed || resp.ContentLength != -1 || resp.Header.Get("Content-Encoding") != "" || resp.Header.Get("Content-Length") != "" {
				t.Errorf("got %d bytes, %+v", len(got), resp)
			}
		}
		if n := s.made(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
		req := request(t, "GET", s.URL, nil)
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if got := body(t, resp); strings.Contains(got, "packed packed") || resp.Uncompressed {
			t.Error("what the user asked for was unpacked for him")
		}
		resp, err = c.Get(s.URL + "/broken")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); err != gzip.ErrHeader {
			t.Errorf("broken gzip: %v", err)
		}
		_ = resp.Body.Close()
		resp, err = client(&http.Transport{DisableCompression: true, DisableKeepAlives: true}).Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		if body(t, resp); resp.Header.Get("X-Asked") != "" {
			t.Error("gzip was asked for with DisableCompression")
		}
	})
}

// Idle connections are kept in numbers, the one used last is used first, and they
// are closed when their time is up.
func TestIdleConnections(t *testing.T) {
	var mu sync.Mutex
	var order []string
	s := newCounted(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, r.RemoteAddr)
	})
	run(t, func() {
		release := make(chan struct{})
		hold := newCounted(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			order = append(order, r.RemoteAddr)
			mu.Unlock()
			if r.URL.Path == "/hold" {
				<-release
			}
		})
		tr := &http.Transport{MaxIdleConnsPerHost: 3}
		c := client(tr)
		wait := together(t, 5, func(int) {
			resp, err := c.Get(hold.URL + "/hold")
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
		})
		until(t, "five requests", func() bool { mu.Lock(); defer mu.Unlock(); return len(order) == 5 })
		close(release)
		wait()
		until(t, "two connections to be closed", func() bool { return hold.live() == 3 })
		mu.Lock()
		order = nil
		mu.Unlock()
		for range 4 {
			get(t, c, hold.URL)
		}
		mu.Lock()
		if len(slices.Compact(slices.Clone(order))) != 1 {
			t.Errorf("one after the other used the connections %v, want one", order)
		}
		mu.Unlock()
		c.CloseIdleConnections()
		until(t, "all connections to be closed", func() bool { return hold.live() == 0 })
		get(t, c, hold.URL) // it goes on all the same
		if n := hold.made(); n != 6 {
			t.Errorf("%d connections, want 6", n)
		}
		c.CloseIdleConnections()

		tr = &http.Transport{MaxIdleConns: 1}
		c = client(tr)
		get(t, c, s.URL)
		get(t, c, hold.URL)
		until(t, "the older connection to be closed", func() bool { return s.live() == 0 && hold.live() == 1 })
		c.CloseIdleConnections()

		c = client(&http.Transport{DisableKeepAlives: true})
		get(t, c, s.URL)
		until(t, "the connection to be closed", func() bool { return s.live() == 0 })

		c = client(&http.Transport{IdleConnTimeout: 20 * time.Millisecond})
		began := time.Now()
		get(t, c, s.URL)
		until(t, "the connection to be closed", func() bool { return s.live() == 0 })
		if took := time.Since(began); took < 20*time.Millisecond {
			t.Errorf("closed after %v", took)
		}
	})
}

// A connection that the server has closed is not used, and one that it closes at
// the same moment costs a retry, if the request can be repeated.
func TestStaleConnection(t *testing.T) {
	l, err := stdnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// The first request of each connection is answered, and at the second the
	// connection is closed without a word.
	done := make(chan struct{})
	go func() {
		defer close(done)
		var all sync.WaitGroup
		defer all.Wait()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				br := bufio.NewReader(c)
				for n := range 2 {
					req, err := stdhttp.ReadRequest(br)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					if n == 0 {
						fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					}
				}
			})
		}
	}()
	run(t, func() {
		addr := "http://" + l.Addr().String()
		for _, x := range []struct {
			method string
			body   func() io.Reader
			header http.Header
			fails  bool
		}{
			{method: "GET", body: func() io.Reader { return nil }},
			{method: "OPTIONS", body: func() io.Reader { return strings.NewReader("replayable") }},
			{method: "POST", body: func() io.Reader { return strings.NewReader("x") }, fails: true},
			{method: "POST", body: func() io.Reader { return strings.NewReader("x") }, header: http.Header{"Idempotency-Key": {"1"}}},
			{method: "GET", body: func() io.Reader { return io.MultiReader(strings.NewReader("not replayable")) }, fails: true},
		} {
			c := client(&http.Transport{})
			for n := range 2 {
				req := request(t, x.method, addr, x.body())
				if x.header != nil {
					req.Header = x.header
				}
				resp, err := c.Do(req)
				if n == 1 && x.fails {
					if !errors.Is(err, io.EOF) {
						t.Errorf("%s: got %v, want EOF", x.method, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s, request %d: %v", x.method, n, err)
					continue
				}
				body(t, resp)
			}
			c.CloseIdleConnections()
		}
		_ = l.Close()
	})
	<-done
}

func TestClosedIdleConnectionIsNoticed(t *testing.T) {
	s := newCounted(t, echo)
	run(t, func() {
		c := client(&http.Transport{})
		defer c.CloseIdleConnections()
		for n := 1; n <= 3; n++ {
			// No retry would be allowed for this request.
			resp, err := c.Post(s.URL, "", io.MultiReader(strings.NewReader("x")))
			if err != nil {
				t.Fatalf("request %d: %v", n, err)
			}
			body(t, resp)
			if s.made() != n {
				t.Errorf("%d connections after %d requests", s.made(), n)
			}
			s.CloseClientConnections()
			until(t, "the connection to be closed", func() bool { return s.live() == 0 })
			task.Sleep(5 * time.Millisecond) // the news has to come through
		}
	})
}

// A server that answers without reading the body does not bring the exchange to a
// standstill.
func TestEarlyResponse(t *testing.T) {
	s := newCounted(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		fmt.Fprint(w, strings.Repeat("no ", 100000))
	})
	run(t, func() {
		c := client(&http.Transport{})
		defer c.CloseIdleConnections()
		b := &closeable{Reader: io.LimitReader(endless{}, 1<<28)}
		resp, err := c.Post(s.URL, "", b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if len(got) != 300000 && err == nil || resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("got %s and %d bytes", resp.Status, len(got))
		}
		_ = resp.Body.Close()
		until(t, "the body to be closed", func() bool { return b.closed })
		until(t, "the connection to be closed", func() bool { return s.live() == 0 })
		if n := runtime.Current().Stats().Live; n != 1 {
			t.Errorf("%d tasks are left, want 1", n)
		}
	})
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	task.Yield()
	return len(p), nil
}

// A failure to read the body is the error of the request.
func TestBodyFails(t *testing.T) {
	s := newCounted(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	})
	run(t, func() {
		c := client(&http.Transport{})
		oops := errors.New("oops")
		b := &closeable{Reader: io.MultiReader(strings.NewReader("start"), failing{oops})}
		if _, err := c.Post(s.URL, "", b); !errors.Is(err, oops) {
			t.Errorf("got %v, want %v", err, oops)
		}
		if !b.closed {
			t.Error("the body was not closed")
		}
		until(t, "the connection to be closed", func() bool { return s.made() == 1 && s.live() == 0 })
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// stuck is a server that sends this much of a response and then nothing.
func stuck(t *testing.T) *counted {
	return newCounted(t, func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		switch r.URL.Path {
		case "/header":
			_, _ = io.Copy(io.Discard, r.Body)
		case "/body":
			fmt.Fprint(w, "half")
			_ = rc.Flush()
		default:
			fmt.Fprint(w, "whole")
			return
		}
		<-r.Context().Done()
	})
}

// holds: 46
func TestInterruptedRoundTrip(t *testing.T) {
	s := stuck(t)
	// The other three ways to end a wait, at each place where a request waits.
	ways := map[string]func(req *http.Request, do func(*http.Request) error) error{
		"timeout.Run": func(req *http.Request, do func(*http.Request) error) error {
			return timeout.Run(20*time.Millisecond, func() error { return do(req) })
		},
		"context": func(req *http.Request, do func(*http.Request) error) error {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			return do(req.WithContext(ctx))
		},
		"cause": func(req *http.Request, do func(*http.Request) error) error {
			ctx, cancel := context.WithTimeoutCause(context.Background(), 20*time.Millisecond, context.DeadlineExceeded)
			defer cancel()
			return do(req.WithContext(ctx))
		},
		"kill": func(req *http.Request, do func(*http.Request) error) error {
			ended := false
			victim := task.Go(func() {
				defer func() { ended = true }()
				t.Errorf("a killed task goes on with %v", do(req))
			})
			task.Sleep(20 * time.Millisecond)
			victim.Kill()
			if err := victim.Join(); err != task.ErrKilled || !ended {
				t.Errorf("joining the killed task: %v", err)
			}
			return context.DeadlineExceeded
		},
	}
	for name, way := range ways {
		for _, path := range []string{"/header", "/body", "/post", "/dial", "/queue"} {
			t.Run(name+path, func(t *testing.T) {
				run(t, func() { interruptedRoundTrip(t, s, path, way) })
			})
		}
	}
}

func interruptedRoundTrip(t *testing.T, s *counted, path string, way func(*http.Request, func(*http.Request) error) error) {
	tr := &http.Transport{MaxConnsPerHost: 1}
	defer tr.CloseIdleConnections()
	do := func(req *http.Request) error {
		resp, err := tr.RoundTrip(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
		return err
	}
	until(t, "the connections of other tests to be closed", func() bool { return s.live() == 0 })
	get(t, client(tr), s.URL)
	req := request(t, "GET", s.URL+path, nil)
	b := &closeable{Reader: endless{}}
	first := s.live()
	want := first - 1
	switch path {
	case "/post":
		req = request(t, "POST", s.URL+"/header", b)
	case "/dial":
		want = first
		tr.DialContext = func(ctx context.Context, network, addr string) (stdnet.Conn, error) {
			task.Sleep(time.Hour)
			return nil, errors.New("woke up")
		}
		req = request(t, "GET", "http://127.0.0.1:1/", nil)
	case "/queue":
		holder := task.Go(func() { _ = do(request(t, "GET", s.URL+"/header", nil)) })
		task.Yield()
		task.Yield()
		defer func() {
			holder.Kill()
			_ = holder.Join()
		}()
		want = first
		req = request(t, "GET", s.URL, nil)
	}
	if err := way(req, do); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a deadline exceeded", err)
	}
	until(t, "the connection to be closed", func() bool { return s.live() == want })
	if path == "/post" {
		until(t, "the body to be closed", func() bool { return b.closed })
	}
	if path != "/queue" {
		until(t, "all tasks to end", func() bool { return runtime.Current().Stats().Live == 1 })
		if path != "/dial" {
			if got := get(t, client(tr), s.URL); got != "whole" { // there is room again
				t.Errorf("got %q", got)
			}
		}
	}
	if n := runtime.Current().Stats().Outside; n > 1 {
		t.Errorf("%d holds are left", n)
	}
}

// Requests beyond MaxConnsPerHost wait their turn.
func TestMaxConnsPerHost(t *testing.T) {
	s := newCounted(t, echo)
	run(t, func() {
		for _, idle := range []int{-1, 2} { // a new connection for each request; the same ones for all
			open, most := 0, 0
			tr := &http.Transport{MaxConnsPerHost: 2, MaxIdleConnsPerHost: idle, DialContext: func(ctx context.Context, network, addr string) (stdnet.Conn, error) {
				open++
				most = max(most, open)
				c, err := new(net.Dialer).DialContext(ctx, network, addr)
				return &closing{c, func() { open-- }}, err
			}}
			var order []int
			together(t, 20, func(n int) {
				ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
					GotConn: func(httptrace.GotConnInfo) { order = append(order, n) },
				})
				resp, err := tr.RoundTrip(request(t, "GET", s.URL, nil).WithContext(ctx))
				if err != nil {
					t.Error(err)
					return
				}
				body(t, resp)
			})()
			if !slices.IsSorted(order) || len(order) != 20 {
				t.Errorf("connections were given out in the order %v", order)
			}
			tr.CloseIdleConnections()
			if most != 2 || open != 0 {
				t.Errorf("%d connections at a time, %d in the end", most, open)
			}
		}

		// One that has gone away does not take a turn.
		tr := &http.Transport{MaxConnsPerHost: 1}
		block := stuck(t)
		holder, err := tr.RoundTrip(request(t, "GET", block.URL+"/body", nil))
		if err != nil {
			t.Fatal(err)
		}
		gone := task.Go(func() { _, _ = tr.RoundTrip(request(t, "GET", block.URL, nil)) })
		next := task.Go(func() { get(t, client(tr), block.URL) })
		task.Sleep(time.Millisecond)
		_ = holder.Body.Close()
		gone.Kill()
		if err := next.Join(); err != nil {
			t.Error(err)
		}
		tr.CloseIdleConnections()
	})
}

// closing is a connection that tells when it is closed.
type closing struct {
	stdnet.Conn
	told func()
}

func (c *closing) Close() error {
	c.told()
	return c.Conn.Close()
}

// A trip that waits for a dial takes a connection that becomes idle first.
func TestIdleBeatsDial(t *testing.T) {
	s := newCounted(t, echo)
	run(t, func() {
		dials := 0
		tr := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (stdnet.Conn, error) {
			if dials++; dials > 1 {
				task.Sleep(time.Hour) // a server that does not answer
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}}
		defer tr.CloseIdleConnections()
		first, err := tr.RoundTrip(request(t, "GET", s.URL, nil))
		if err != nil {
			t.Fatal(err)
		}
		second := task.Go(func() { get(t, client(tr), s.URL) })
		task.Sleep(time.Millisecond)
		body(t, first)
		if err := second.Join(); err != nil || dials != 2 {
			t.Errorf("%v, %d dials", err, dials)
		}
		tr.CloseIdleConnections()
		until(t, "the dial to be given up", func() bool { return runtime.Current().Stats().Live == 1 })
	})
}

func TestDialFails(t *testing.T) {
	run(t, func() {
		oops := errors.New("oops")
		n := 0
		tr := &http.Transport{MaxConnsPerHost: 1, DialContext: func(ctx context.Context, network, addr string) (stdnet.Conn, error) {
			n++
			task.Sleep(time.Millisecond)
			return nil, oops
		}}
		together(t, 3, func(int) {
			b := &closeable{Reader: strings.NewReader("x")}
			_, err := tr.RoundTrip(request(t, "POST", "http://a/", b))
			if err != oops || !b.closed {
				t.Errorf("got %v, body closed: %v", err, b.closed)
			}
		})()
		if n != 3 {
			t.Errorf("%d dials for 3 requests", n)
		}
		tr.DialContext = func(ctx context.Context, network, addr string) (stdnet.Conn, error) {
			return stdnet.Dial("tcp", newCounted(t, echo).Listener.Addr().String())
		}
		if _, err := tr.RoundTrip(request(t, "GET", "http://a/", nil)); err == nil || !strings.Contains(err.Error(), "evergreen/net") {
			t.Errorf("a standard connection: %v", err)
		}
	})
}

func TestHeaderLimits(t *testing.T) {
	s := newCounted(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			w.Header().Set("X-Long", strings.Repeat("x", 5000))
		case "/slow":
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}
	})
	run(t, func() {
		c, hasty := client(&http.Transport{MaxResponseHeaderBytes: 4000}), client(&http.Transport{ResponseHeaderTimeout: 30 * time.Millisecond})
		defer c.CloseIdleConnections()
		if _, err := c.Get(s.URL + "/long"); err == nil || !strings.Contains(err.Error(), "server response headers exceeded 4000 bytes") {
			t.Errorf("a long header: %v", err)
		}
		var timed stdnet.Error
		for _, b := range []io.Reader{nil, strings.NewReader("x")} {
			_, err := hasty.Do(request(t, "POST", s.URL+"/slow", b))
			if !errors.As(err, &timed) || !timed.Timeout() || !strings.Contains(err.Error(), "timeout awaiting response headers") {
				t.Errorf("a slow header: %v", err)
			}
		}
		get(t, c, s.URL)
		until(t, "the connections to be closed", func() bool { return s.live() == 1 })
	})
}

func TestClientTimeout(t *testing.T) {
	s := stuck(t)
	timedOut := func(err error) bool {
		var e stdnet.Error
		return errors.As(err, &e) && e.Timeout()
	}
	run(t, func() {
		c := client(&http.Transport{})
		c.Timeout = 30 * time.Millisecond
		if _, err := c.Get(s.URL + "/header"); !timedOut(err) {
			t.Errorf("got %v", err)
		}
		resp, err := c.Get(s.URL + "/body")
		for timedOut(err) { // on a busy machine the header may not have come in time
			c.Timeout *= 2
			resp, err = c.Get(s.URL + "/body")
		}
		if err != nil {
			t.Error(err)
			return
		}
		if _, err = io.ReadAll(resp.Body); !timedOut(err) {
			t.Errorf("reading the body: %v", err)
		}
		_ = resp.Body.Close()
		until(t, "the connections to be closed", func() bool { return s.live() == 0 })
	})
}

func TestExpectContinue(t *testing.T) {
	s := newCounted(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuse" {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusForbidden)
			return
		}
		echo(w, r)
	})
	silent := plainTalker(t, func(c stdnet.Conn) { // does not know the expectation
		req, err := stdhttp.ReadRequest(bufio.NewReader(c))
		if err == nil {
			b, _ := io.ReadAll(req.Body)
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(b), b)
		}
	})
	run(t, func() {
		c := client(&http.Transport{ExpectContinueTimeout: 50 * time.Millisecond})
		defer c.CloseIdleConnections()
		for _, x := range []struct{ url, want string }{
			{s.URL + "/", "200 OK POST / body 4 [] map[]"},
			{s.URL + "/refuse", "403 Forbidden "},
			{"http://" + silent, "200 OK body"},
		} {
			b := &closeable{Reader: strings.NewReader("body")}
			req := request(t, "POST", x.url, b)
			req.ContentLength = 4
			req.Header.Set("Expect", "100-continue")
			resp, err := c.Do(req)
			if err != nil {
				t.Errorf("%s: %v", x.url, err)
				continue
			}
			if got := resp.Status + " " + body(t, resp); got != x.want {
				t.Errorf("%s: got %q, want %q", x.url, got, x.want)
			}
			until(t, "the body to be closed", func() bool { return b.closed })
		}
	})
}

// plainTalker accepts connections on plain goroutines and has f talk to each.
func plainTalker(t *testing.T, f func(stdnet.Conn)) (addr string) {
	t.Helper()
	l, err := stdnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(soon))
				f(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return l.Addr().String()
}

func TestInformationalAndSwitching(t *testing.T) {
	addr := plainTalker(t, func(c stdnet.Conn) {
		req, err := stdhttp.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		if req.URL.Path == "/early" {
			fmt.Fprint(c, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
			return
		}
		fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome ")
		_, _ = io.Copy(c, c)
	})
	run(t, func() {
		c := client(&http.Transport{})
		var hints []int
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, _ textproto.MIMEHeader) error { hints = append(hints, code); return nil },
		})
		resp, err := c.Do(request(t, "GET", "http://"+addr+"/early", nil).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		if got := body(t, resp); got != "late" || !slices.Equal(hints, []int{103, 102}) {
			t.Errorf("got %q after %v", got, hints)
		}
		req := request(t, "GET", "http://"+addr+"/", nil)
		req.Header.Set("Connection", "Upgrade")
		req.Header.Set("Upgrade", "echo")
		resp, err = c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		rw, ok := resp.Body.(io.ReadWriteCloser)
		if !ok || resp.StatusCode != 101 {
			t.Fatalf("%s with a body of type %T", resp.Status, resp.Body)
		}
		fmt.Fprint(rw, "ping")
		_ = rw.(interface{ CloseWrite() error }).CloseWrite()
		if got, err := io.ReadAll(rw); string(got) != "welcome ping" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		_ = rw.Close()
		c.CloseIdleConnections()
	})
}

func TestProxy(t *testing.T) {
	target := newCounted(t, echo)
	secure := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer secure.Close()
	var mu sync.Mutex
	var seen []string
	proxy := newCounted(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Method+" "+r.RequestURI+" "+r.Header.Get("Proxy-Authorization")+r.Header.Get("X-Connect"))
		mu.Unlock()
		if r.Method != "CONNECT" {
			fmt.Fprint(w, "from the proxy")
			return
		}
		if strings.HasPrefix(r.Host, "refused") {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		up, err := stdnet.Dial("tcp", r.Host)
		if err != nil {
			panic(err)
		}
		defer up.Close()
		down, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer down.Close()
		fmt.Fprint(down, "HTTP/1.1 200 Connected\r\n\r\n")
		go func() {
			_, _ = io.Copy(up, down)
			_ = up.Close()
		}()
		_, _ = io.Copy(down, up)
	})
	at, _ := url.Parse(proxy.URL)
	at.User = url.UserPassword("user", "pass")
	run(t, func() {
		tr := &http.Transport{
			Proxy: http.ProxyURL(at), ProxyConnectHeader: http.Header{"X-Connect": {"!"}},
			TLSClientConfig: secure.Client().Transport.(*stdhttp.Transport).TLSClientConfig,
		}
		c := client(tr)
		if got := get(t, c, "http://nowhere.example/x"); got != "from the proxy" {
			t.Errorf("got %q", got)
		}
		get(t, c, target.URL) // over the same connection
		for range 2 {
			if got := get(t, c, secure.URL+"/y"); got != "GET /y  0 [] map[]" {
				t.Errorf("got %q", got)
			}
		}
		if _, err := c.Get("https://refused.example/"); err == nil || !strings.Contains(err.Error(), "Forbidden") {
			t.Errorf("a refused tunnel: %v", err)
		}
		tr.CloseIdleConnections()
		want := []string{
			"GET http://nowhere.example/x Basic dXNlcjpwYXNz", "GET " + target.URL + "/ Basic dXNlcjpwYXNz",
			"CONNECT " + strings.TrimPrefix(secure.URL, "https://") + " Basic dXNlcjpwYXNz!",
			"CONNECT refused.example:443 Basic dXNlcjpwYXNz!",
		}
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(seen, want) {
			t.Errorf("the proxy saw\n%q, want\n%q", seen, want)
		}
		if target.made() != 0 {
			t.Error("the proxy was passed by")
		}
		tr = &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "socks5", Host: "a"})}
		if _, err := client(tr).Get(target.URL); err == nil || !strings.Contains(err.Error(), "not supported") {
			t.Errorf("a SOCKS proxy: %v", err)
		}
	})
}

// A response whose rest is here already leaves its connection to others; one whose
// rest is still to come does not.
func TestEarlyClose(t *testing.T) {
	s := newCounted(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Path[1:])
		if r.URL.RawQuery == "chunked" {
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = w.Write(make([]byte, n))
	})
	run(t, func() {
		for _, x := range []struct {
			path string
			kept bool
		}{{"/10", true}, {"/1000000", false}} {
			c := client(&http.Transport{})
			before := s.made()
			for range 2 {
				resp, err := c.Get(s.URL + x.path)
				if err != nil {
					t.Fatal(err)
				}
				if err := resp.Body.Close(); err != nil {
					t.Error(err)
				}
				if _, err := resp.Body.Read(make([]byte, 1)); err == nil {
					t.Error("a closed body can be read")
				}
			}
			if kept := s.made()-before == 1; kept != x.kept {
				t.Errorf("%s: the connection was kept: %v, want %v", x.path, kept, x.kept)
			}
			c.CloseIdleConnections()
		}
	})
}

// One task closes a body that another reads.
func TestCloseWhileReading(t *testing.T) {
	s := stuck(t)
	run(t, func() {
		c := client(&http.Transport{})
		resp, err := c.Get(s.URL + "/body")
		if err != nil {
			t.Fatal(err)
		}
		var got error
		reader := task.Go(func() { _, got = io.ReadAll(resp.Body) })
		task.Sleep(time.Millisecond)
		if _, err := resp.Body.Read(make([]byte, 1)); err == nil {
			t.Error("two can read at a time")
		}
		_ = resp.Body.Close()
		_ = reader.Join()
		if got == nil || !strings.Contains(got.Error(), "closed response body") {
			t.Errorf("the reader got %v", got)
		}
		until(t, "the connection to be closed", func() bool { return s.live() == 0 })
	})
}

func TestPlainGoroutines(t *testing.T) {
	s := newCounted(t, echo)
	block := stuck(t)
	run(t, func() {
		tr := &http.Transport{MaxConnsPerHost: 4, MaxIdleConnsPerHost: 4}
		c := client(tr)
		get(t, c, s.URL) // makes this the Transport's loop
		outside(t, func() error {
			var all sync.WaitGroup
			for n := range 8 {
				all.Go(func() {
					for range 20 {
						// A native pipe as a body: nobody in the loop may read it.
						r, w := io.Pipe()
						go func() {
							fmt.Fprintf(w, "hello %d", n)
							_ = w.Close()
						}()
						resp, err := c.Post(s.URL, "", r)
						if err != nil {
							t.Error(err)
							return
						}
						b, err := io.ReadAll(resp.Body)
						if want := fmt.Sprintf("POST / hello %d -1 [chunked] map[]", n); string(b) != want || err != nil {
							t.Errorf("got %q, %v", b, err)
						}
						_ = resp.Body.Close()
					}
				})
			}
			all.Wait()
			var resp *http.Response
			err := context.DeadlineExceeded
			for limit := 20 * time.Millisecond; errors.Is(err, context.DeadlineExceeded); limit *= 2 { // until the header comes in time
				ctx, cancel := context.WithTimeout(context.Background(), limit)
				defer cancel()
				resp, err = c.Do(request(t, "GET", block.URL+"/body", nil).WithContext(ctx))
			}
			if err != nil {
				return err
			}
			if _, err := io.ReadAll(resp.Body); err != context.DeadlineExceeded {
				t.Errorf("a body read in vain: %v", err)
			}
			c.CloseIdleConnections()
			return nil
		})
		if n := s.made(); n > 4 {
			t.Errorf("%d connections, want 4 at most", n)
		}
		until(t, "the connections to be closed", func() bool { return s.live()+block.live() == 0 })
	})
	func() {
		defer func() {
			if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "outside a task") {
				t.Errorf("a Transport without a loop: %v", r)
			}
		}()
		_, _ = new(http.Transport).RoundTrip(request(t, "GET", s.URL, nil))
	}()
}

// The package's functions work in any loop, one after the other and at a time.
func TestDefaultClientInManyLoops(t *testing.T) {
	s := newCounted(t, echo)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 3 {
				run(t, func() {
					for range 5 {
						resp, err := http.Get(s.URL)
						if err != nil {
							t.Error(err)
							return
						}
						_, _ = io.Copy(io.Discard, resp.Body)
						_ = resp.Body.Close()
					}
				})
			}
		})
	}
	all.Wait()
	if n := s.made(); n != 12 {
		t.Errorf("%d connections for 12 runs", n)
	}
	run(t, func() {
		until(t, "the connections to be closed with their loops", func() bool { return s.live() == 0 })
	})
}

func TestTrace(t *testing.T) {
	s := newCounted(t, echo)
	run(t, func() {
		c := client(&http.Transport{})
		defer c.CloseIdleConnections()
		var got []string
		note := func(format string, args ...any) { got = append(got, fmt.Sprintf(format, args...)) }
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			GetConn:              func(hostPort string) { note("get %v", hostPort == s.Listener.Addr().String()) },
			GotConn:              func(i httptrace.GotConnInfo) { note("got %v %v", i.Reused, i.WasIdle) },
			PutIdleConn:          func(err error) { note("put %v", err) },
			GotFirstResponseByte: func() { note("byte") },
			WroteHeaders:         func() { note("headers") },
			WroteRequest:         func(i httptrace.WroteRequestInfo) { note("wrote %v", i.Err) },
		})
		for range 2 {
			resp, err := c.Do(request(t, "GET", s.URL, nil).WithContext(ctx))
			if err != nil {
				t.Fatal(err)
			}
			body(t, resp)
		}
		want := "get true|got false false|headers|wrote <nil>|byte|put <nil>|get true|got true true|headers|wrote <nil>|byte|put <nil>"
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("got  %s\nwant %s", s, want)
		}
	})
}

func TestRedirectsAndCookies(t *testing.T) {
	s := newCounted(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
			return
		}
		c, _ := r.Cookie("a")
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %v %s", r.Method, c, b)
	})
	run(t, func() {
		jar, _ := cookiejar.New(nil)
		c := client(&http.Transport{})
		c.Jar = jar
		defer c.CloseIdleConnections()
		resp, err := c.Post(s.URL, "", strings.NewReader("again"))
		if err != nil {
			t.Fatal(err)
		}
		if got := body(t, resp); got != "POST a=b again" {
			t.Errorf("got %q", got)
		}
		resp, err = c.PostForm(s.URL+"/form", url.Values{"x": {"y"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := body(t, resp); got != "POST a=b x=y" {
			t.Errorf("got %q", got)
		}
		if n := s.made(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
	})
}

func TestClone(t *testing.T) {
	run(t, func() {
		tr := &http.Transport{MaxConnsPerHost: 3, ProxyConnectHeader: http.Header{"A": {"b"}}}
		get(t, client(tr), newCounted(t, echo).URL)
		c := tr.Clone()
		if c.MaxConnsPerHost != 3 || c.ProxyConnectHeader.Get("A") != "b" {
			t.Errorf("%+v", c)
		}
		tr.CloseIdleConnections()
	})
}
