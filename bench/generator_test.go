//go:build linux

package main

import (
	"math/rand/v2"
	stdnet "net"
	"net/netip"
	"slices"
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
	return g, g.drive(100 * time.Millisecond)
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

func TestHistogram(t *testing.T) {
	var h histogram
	r := rand.New(rand.NewPCG(1, 2))
	var exact []int64
	for range 100_000 {
		ns := int64(1) << r.IntN(40)
		ns += r.Int64N(ns)
		exact = append(exact, ns)
		h.add(ns)
	}
	slices.Sort(exact)
	for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 1} {
		want := float64(exact[int(q*float64(len(exact)-1))]) / 1e3
		if got := h.at(q); got < want*(1-1.0/64)-0.001 || got > want*(1+1.0/64)+0.001 {
			t.Errorf("the quantile %v is %v, want %v", q, got, want)
		}
	}
	for _, v := range []uint64{0, 1, 63, 64, 127, 128, 129, 1 << 40, 1<<63 - 1} {
		if b := bucket(v); v < lowest(b) || v >= lowest(b+1) {
			t.Errorf("%d is in the bucket from %d to %d", v, lowest(b), lowest(b+1))
		}
	}
	h.reset()
	if h.total != 0 || h.at(0.5) != 0 {
		t.Error("reset left something")
	}
}

func TestSpread(t *testing.T) {
	if m := (spread{3, 1, 2}).median(); m != 2 {
		t.Errorf("the median of 3, 1, 2 is %v", m)
	}
	if m := (spread{4, 1, 2, 3}).median(); m != 2.5 {
		t.Errorf("the median of 4, 1, 2, 3 is %v", m)
	}
	if s := (spread{0.9, 1.2, 1.3}).String(); s != "1.20* (0.90 to 1.30)" {
		t.Errorf("a spread across 1 is %s", s)
	}
	if s := (spread{1.1, 1.2, 1.3}).String(); s != "1.20 (1.10 to 1.30)" {
		t.Errorf("a spread above 1 is %s", s)
	}
	of := []sample{{rate: 4}, {rate: 9}, {}}
	to := []sample{{rate: 2}, {rate: 3}, {}}
	if r := ratios(of, to, rate); !slices.Equal(r, spread{2, 3, 1}) {
		t.Errorf("the ratios of the rounds are %v, want 2, 3, 1", r)
	}
}

func TestDisturbedWarns(t *testing.T) {
	for share, want := range map[float64]bool{0: false, 0.04: false, 0.06: true} {
		var out strings.Builder
		disturbed(&out, &area{peers: []peer{{name: "one"}}}, map[string][]sample{"one": {{waited: share}}})
		if got := strings.Contains(out.String(), "not idle"); got != want {
			t.Errorf("a share of %v: warned %t, want %t", share, got, want)
		}
	}
}
