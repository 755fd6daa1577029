//go:build linux

package main

import (
	"fmt"
	"io"
	stdnet "net"
	stdhttp "net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// ask drives a generator with HTTP requests against a handler.
func ask(t *testing.T, h stdhttp.HandlerFunc) (*generator, error) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	to := netip.MustParseAddrPort(s.Listener.Addr().(*stdnet.TCPAddr).String())
	g, err := newGenerator(load{conns: 3, ask: helloRequest}, dialer{kind: unix.SOCK_STREAM, to: to})
	if err != nil {
		return nil, err
	}
	t.Cleanup(g.close)
	if err := g.open(); err != nil {
		return nil, err
	}
	g.verify = true
	return g, driven(g)
}

func TestGeneratorAsksByHTTP(t *testing.T) {
	n := 0
	g, err := ask(t, func(w stdhttp.ResponseWriter, r *stdhttp.Request) { greeter(w, r) })
	if err != nil || g.done == 0 || g.answer < len(hello) {
		t.Fatalf("%v, %+v", err, g)
	}
	for name, c := range map[string]struct {
		want  string
		serve stdhttp.HandlerFunc
	}{
		"a wrong body":   {"Howdy", func(w stdhttp.ResponseWriter, _ *stdhttp.Request) { _, _ = io.WriteString(w, "Howdy, world\n") }},
		"a wrong status": {"404", stdhttp.NotFound},
		"answers that differ": {"equally long", func(w stdhttp.ResponseWriter, _ *stdhttp.Request) {
			n++
			w.Header().Set("N", strings.Repeat("n", n))
			_, _ = io.WriteString(w, hello)
		}},
		"an end": {"closing true", func(w stdhttp.ResponseWriter, _ *stdhttp.Request) {
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, hello)
		}},
	} {
		if _, err := ask(t, c.serve); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
	if err := helloRequest.right([]byte(fmt.Sprintf("HTTP/1.1 500 No\r\n\r\n%s", hello))); err == nil {
		t.Error("an error of the server is taken for a right answer")
	}
}
