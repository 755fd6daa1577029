package http_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	stdnet "net"
	stdhttp "net/http"
	"os"
	stdruntime "runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// logged makes a server's log that the test can read.
func logged(t *testing.T) (*log.Logger, *logWriter) {
	w := &logWriter{t: t}
	return log.New(w, "", 0), w
}

// holds: 90
func TestPanicEndsOneConnection(t *testing.T) {
	run(t, func() {
		logger, lines := logged(t)
		s := &http.Server{ErrorLog: logger, Handler: handle(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/panic":
				panic("on purpose")
			case "/abort":
				panic(http.ErrAbortHandler)
			case "/goexit":
				stdruntime.Goexit()
			}
			fmt.Fprint(w, "fine")
		})}
		addr := start(t, s)
		defer s.Close()
		outside(t, func() error {
			c, err := stdnet.Dial("tcp", addr)
			if err != nil {
				return err
			}
			defer c.Close()
			for _, path := range []string{"/panic", "/abort", "/goexit"} {
				if got, err := talk(addr, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"); got != "" || err != nil {
					t.Errorf("%s: got %q, %v; want the connection closed", path, got, err)
				}
				fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				resp, err := stdhttp.ReadResponse(bufio.NewReader(c), nil)
				if err != nil || resp.StatusCode != 200 {
					t.Errorf("another connection after %s: %v, %v", path, resp, err)
				}
			}
			return nil
		})
		if n := strings.Count(lines.String(), "http: panic serving"); n != 1 {
			t.Errorf("%d panics were logged, want 1:\n%s", n, lines)
		}
		if !strings.Contains(lines.String(), "TestPanicEndsOneConnection") {
			t.Errorf("the stack is missing:\n%s", lines)
		}
	})
}

// scripted is a listener whose Accept fails in the ways listed, and then calls then.
type scripted struct {
	errs []error
	then func() (stdnet.Conn, error)
}

func (l *scripted) Accept() (stdnet.Conn, error) {
	if len(l.errs) == 0 {
		return l.then()
	}
	err := l.errs[0]
	l.errs = l.errs[1:]
	return nil, &stdnet.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", err)}
}

func (l *scripted) Close() error      { return nil }
func (l *scripted) Addr() stdnet.Addr { return &stdnet.TCPAddr{} }

// holds: 74, 75, 76
func TestAcceptWaitsForDescriptors(t *testing.T) {
	var pauses []time.Duration
	over := errors.New("over")
	err := runtime.Run(func() {
		logger, lines := logged(t)
		l := &scripted{
			errs: []error{
				syscall.ECONNABORTED, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
				syscall.EMFILE, syscall.EMFILE, syscall.EMFILE, syscall.EMFILE, syscall.EMFILE, syscall.EMFILE,
			},
			then: func() (stdnet.Conn, error) { return nil, over },
		}
		s := &http.Server{ErrorLog: logger}
		began := runtime.Current().Now()
		watcher := task.Go(func() {
			for n := 0; n < 10; {
				now := strings.Count(lines.String(), "\n")
				if now > n {
					n = now
					if timers := runtime.Current().Stats().Timers; timers != 1 {
						t.Errorf("%d timers are set during pause %d, want 1", timers, n)
					}
					pauses = append(pauses, runtime.Current().Now().Sub(began))
				}
				task.Sleep(time.Millisecond)
			}
		})
		if err := s.Serve(l); err != over {
			t.Errorf("Serve returned %v, want %v", err, over)
		}
		_ = watcher.Join()
		if n := strings.Count(lines.String(), "retrying in"); n != 10 {
			t.Errorf("%d lines for 10 pauses:\n%s", n, lines)
		}
		if took := runtime.Current().Now().Sub(began); took < 3*time.Second || took > 5*time.Second {
			t.Errorf("the pauses took %v, want them to double from 5 ms to 1 s", took)
		}
	}, runtime.WithVirtualClock())
	if err != nil {
		t.Error(err)
	}
	if len(pauses) != 10 {
		t.Errorf("%d pauses, want 10", len(pauses))
	}
}

