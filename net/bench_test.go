package net_test

import (
	"io"
	stdnet "net"
	"sync"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

const message = 64

// echoAll sends back what comes.
func echoAll(c stdnet.Conn) {
	defer c.Close()
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

func roundTrips(b *testing.B, c stdnet.Conn, n int) {
	out, in := make([]byte, message), make([]byte, message)
	for range n {
		if _, err := c.Write(out); err != nil {
			b.Error(err)
			return
		}
		if _, err := io.ReadFull(c, in); err != nil {
			b.Error(err)
			return
		}
	}
}

// BenchmarkEcho is a round trip of 64 bytes with both ends in this process: tasks of
// one loop, or goroutines of the standard library.
func BenchmarkEcho(b *testing.B) {
	for _, conns := range []struct {
		name string
		n    int
	}{{"1conn", 1}, {"100conns", 100}} {
		b.Run(conns.name+"/evergreen", func(b *testing.B) {
			must(b, runtime.Run(func() {
				var clients []stdnet.Conn
				for range conns.n {
					c, s := pair(b)
					clients = append(clients, c)
					task.Go(func() { echoAll(s) })
				}
				b.ResetTimer()
				var all []func()
				for _, c := range clients {
					all = append(all, func() { roundTrips(b, c, b.N/conns.n+1) })
				}
				tasks(all...)
				b.StopTimer()
				for _, c := range clients {
					must(b, c.Close())
				}
			}))
		})
		b.Run(conns.name+"/std", func(b *testing.B) {
			var servers sync.WaitGroup
			var clients []stdnet.Conn
			for range conns.n {
				c, s := stdPair(b)
				clients = append(clients, c)
				servers.Go(func() { echoAll(s) })
			}
			b.ResetTimer()
			var all []func()
			for _, c := range clients {
				all = append(all, func() { roundTrips(b, c, b.N/conns.n+1) })
			}
			goroutines(all...)
			b.StopTimer()
			for _, c := range clients {
				must(b, c.Close())
			}
			servers.Wait()
		})
	}
}

func stdPair(b *testing.B) (dialed, accepted stdnet.Conn) {
	l, err := stdnet.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	defer l.Close()
	dialed, err = stdnet.Dial("tcp", l.Addr().String())
	must(b, err)
	accepted, err = l.Accept()
	must(b, err)
	return dialed, accepted
}

// BenchmarkEchoFromAGoroutine is BenchmarkEcho with one connection whose client is a
// plain goroutine: each call of it is carried to the loop.
func BenchmarkEchoFromAGoroutine(b *testing.B) {
	loop := start(b)
	c, s := pairOf(b, loop)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = loop.Do(func() error { echoAll(s); return nil })
	}()
	b.ResetTimer()
	roundTrips(b, c, b.N)
	b.StopTimer()
	must(b, c.Close())
	<-served
}

// BenchmarkAccept connects, accepts and closes both ends.
func BenchmarkAccept(b *testing.B) {
	b.Run("evergreen", func(b *testing.B) {
		must(b, runtime.Run(func() {
			l := listen(b)
			server := task.Go(func() { sinkAll(l) })
			for range b.N {
				c, err := net.Dial("tcp", l.Addr().String())
				must(b, err)
				_, _ = c.Read(make([]byte, 1)) // the server closes first: no port is used up
				must(b, c.Close())
			}
			must(b, l.Close())
			must(b, server.Join())
		}))
	})
	b.Run("std", func(b *testing.B) {
		l, err := stdnet.Listen("tcp", "127.0.0.1:0")
		must(b, err)
		var server sync.WaitGroup
		server.Go(func() { sinkAll(l) })
		for range b.N {
			c, err := stdnet.Dial("tcp", l.Addr().String())
			must(b, err)
			_, _ = c.Read(make([]byte, 1))
			must(b, c.Close())
		}
		must(b, l.Close())
		server.Wait()
	})
}

// sinkAll accepts connections and closes them until the listener is closed.
func sinkAll(l stdnet.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_ = c.Close()
	}
}
