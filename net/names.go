package net

import (
	stdnet "net"
	"net/netip"
)

// The types and functions that describe something and never wait are the standard
// library's own.
type (
	// Addr is an address of a network endpoint.
	Addr = stdnet.Addr
	// AddrError is an error in an address.
	AddrError = stdnet.AddrError
	// Conn is a stream connection.
	Conn = stdnet.Conn
	// DNSConfigError is an error in the configuration of the system's resolver.
	DNSConfigError = stdnet.DNSConfigError
	// DNSError is an error of a name lookup.
	DNSError = stdnet.DNSError
	// Error is an error of the network that may be a timeout.
	Error = stdnet.Error
	// Flags are the properties of an [Interface].
	Flags = stdnet.Flags
	// HardwareAddr is the address of a network card.
	HardwareAddr = stdnet.HardwareAddr
	// IP is an address.
	IP = stdnet.IP
	// IPAddr is an address with an IPv6 zone.
	IPAddr = stdnet.IPAddr
	// IPMask is a mask for addresses.
	IPMask = stdnet.IPMask
	// IPNet is a network.
	IPNet = stdnet.IPNet
	// Interface is a network interface of this machine. Its methods ask the system,
	// which answers at once.
	Interface = stdnet.Interface
	// InvalidAddrError is an error in an address.
	InvalidAddrError = stdnet.InvalidAddrError
	// KeepAliveConfig says how a connection is probed while it is idle.
	KeepAliveConfig = stdnet.KeepAliveConfig
	// Listener takes stream connections.
	Listener = stdnet.Listener
	// OpError says which operation failed on which connection, and wraps the reason.
	OpError = stdnet.OpError
	// PacketConn sends and receives datagrams.
	PacketConn = stdnet.PacketConn
	// ParseError is an error in the text of an address.
	ParseError = stdnet.ParseError
	// TCPAddr is the address of a TCP endpoint.
	TCPAddr = stdnet.TCPAddr
	// UDPAddr is the address of a UDP endpoint.
	UDPAddr = stdnet.UDPAddr
	// UnixAddr is the address of a Unix socket.
	UnixAddr = stdnet.UnixAddr
	// UnknownNetworkError names a network that does not exist.
	UnknownNetworkError = stdnet.UnknownNetworkError
)

// ErrClosed is what calls on a closed connection return, and ErrWriteToConnected what
// a datagram to an address returns on a socket that is connected to a peer.
var (
	ErrClosed           = stdnet.ErrClosed
	ErrWriteToConnected = stdnet.ErrWriteToConnected
)

// The lengths of addresses in bytes.
const (
	IPv4len = stdnet.IPv4len
	IPv6len = stdnet.IPv6len
)

// The properties of an [Interface].
const (
	FlagUp           = stdnet.FlagUp
	FlagBroadcast    = stdnet.FlagBroadcast
	FlagLoopback     = stdnet.FlagLoopback
	FlagPointToPoint = stdnet.FlagPointToPoint
	FlagMulticast    = stdnet.FlagMulticast
	FlagRunning      = stdnet.FlagRunning
)

// Addresses that everybody knows.
var (
	IPv4bcast     = stdnet.IPv4bcast
	IPv4allsys    = stdnet.IPv4allsys
	IPv4allrouter = stdnet.IPv4allrouter
	IPv4zero      = stdnet.IPv4zero

	IPv6zero                   = stdnet.IPv6zero
	IPv6unspecified            = stdnet.IPv6unspecified
	IPv6loopback               = stdnet.IPv6loopback
	IPv6interfacelocalallnodes = stdnet.IPv6interfacelocalallnodes
	IPv6linklocalallnodes      = stdnet.IPv6linklocalallnodes
	IPv6linklocalallrouters    = stdnet.IPv6linklocalallrouters
)

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

// ParseMAC parses the address of a network card. It is not a checkpoint.
func ParseMAC(s string) (HardwareAddr, error) { return stdnet.ParseMAC(s) }

// IPv4 makes an address of four bytes. It is not a checkpoint.
func IPv4(a, b, c, d byte) IP { return stdnet.IPv4(a, b, c, d) }

// IPv4Mask makes a mask of four bytes. It is not a checkpoint.
func IPv4Mask(a, b, c, d byte) IPMask { return stdnet.IPv4Mask(a, b, c, d) }

// CIDRMask makes a mask of bits bits of which the first ones are set. It is not a
// checkpoint.
func CIDRMask(ones, bits int) IPMask { return stdnet.CIDRMask(ones, bits) }

// TCPAddrFromAddrPort converts an address. It is not a checkpoint.
func TCPAddrFromAddrPort(a netip.AddrPort) *TCPAddr { return stdnet.TCPAddrFromAddrPort(a) }

// UDPAddrFromAddrPort converts an address. It is not a checkpoint.
func UDPAddrFromAddrPort(a netip.AddrPort) *UDPAddr { return stdnet.UDPAddrFromAddrPort(a) }

// Interfaces lists the network interfaces of this machine. It asks the system, which
// answers at once, and is not a checkpoint.
func Interfaces() ([]Interface, error) { return stdnet.Interfaces() }

// InterfaceAddrs lists the addresses of this machine. It is not a checkpoint.
func InterfaceAddrs() ([]Addr, error) { return stdnet.InterfaceAddrs() }

// InterfaceByIndex finds an interface by its number. It is not a checkpoint.
func InterfaceByIndex(index int) (*Interface, error) { return stdnet.InterfaceByIndex(index) }

// InterfaceByName finds an interface by its name. It is not a checkpoint.
func InterfaceByName(name string) (*Interface, error) { return stdnet.InterfaceByName(name) }
