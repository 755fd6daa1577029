package http_test

import (
	"bytes"
	"io"
	"log"
	stdnet "net"
	stdhttp "net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon is how long a test waits for what must come, on a machine of whatever speed.
const soon = time.Minute

// run runs a test's main task, and fails the test if the loop has something to
// complain of.
func run(t *testing.T, main func(), opts ...runtime.Option) {
	t.Helper()
	err := runtime.Run(func() {
		err := timeout.Run(soon, func() error {
			main()
			return nil
		})
		if err != nil {
			t.Errorf("the test does not come to its end: %v", err)
		}
	}, opts...)
	if err != nil && !t.Skipped() { // Skip ends the task
		t.Error(err)
	}
}

// outside runs f on a plain goroutine while the task waits.
func outside(t *testing.T, f func() error) {
	t.Helper()
	if _, err := task.Offload(func() (struct{}, error) { return struct{}{}, f() }); err != nil {
		t.Error(err)
	}
}

// start has the server serve, and returns its address.
func start(t *testing.T, s *http.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, l)
	return l.Addr().String()
}

func serve(t *testing.T, s *http.Server, l stdnet.Listener) {
	if s.ErrorLog == nil {
		s.ErrorLog = log.New(&logWriter{t: t}, "", 0)
	}
	task.Go(func() {
		if err := s.Serve(l); err != http.ErrServerClosed {
			t.Errorf("Serve returned %v", err)
		}
	})
}

// logWriter collects what a server logs.
type logWriter struct {
	t *testing.T

	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *logWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

func (w *logWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// handle is a server's handler.
func handle(f func(w http.ResponseWriter, r *http.Request)) http.Handler { return http.HandlerFunc(f) }

// talk sends bytes to a server and returns all that it answers until it closes the
// connection. It is for plain goroutines.
func talk(addr, send string) (string, error) {
	c, err := stdnet.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(soon))
	go func() {
		_, _ = io.WriteString(c, send)
		_ = c.(*stdnet.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil && len(got) > 0 && strings.Contains(err.Error(), "reset") {
		err = nil // there was more to read than the server wanted
	}
	return string(got), err
}

// plainServer serves on plain goroutines with the standard library.
func plainServer(t *testing.T, config *stdhttp.Server) (addr string) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config = config
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// get is a request that must succeed; it returns the body.
func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	return body(t, resp)
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// until waits until a condition holds that other tasks bring about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	came := false
	defer func() {
		if !came {
			t.Errorf("waiting for %s was in vain", what)
		}
	}()
	for !holds() {
		task.Sleep(time.Millisecond)
	}
	came = true
}

// together runs f in n tasks and returns what waits for them.
func together(t *testing.T, n int, f func(n int)) (wait func()) {
	t.Helper()
	var all []*task.Task
	for i := range n {
		all = append(all, task.Go(func() { f(i) }))
	}
	return func() {
		for _, one := range all {
			if err := one.Join(); err != nil {
				t.Error(err)
			}
		}
	}
}