// A server that waits for descriptors can be shut down.
func TestCloseDuringPause(t *testing.T) {
	err := runtime.Run(func() {
		logger, _ := logged(t)
		s := &http.Server{ErrorLog: logger}
		l := &scripted{errs: []error{syscall.EMFILE}, then: func() (stdnet.Conn, error) { panic("again") }}
		began := runtime.Current().Now()
		task.Go(func() { _ = s.Shutdown(context.Background()) })
		if err := s.Serve(l); err != http.ErrServerClosed {
			t.Errorf("Serve returned %v", err)
		}
		if took := runtime.Current().Now().Sub(began); took != 0 {
			t.Errorf("it took %v", took)
		}
	}, runtime.WithVirtualClock())
	if err != nil {
		t.Error(err)
	}
}

// holds: 74
func TestServerLivesOnWithoutDescriptors(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	var fillers []*os.File
	restore := func() {
		for _, f := range fillers {
			_ = f.Close()
		}
		fillers = nil
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
	}
	defer restore()
	run(t, func() {
		logger, lines := logged(t)
		s := &http.Server{ErrorLog: logger, Handler: handle(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "fine") })}
		addr := start(t, s)
		defer s.Close()
		old, err := stdnet.Dial("tcp", addr) // of which the server knows before
		if err != nil {
			t.Fatal(err)
		}
		defer old.Close()
		ask := func(c stdnet.Conn) {
			outside(t, func() error {
				fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				_, err := stdhttp.ReadResponse(bufio.NewReader(c), nil)
				return err
			})
		}
		ask(old)
		low := limit
		low.Cur = 100
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
			t.Fatal(err)
		}
		for {
			f, err := os.Open(os.DevNull)
			if err != nil {
				break
			}
			fillers = append(fillers, f)
		}
		// One descriptor for the client, none for the server.
		_ = fillers[0].Close()
		fillers = fillers[1:]
		fresh, err := stdnet.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer fresh.Close()
		until(t, "the server to fail", func() bool { return strings.Contains(lines.String(), "too many open files") })
		ask(old)
		restore()
		ask(fresh)
	})
}

// holds: 89
func TestShutdown(t *testing.T) {
	run(t, func() {
		release := make(chan struct{})
		s := &http.Server{Handler: handle(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/busy" {
				_, _ = task.Offload(func() (int, error) { <-release; return 0, nil })
			}
			fmt.Fprint(w, "fine")
		})}
		hooked := false
		s.RegisterOnShutdown(func() { hooked = true })
		addr := start(t, s)
		idle, busy := dialPlain(t, addr), dialPlain(t, addr)
		defer idle.Close()
		defer busy.Close()
		outside(t, func() error {
			fmt.Fprint(idle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			_, err := stdhttp.ReadResponse(bufio.NewReader(idle), nil)
			fmt.Fprint(busy, "GET /busy HTTP/1.1\r\nHost: a\r\n\r\n")
			return err
		})
		until(t, "the handler to be called", func() bool { return runtime.Current().Stats().Offloads > 1 && runtime.Current().Stats().Outside > 0 })

		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Shutdown(ctx); err != context.Canceled {
			t.Errorf("Shutdown with a context that is done returned %v", err)
		}
		err := timeout.Run(10*time.Millisecond, func() error { return s.Shutdown(context.Background()) })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown in a block that ends returned %v", err)
		}
		outside(t, func() error {
			if b, err := io.ReadAll(idle); err != nil || strings.Contains(string(b), "HTTP/") {
				t.Errorf("the idle connection gave %q, %v; want it closed", b, err)
			}
			close(release)
			return s.Shutdown(context.Background()) // from a plain goroutine, why not
		})
		outside(t, func() error {
			resp, err := stdhttp.ReadResponse(bufio.NewReader(busy), nil)
			if err != nil {
				return err
			}
			b, err := io.ReadAll(resp.Body)
			if string(b) != "fine" || !resp.Close {
				t.Errorf("the busy connection gave %q, close %v", b, resp.Close)
			}
			return err
		})
		if !hooked {
			t.Error("the function given to RegisterOnShutdown was not called")
		}
		if err := s.Serve(&scripted{}); err != http.ErrServerClosed {
			t.Errorf("Serve after Shutdown returned %v", err)
		}
	})
}

