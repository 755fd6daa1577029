//go:build unix && !linux

package socket

import (
	"bytes"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

func read(fd int, p []byte) (int, syscall.Errno) {
	n, err := unix.Read(fd, p[:min(len(p), maxIO)])
	return max(0, n), errnoOf(err)
}

func write(fd int, p []byte) (int, syscall.Errno) {
	n, err := unix.Write(fd, p[:min(len(p), maxIO)])
	return max(0, n), errnoOf(err)
}

// recv is read for a socket, and send is write. They do not wait even where the socket
// may block.
func recv(fd int, p []byte) (int, syscall.Errno) {
	n, _, err := unix.Recvfrom(fd, p[:min(len(p), maxIO)], unix.MSG_DONTWAIT)
	return max(0, n), errnoOf(err)
}

func send(fd int, p []byte) (int, syscall.Errno) {
	n, err := unix.SendmsgN(fd, p[:min(len(p), maxIO)], nil, nil, unix.MSG_DONTWAIT)
	return max(0, n), errnoOf(err)
}

// open makes a socket that does not block and is not inherited.
func open(family, kind, protocol int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, kind, protocol)
	return prepared(fd, err)
}

// acceptCall is what errors call it.
const acceptCall = "accept"

func accept(fd int) (int, unix.Sockaddr, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	conn, from, err := unix.Accept(fd)
	conn, err = prepared(conn, err)
	return conn, from, err
}

func prepared(fd int, err error) (int, error) {
	if err != nil {
		return -1, err
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// recvFrom takes a datagram, and writes down its sender.
func recvFrom(fd int, p []byte, from *Peer) (int, syscall.Errno) {
	n, sa, err := unix.Recvfrom(fd, p, 0)
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		*from = Peer{IP: netip.AddrFrom4(sa.Addr), Port: uint16(sa.Port)}
	case *unix.SockaddrInet6:
		*from = Peer{IP: netip.AddrFrom16(sa.Addr), Port: uint16(sa.Port), Zone: sa.ZoneId}
	}
	return max(0, n), errnoOf(err)
}

func sendTo(fd int, p []byte, to *Peer) syscall.Errno {
	if to.IP.Is4() {
		return errnoOf(unix.Sendto(fd, p, 0, &unix.SockaddrInet4{Port: int(to.Port), Addr: to.IP.As4()}))
	}
	return errnoOf(unix.Sendto(fd, p, 0, &unix.SockaddrInet6{Port: int(to.Port), ZoneId: to.Zone, Addr: to.IP.As16()}))
}

// recvMsg sees to it that descriptors that arrive are not inherited.
func recvMsg(fd int, p, oob []byte, rights bool) (n, oobn, flags int, from unix.Sockaddr, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	n, oobn, flags, from, err = unix.Recvmsg(fd, p, oob, 0)
	if err != nil || oobn == 0 || !rights {
		return n, oobn, flags, from, err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return n, oobn, flags, from, nil // the caller sees what it is
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue // something else
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
		}
	}
	return n, oobn, flags, from, nil
}

// writev writes the first buffer that has anything: x/sys/unix has no writev that
// all systems share. For a message they are put together.
func writev(fd int, v [][]byte, message bool) (int, syscall.Errno) {
	if message {
		v = [][]byte{bytes.Join(v[:min(len(v), maxParts)], nil)}
	}
	for _, p := range v {
		if len(p) > 0 {
			return write(fd, p)
		}
	}
	return 0, 0
}

func closeFD(fd int) error { return unix.Close(fd) }
