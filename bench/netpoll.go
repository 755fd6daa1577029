//go:build linux && !386 && !arm

package main

import (
	"context"
	"slices"
	"time"

	"github.com/cloudwego/netpoll"
)

// cloudwego/netpoll does not compile for every architecture, so it joins where it
// does, before the floor.
func init() {
	join := func(a *area, serve func(job, func(string)) error) {
		a.peers = slices.Insert(slices.Clone(a.peers), len(a.peers)-1, peer{name: "netpoll", serve: serve})
	}
	join(tcpArea, netpollEcho)
	join(acceptArea, netpollEcho)
	join(proxyArea, netpollProxy)
	join(idleArea, netpollIdle)
}

// netpollServe runs the event loop of cloudwego/netpoll. With one processor it has
// one poller by default.
func netpollServe(ready func(string), request netpoll.OnRequest, more ...netpoll.Option) error {
	l, err := netpoll.CreateListener("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	loop, err := netpoll.NewEventLoop(request, more...)
	if err != nil {
		return err
	}
	ready(l.Addr().String())
	return loop.Serve(l)
}

// netpollCopy sends all that one connection has got to the other.
func netpollCopy(to, from netpoll.Connection) error {
	n := from.Reader().Len()
	got, err := from.Reader().Next(n)
	if err != nil {
		return err
	}
	room, err := to.Writer().Malloc(n)
	if err != nil {
		return err
	}
	copy(room, got)
	if err := from.Reader().Release(); err != nil {
		return err
	}
	return to.Writer().Flush()
}

func netpollEcho(_ job, ready func(string)) error {
	return netpollServe(ready, func(_ context.Context, c netpoll.Connection) error { return netpollCopy(c, c) })
}

func netpollIdle(_ job, ready func(string)) error {
	return netpollServe(ready, func(_ context.Context, c netpoll.Connection) error { return netpollCopy(c, c) },
		netpoll.WithOnPrepare(func(c netpoll.Connection) context.Context {
			greet(c)
			return context.Background()
		}))
}

// netpollProxy sends what comes on a connection on to one of its own to the backend,
// and back.
func netpollProxy(j job, ready func(string)) error {
	type other struct{}
	onward := func(ctx context.Context, c netpoll.Connection) error {
		to, ok := ctx.Value(other{}).(netpoll.Connection)
		if !ok {
			return c.Close()
		}
		return netpollCopy(to, c)
	}
	return netpollServe(ready, onward, netpoll.WithOnConnect(func(ctx context.Context, c netpoll.Connection) context.Context {
		to, err := netpoll.DialConnection("tcp", j.Backend, 10*time.Second)
		if err != nil {
			return ctx
		}
		_ = to.SetOnRequest(func(_ context.Context, back netpoll.Connection) error { return netpollCopy(c, back) })
		return context.WithValue(ctx, other{}, netpoll.Connection(to))
	}))
}
