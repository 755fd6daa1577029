//go:build linux

package main

import (
	stdnet "net"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// echoers are the peers that send back what they get over TCP.
var echoers = []peer{
	{name: "net", serve: func(j job, ready func(string)) error {
		return stdStream(ready, func(c stdnet.Conn) { echoConn(c, j.buffer()) })
	}},
	{name: us, serve: func(j job, ready func(string)) error {
		return ourStream(ready, func(c stdnet.Conn) { echoConn(c, j.buffer()) })
	}},
	{name: "epoll", serve: func(j job, ready func(string)) error {
		buf := make([]byte, j.buffer())
		return rawStream(ready, func(l *rawLoop, c *rawConn) { l.echo(c, buf) })
	}},
}

var tcpArea = &area{
	name: "tcp", title: "TCP echo", peers: echoers, metrics: requests,
	about: "Each connection has one message under way, which the server sends back as it came. The Go servers have a goroutine, or a " +
		"task, for each connection; asyncio has a protocol, which is its fastest way, gevent and Trio a greenlet and a task.",
	pictures: []picture{
		bars(rate, "TCP echo of 64 bytes over 100 connections, server on one processor", "64 B x 100"),
		bars(cpu, "What one echo takes", "64 B x 100", "64 B x 1,000", "64 KiB x 100"),
		growth(cpu, "One echo of 64 bytes among ever more connections", "connections", "64 B x ", "", 1),
		latencies("64 B x 100", "Latency of an echo of 64 bytes over 100 connections"),
	},
	scenes: []scene{
		exchange("64 B x 1", load{conns: 1, size: 64}),
		goOnly(exchange("64 B x 10", load{conns: 10, size: 64})),
		exchange("64 B x 100", load{conns: 100, size: 64}),
		exchange("64 B x 1,000", load{conns: 1000, size: 64}),
		long(goOnly(exchange("64 B x 10,000", load{conns: 10_000, size: 64}))),
		many(20_000),
		exchange("4 KiB x 100", load{conns: 100, size: 4 << 10}),
		exchange("64 KiB x 100", load{conns: 100, size: 64 << 10}),
	},
}

// goOnly leaves out what is not written in Go, which would take most of the time.
func goOnly(s scene) scene {
	s.only = []string{us, "net", "netpoll", "epoll"}
	return s
}

// many is a scene of more connections than some systems allow a process.
func many(n int) scene {
	s := long(goOnly(exchange("64 B x "+grouped(float64(n), 0), load{conns: n, size: 64})))
	s.files = n + 100
	return s
}

// acceptArea has a connection made, used once and ended for each message.
var acceptArea = &area{
	name: "accept", title: "Accepting connections", peers: echoers, metrics: requests,
	about:    "A connection is made, used for one message of 64 bytes and ended by a reset, and then the next.",
	pictures: []picture{bars(cpu, "One connection, made and used once")},
	scenes: []scene{
		exchange("32 at a time", load{conns: 32, size: 64, churn: true}),
	},
}

// ourStream serves every connection in a task of its own.
func ourStream(ready func(string), serve func(stdnet.Conn)) error {
	return runtime.Run(func() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		ready(l.Addr().String())
		for {
			c, err := l.Accept()
			if err != nil {
				panic(err)
			}
			task.Go(func() { serve(c) })
		}
	})
}

// stdStream serves every connection in a goroutine of its own.
func stdStream(ready func(string), serve func(stdnet.Conn)) error {
	l, err := stdnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ready(l.Addr().String())
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go serve(c)
	}
}

func echoConn(c stdnet.Conn, size int) {
	defer c.Close()
	buf := make([]byte, size)
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
