//go:build unix

package tls

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/timeout"
)

// Dialer holds the options for making TLS connections. The zero Dialer connects as
// [Dial] does with no configuration.
type Dialer struct {
	// NetDialer makes the connection below; nil stands for the zero net.Dialer. Its
	// Timeout and Deadline are for connecting and shaking hands together.
	NetDialer *net.Dialer
	// Config is the configuration of the connections; nil stands for the zero Config.
	// Where it has no ServerName, that is the host of the address dialed.
	Config *Config
}

// Dial connects to an address by [net.Dial] and makes the handshake. It is a
// checkpoint; if the task is cancelled meanwhile nothing is left open.
func Dial(network, addr string, config *Config) (*Conn, error) {
	return dial(context.Background(), new(net.Dialer), network, addr, config)
}

// DialWithDialer is [Dial] by way of a Dialer, whose Timeout and Deadline are for
// connecting and shaking hands together. It is a checkpoint.
func DialWithDialer(dialer *net.Dialer, network, addr string, config *Config) (*Conn, error) {
	return dial(context.Background(), dialer, network, addr, config)
}

// Dial connects to an address, see [Dial]. The connection is a [*Conn]. It is a
// checkpoint.
func (d *Dialer) Dial(network, addr string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, addr)
}

// DialContext is [Dialer.Dial] until the context is done. A context that ends later has
// no effect. It is a checkpoint.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	by := d.NetDialer
	if by == nil {
		by = new(net.Dialer)
	}
	c, err := dial(ctx, by, network, addr, d.Config)
	if err != nil {
		return nil, err // and not c, which would not be nil in an interface
	}
	return c, nil
}

func dial(ctx context.Context, d *net.Dialer, network, addr string, config *Config) (*Conn, error) {
	t := kernel.MustTask("tls.Dial")
	var c *Conn
	attempt := func() (err error) {
		c, err = connect(ctx, d, network, addr, config)
		return err
	}
	if limit, ok := limitOf(d, t.Loop()); ok {
		inner := attempt
		attempt = func() error { return timeout.Run(limit, inner) }
	}
	if err := attempt(); err != nil {
		var late *timeout.Error
		if op := (*net.OpError)(nil); errors.As(err, &late) && !errors.As(err, &op) {
			err = &net.OpError{Op: "dial", Net: network, Err: err}
		}
		return nil, err
	}
	return c, nil
}

// limitOf returns how much time a dial has.
func limitOf(d *net.Dialer, l *kernel.Loop) (limit time.Duration, ok bool) {
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

func connect(ctx context.Context, d *net.Dialer, network, addr string, config *Config) (*Conn, error) {
	below, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	done := false
	defer func() {
		if !done { // a kill too
			_ = below.Close()
		}
	}()
	if config == nil {
		config = new(Config)
	}
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName = addr
		if colon := strings.LastIndex(addr, ":"); colon >= 0 { // no SplitHostPort: the brackets of IPv6 stay
			config.ServerName = addr[:colon]
		}
	}
	c := Client(below, config)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	done = true
	return c, nil
}
