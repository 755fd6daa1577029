//go:build unix

package net_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// events is a trace that writes down what it is told.
type events []string

func (e *events) context() context.Context {
	add := func(format string, args ...any) { *e = append(*e, fmt.Sprintf(format, args...)) }
	return httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		DNSStart: func(i httptrace.DNSStartInfo) { add("look up %s", i.Host) },
		DNSDone: func(i httptrace.DNSDoneInfo) {
			add("looked up %v, coalesced %v, failed %v", i.Addrs, i.Coalesced, i.Err != nil)
		},
		ConnectStart: func(network, address string) { add("connect %s %s", network, address) },
		ConnectDone: func(network, address string, err error) {
			add("connected %s %s, failed %v", network, address, err != nil)
		},
	})
}

func (e *events) want(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(*e, want) {
		t.Errorf("the trace is told:\n%s\nand not:\n%s", strings.Join(*e, "\n"), strings.Join(want, "\n"))
	}
}

func TestDialIsTraced(t *testing.T) {
	run(t, func() {
		l := listenAt(t, apart())
		at := l.Addr().String()
		var e events
		var d net.Dialer
		c, err := d.DialContext(e.context(), "tcp", at)
		must(t, err)
		must(t, c.Close())
		must(t, l.Close())
		if _, err = d.DialContext(e.context(), "tcp", at); err == nil {
			t.Error("somebody answers at a closed listener's port")
		}
		e.want(
			t,
			"connect tcp "+at, "connected tcp "+at+", failed false",
			"connect tcp "+at, "connected tcp "+at+", failed true",
		)
	})
}

// A trace may have few of its functions, or none.
func TestDialWithAnEmptyTrace(t *testing.T) {
	run(t, func() {
		l := listen(t)
		defer l.Close()
		r := net.Resolver{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errNoServer }}
		d := net.Dialer{Resolver: &r}
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{})
		c, err := d.DialContext(ctx, "tcp", l.Addr().String())
		must(t, err)
		must(t, c.Close())
		if _, err = d.DialContext(ctx, "tcp", "nobody.test.:80"); err == nil {
			t.Error("there is nobody.test.")
		}
	})
}

var errNoServer = errors.New("no name server")

// The connections to name servers are not told, though they are dialed with the
// values of the context.
func TestLookupIsTracedWithoutItsConnections(t *testing.T) {
	run(t, func() {
		server := listen(t)
		defer server.Close()
		dials := 0
		r := net.Resolver{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			dials++
			var d net.Dialer
			c, err := d.DialContext(ctx, "tcp", server.Addr().String())
			must(t, err)
			must(t, c.Close())
			return nil, errNoServer
		}}
		var e events
		d := net.Dialer{Resolver: &r}
		if _, err := d.DialContext(e.context(), "tcp", "nobody.test.:80"); err == nil {
			t.Error("there is nobody.test.")
		}
		if dials == 0 {
			t.Error("no name server was dialed")
		}
		e.want(t, "look up nobody.test.", "looked up [], coalesced false, failed true")
	})
}

// Whoever waits for an answer that another task has asked for is told so, by his own
// trace.
func TestLookupsThatShareAnAnswerAreTraced(t *testing.T) {
	run(t, func() {
		server := dialTo(serveNames(t, func(_ string, m *dnsmessage.Message) [][]byte {
			addRecord(m, "", "192.0.2.1")
			return [][]byte{packMessage(m)}
		}))
		var first, second events
		r := net.Resolver{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			for len(second) == 0 {
				task.Yield()
			}
			settle() // until the second waits
			return server(ctx, network, address)
		}}
		ask := func(e *events) func() {
			return func() {
				_, err := r.LookupIPAddr(e.context(), "shared.test.")
				must(t, err)
			}
		}
		tasks(ask(&first), ask(&second))
		first.want(t, "look up shared.test.", "looked up [{192.0.2.1 }], coalesced false, failed false")
		second.want(t, "look up shared.test.", "looked up [{192.0.2.1 }], coalesced true, failed false")
	})
}
