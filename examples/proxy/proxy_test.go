package main

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// with runs test with a proxy in front of a target that answers by answer.
func with(t *testing.T, answer func(c net.Conn), test func(p *proxy, address string)) string {
	t.Helper()
	var out strings.Builder
	err := runtime.Run(func() {
		target := listen(t)
		far := &net.Server{Handler: answer}
		task.Go(func() { _ = far.Serve(target) })
		near := listen(t)
		p := &proxy{target: target.Addr().String(), dial: time.Minute, out: &out}
		server := &net.Server{Handler: p.handle}
		task.Go(func() { _ = server.Serve(near) })
		test(p, near.Addr().String())
		if err := server.Shutdown(time.Minute); err != nil {
			t.Error(err)
		}
		if err := far.Shutdown(time.Minute); err != nil {
			t.Error(err)
		}
		if p.open != 0 {
			t.Errorf("%d connections are open at the end", p.open)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func listen(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func echo(c net.Conn) { _, _ = io.Copy(c, c) }

func dial(t *testing.T, address string) *net.TCPConn {
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// All arrives, in both directions, is counted, and the end as well.
func TestBytesAndEndsArePassedOn(t *testing.T) {
	for _, length := range []int{0, 1, small, small + 1, bulk + small, 3 << 20} {
		data := make([]byte, length)
		for i := range data {
			data[i] = byte(rand.Uint32())
		}
		out := with(t, echo, func(p *proxy, address string) {
			c := dial(t, address)
			defer c.Close()
			task.Go(func() {
				_, _ = c.Write(data)
				_ = c.CloseWrite()
			})
			got, err := io.ReadAll(c)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes of %d came back (%v)", len(got), length, err)
			}
			if p.there != int64(length) || p.back != int64(length) || p.served != 1 {
				t.Errorf("of %d bytes it says: %s", length, p.status())
			}
		})
		want := "there, " + size(int64(length)) + " back, in "
		if !strings.Contains(out, want) || strings.Count(out, "\n") != 1 {
			t.Errorf("it wrote %q, want one line with %q", out, want)
		}
	}
}

// What is said in a conversation is counted when it is said.
func TestConversationIsCountedAsItGoes(t *testing.T) {
	with(t, echo, func(p *proxy, address string) {
		c := dial(t, address)
		for i, word := range []string{"one", "two", "six"} {
			if _, err := c.Write([]byte(word)); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 3)
			if _, err := io.ReadFull(c, buf); err != nil || string(buf) != word {
				t.Fatalf("read %q, %v", buf, err)
			}
			if n := int64(3 * (i + 1)); p.there != n || p.back < n-3 {
				t.Errorf("after %d bytes: %s", n, p.status())
			}
		}
		_ = c.Close()
	})
}

// The target is not there: the client is let go, and it is said why.
func TestTargetThatRefuses(t *testing.T) {
	var out strings.Builder
	err := runtime.Run(func() {
		l := listen(t)
		gone := l.Addr().String()
		_ = l.Close()
		near := listen(t)
		p := &proxy{target: gone, dial: time.Minute, out: &out}
		server := &net.Server{Handler: p.handle}
		task.Go(func() { _ = server.Serve(near) })
		c := dial(t, near.Addr().String())
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("Read returned %d, %v", n, err)
		}
		_ = c.Close()
		_ = server.Shutdown(time.Minute)
	})
	if err != nil || !strings.Contains(out.String(), "refused") {
		t.Errorf("it wrote %q, and ended with %v", &out, err)
	}
}

// When one side breaks off, the other is let go.
func TestOneSideBreaksOff(t *testing.T) {
	with(t, func(c net.Conn) {
		_, _ = io.ReadFull(c, make([]byte, 1)) // then it is over
		_ = c.(*net.TCPConn).SetLinger(0)
	}, func(_ *proxy, address string) {
		c := dial(t, address)
		defer c.Close()
		_, _ = c.Write([]byte("x"))
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("Read returned %d, %v", n, err)
		}
	})
}

// The line on a terminal is drawn when something has changed, and removed at the end.
func TestLiveLine(t *testing.T) {
	var out strings.Builder
	err := runtime.Run(func() {
		p := &proxy{out: &out}
		p.live = task.Go(p.show)
		task.Sleep(5 * refresh)
		p.there = 5 << 20
		task.Sleep(5 * refresh)
		p.endShow()
	}, runtime.WithVirtualClock())
	want := "\r0 open, 0 served, 0 B there, 0 B back\x1b[K" + "\r0 open, 0 served, 5.0 MiB there, 0 B back\x1b[K" + "\r\x1b[K"
	if err != nil || out.String() != want {
		t.Errorf("it drew %q (%v), want %q", &out, err, want)
	}
}

func TestCommandLine(t *testing.T) {
	var out strings.Builder
	if code := run([]string{"-h"}, &out); code != 0 || !strings.HasPrefix(out.String(), "usage: proxy") {
		t.Errorf("-h: %d, %q", code, &out)
	}
	out.Reset()
	if code := run([]string{"127.0.0.1:0"}, &out); code != 2 || !regexp.MustCompile(`two addresses`).MatchString(out.String()) {
		t.Errorf("one address: %d, %q", code, &out)
	}
	out.Reset()
	if code := run([]string{"nonsense", "127.0.0.1:1"}, &out); code != 1 || out.Len() == 0 {
		t.Errorf("no address: %d, %q", code, &out)
	}
	o, err := parse([]string{"-max", "3", "a:1", "b:2"}, &out)
	if err != nil || o.limit != 3 || o.listen != "a:1" || o.target != "b:2" {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := parse([]string{"-max", "many"}, &out); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("it took nonsense: %v", err)
	}
}
