package main

import (
	"fmt"
	stdio "io"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

const (
	// small is how much is read at once, and counted at once.
	small = 32 << 10
	// bulk is how much the system moves before it is counted.
	bulk = 256 << 10
	// refresh is the time between two looks at the counts.
	refresh = 200 * time.Millisecond
)

// proxy is what all connections have in common.
type proxy struct {
	target string
	dial   time.Duration
	out    stdio.Writer
	// live is the task that shows the counts, nil where connections are told of one by
	// one.
	live *task.Task

	open, served int
	there, back  int64
}

// handle passes one connection on. The server closes it afterwards.
func (p *proxy) handle(client net.Conn) {
	began := runtime.Current().Now()
	p.open++
	p.served++
	var there, back int64
	defer func() { p.open-- }() // also when it is cut off
	err := p.connect(client, &there, &back)
	if p.live != nil {
		return
	}
	took := runtime.Current().Now().Sub(began).Round(time.Millisecond)
	line := fmt.Sprintf("%v: %s there, %s back, in %v", client.RemoteAddr(), size(there), size(back), took)
	if err != nil {
		line += fmt.Sprintf(" (%v)", err)
	}
	fmt.Fprintln(p.out, line)
}

// connect joins a client with the target until both have said all they have to say.
func (p *proxy) connect(client net.Conn, there, back *int64) error {
	server, err := net.DialTimeout("tcp", p.target, p.dial)
	if err != nil {
		return err
	}
	defer server.Close()
	g := task.NewGroup()
	g.Go(func() error {
		return pass(server, client, func(n int64) { *there += n; p.there += n })
	})
	g.Go(func() error {
		return pass(client, server, func(n int64) { *back += n; p.back += n })
	})
	return g.Wait()
}

// pass copies until the source ends, and ends the other side, too. What comes slowly is
// read, written and counted as it comes. Where a buffer is not enough there is more, and
// the system moves it by itself.
func pass(to, from net.Conn, count func(n int64)) error {
	buf := make([]byte, small)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			m, err := to.Write(buf[:n])
			count(int64(m))
			if err != nil {
				return err
			}
		}
		if n == len(buf) && err == nil {
			var m int64
			m, err = stdio.CopyN(to, from, bulk)
			count(m)
		}
		switch {
		case err == stdio.EOF:
			return to.(interface{ CloseWrite() error }).CloseWrite()
		case err != nil:
			return err
		}
	}
}

// status is the counts in one line.
func (p *proxy) status() string {
	return fmt.Sprintf("%d open, %d served, %s there, %s back", p.open, p.served, size(p.there), size(p.back))
}

// show draws the counts over and over.
func (p *proxy) show() {
	last := ""
	for {
		if now := p.status(); now != last {
			fmt.Fprintf(p.out, "\r%s\x1b[K", now) // to the begin of the line, and erase the rest
			last = now
		}
		task.Sleep(refresh)
	}
}

// endShow removes the line of counts.
func (p *proxy) endShow() {
	if p.live == nil {
		return
	}
	p.live.Kill()
	_ = p.live.Join()
	fmt.Fprint(p.out, "\r\x1b[K")
}

// size writes a number of bytes for people.
func size(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/(1<<10), 0
	for ; f >= 1<<10 && unit < 3; unit++ {
		f /= 1 << 10
	}
	return fmt.Sprintf("%.1f %ciB", f, "KMGT"[unit])
}
