//go:build unix

package net

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
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
	// LocalAddr is the address to connect from, of the network's type; nil for any.
	LocalAddr Addr
	// DualStack is what it was in the standard library: without effect. FallbackDelay
	// counts.
	DualStack bool
	// FallbackDelay is how long the addresses of the first family (IPv4 or IPv6) that a
	// name has are tried alone for "tcp", before those of the other are tried beside
	// them; 0 for 300 ms, negative for one address after the other. (RFC 6555, "happy
	// eyeballs".)
	FallbackDelay time.Duration
	// KeepAlive is the time before an idle connection is probed; 0 for the default of 15
	// seconds, which is also the time between probes, negative for none.
	KeepAlive time.Duration
	// KeepAliveConfig says more about probes; it counts where its Enable is set.
	KeepAliveConfig KeepAliveConfig
	// Resolver looks up names; nil for [DefaultResolver].
	Resolver *Resolver
	// Cancel, when it is closed, ends dials. A context says the same: see DialContext.
	Cancel <-chan struct{}
	// Control is called with the new socket before it is connected. It must not wait.
	Control func(network, address string, c syscall.RawConn) error
	// ControlContext is called in its place where it is set.
	ControlContext func(ctx context.Context, network, address string, c syscall.RawConn) error

	// multipath asks for MPTCP where the system has it.
	multipath bool
}

