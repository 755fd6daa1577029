package net

// inetAddr is an address in the type of its network.
func inetAddr(network string, a TCPAddr) Addr {
	switch network[0] {
	case 'u':
		return (*UDPAddr)(&a)
	case 'i':
		return &IPAddr{IP: a.IP, Zone: a.Zone}
	}
	return &a
}

// ipOf is the IP of an address of one of the protocols over IP. A nil pointer has none,
// and means any.
func ipOf(a Addr) (ip IP, ok bool) {
	switch a := a.(type) {
	case *TCPAddr:
		if a != nil {
			ip = a.IP
		}
		return ip, true
	case *UDPAddr:
		if a != nil {
			ip = a.IP
		}
		return ip, true
	case *IPAddr:
		if a != nil {
			ip = a.IP
		}
		return ip, true
	}
	return nil, false
}

// unspecified tells whether an address means any of this machine.
func unspecified(a Addr) bool {
	ip, ok := ipOf(a)
	return ok && wildcard(ip)
}

func wildcard(ip IP) bool { return len(ip) == 0 || ip.IsUnspecified() }

// isIPv4 tells it of an address over IP; one without an IP counts.
func isIPv4(a Addr) bool {
	ip, ok := ipOf(a)
	return ok && (len(ip) == 0 || ip.To4() != nil)
}
