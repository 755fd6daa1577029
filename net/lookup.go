package net

import (
	"context"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// LookupIP looks up a name and returns its addresses, as [Resolver.LookupIPAddr] of
// [DefaultResolver] does. It is a checkpoint.
func LookupIP(host string) ([]IP, error) {
	return DefaultResolver.LookupIP(context.Background(), "ip", host)
}

// LookupHost looks up a name and returns its addresses as text, see
// [Resolver.LookupHost]. It is a checkpoint.
func LookupHost(host string) ([]string, error) {
	return DefaultResolver.LookupHost(context.Background(), host)
}

// LookupAddr looks up the names of an address, see [Resolver.LookupAddr]. It is a
// checkpoint.
func LookupAddr(addr string) ([]string, error) {
	return DefaultResolver.LookupAddr(context.Background(), addr)
}

// LookupCNAME looks up the canonical name of a name, see [Resolver.LookupCNAME]. It
// is a checkpoint.
func LookupCNAME(host string) (string, error) {
	return DefaultResolver.LookupCNAME(context.Background(), host)
}

// LookupMX looks up the mail servers of a domain, see [Resolver.LookupMX]. It is a
// checkpoint.
func LookupMX(name string) ([]*MX, error) {
	return DefaultResolver.LookupMX(context.Background(), name)
}

// LookupNS looks up the name servers of a domain, see [Resolver.LookupNS]. It is a
// checkpoint.
func LookupNS(name string) ([]*NS, error) {
	return DefaultResolver.LookupNS(context.Background(), name)
}

// LookupTXT looks up the texts of a name, see [Resolver.LookupTXT]. It is a
// checkpoint.
func LookupTXT(name string) ([]string, error) {
	return DefaultResolver.LookupTXT(context.Background(), name)
}

// LookupSRV looks up where a service is offered, see [Resolver.LookupSRV]. It is a
// checkpoint.
func LookupSRV(service, proto, name string) (cname string, services []*SRV, err error) {
	return DefaultResolver.LookupSRV(context.Background(), service, proto, name)
}

// LookupPort finds the number of a service, see [Resolver.LookupPort]. It is a
// checkpoint.
func LookupPort(network, service string) (int, error) {
	return DefaultResolver.LookupPort(context.Background(), network, service)
}

// lookUp asks the standard resolver while the task waits. The context it is given
// ends with the task's interest in the answer.
func lookUp[T any](ctx context.Context, t *kernel.Task, ask func(context.Context) (T, error)) (T, error) {
	return offload(ctx, t, t.Loop().Lookups(), ask)
}

func offload[T any](ctx context.Context, t *kernel.Task, pool *kernel.Pool, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answer := new(struct { // of its own: ask may go on when the task has left
		value T
		err   error
	})
	var none T
	o, err := pool.Offload(t, func() { answer.value, answer.err = ask(ctx) })
	if o == kernel.Canceled {
		return none, t.Interrupted()
	}
	if err != nil {
		return none, err
	}
	return answer.value, answer.err
}