// Dial connects to an address: network is "tcp", "udp" or "ip", which may end in 4 or
// 6 (and for "ip" have a protocol, as in "ip4:icmp"), or "unix", "unixgram" or
// "unixpacket". Where a name has several addresses they are tried one after the
// other, those of IPv4 and IPv6 at the same time, until one answers. It is a
// checkpoint; if the task is cancelled meanwhile nothing is left open.
func Dial(network, address string) (Conn, error) {
	var d Dialer
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout is like [Dial] and takes at most limit. It is a checkpoint.
func DialTimeout(network, address string, limit time.Duration) (Conn, error) {
	d := Dialer{Timeout: limit}
	return d.DialContext(context.Background(), network, address)
}

// Dial connects to an address, see [Dial]. It is a checkpoint.
func (d *Dialer) Dial(network, address string) (Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext is like [Dialer.Dial] until the context is done. It is a checkpoint.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (Conn, error) {
	var conn Conn
	err := d.within(ctx, network, func(ctx context.Context, t *kernel.Task) (err error) {
		conn, err = d.dial(ctx, t, network, address)
		return err
	})
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// MultipathTCP tells whether dials ask for MPTCP. It is not a checkpoint.
func (d *Dialer) MultipathTCP() bool { return d.multipath }

// SetMultipathTCP has dials ask for MPTCP (RFC 8684), where the system has it. Without
// it they do not. It is not a checkpoint.
func (d *Dialer) SetMultipathTCP(use bool) { d.multipath = use }

// DialTCP is like [Dial] with addresses that need no lookup; local may be nil. It
// is a checkpoint.
func DialTCP(network string, local, remote *TCPAddr) (*TCPConn, error) {
	return new(Dialer).typedTCP(context.Background(), network, local, remote)
}

// DialTCP is like [DialTCP] until the context is done. It is a checkpoint.
func (d *Dialer) DialTCP(ctx context.Context, network string, local, remote netip.AddrPort) (*TCPConn, error) {
	return d.typedTCP(ctx, network, TCPAddrFromAddrPort(local), TCPAddrFromAddrPort(remote))
}

// DialUDP makes a UDP connection: it receives from remote only. local may be nil. It
// is a checkpoint.
func DialUDP(network string, local, remote *UDPAddr) (*UDPConn, error) {
	return new(Dialer).typedUDP(context.Background(), network, local, remote)
}

// DialUDP is like [DialUDP] until the context is done. It is a checkpoint.
func (d *Dialer) DialUDP(ctx context.Context, network string, local, remote netip.AddrPort) (*UDPConn, error) {
	return d.typedUDP(ctx, network, UDPAddrFromAddrPort(local), UDPAddrFromAddrPort(remote))
}

// DialIP makes a connection of the IP protocol that network names, "ip4:icmp" or
// "ip6:58". The system allows it to privileged users only. It is a checkpoint.
func DialIP(network string, local, remote *IPAddr) (*IPConn, error) {
	return new(Dialer).typedIP(context.Background(), network, local, remote)
}

// DialIP is like [DialIP] until the context is done. It is a checkpoint.
func (d *Dialer) DialIP(ctx context.Context, network string, local, remote netip.Addr) (*IPConn, error) {
	return d.typedIP(ctx, network, ipAddrOf(local), ipAddrOf(remote))
}

func ipAddrOf(a netip.Addr) *IPAddr { return &IPAddr{IP: a.AsSlice(), Zone: a.Zone()} }

// DialUnix connects to a Unix socket: network is "unix", "unixgram" or "unixpacket".
// local may be nil; for "unixgram" remote may be. It is a checkpoint.
func DialUnix(network string, local, remote *UnixAddr) (*UnixConn, error) {
	return new(Dialer).DialUnix(context.Background(), network, local, remote)
}

// DialUnix is like [DialUnix] until the context is done. It is a checkpoint.
func (d *Dialer) DialUnix(ctx context.Context, network string, local, remote *UnixAddr) (*UnixConn, error) {
	return typed(ctx, d, network, orNil(local), orNil(remote), func(ctx context.Context, _ *kernel.Task) (*UnixConn, error) {
		if unixKind(network) == 0 {
			return nil, UnknownNetworkError(network)
		}
		return d.unix(ctx, network, local, remote)
	})
}

func (d *Dialer) typedTCP(ctx context.Context, network string, local, remote *TCPAddr) (*TCPConn, error) {
	return typed(ctx, d, network, orNil(local), orNil(remote), func(ctx context.Context, _ *kernel.Task) (*TCPConn, error) {
		switch {
		case !known(network, "tcp"):
			return nil, UnknownNetworkError(network)
		case remote == nil:
			return nil, errMissingAddress
		}
		return d.tcp(ctx, network, local, remote)
	})
}

func (d *Dialer) typedUDP(ctx context.Context, network string, local, remote *UDPAddr) (*UDPConn, error) {
	return typed(ctx, d, network, orNil(local), orNil(remote), func(ctx context.Context, _ *kernel.Task) (*UDPConn, error) {
		switch {
		case !known(network, "udp"):
			return nil, UnknownNetworkError(network)
		case remote == nil:
			return nil, errMissingAddress
		}
		return d.udp(ctx, network, local, remote)
	})
}

func (d *Dialer) typedIP(ctx context.Context, network string, local, remote *IPAddr) (*IPConn, error) {
	return typed(ctx, d, network, orNil(local), orNil(remote), func(ctx context.Context, t *kernel.Task) (*IPConn, error) {
		if remote == nil {
			return nil, errMissingAddress
		}
		base, proto, err := parseNetwork(network, true)
		switch {
		case err != nil:
			return nil, err
		case !known(base, "ip"):
			return nil, UnknownNetworkError(network)
		}
		return d.ip(ctx, base, proto, local, remote)
	})
}

var errMissingAddress = errors.New("missing address")

// typed is a dial between addresses that need no lookup.
func typed[C any](ctx context.Context, d *Dialer, network string, local, remote Addr, dial func(context.Context, *kernel.Task) (*C, error)) (*C, error) {
	var conn *C
	err := d.within(ctx, network, func(ctx context.Context, t *kernel.Task) (err error) {
		if conn, err = dial(ctx, t); err != nil {
			return &OpError{Op: "dial", Net: network, Source: local, Addr: remote, Err: err}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// within has a dial keep to the limits of the dialer and the context. The error is
// an *OpError.
func (d *Dialer) within(ctx context.Context, network string, dial func(context.Context, *kernel.Task) error) error {
	if ctx == nil {
		panic("net: a dial with a nil context; context.Background() sets no limit")
	}
	t := kernel.MustTask("net.Dial")
	if d.Cancel != nil {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		defer stop()
		go d.watch(ctx, stop)
	}
	attempt := func() error { return dial(ctx, t) }
	if limit, ok := d.limit(t.Loop()); ok {
		inner := attempt
		attempt = func() error { return timeout.Run(limit, inner) }
	}
	err := timeout.WithContext(ctx, attempt)
	if err == nil {
		return nil
	}
	op, ok := err.(*OpError)
	if !ok || op.Op != "dial" { // not As: the look-up of a name may wrap a dial of its own
		op = &OpError{Op: "dial", Net: network, Err: err}
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(op.Err, cause) {
		op.Err = ctx.Err() // what callers compare with, and what has a Timeout method
	}
	return op
}

// watch calls stop when the user closes Cancel. It is a plain goroutine, since that
// channel is a plain one.
func (d *Dialer) watch(ctx context.Context, stop context.CancelFunc) {
	select {
	case <-d.Cancel:
		stop()
	case <-ctx.Done():
	}
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