// holds: 89
func TestShutdownClosesSilentConnections(t *testing.T) {
	err := runtime.Run(func() {
		seen := false
		s := &http.Server{ConnState: func(stdnet.Conn, http.ConnState) { seen = true }}
		addr := start(t, s)
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		until(t, "the connection", func() bool { return seen })
		began := runtime.Current().Now()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if took := runtime.Current().Now().Sub(began); took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
	}, runtime.WithVirtualClock())
	if err != nil {
		t.Error(err)
	}
}

func dialPlain(t *testing.T, addr string) stdnet.Conn {
	t.Helper()
	c, err := stdnet.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(soon))
	return c
}

func TestServerTimeouts(t *testing.T) {
	run(t, func() {
		var body error
		handler := handle(func(w http.ResponseWriter, r *http.Request) {
			_, body = io.ReadAll(r.Body)
			fmt.Fprint(w, "fine")
		})
		// Whose time is up in the header must not be the one who has sent it all.
		hasty := &http.Server{Handler: handler, ReadHeaderTimeout: 30 * time.Millisecond}
		slow := &http.Server{
			Handler: handler, ReadHeaderTimeout: soon, ReadTimeout: 60 * time.Millisecond,
			IdleTimeout: 20 * time.Millisecond, WriteTimeout: soon,
		}
		toHasty, toSlow := start(t, hasty), start(t, slow)
		defer hasty.Close()
		defer slow.Close()
		for _, x := range []struct{ addr, send, want string }{
			{toHasty, "", ""},
			{toHasty, "GET / HT", ""},
			{toHasty, "GET / HTTP/1.1\r\n", ""},
			{toSlow, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200 OK"},
			{toSlow, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhello", ""},
		} {
			c := dialPlain(t, x.addr)
			fmt.Fprint(c, x.send) // before the server has had a chance to look at its clock
			outside(t, func() error {
				got, err := io.ReadAll(c)
				if err != nil {
					t.Errorf("%q: %v; want the connection closed", x.send, err)
				}
				if !strings.Contains(string(got), x.want) || x.addr == toHasty && len(got) > 0 {
					t.Errorf("%q: got %q", x.send, got)
				}
				return c.Close()
			})
		}
		if !errors.Is(body, os.ErrDeadlineExceeded) {
			t.Errorf("reading a slow body: %v, want a deadline exceeded", body)
		}
	})
}

func TestRequestContext(t *testing.T) {
	run(t, func() {
		results := make(map[string]error)
		var inside http.Handler = handle(func(w http.ResponseWriter, r *http.Request) {
			ctx := r.Context()
			results[r.URL.Path] = nil
			if ctx.Value(http.ServerContextKey) == nil || ctx.Value(http.LocalAddrContextKey) == nil {
				t.Error("the context lacks its values")
			}
			if r.URL.Path == "/return" {
				task.Go(func() {
					results[r.URL.Path] = timeout.WithContext(ctx, func() error {
						task.Sleep(time.Hour)
						return nil
					})
				})
				return
			}
			if r.URL.Path == "/body" {
				_ = ctx.Done() // asked before the body is read
				_, _ = io.ReadAll(r.Body)
			}
			results[r.URL.Path] = timeout.WithContext(ctx, func() error {
				task.Sleep(time.Hour)
				return nil
			})
		})
		s := &http.Server{Handler: inside}
		addr := start(t, s)
		defer s.Close()
		for path, send := range map[string]string{
			"/close":  "GET /close HTTP/1.1\r\nHost: a\r\n\r\n",
			"/return": "GET /return HTTP/1.1\r\nHost: a\r\n\r\n",
			"/body":   "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
		} {
			outside(t, func() error {
				c, err := stdnet.Dial("tcp", addr)
				if err != nil {
					return err
				}
				fmt.Fprint(c, send)
				if path == "/return" {
					_, _ = stdhttp.ReadResponse(bufio.NewReader(c), nil)
				}
				return c.Close()
			})
			until(t, path, func() bool { return results[path] != nil })
			if results[path] != context.Canceled {
				t.Errorf("%s: %v, want context.Canceled", path, results[path])
			}
		}
		// A server that is closed cancels as well.
		c := dialPlain(t, addr)
		defer c.Close()
		delete(results, "/close")
		fmt.Fprint(c, "GET /close HTTP/1.1\r\nHost: a\r\n\r\n")
		until(t, "the handler", func() bool { _, ok := results["/close"]; return ok })
		_ = s.Close()
		until(t, "the cancellation", func() bool { return results["/close"] != nil })
	})
}

// Nobody watches a connection unless the handler asks for it, and what the peer
// sends meanwhile is the next request.
func TestWatchOnDemand(t *testing.T) {
	run(t, func() {
		var tasks []int
		s := &http.Server{Handler: handle(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/ask" {
				if err := r.Context().Err(); err != nil {
					t.Errorf("the context is done: %v", err)
				}
				task.Sleep(5 * time.Millisecond) // the watcher reads the next request
				if err := r.Context().Err(); err != nil {
					t.Errorf("the next request cancels this one: %v", err)
				}
			}
			tasks = append(tasks, runtime.Current().Stats().Live)
			fmt.Fprint(w, r.URL.Path)
		})}
		addr := start(t, s)
		defer s.Close()
		outside(t, func() error {
			get := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n" }
			got, err := talk(addr, get("/")+get("/ask")+get("/ask")+get("/"))
			if n := strings.Count(got, "200 OK"); n != 4 {
				t.Errorf("%d answers to 4 requests: %q", n, got)
			}
			return err
		})
		if tasks[0] != 3 { // main, the accept loop and the connection
			t.Errorf("%d tasks while the handler runs, want 3", tasks[0])
		}
	})
}

