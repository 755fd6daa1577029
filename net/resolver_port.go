package net

import (
	"context"
	stdnet "net"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// maxPort is the highest number of a port.
const maxPort = 65535

// LookupPort finds the number of a service on a network: "tcp", "udp", either with
// 4 or 6, or "ip" for any. A number is returned as it is. The error is an
// [*AddrError] for an unknown network or an impossible number, or a [*DNSError] for
// an unknown service, or where ctx, or a block around the task, was over first. It
// is a checkpoint.
func (r *Resolver) LookupPort(ctx context.Context, network, service string) (int, error) {
	t := kernel.MustTask("net.LookupPort")
	if !t.Checkpoint() {
		return 0, left(ctx, t.Interrupted(), service)
	}
	return r.lookupPort(ctx, t, network, service)
}

// lookupPort finds the number of a service; numbers need no look at the system.
func (r *Resolver) lookupPort(ctx context.Context, t *kernel.Task, network, service string) (int, error) {
	port, ok := portNumber(service)
	if ok {
		if port < 0 || port > maxPort {
			return 0, &AddrError{Err: "invalid port", Addr: service}
		}
		return port, nil
	}
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "ip":
	case "":
		network = "ip"
	default:
		return 0, &AddrError{Err: "unknown network", Addr: network}
	}
	r = r.orDefault()
	same := func(port int) int { return port }
	return ask(ctx, t, r, "port "+network, service, same, func(ctx context.Context, t *kernel.Task) (int, error) {
		// The services are in a file, so this need not queue up behind slow name servers.
		return offload(ctx, t, t.Loop().Offloads(), func(ctx context.Context) (int, error) {
			s := r.system()
			if r.own() {
				s = &stdnet.Resolver{PreferGo: true}
			}
			return s.LookupPort(ctx, network, service)
		})
	})
}

// portNumber reads a number with or without a sign; nothing at all is 0.
func portNumber(s string) (n int, ok bool) {
	digits, sign := s, 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		digits = s[1:]
		if s[0] == '-' {
			sign = -1
		}
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int(c-'0'), maxPort+1) // more is as bad as much more
	}
	return sign * n, true
}
