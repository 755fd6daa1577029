package net

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const protoMPTCP = unix.IPPROTO_MPTCP

// acceptInherits tells that an accepted connection has the options of its listener,
// so that they are set once.
const acceptInherits = true

// MultipathTCP tells whether the connection uses MPTCP (RFC 8684): it does not where
// the peer has fallen back to TCP. It is not a checkpoint.
func (c *TCPConn) MultipathTCP() (bool, error) {
	if c.fd == nil {
		return false, syscall.EINVAL
	}
	uses := false
	err := c.fd.Control(func(fd int) error {
		proto, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
		if err != nil {
			return os.NewSyscallError("getsockopt", err)
		}
		if proto != protoMPTCP {
			return nil
		}
		// Since Linux 5.16 the system tells whether it has fallen back.
		const solMPTCP, mptcpInfo = 284, 1
		_, err = unix.GetsockoptInt(fd, solMPTCP, mptcpInfo)
		uses = !errors.Is(err, unix.EOPNOTSUPP)
		return nil
	})
	return uses, err
}
