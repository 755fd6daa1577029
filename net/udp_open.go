//go:build unix

package net

import (
	"context"
	stdnet "net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/socket"
)

// udp makes a connected socket.
func (d *Dialer) udp(ctx context.Context, network string, local, remote *UDPAddr) (*UDPConn, error) {
	c, err := d.packet(ctx, network, 0, ofUDP(local), ofUDP(remote))
	if err != nil {
		return nil, err
	}
	return &UDPConn{c}, nil
}

// packet makes a connected socket for UDP or an IP protocol.
func (d *Dialer) packet(ctx context.Context, network string, proto int, local, remote *TCPAddr) (conn, error) {
	address := inetAddr(network, *remote).String()
	if len(remote.IP) == 0 { // no host means this machine
		remote = thisMachine(network, local, remote.Port)
	}
	s, err := inetSettings(network, proto, local, remote, false)
	if err != nil {
		return conn{}, err
	}
	s.Name = network + " socket to " + inetAddr(network, *remote).String()
	s.Control = hookOf(d.Control, d.ControlContext).on(ctx, network, s.Family, address)
	sa, err := toSockaddr(remote, s.Family)
	if err != nil {
		return conn{}, err
	}
	fd, err := socket.Connect(s, sa)
	if err != nil {
		return conn{}, err
	}
	return newConn(fd, network, s.Family, nil, toAddr(sa, network)), nil
}

// udp makes a socket that is bound to an address.
func (lc *ListenConfig) udp(ctx context.Context, network string, local *UDPAddr) (*UDPConn, error) {
	c, err := lc.packet(ctx, network, 0, ofUDP(local))
	if err != nil {
		return nil, err
	}
	return &UDPConn{c}, nil
}

// packet makes a bound socket for UDP or an IP protocol. For a multicast group it is
// bound to all addresses, and others may listen at the port too.
func (lc *ListenConfig) packet(ctx context.Context, network string, proto int, local *TCPAddr) (conn, error) {
	s, err := inetSettings(network, proto, local, nil, true)
	group := s.Kind == unix.SOCK_DGRAM && local.IP.IsMulticast()
	if group { // whether the group fits the family shows when it is joined
		all := IPv4zero
		if s.Family == unix.AF_INET6 {
			all = IPv6unspecified
		}
		local = &TCPAddr{IP: all, Port: local.Port, Zone: local.Zone}
		s.Local, err = toSockaddr(local, s.Family)
	}
	if err != nil {
		return conn{}, err
	}
	address := inetAddr(network, *local).String()
	s.Name = network + " socket at " + address
	s.Control = hookOf(lc.Control, nil).on(ctx, network, s.Family, address)
	if group {
		s.Control = shared(s.Control)
	}
	fd, err := socket.Open(s)
	if err != nil {
		return conn{}, err
	}
	return newConn(fd, network, s.Family, nil, nil), nil
}

// shared has other sockets listen at the same port before next is called.
func shared(next func(fd int) error) func(fd int) error {
	return func(fd int) error {
		options := []int{unix.SO_REUSEADDR}
		if runtime.GOOS != "linux" { // where that is for one address, not for one port
			options = append(options, unix.SO_REUSEPORT)
		}
		for _, o := range options {
			if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, o, 1); err != nil {
				return os.NewSyscallError("setsockopt", err)
			}
		}
		if next == nil {
			return nil
		}
		return next(fd)
	}
}

// ListenMulticastUDP receives what is sent to a multicast group, on the interface
// given or, for nil, on one that the system chooses; what this machine sends is not
// heard. It is for simple programs: golang.org/x/net/ipv4 and ipv6 can do more over
// any UDPConn. It is a checkpoint.
func ListenMulticastUDP(network string, ifi *Interface, group *UDPAddr) (*UDPConn, error) {
	return listenAt("net.ListenMulticastUDP", network, orNil(group), func(ctx context.Context) (*UDPConn, error) {
		switch {
		case !known(network, "udp"):
			return nil, UnknownNetworkError(network)
		case group == nil || len(group.IP) == 0:
			return nil, errMissingAddress
		}
		c, err := new(ListenConfig).udp(ctx, network, group)
		if err != nil {
			return nil, err
		}
		if err := c.join(ifi, group.IP); err != nil {
			_ = c.Close()
			return nil, err
		}
		return c, nil
	})
}

// join makes the socket a member of a group.
func (c *UDPConn) join(ifi *Interface, group IP) error {
	return c.fd.Control(func(fd int) error {
		if ip := group.To4(); ip != nil {
			return os.NewSyscallError("setsockopt", join4(fd, ifi, ip))
		}
		return os.NewSyscallError("setsockopt", join6(fd, ifi, group.To16()))
	})
}

func join4(fd int, ifi *Interface, group IP) error {
	request := &unix.IPMreq{Multiaddr: [4]byte(group)}
	if ifi != nil {
		ip, err := ipv4Of(ifi)
		if err != nil {
			return err
		}
		request.Interface = [4]byte(ip)
		if err := unix.SetsockoptInet4Addr(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, [4]byte(ip)); err != nil {
			return err
		}
	}
	if err := unix.SetsockoptByte(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, 0); err != nil {
		return err
	}
	return unix.SetsockoptIPMreq(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, request)
}

func join6(fd int, ifi *Interface, group IP) error {
	request := &unix.IPv6Mreq{Multiaddr: [16]byte(group)}
	if ifi != nil {
		request.Interface = uint32(ifi.Index)
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, ifi.Index); err != nil {
			return err
		}
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, 0); err != nil {
		return err
	}
	return unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, request)
}

// ipv4Of is an IPv4 address of an interface, by which the system knows it here.
func ipv4Of(ifi *Interface) (IP, error) {
	all, err := ifi.Addrs()
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if n, ok := a.(*stdnet.IPNet); ok && n.IP.To4() != nil {
			return n.IP.To4(), nil
		}
	}
	return nil, &AddrError{Err: "the interface has no IPv4 address", Addr: ifi.Name}
}
