//go:build unix

package net

import (
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/socket"
)

// UDPConn is a UDP socket, connected to a peer or not. It implements [Conn] and
// [PacketConn]; its methods may be called from any goroutine.
type UDPConn struct{ conn }

var (
	_ Conn       = (*UDPConn)(nil)
	_ PacketConn = (*UDPConn)(nil)
)

// ReadFromUDP takes a datagram and returns its sender; what does not fit into p is
// lost. It is a checkpoint; nothing is lost when the task is cancelled.
func (c *UDPConn) ReadFromUDP(p []byte) (n int, from *UDPAddr, err error) {
	n, a, err := c.ReadFromUDPAddrPort(p)
	if err != nil || !a.IsValid() {
		return n, nil, err
	}
	return n, &UDPAddr{IP: a.Addr().AsSlice(), Port: int(a.Port()), Zone: a.Addr().Zone()}, nil
}

// ReadFrom is [UDPConn.ReadFromUDP] for a [PacketConn]. It is a checkpoint.
func (c *UDPConn) ReadFrom(p []byte) (int, Addr, error) {
	n, from, err := c.ReadFromUDP(p)
	return n, orNil(from), err
}

// ReadFromUDPAddrPort is [UDPConn.ReadFromUDP] and allocates nothing. A socket for
// both IPv4 and IPv6 has addresses of IPv4 mapped into IPv6. It is a checkpoint.
func (c *UDPConn) ReadFromUDPAddrPort(p []byte) (n int, from netip.AddrPort, err error) {
	if c.fd == nil {
		return 0, from, syscall.EINVAL
	}
	n, peer, err := c.fd.RecvFrom(p)
	if err != nil {
		return n, from, c.fail("read", err)
	}
	return n, addrPort(peer), nil
}

// ReadMsgUDP takes a datagram into p and what came beside it into oob; flags are the
// system's. Packages golang.org/x/net/ipv4 and ipv6 read what is in oob. It is a
// checkpoint.
func (c *UDPConn) ReadMsgUDP(p, oob []byte) (n, oobn, flags int, from *UDPAddr, err error) {
	n, oobn, flags, a, err := c.ReadMsgUDPAddrPort(p, oob)
	if a.IsValid() {
		from = &UDPAddr{IP: a.Addr().AsSlice(), Port: int(a.Port()), Zone: a.Addr().Zone()}
	}
	return n, oobn, flags, from, err
}

// ReadMsgUDPAddrPort is [UDPConn.ReadMsgUDP] with the other type of address. It is a
// checkpoint.
func (c *UDPConn) ReadMsgUDPAddrPort(p, oob []byte) (n, oobn, flags int, from netip.AddrPort, err error) {
	if c.fd == nil {
		return 0, 0, 0, from, syscall.EINVAL
	}
	m, err := c.fd.RecvMsg(p, oob, false)
	if err != nil {
		return 0, 0, 0, from, c.fail("read", err)
	}
	switch sa := m.From.(type) {
	case *unix.SockaddrInet4:
		from = netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		from = addrPort(socket.Peer{IP: netip.AddrFrom16(sa.Addr), Port: uint16(sa.Port), Zone: sa.ZoneId})
	}
	return m.N, m.OOBN, m.Flags, from, nil
}

// WriteToUDP sends a datagram to an address. On a connected socket it fails with
// [ErrWriteToConnected]. It is a checkpoint.
func (c *UDPConn) WriteToUDP(p []byte, to *UDPAddr) (int, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	n, err := c.sendTo(p, to)
	return n, c.failTo("write", orNil(to), err)
}

// WriteTo is [UDPConn.WriteToUDP] for a [PacketConn]. It is a checkpoint.
func (c *UDPConn) WriteTo(p []byte, to Addr) (int, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	a, ok := to.(*UDPAddr)
	if !ok {
		return 0, c.failTo("write", to, syscall.EINVAL)
	}
	return c.WriteToUDP(p, a)
}

// WriteToUDPAddrPort is [UDPConn.WriteToUDP] and allocates nothing. It is a
// checkpoint.
func (c *UDPConn) WriteToUDPAddrPort(p []byte, to netip.AddrPort) (int, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	peer, err := c.peer(to)
	n := 0
	if err == nil {
		n, err = c.fd.SendTo(p, peer)
	}
	if err != nil {
		return n, c.failTo("write", addrPortAddr{to}, err)
	}
	return n, nil
}

// WriteMsgUDP sends a datagram with what is to go beside it in oob; to is nil on a
// connected socket. It is a checkpoint.
func (c *UDPConn) WriteMsgUDP(p, oob []byte, to *UDPAddr) (n, oobn int, err error) {
	if c.fd == nil {
		return 0, 0, syscall.EINVAL
	}
	n, err = c.sendMsg(p, oob, ofUDP(to))
	if err != nil {
		return n, 0, c.failTo("write", orNil(to), err)
	}
	return n, len(oob), nil
}

// WriteMsgUDPAddrPort is [UDPConn.WriteMsgUDP] with the other type of address, the
// zero value on a connected socket. It is a checkpoint.
func (c *UDPConn) WriteMsgUDPAddrPort(p, oob []byte, to netip.AddrPort) (n, oobn int, err error) {
	if c.fd == nil {
		return 0, 0, syscall.EINVAL
	}
	if !to.IsValid() {
		n, err = c.sendMsg(p, oob, nil)
	} else if peer, bad := c.peer(to); bad != nil {
		err = bad
	} else {
		n, err = c.fd.SendMsg(p, oob, sockaddrOf(peer))
	}
	if err != nil {
		return n, 0, c.failTo("write", addrPortAddr{to}, err)
	}
	return n, len(oob), nil
}

// addrPortAddr is such an address in an error; it may be no valid one.
type addrPortAddr struct{ netip.AddrPort }

// Network returns "udp". It is not a checkpoint.
func (addrPortAddr) Network() string { return "udp" }

func (c *UDPConn) sendTo(p []byte, to *UDPAddr) (int, error) {
	switch {
	case c.dialed:
		return 0, ErrWriteToConnected
	case to == nil:
		return 0, errMissingAddress
	}
	peer, err := toPeer(ofUDP(to), c.family)
	if err != nil {
		return 0, err
	}
	return c.fd.SendTo(p, peer)
}

func (c *UDPConn) peer(to netip.AddrPort) (socket.Peer, error) {
	switch {
	case c.dialed:
		return socket.Peer{}, ErrWriteToConnected
	case !to.IsValid():
		return socket.Peer{}, errMissingAddress
	}
	return peerOf(to, c.family)
}

// sendMsg sends a datagram of UDP or IP to an address, nil for the peer.
func (c *conn) sendMsg(p, oob []byte, to *TCPAddr) (int, error) {
	switch {
	case to == nil && !c.dialed:
		return 0, errMissingAddress
	case to == nil:
		return c.fd.SendMsg(p, oob, nil)
	case c.dialed:
		return 0, ErrWriteToConnected
	case to.Port < 0 || to.Port > 1<<16-1:
		return 0, os.NewSyscallError("sendmsg", syscall.EINVAL)
	}
	sa, err := toSockaddr(to, c.family)
	if err != nil {
		return 0, err
	}
	return c.fd.SendMsg(p, oob, sa)
}