// A handler that keeps its ResponseWriter cannot spoil the next answer.
func TestLateWriter(t *testing.T) {
	run(t, func() {
		var kept http.ResponseWriter
		var late error
		s := &http.Server{Handler: handle(func(w http.ResponseWriter, r *http.Request) {
			if kept != nil {
				_, late = kept.Write([]byte("late"))
				kept.Header().Set("X-Late", "1")
				kept.WriteHeader(500)
				kept.(http.Flusher).Flush()
			}
			kept = w
			fmt.Fprint(w, "fine")
		})}
		addr := start(t, s)
		defer s.Close()
		c := &http.Client{Transport: &http.Transport{}}
		for range 2 {
			if got := get(t, c, "http://"+addr); got != "fine" {
				t.Errorf("got %q", got)
			}
		}
		if late == nil {
			t.Error("the late write succeeded")
		}
		c.CloseIdleConnections()
	})
}

func TestHandlerOnPlainGoroutine(t *testing.T) {
	run(t, func() {
		s := &http.Server{Handler: handle(func(w http.ResponseWriter, r *http.Request) {
			_, err := task.Offload(func() (int64, error) { return io.Copy(w, r.Body) })
			if err != nil {
				t.Error(err)
			}
		})}
		addr := start(t, s)
		defer s.Close()
		want := strings.Repeat("0123456789", 20000)
		outside(t, func() error {
			resp, err := (&stdhttp.Client{Transport: &stdhttp.Transport{DisableKeepAlives: true}}).Post("http://"+addr, "text/plain", strings.NewReader(want))
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if string(got) != want {
				t.Errorf("got %d bytes, want %d", len(got), len(want))
			}
			return err
		})
	})
}

