//go:build linux

package main

import (
	"io"
	stdnet "net"
	stdhttp "net/http"

	"github.com/valyala/fasthttp"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/runtime"
)

const hello = "hello, world\n"

var helloRequest = &question{
	text: "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
	body: hello,
}

// greeter is the handler of net/http's server and of ours.
var greeter = stdhttp.HandlerFunc(func(w stdhttp.ResponseWriter, _ *stdhttp.Request) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, hello)
})

var httpArea = &area{
	name: "http", title: "HTTP server",
	about: "A handler that says hello, over connections that are kept. The handler of net/http's server and of ours is the same " +
		"`http.Handler`; fasthttp has a kind of its own.",
	metrics:  requests,
	pictures: []picture{bars(rate, "HTTP hello, server on one processor", "hello x 100"), latencies("hello x 100", "Latency of HTTP hello over 100 connections")},
	peers: append([]peer{
		{name: "net/http", serve: func(_ job, ready func(string)) error {
			l, err := stdnet.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				return err
			}
			ready(l.Addr().String())
			return stdhttp.Serve(l, greeter)
		}},
		{name: us, serve: func(_ job, ready func(string)) error {
			var failed error
			err := runtime.Run(func() {
				l, err := net.Listen("tcp4", "127.0.0.1:0")
				if err != nil {
					panic(err)
				}
				ready(l.Addr().String())
				failed = http.Serve(l, greeter)
			})
			if err == nil {
				err = failed
			}
			return err
		}},
		{name: "fasthttp", serve: fastHello},
	}, pythons("http", "gevent", "aiohttp", "aiohttp+uvloop")...),
	scenes: []scene{
		exchange("hello x 1", load{conns: 1, ask: helloRequest}),
		exchange("hello x 100", load{conns: 100, ask: helloRequest}),
		exchange("hello x 1,000", load{conns: 1000, ask: helloRequest}),
	},
}

// fastHello says hello by fasthttp.
func fastHello(_ job, ready func(string)) error {
	l, err := stdnet.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ready(l.Addr().String())
	return fasthttp.Serve(l, func(c *fasthttp.RequestCtx) {
		c.SetContentType("text/plain")
		c.SetBodyString(hello)
	})
}
