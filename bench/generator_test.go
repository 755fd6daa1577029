//go:build linux

package main

import (
	stdnet "net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// against drives a generator against a server that treats each connection so.
func against(t *testing.T, l load, serve func(stdnet.Conn)) (*generator, error) {
	t.Helper()
	listener, err := stdnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	g, err := newGenerator(l, dialer{kind: unix.SOCK_STREAM, to: netip.MustParseAddrPort(listener.Addr().String())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.close)
	if err := g.open(); err != nil {
		t.Fatal(err)
	}
	g.verify = true
	return g, driven(g)
}

// driven drives a generator until it has got some answers, however busy the machine is,
// or one that it does not like.
func driven(g *generator) (err error) {
	for tries := 0; err == nil && g.done < 10 && tries < 100; tries++ {
		err = g.drive(100 * time.Millisecond)
	}
	return err
}

// A server that answers wrongly, too much or not to the end must not look fast.
func TestGeneratorNoticesWrongAnswers(t *testing.T) {
	answer := func(change func([]byte) []byte) func(stdnet.Conn) {
		return func(c stdnet.Conn) {
			defer c.Close()
			buf := make([]byte, 1<<16)
			for {
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				if _, err := c.Write(change(buf[:n:n])); err != nil {
					return
				}
			}
		}
	}
	for _, c := range []struct {
		name, want string
		serve      func(stdnet.Conn)
	}{
		{"changed", "not what was sent", answer(func(p []byte) []byte { p[len(p)-1]++; return p })},
		{"longer", "too many", answer(func(p []byte) []byte { return append(p, 0) })},
		{"closed", "closed", func(c stdnet.Conn) { _, _ = c.Read(make([]byte, 1<<16)); _ = c.Close() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := against(t, load{conns: 3, size: 64}, c.serve); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want an error with %q", err, c.want)
			}
		})
	}
}

// Messages that neither side can send or read at once arrive whole.
func TestGeneratorWithLongMessages(t *testing.T) {
	const size = 8 << 20
	g, err := against(t, load{conns: 2, size: size}, func(c stdnet.Conn) { echoConn(c, 1<<16) })
	if err != nil {
		t.Fatal(err)
	}
	g.verify = false // now they are thrown away unread
	for before := g.done; g.done < before+2; {
		if err := g.drive(20 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if g.times.total != g.done {
		t.Errorf("%d times of %d messages", g.times.total, g.done)
	}
}

func TestGeneratorChurns(t *testing.T) {
	accepted := make(chan bool, 1<<20)
	g, err := against(t, load{conns: 2, size: 64, churn: true}, func(c stdnet.Conn) {
		accepted <- true
		echoConn(c, 4096)
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(accepted); g.done == 0 || n < g.done {
		t.Errorf("%d messages on %d connections", g.done, n)
	}
}