func TestComplaints(t *testing.T) {
	run(t, func() {
		logger, lines := logged(t)
		s := &http.Server{ErrorLog: logger, Handler: handle(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			w.WriteHeader(201)
			if r.URL.Path == "/hijack" {
				c, _, _ := w.(http.Hijacker).Hijack()
				w.WriteHeader(202)
				_, _ = w.Write([]byte("x"))
				_ = c.Close()
			}
		})}
		addr := start(t, s)
		defer s.Close()
		outside(t, func() error {
			_, err := talk(addr, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			_, _ = talk(addr, "GET /hijack HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			return err
		})
		for _, want := range []string{
			"http: superfluous response.WriteHeader call from github.com/evergreen-go/evergreen/net/http_test.TestComplaints",
			"http: response.WriteHeader on hijacked connection from", "http: response.Write on hijacked connection from",
		} {
			if !strings.Contains(lines.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, lines)
			}
		}
	})
}

// What would stop the loop is refused with a sentence that says what to do.
func TestNativeListener(t *testing.T) {
	run(t, func() {
		l, err := stdnet.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := http.Serve(l, nil); err == nil || !strings.Contains(err.Error(), "evergreen/net") {
			t.Errorf("Serve returned %v", err)
		}
		if _, err := l.Accept(); err == nil {
			t.Error("Serve left the listener open")
		}
	})
}

func TestServerOfAnotherLoop(t *testing.T) {
	s := &http.Server{}
	run(t, func() {
		_ = timeout.Run(time.Millisecond, func() error {
			return s.Serve(&scripted{then: func() (stdnet.Conn, error) { task.Sleep(time.Hour); return nil, nil }})
		})
	})
	run(t, func() {
		if err := s.Serve(&scripted{}); err == nil || !strings.Contains(err.Error(), "another loop") {
			t.Errorf("Serve returned %v", err)
		}
	})
	if err := s.Close(); err != nil {
		t.Errorf("Close after the end of the loop returned %v", err)
	}
}

func TestTimeoutHandler(t *testing.T) {
	run(t, func() {
		var last error
		inner := handle(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Inner", "1")
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, "inner")
			switch r.URL.Path {
			case "/sleep":
				task.Sleep(time.Hour)
			case "/ignore":
				_ = timeout.Run(time.Hour, func() error { task.Sleep(time.Hour); return nil })
			case "/write":
				for last == nil {
					task.Sleep(0)
					_, last = w.Write(nil)
				}
			}
		})
		h := http.NewServeMux()
		h.Handle("/", http.TimeoutHandler(inner, 20*time.Millisecond, "too slow"))
		h.Handle("/{$}", http.TimeoutHandler(inner, soon, "too slow"))
		s := &http.Server{Handler: h}
		addr := start(t, s)
		defer s.Close()
		c := &http.Client{Transport: &http.Transport{}}
		defer c.CloseIdleConnections()
		for path, want := range map[string]string{
			"/": "202 Accepted 1 inner", "/sleep": "503 Service Unavailable  too slow",
			"/ignore": "503 Service Unavailable  too slow", "/write": "503 Service Unavailable  too slow",
		} {
			resp, err := c.Get("http://" + addr + path)
			if err != nil {
				t.Fatal(err)
			}
			got := resp.Status + " " + resp.Header.Get("X-Inner") + " " + body(t, resp)
			if got != want {
				t.Errorf("%s: got %q, want %q", path, got, want)
			}
		}
	})
}

