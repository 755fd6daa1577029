//go:build unix

package net

import (
	"context"
	"syscall"

	"golang.org/x/sys/unix"
)

// IPConn is a socket for an IP protocol. It implements [Conn] and [PacketConn]; its
// methods may be called from any goroutine.
type IPConn struct{ conn }

var (
	_ Conn       = (*IPConn)(nil)
	_ PacketConn = (*IPConn)(nil)
)

func (d *Dialer) ip(ctx context.Context, network string, proto int, local, remote *IPAddr) (*IPConn, error) {
	c, err := d.packet(ctx, network, proto, ofIP(local), ofIP(remote))
	if err != nil {
		return nil, err
	}
	return &IPConn{c}, nil
}

func (lc *ListenConfig) ip(ctx context.Context, network string, proto int, local *IPAddr) (*IPConn, error) {
	c, err := lc.packet(ctx, network, proto, ofIP(local))
	if err != nil {
		return nil, err
	}
	return &IPConn{c}, nil
}

// ReadFromIP takes a packet, of IPv4 without its header, and returns its sender; what
// does not fit into p is lost. It is a checkpoint; nothing is lost when the task is
// cancelled.
func (c *IPConn) ReadFromIP(p []byte) (int, *IPAddr, error) {
	if c.fd == nil {
		return 0, nil, syscall.EINVAL
	}
	n, from, err := c.fd.RecvFrom(p)
	if err != nil {
		return n, nil, c.fail("read", err)
	}
	if !from.IP.IsValid() {
		return n, nil, nil
	}
	if from.IP.Is4() {
		n = withoutHeader(p, n)
	}
	return n, &IPAddr{IP: from.IP.AsSlice(), Zone: zoneName(from.Zone)}, nil
}

// withoutHeader takes the header off an IPv4 packet of n bytes, which the system
// leaves on for a raw socket, and returns what is left.
func withoutHeader(p []byte, n int) int {
	const shortest = 20
	if n < shortest || p[0]>>4 != 4 {
		return n
	}
	header := int(p[0]&0x0f) * 4
	if header < shortest || header > n {
		return n
	}
	return copy(p, p[header:n])
}

// ReadFrom is [IPConn.ReadFromIP] for a [PacketConn]. It is a checkpoint.
func (c *IPConn) ReadFrom(p []byte) (int, Addr, error) {
	n, from, err := c.ReadFromIP(p)
	return n, orNil(from), err
}

// ReadMsgIP takes a packet into p, of IPv4 with its header, and what came beside it
// into oob; flags are the system's. It is a checkpoint.
func (c *IPConn) ReadMsgIP(p, oob []byte) (n, oobn, flags int, from *IPAddr, err error) {
	if c.fd == nil {
		return 0, 0, 0, nil, syscall.EINVAL
	}
	m, err := c.fd.RecvMsg(p, oob, false)
	if err != nil {
		return 0, 0, 0, nil, c.fail("read", err)
	}
	switch sa := m.From.(type) {
	case *unix.SockaddrInet4:
		from = &IPAddr{IP: sa.Addr[:]}
	case *unix.SockaddrInet6:
		from = &IPAddr{IP: sa.Addr[:], Zone: zoneName(sa.ZoneId)}
	}
	return m.N, m.OOBN, m.Flags, from, nil
}

// WriteToIP sends a packet to an address. On a connected socket it fails with
// [ErrWriteToConnected]. It is a checkpoint.
func (c *IPConn) WriteToIP(p []byte, to *IPAddr) (int, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	n, err := c.sendTo(p, to)
	return n, c.failTo("write", orNil(to), err)
}

func (c *IPConn) sendTo(p []byte, to *IPAddr) (int, error) {
	switch {
	case c.dialed:
		return 0, ErrWriteToConnected
	case to == nil:
		return 0, errMissingAddress
	}
	peer, err := toPeer(ofIP(to), c.family)
	if err != nil {
		return 0, err
	}
	return c.fd.SendTo(p, peer)
}

// WriteTo is [IPConn.WriteToIP] for a [PacketConn]. It is a checkpoint.
func (c *IPConn) WriteTo(p []byte, to Addr) (int, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	a, ok := to.(*IPAddr)
	if !ok {
		return 0, c.failTo("write", to, syscall.EINVAL)
	}
	return c.WriteToIP(p, a)
}

// WriteMsgIP sends a packet with what is to go beside it in oob. On a connected socket
// it fails with [ErrWriteToConnected]. It is a checkpoint.
func (c *IPConn) WriteMsgIP(p, oob []byte, to *IPAddr) (n, oobn int, err error) {
	if c.fd == nil {
		return 0, 0, syscall.EINVAL
	}
	switch {
	case c.dialed:
		err = ErrWriteToConnected
	default:
		n, err = c.sendMsg(p, oob, ofIP(to))
	}
	if err != nil {
		return n, 0, c.failTo("write", orNil(to), err)
	}
	return n, len(oob), nil
}
