package net

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	stdnet "net"
	"os"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/evergreen-go/evergreen/internal/dns"
	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/timeout"
)

// maxPacket is the size of what is read from a datagram. Servers keep to
// dns.MaxDatagram, mostly.
const maxPacket = 4096

// askServer asks one server for the records of a rooted name, over UDP, and over
// TCP if the answer does not fit.
func (r *Resolver) askServer(ctx context.Context, config *dns.Config, server, name string, kind dnsmessage.Type) (*dns.Reply, error) {
	// The global source is seeded by the system and cannot be told from what it gave
	// before; the loop's own choices can be repeated, which a forger would love.
	q, err := dns.NewQuery(uint16(rand.Uint32()), name, kind, config.TrustAD)
	if err != nil {
		return nil, err
	}
	networks := []string{"udp", "tcp"}
	if config.UseTCP {
		networks = networks[1:]
	}
	for _, network := range networks {
		var reply *dns.Reply
		err := timeout.Run(config.Timeout, func() (err error) {
			reply, err = r.exchange(ctx, config, network, server, q)
			return err
		})
		t := kernel.Running()
		if t.Interruptible() {
			return nil, t.Interrupted() // not the server's time is up but the question's
		}
		var late *timeout.Error
		switch {
		case errors.As(err, &late):
			return nil, os.ErrDeadlineExceeded
		case err != nil:
			return nil, err
		}
		// A reply over TCP that says there is more is as good as it gets.
		if !reply.Truncated() || network == "tcp" {
			return reply, nil
		}
	}
	return nil, dns.ErrTruncated
}

// exchange sends a question on a connection of its own, from a port of its own,
// which is one more thing that a forger has to guess.
func (r *Resolver) exchange(ctx context.Context, config *dns.Config, network, server string, q *dns.Query) (*dns.Reply, error) {
	dial := r.Dial
	if dial == nil {
		dial = new(Dialer).DialContext
	}
	c, err := dial(ctx, network, server)
	if err == nil && c == nil {
		err = errors.New("evergreen: the Resolver's Dial returned neither a connection nor an error: return one of the two")
	}
	if err != nil {
		return nil, err
	}
	defer c.Close()
	// Connections of this package heed the timeout around the call; one that a Dial
	// has from elsewhere may know deadlines only.
	_ = c.SetDeadline(kernel.Running().Loop().Time().Add(config.Timeout))
	if _, ok := c.(stdnet.PacketConn); ok {
		return exchangeDatagrams(c, q)
	}
	return exchangeStream(c, q)
}

// exchangeDatagrams passes over what is not a reply to the question: it may come
// late, or be forged, and the true one may still follow.
func exchangeDatagrams(c Conn, q *dns.Query) (*dns.Reply, error) {
	if _, err := c.Write(q.Datagram()); err != nil {
		return nil, err
	}
	packet := make([]byte, maxPacket)
	for {
		n, err := c.Read(packet)
		if err != nil {
			return nil, err
		}
		if reply, err := q.Match(packet[:n]); err == nil || err == dns.ErrInvalid {
			return reply, err
		}
	}
}

func exchangeStream(c Conn, q *dns.Query) (*dns.Reply, error) {
	if _, err := c.Write(q.Stream()); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return nil, err
	}
	packet := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, packet); err != nil {
		return nil, err
	}
	return q.Match(packet)
}
