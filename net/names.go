package net

import stdnet "net"

// The types and functions that describe something and never wait are the standard
// library's own.
type (
	// Addr is an address of a network endpoint.
	Addr = stdnet.Addr
	// AddrError is an error in an address.
	AddrError = stdnet.AddrError
	// Conn is a stream connection.
	Conn = stdnet.Conn
	// DNSError is an error of a name lookup.
	DNSError = stdnet.DNSError
	// Error is an error of the network that may be a timeout.
	Error = stdnet.Error
	// IP is an address.
	IP = stdnet.IP
	// IPAddr is an address with an IPv6 zone.
	IPAddr = stdnet.IPAddr
	// IPMask is a mask for addresses.
	IPMask = stdnet.IPMask
	// IPNet is a network.
	IPNet = stdnet.IPNet
	// KeepAliveConfig says how a connection is probed while it is idle.
	KeepAliveConfig = stdnet.KeepAliveConfig
	// Listener takes stream connections.
	Listener = stdnet.Listener
	// OpError says which operation failed on which connection, and wraps the reason.
	OpError = stdnet.OpError
	// ParseError is an error in the text of an address.
	ParseError = stdnet.ParseError
	// TCPAddr is the address of a TCP endpoint.
	TCPAddr = stdnet.TCPAddr
	// UnknownNetworkError names a network that does not exist.
	UnknownNetworkError = stdnet.UnknownNetworkError
)

// ErrClosed is what calls on a closed connection return.
var ErrClosed = stdnet.ErrClosed

// JoinHostPort makes an address of a host and a port. It is not a checkpoint.
func JoinHostPort(host, port string) string { return stdnet.JoinHostPort(host, port) }

// SplitHostPort splits an address into host and port. It is not a checkpoint.
func SplitHostPort(hostport string) (host, port string, err error) {
	return stdnet.SplitHostPort(hostport)
}

// ParseIP parses an address, nil if it is none. It is not a checkpoint.
func ParseIP(s string) IP { return stdnet.ParseIP(s) }

// ParseCIDR parses an address with the length of its network. It is not a
// checkpoint.
func ParseCIDR(s string) (IP, *IPNet, error) { return stdnet.ParseCIDR(s) }

// IPv4 makes an address of four bytes. It is not a checkpoint.
func IPv4(a, b, c, d byte) IP { return stdnet.IPv4(a, b, c, d) }
