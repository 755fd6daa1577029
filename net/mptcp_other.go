//go:build unix && !linux

package net

const protoMPTCP = 262 // IANA's number; nobody but Linux has it

const acceptInherits = false

// MultipathTCP tells whether the connection uses MPTCP, which this system does not
// have. It is not a checkpoint.
func (c *TCPConn) MultipathTCP() (bool, error) { return false, nil }