func TestResponseController(t *testing.T) {
	run(t, func() {
		var slow error
		s := &http.Server{Handler: handle(func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			switch r.URL.Path {
			case "/deadline":
				if err := rc.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
					t.Error(err)
				}
				if err := rc.SetWriteDeadline(time.Now().Add(soon)); err != nil {
					t.Error(err)
				}
				_, slow = io.ReadAll(r.Body)
			case "/duplex":
				if err := rc.EnableFullDuplex(); err != nil {
					t.Error(err)
				}
				_, _ = io.Copy(w, r.Body)
			}
			if err := rc.Flush(); err != nil {
				t.Error(err)
			}
		})}
		addr := start(t, s)
		defer s.Close()
		outside(t, func() error {
			c := dialPlain(t, addr)
			defer c.Close()
			fmt.Fprint(c, "POST /deadline HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
			resp, err := stdhttp.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || !resp.Close {
				t.Errorf("got %v, %v", resp, err)
			}
			got, err := talk(addr, "POST /duplex HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 100000)+"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if strings.Count(got, "200 OK") != 2 {
				t.Errorf("got %.100q...", got)
			}
			return err
		})
		if !errors.Is(slow, os.ErrDeadlineExceeded) {
			t.Errorf("reading a body that does not come: %v", slow)
		}
	})
}

func TestSetKeepAlivesEnabled(t *testing.T) {
	run(t, func() {
		s := &http.Server{Handler: handle(echo)}
		addr := start(t, s)
		defer s.Close()
		idle := dialPlain(t, addr)
		defer idle.Close()
		outside(t, func() error {
			br := bufio.NewReader(idle)
			fmt.Fprint(idle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			resp, err := stdhttp.ReadResponse(br, nil)
			if err != nil || resp.Close {
				t.Errorf("got %v, %v", resp, err)
			}
			s.SetKeepAlivesEnabled(false)
			_, _ = io.Copy(io.Discard, br)
			got, err := talk(addr, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if err != nil || strings.Count(got, "200 OK") != 1 || !strings.Contains(got, "Connection: close") {
				t.Errorf("got %q, %v", got, err)
			}
			s.SetKeepAlivesEnabled(true)
			got, err = talk(addr, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if strings.Count(got, "200 OK") != 2 {
				t.Errorf("got %q", got)
			}
			return err
		})
	})
}

// A connection can be taken over on a plain goroutine as well, and is then used
// there.
func TestHijackOnPlainGoroutine(t *testing.T) {
	run(t, func() {
		s := &http.Server{Handler: handle(func(w http.ResponseWriter, r *http.Request) {
			_ = r.Context().Err() // there is a watcher to get rid of
			task.Sleep(time.Millisecond)
			outside(t, func() error {
				c, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					return err
				}
				defer c.Close()
				var b [4]byte
				_, err = io.ReadFull(rw, b[:])
				fmt.Fprintf(rw, "%s pong", b[:])
				_ = rw.Flush()
				return err
			})
		})}
		addr := start(t, s)
		outside(t, func() error {
			got, err := talk(addr, "GET / HTTP/1.1\r\nHost: a\r\n\r\nping")
			if got != "ping pong" {
				t.Errorf("got %q", got)
			}
			return err
		})
		if err := s.Shutdown(context.Background()); err != nil { // does not wait for it
			t.Error(err)
		}
	})
}

func TestServerContexts(t *testing.T) {
	type key string
	run(t, func() {
		s := &http.Server{
			BaseContext: func(l stdnet.Listener) context.Context {
				return context.WithValue(context.Background(), key("base"), l.Addr().String())
			},
			ConnContext: func(ctx context.Context, c stdnet.Conn) context.Context {
				return context.WithValue(ctx, key("conn"), c.RemoteAddr().String())
			},
			Handler: handle(func(w http.ResponseWriter, r *http.Request) {
				ctx := r.Context()
				if _, ok := ctx.Deadline(); ok {
					t.Error("there is a deadline")
				}
				same := ctx.Value(key("base")) == ctx.Value(http.LocalAddrContextKey).(stdnet.Addr).String()
				fmt.Fprint(w, same, ctx.Value(key("conn")) == r.RemoteAddr)
			}),
		}
		addr := start(t, s)
		defer s.Close()
		c := client(&http.Transport{})
		defer c.CloseIdleConnections()
		if got := get(t, c, "http://"+addr); got != "true true" {
			t.Errorf("got %q", got)
		}
	})
}
