//go:build unix

package net

import (
	"context"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// ListenConfig holds the options for listening. The zero ListenConfig listens as
// [Listen] and [ListenPacket] do.
type ListenConfig struct {
	// Control is called with the new socket before it is bound. It must not wait.
	Control func(network, address string, c syscall.RawConn) error
	// KeepAlive is the time before an accepted connection that is idle is probed; 0 for
	// the default of 15 seconds, which is also the time between probes, negative for none.
	KeepAlive time.Duration
	// KeepAliveConfig says more about probes; it counts where its Enable is set.
	KeepAliveConfig KeepAliveConfig

	// multipath asks for MPTCP where the system has it.
	multipath bool
}

// MultipathTCP tells whether listeners take MPTCP connections. It is not a
// checkpoint.
func (lc *ListenConfig) MultipathTCP() bool { return lc.multipath }

// SetMultipathTCP has listeners take MPTCP connections (RFC 8684) besides those of
// TCP, where the system has it. Other than in the standard library they do not by
// default: see the package's design notes. It is not a checkpoint.
func (lc *ListenConfig) SetMultipathTCP(use bool) { lc.multipath = use }

// Listen takes connections at an address: network is "tcp", "tcp4", "tcp6", "unix" or
// "unixpacket". With an empty host it listens on all addresses of the machine, with
// port 0 on a free port, which Addr tells. "tcp" with 0.0.0.0 or [::] means all of them
// too, IPv4 and IPv6, as in the standard library. It is a checkpoint.
func Listen(network, address string) (Listener, error) {
	return new(ListenConfig).Listen(context.Background(), network, address)
}

// ListenPacket receives datagrams at an address: network is "udp", "udp4", "udp6",
// "unixgram", or "ip", "ip4" or "ip6" with a protocol, as in "ip4:icmp". It is a
// checkpoint.
func ListenPacket(network, address string) (PacketConn, error) {
	return new(ListenConfig).ListenPacket(context.Background(), network, address)
}

// Listen is [Listen] with the options. The context bounds the lookup of a name only.
// It is a checkpoint.
func (lc *ListenConfig) Listen(ctx context.Context, network, address string) (Listener, error) {
	a, err := lc.where(ctx, "net.Listen", network, address)
	if err != nil {
		return nil, err
	}
	switch a := a.(type) {
	case *TCPAddr:
		if l, err := lc.tcp(ctx, network, a); err == nil {
			return l, nil
		} else {
			return nil, failListen(network, a, err)
		}
	case *UnixAddr:
		if network == "unixgram" {
			break
		}
		if l, err := lc.unix(ctx, network, a); err == nil {
			return l, nil
		} else {
			return nil, failListen(network, a, err)
		}
	}
	return nil, failListen(network, a, &AddrError{Err: "unexpected address type", Addr: address})
}

// ListenPacket is [ListenPacket] with the options. The context bounds the lookup of a
// name only. It is a checkpoint.
func (lc *ListenConfig) ListenPacket(ctx context.Context, network, address string) (PacketConn, error) {
	a, err := lc.where(ctx, "net.ListenPacket", network, address)
	if err != nil {
		return nil, err
	}
	var c PacketConn
	switch a := a.(type) {
	case *UDPAddr:
		c, err = packets(lc.udp(ctx, network, a))
	case *IPAddr:
		var base string
		var proto int
		if base, proto, err = parseNetwork(network, true); err == nil {
			c, err = packets(lc.ip(ctx, base, proto, a))
		}
	case *UnixAddr:
		if network != "unixgram" {
			return nil, failListen(network, a, &AddrError{Err: "unexpected address type", Addr: address})
		}
		c, err = packets(lc.unixgram(ctx, network, a))
	default:
		err = &AddrError{Err: "unexpected address type", Addr: address}
	}
	if err != nil {
		return nil, failListen(network, a, err)
	}
	return c, nil
}

// packets makes a nil pointer a nil interface.
func packets[T any, P interface {
	*T
	PacketConn
}](c P, err error) (PacketConn, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

// where finds the address to listen at.
func (lc *ListenConfig) where(ctx context.Context, call, network, address string) (Addr, error) {
	if ctx == nil {
		panic("net: listening with a nil context; context.Background() sets no limit")
	}
	t := kernel.MustTask(call)
	if !t.Checkpoint() {
		return nil, failListen(network, nil, t.Interrupted())
	}
	all, err := DefaultResolver.resolve(ctx, t, network, address)
	if err != nil {
		return nil, failListen(network, nil, err)
	}
	return firstOf(all, true), nil // as the standard library: IPv4 first
}

// ListenTCP is like [Listen] with an address that needs no lookup; nil stands for
// any address and a free port. It is a checkpoint.
func ListenTCP(network string, address *TCPAddr) (*TCPListener, error) {
	return listenAt("net.ListenTCP", network, orNil(address), func(ctx context.Context) (*TCPListener, error) {
		if !known(network, "tcp") {
			return nil, UnknownNetworkError(network)
		}
		if address == nil {
			address = &TCPAddr{}
		}
		return new(ListenConfig).tcp(ctx, network, address)
	})
}

// ListenUDP is like [ListenPacket] with an address that needs no lookup; nil stands
// for any address and a free port. It is a checkpoint.
func ListenUDP(network string, address *UDPAddr) (*UDPConn, error) {
	return listenAt("net.ListenUDP", network, orNil(address), func(ctx context.Context) (*UDPConn, error) {
		if !known(network, "udp") {
			return nil, UnknownNetworkError(network)
		}
		if address == nil {
			address = &UDPAddr{}
		}
		return new(ListenConfig).udp(ctx, network, address)
	})
}

// ListenIP is like [ListenPacket] with an address that needs no lookup; nil stands for
// any address. It is a checkpoint.
func ListenIP(network string, address *IPAddr) (*IPConn, error) {
	if address == nil {
		address = &IPAddr{}
	}
	return listenAt("net.ListenIP", network, orNil(address), func(ctx context.Context) (*IPConn, error) {
		base, proto, err := parseNetwork(network, true)
		if err == nil && !known(base, "ip") {
			err = UnknownNetworkError(network)
		}
		if err != nil {
			return nil, err
		}
		return new(ListenConfig).ip(ctx, base, proto, address)
	})
}

// ListenUnix takes connections at a Unix socket: network is "unix" or "unixpacket".
// It is a checkpoint.
func ListenUnix(network string, address *UnixAddr) (*UnixListener, error) {
	return listenAt("net.ListenUnix", network, orNil(address), func(ctx context.Context) (*UnixListener, error) {
		switch {
		case network != "unix" && network != "unixpacket":
			return nil, UnknownNetworkError(network)
		case address == nil:
			return nil, errMissingAddress
		}
		return new(ListenConfig).unix(ctx, network, address)
	})
}

// ListenUnixgram receives datagrams at a Unix socket: network is "unixgram". It is a
// checkpoint.
func ListenUnixgram(network string, address *UnixAddr) (*UnixConn, error) {
	return listenAt("net.ListenUnixgram", network, orNil(address), func(ctx context.Context) (*UnixConn, error) {
		switch {
		case network != "unixgram":
			return nil, UnknownNetworkError(network)
		case address == nil:
			return nil, errMissingAddress
		}
		return new(ListenConfig).unixgram(ctx, network, address)
	})
}

// listenAt is what the functions share that take an address without a lookup.
func listenAt[C any](call, network string, a Addr, listen func(context.Context) (*C, error)) (*C, error) {
	t := kernel.MustTask(call)
	if !t.Checkpoint() {
		return nil, failListen(network, a, t.Interrupted())
	}
	c, err := listen(context.Background())
	if err != nil {
		return nil, failListen(network, a, err)
	}
	return c, nil
}

func failListen(network string, a Addr, err error) error {
	return &OpError{Op: "listen", Net: network, Addr: a, Err: err}
}
