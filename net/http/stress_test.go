package http_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	stdnet "net"
	stdruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// Client and server in one loop, requests of all kinds that end in all ways, in an
// order that is drawn: whatever answer comes is the answer to that very request,
// and nothing is left in the end.
//
// holds: 46
func TestStorm(t *testing.T) {
	for seed := range uint64(6) {
		run(t, func() { storm(t, rand.New(rand.NewPCG(seed, 1))) }, runtime.WithSeed(seed))
	}
}

func storm(t *testing.T, random *rand.Rand) {
	open := 0
	s := &http.Server{
		Handler: handle(stormy),
		ConnState: func(_ stdnet.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				open++
			case http.StateClosed:
				open--
			}
		},
	}
	addr := start(t, s)
	tr := &http.Transport{MaxConnsPerHost: 10, MaxIdleConnsPerHost: 5, IdleConnTimeout: 5 * time.Millisecond}
	answers := 0
	together(t, 30, func(n int) {
		for i := range 15 {
			id := fmt.Sprintf("%d.%d", n, i)
			victim := task.Go(func() {
				if stormyRequest(t, random, tr, addr, id) {
					answers++
				}
			})
			if random.IntN(8) == 0 {
				task.Sleep(time.Duration(random.IntN(2000)) * time.Microsecond)
				victim.Kill()
			}
			if err := victim.Join(); err != nil && err != task.ErrKilled {
				t.Error(err)
			}
		}
	})()
	if answers < 100 {
		t.Errorf("only %d of 450 requests were answered", answers)
	}
	tr.CloseIdleConnections()
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if open != 0 {
		t.Errorf("%d connections are left", open)
	}
	until(t, "all tasks to end", func() bool { return runtime.Current().Stats().Live == 1 })
	if n := runtime.Current().Stats().Descriptors; n != 0 {
		t.Errorf("%d descriptors are left", n)
	}
}

// stormyRequest makes one request in one of many ways, and returns whether it was
// answered in full.
func stormyRequest(t *testing.T, random *rand.Rand, tr *http.Transport, addr, id string) bool {
	var content io.Reader
	method, size := "GET", random.IntN(3)*random.IntN(40000)
	switch random.IntN(3) {
	case 1:
		method, content = "POST", strings.NewReader(strings.Repeat("y", size))
	case 2:
		method, content = "POST", io.MultiReader(strings.NewReader(strings.Repeat("y", size)))
	}
	kind := []string{"plain", "chunks", "slow", "ignore", "close", "panic"}[random.IntN(6)]
	req := request(t, method, fmt.Sprintf("http://%s/%s?id=%s&size=%d", addr, kind, id, size), content)
	limit, bound := time.Duration(random.IntN(4000))*time.Microsecond, random.IntN(4)
	if bound == 0 {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		req = req.WithContext(ctx)
	} else if bound != 1 {
		limit = time.Hour
	}
	var got []byte
	err := timeout.Run(limit, func() error {
		resp, err := tr.RoundTrip(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if random.IntN(6) == 0 {
			return errors.New("not interested")
		}
		got, err = io.ReadAll(resp.Body)
		return err
	})
	if err != nil {
		return false
	}
	if want := id + strings.Repeat("x", size); string(got) != want {
		t.Errorf("%s %s: got %d bytes that begin with %.10q, want %d", kind, id, len(got), got, len(want))
	}
	return true
}

// stormy answers with the request's id and as much as it asks for.
func stormy(w http.ResponseWriter, r *http.Request) {
	var size int
	_, _ = fmt.Sscan(r.FormValue("size"), &size)
	answer := r.URL.Query().Get("id") + strings.Repeat("x", size)
	switch r.URL.Path {
	case "/chunks":
		for len(answer) > 0 {
			n := min(len(answer), 5000)
			_, _ = io.WriteString(w, answer[:n])
			w.(http.Flusher).Flush()
			answer = answer[n:]
		}
		return
	case "/slow":
		_ = timeout.WithContext(r.Context(), func() error { task.Sleep(time.Millisecond); return nil })
	case "/ignore":
	case "/close":
		w.Header().Set("Connection", "close")
	case "/panic":
		if size > 20000 {
			_, _ = io.WriteString(w, answer)
			panic(http.ErrAbortHandler)
		}
	}
	if r.URL.Path != "/ignore" {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	_, _ = io.WriteString(w, answer)
}

// holds: 86
func TestPeerThatDoesNotRead(t *testing.T) {
	run(t, func() {
		written, failed := 0, false
		s := &http.Server{Handler: handle(func(w http.ResponseWriter, r *http.Request) {
			chunk := make([]byte, 64<<10)
			for range 10000 {
				n, err := w.Write(chunk)
				if written += n; err != nil {
					failed = true
					return
				}
			}
		})}
		addr := start(t, s)
		defer s.Close()
		var before, after stdruntime.MemStats
		stdruntime.ReadMemStats(&before)
		c := dialPlain(t, addr)
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		until(t, "the handler", func() bool { return written > 0 })
		for last := 0; last != written; task.Sleep(20 * time.Millisecond) {
			last = written
		}
		stdruntime.ReadMemStats(&after)
		if written > 100<<20 || after.HeapAlloc > before.HeapAlloc+8<<20 {
			t.Errorf("%d bytes were written to a peer that does not read, the heap grew from %d to %d", written, before.HeapAlloc, after.HeapAlloc)
		}
		_ = c.Close()
		until(t, "the handler to notice", func() bool { return failed })
	})
}
