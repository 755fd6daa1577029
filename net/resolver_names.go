package net

import stdnet "net"

// The records of name servers are the standard library's own.
type (
	// MX is one mail server of a domain.
	MX = stdnet.MX
	// NS is one name server of a domain.
	NS = stdnet.NS
	// SRV is one place where a service is offered.
	SRV = stdnet.SRV
)
