package net

import (
	"context"
	stdnet "net"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// LookupIP looks up a name with the system's resolver, on a plain goroutine from a
// small pool kept for names. It is a checkpoint; if the task is cancelled
// meanwhile, the lookup is called off.
func LookupIP(host string) ([]IP, error) {
	return lookUp(kernel.MustTask("net.LookupIP"), func(ctx context.Context) ([]IP, error) {
		return stdnet.DefaultResolver.LookupIP(ctx, "ip", host)
	}, context.Background())
}

// LookupHost looks up a name and returns its addresses as text. It is a
// checkpoint; if the task is cancelled meanwhile, the lookup is called off.
func LookupHost(host string) ([]string, error) {
	return lookUp(kernel.MustTask("net.LookupHost"), func(ctx context.Context) ([]string, error) {
		return stdnet.DefaultResolver.LookupHost(ctx, host)
	}, context.Background())
}

// lookupPort finds the number of a service; numbers need no look at the system.
func lookupPort(t *kernel.Task, network, service string) (int, error) {
	if n, ok := atoi(service); ok {
		if n > 65535 {
			return 0, &AddrError{Err: "invalid port", Addr: service}
		}
		return n, nil
	}
	return lookUp(t, func(ctx context.Context) (int, error) {
		return stdnet.DefaultResolver.LookupPort(ctx, network, service)
	}, context.Background())
}

func atoi(s string) (n int, ok bool) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > 1<<20 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// lookUp asks the standard resolver while the task waits. The context it is given
// ends with the task's interest in the answer.
func lookUp[T any](t *kernel.Task, ask func(context.Context) (T, error), ctx context.Context) (T, error) {
	ctx, cancel := context.WithCancel(ctx)
	answer := new(struct {
		value T
		err   error
	})
	var none T
	o, err := t.Loop().Lookups().Offload(t, func() { answer.value, answer.err = ask(ctx) })
	cancel()
	if o == kernel.Canceled {
		return none, t.Interrupted()
	}
	if err != nil {
		return none, err
	}
	return answer.value, answer.err
}
