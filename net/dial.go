//go:build unix

package net

import (
	"context"
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
	"github.com/evergreen-go/evergreen/timeout"
)

// Dialer holds the options for connecting to an address. The zero Dialer connects
// as [Dial] does.
type Dialer struct {
	// Timeout bounds the whole of a dial, the name's lookup included; 0 for no limit.
	Timeout time.Duration
	// Deadline is the time at which a dial fails; the zero time for none. If Timeout
	// is set too the earlier one counts.
	Deadline time.Time
	// LocalAddr is the address to connect from, a *TCPAddr; nil for any.
	LocalAddr Addr
	// KeepAlive is the time between probes of an idle connection; 0 for the default
	// of 15 seconds, negative for none.
	KeepAlive time.Duration
	// KeepAliveConfig says more about probes; it counts where its Enable is set.
	KeepAliveConfig KeepAliveConfig
	// ControlContext is called with the new socket before it is connected. It must not
	// wait.
	ControlContext func(ctx context.Context, network, address string, c syscall.RawConn) error
	// Control is called in its place where ControlContext is nil.
	Control func(network, address string, c syscall.RawConn) error
}

// Dial connects to an address: network is "tcp", "tcp4" or "tcp6", address a host
// and a port. Where a name has several addresses they are tried one after the
// other until one answers. It is a checkpoint; if the task is cancelled meanwhile
// nothing is left open.
func Dial(network, address string) (Conn, error) {
	var d Dialer
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout is like [Dial] and takes at most d. It is a checkpoint.
func DialTimeout(network, address string, d time.Duration) (Conn, error) {
	dialer := Dialer{Timeout: d}
	return dialer.DialContext(context.Background(), network, address)
}

// DialTCP is like [Dial] with addresses that need no lookup; local may be nil. It
// is a checkpoint.
func DialTCP(network string, local, remote *TCPAddr) (*TCPConn, error) {
	var d Dialer
	if local != nil {
		d.LocalAddr = local
	}
	if remote == nil {
		return nil, &OpError{Op: "dial", Net: network, Source: d.LocalAddr, Err: errMissingAddress}
	}
	c, err := d.DialContext(context.Background(), network, remote.String())
	if err != nil {
		return nil, err
	}
	return c.(*TCPConn), nil
}

var errMissingAddress = errors.New("missing address")

// Dial connects to an address, see [Dial]. It is a checkpoint.
func (d *Dialer) Dial(network, address string) (Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext is like [Dialer.Dial] until the context is done. It is a checkpoint.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (Conn, error) {
	t := kernel.MustTask("net.Dial")
	var conn *TCPConn
	attempt := func() (err error) {
		conn, err = d.dial(ctx, t, network, address)
		return err
	}
	if limit, ok := d.limit(t.Loop()); ok {
		inner := attempt
		attempt = func() error { return timeout.Run(limit, inner) }
	}
	err := timeout.WithContext(ctx, attempt)
	if err == nil {
		return conn, nil
	}
	op, ok := err.(*OpError)
	if !ok || op.Op != "dial" { // not As: the look-up of a name may wrap a dial of its own
		op = &OpError{Op: "dial", Net: network, Err: err}
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(op.Err, cause) {
		op.Err = ctx.Err() // what callers compare with, and what has a Timeout method
	}
	return nil, op
}

// limit returns how much time the dial has.
func (d *Dialer) limit(l *kernel.Loop) (limit time.Duration, ok bool) {
	if d.Timeout != 0 {
		limit, ok = d.Timeout, true
	}
	if !d.Deadline.IsZero() {
		if left := d.Deadline.Sub(l.Time()); !ok || left < limit {
			limit, ok = left, true
		}
	}
	return limit, ok
}

// dial tries the addresses one after the other.
func (d *Dialer) dial(ctx context.Context, t *kernel.Task, network, address string) (*TCPConn, error) {
	addrs, err := resolveTCP(ctx, t, network, address)
	if err == nil && address == "" {
		err = errMissingAddress
	}
	if err == nil {
		addrs, err = d.reachable(addrs)
	}
	if err != nil {
		return nil, err
	}
	end := d.end(ctx, t.Loop())
	var first *OpError
	for i, a := range addrs {
		var conn *TCPConn
		try := func() (err error) {
			conn, err = d.connect(ctx, network, a)
			return err
		}
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

// reachable leaves out the addresses that LocalAddr is of the wrong family for.
func (d *Dialer) reachable(addrs []*TCPAddr) ([]*TCPAddr, error) {
	if d.LocalAddr == nil {
		return addrs, nil
	}
	local, ok := d.LocalAddr.(*TCPAddr)
	if !ok {
		return nil, &AddrError{Err: "mismatched local address type", Addr: d.LocalAddr.String()}
	}
	if len(local.IP) == 0 || local.IP.IsUnspecified() {
		return addrs, nil
	}
	var fit []*TCPAddr
	for _, a := range addrs {
		if len(a.IP) == 0 || a.IP.IsUnspecified() || familyOf(a) == familyOf(local) {
			fit = append(fit, a)
		}
	}
	if len(fit) == 0 {
		return nil, &AddrError{Err: "no suitable address found", Addr: local.String()}
	}
	return fit, nil
}

// end tells when the dial's time is up, the zero time if it has all the time in the
// world.
func (d *Dialer) end(ctx context.Context, l *kernel.Loop) (end time.Time) {
	if limit, ok := d.limit(l); ok {
		end = l.Time().Add(limit)
	}
	if over, ok := ctx.Deadline(); ok && (end.IsZero() || over.Before(end)) {
		end = over
	}
	return end
}

// share is the time for the next of so many addresses, so that one that does not
// answer leaves time for the others: an equal part, but not less than two seconds
// while there are that many. (The standard library's rule.)
func share(left time.Duration, addrs int) time.Duration {
	const sane = 2 * time.Second
	return max(left/time.Duration(addrs), min(left, sane))
}

func (d *Dialer) connect(ctx context.Context, network string, a *TCPAddr) (*TCPConn, error) {
	to := *a
	if len(to.IP) == 0 { // no host means this machine
		to.IP = IPv4(127, 0, 0, 1)
		if network == "tcp6" {
			to.IP = ParseIP("::1")
		}
	}
	s := socket.Settings{Family: familyOf(&to), Kind: sockStream, Name: "tcp connection to " + to.String()}
	s.Control = d.control(ctx, network, to.String())
	sa, err := toSockaddr(&to, s.Family)
	if err != nil {
		return nil, err
	}
	local, _ := d.LocalAddr.(*TCPAddr)
	if local != nil {
		if s.Local, err = toSockaddr(local, s.Family); err != nil {
			return nil, err
		}
	}
	for again := 2; ; again-- {
		if local != nil && local.Port != 0 {
			again = 0
		}
		fd, err := socket.Connect(s, sa)
		if err != nil {
			if again > 0 && errors.Is(err, unix.EADDRNOTAVAIL) {
				continue
			}
			return nil, err
		}
		c := newTCPConn(fd, network, fromSockaddr(sa), d.KeepAlive, d.KeepAliveConfig)
		if again > 0 && c.toItself() {
			_ = c.Close()
			continue
		}
		return c, nil
	}
}

// toItself tells whether both ends are the same socket. A dial to a port of this
// machine where nobody listens can find that very port given to itself, and TCP
// then connects the socket to itself.
func (c *TCPConn) toItself() bool {
	local, ok := c.local.(*TCPAddr)
	remote := c.remote.(*TCPAddr)
	return ok && local.Port == remote.Port && local.IP.Equal(remote.IP)
}

func (d *Dialer) control(ctx context.Context, network, address string) func(fd int) error {
	control := d.ControlContext
	if control == nil && d.Control != nil {
		control = func(_ context.Context, network, address string, c syscall.RawConn) error {
			return d.Control(network, address, c)
		}
	}
	if control == nil {
		return nil
	}
	family := "4"
	if host, _, err := SplitHostPort(address); err == nil && ParseIP(host).To4() == nil {
		family = "6"
	}
	if network == "tcp" {
		network += family
	}
	return func(fd int) error { return control(ctx, network, address, rawFD(fd)) }
}
