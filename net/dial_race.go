//go:build unix

package net

import (
	"context"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// dial finds the addresses and tries them.
func (d *Dialer) dial(ctx context.Context, t *kernel.Task, network, address string) (Conn, error) {
	if address == "" {
		if _, _, err := parseNetwork(network, true); err != nil {
			return nil, err
		}
		return nil, errMissingAddress
	}
	addrs, err := d.Resolver.resolve(ctx, t, network, address)
	if err == nil {
		addrs, err = reachable(addrs, d.LocalAddr)
	}
	if err != nil {
		return nil, err
	}
	first, others := addrs, []Addr(nil)
	if network == "tcp" && d.FallbackDelay >= 0 {
		first, others = partition(addrs)
	}
	if len(others) == 0 {
		return d.serial(ctx, t, network, first)
	}
	return d.race(ctx, t, network, first, others)
}

// reachable leaves out the addresses that local is of the wrong family for.
func reachable(addrs []Addr, local Addr) ([]Addr, error) {
	if local == nil {
		return addrs, nil
	}
	if local.Network() != addrs[0].Network() {
		return nil, &AddrError{Err: "mismatched local address type", Addr: local.String()}
	}
	if _, ok := ipOf(local); !ok || unspecified(local) {
		return addrs, nil
	}
	var fit []Addr
	for _, a := range addrs {
		if unspecified(a) || isIPv4(a) == isIPv4(local) {
			fit = append(fit, a)
		}
	}
	if len(fit) == 0 {
		return nil, &AddrError{Err: "no suitable address found", Addr: local.String()}
	}
	return fit, nil
}

// partition divides addresses into those of the first one's family and the others.
func partition(addrs []Addr) (first, others []Addr) {
	for _, a := range addrs {
		if isIPv4(a) == isIPv4(addrs[0]) {
			first = append(first, a)
		} else {
			others = append(others, a)
		}
	}
	return first, others
}

// A racer tries the addresses of one family while another tries the other's.
type race struct {
	// conn is the winner's connection. A loser who is connected too closes his.
	conn Conn
	// err is why the first family's addresses failed, which is what is reported.
	err error
	// start is where the second racer waits for the delay to be over, or the first to
	// have failed.
	start kernel.WaitList
}

var inFallbackDelay = kernel.Plain("the fallback delay of a dial")

// race has two tasks try the addresses of the two families at the same time, the
// second from when the first has failed or has had some time. The first connection
// counts; the other task is cancelled, which leaves nothing open. (RFC 6555.)
func (d *Dialer) race(ctx context.Context, t *kernel.Task, network string, first, others []Addr) (Conn, error) {
	var r race
	taken := false
	defer func() {
		if r.conn != nil && !taken { // the caller is cancelled, or a hook has panicked
			_ = r.conn.Close()
		}
	}()
	g := task.NewGroup()
	try := func(addrs []Addr) error {
		conn, err := d.serial(ctx, kernel.Running(), network, addrs)
		if err != nil {
			return err
		}
		if r.conn != nil {
			_ = conn.Close()
			return nil
		}
		r.conn = conn
		g.Cancel()
		return nil
	}
	g.Go(func() error {
		r.err = try(first)
		r.start.WakeAll()
		return nil
	})
	g.Go(func() error {
		delay := d.FallbackDelay
		if delay == 0 {
			delay = 300 * time.Millisecond
		}
		if t := kernel.Running(); r.err == nil {
			l := t.Loop()
			if r.start.Wait(t, inFallbackDelay, l.At(l.Time().Add(delay))) == kernel.Canceled {
				return t.Interrupted()
			}
		}
		if r.conn == nil {
			_ = try(others)
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return nil, &OpError{Op: "dial", Net: network, Source: d.LocalAddr, Addr: first[0], Err: err}
	}
	if r.conn == nil {
		return nil, r.err
	}
	taken = true
	return r.conn, nil
}

// serial tries addresses one after the other.
func (d *Dialer) serial(ctx context.Context, t *kernel.Task, network string, addrs []Addr) (Conn, error) {
	end := d.end(ctx, t.Loop())
	trace := traceOf(ctx)
	var first *OpError
	for i, a := range addrs {
		var conn Conn
		try := func() (err error) {
			done := trace.connect(network, a)
			if conn, err = d.single(ctx, network, a); err != nil {
				done(&OpError{Op: "dial", Net: network, Source: d.LocalAddr, Addr: a, Err: err})
				return err
			}
			done(nil)
			return nil
		}
		var err error
		if left := len(addrs) - i; left > 1 && !end.IsZero() {
			err = timeout.Run(share(end.Sub(t.Loop().Time()), left), try)
		} else {
			err = try()
		}
		if err == nil {
			return conn, nil
		}
		if first == nil || t.Interruptible() {
			first = &OpError{Op: "dial", Net: network, Source: d.LocalAddr, Addr: a, Err: err}
		}
		if t.Interruptible() { // the whole dial is over, not just this attempt
			if err := t.Interrupted(); err != nil {
				first.Err = err
			}
			break
		}
	}
	return nil, first
}

// share is the time for the next of so many addresses, so that one that does not
// answer leaves time for the others: an equal part, but not less than two seconds
// while there are that many. (The standard library's rule.)
func share(left time.Duration, addrs int) time.Duration {
	const sane = 2 * time.Second
	return max(left/time.Duration(addrs), min(left, sane))
}

// single connects to one address.
func (d *Dialer) single(ctx context.Context, network string, a Addr) (Conn, error) {
	switch a := a.(type) {
	case *TCPAddr:
		local, _ := d.LocalAddr.(*TCPAddr)
		return orError(d.tcp(ctx, network, local, a))
	case *UDPAddr:
		local, _ := d.LocalAddr.(*UDPAddr)
		return orError(d.udp(ctx, network, local, a))
	case *IPAddr:
		local, _ := d.LocalAddr.(*IPAddr)
		base, proto, err := parseNetwork(network, true)
		if err != nil {
			return nil, err
		}
		return orError(d.ip(ctx, base, proto, local, a))
	case *UnixAddr:
		local, _ := d.LocalAddr.(*UnixAddr)
		return orError(d.unix(ctx, network, local, a))
	}
	return nil, &AddrError{Err: "unexpected address type", Addr: a.String()}
}

// orError makes a nil pointer a nil interface.
func orError[T any, P interface {
	*T
	Conn
}](c P, err error) (Conn, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}
