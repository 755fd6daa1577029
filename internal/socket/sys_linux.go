package socket

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The descriptors here never block, so their system calls need not tell the Go
// scheduler that the thread may be away for a while: raw calls save that. They save
// more where the loop is busy. The runtime's watchman thinks that one goroutine has run
// all the time, since it does not see coroutines change, and so gives the processor
// away as soon as it finds the thread in a call that it was told of; getting it back
// takes two threads and a futex.

func read(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(min(len(p), maxIO)))
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

func write(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(min(len(p), maxIO)))
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

// recv is read for a socket, and send is write. They do not wait even where the socket
// may block, and they come to it by a shorter way, not by that of the file that it is as
// well: measured in C, two hundredths of what an echo costs.
func recv(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(min(len(p), maxIO)), unix.MSG_DONTWAIT, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

func send(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(min(len(p), maxIO)), unix.MSG_DONTWAIT, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

// open makes a socket that does not block and is not inherited.
func open(family, kind, protocol int) (int, error) {
	return unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
}

// acceptCall is what errors call it, as in the standard library.
const acceptCall = "accept4"

func accept(fd int) (int, unix.Sockaddr, error) {
	var sa unix.RawSockaddrAny
	size := uint32(unsafe.Sizeof(sa))
	n, _, e := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)),
		unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if e != 0 {
		return -1, nil, e
	}
	return int(n), sockaddr(&sa), nil
}

// sockaddr reads an address of one of the families that are listened for.
func sockaddr(sa *unix.RawSockaddrAny) unix.Sockaddr {
	switch sa.Addr.Family {
	case unix.AF_INET:
		sa := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return &unix.SockaddrInet4{Port: int(netOrder(sa.Port)), Addr: sa.Addr}
	case unix.AF_INET6:
		sa := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
		return &unix.SockaddrInet6{Port: int(netOrder(sa.Port)), Addr: sa.Addr, ZoneId: sa.Scope_id}
	case unix.AF_UNIX:
		path := (*unix.RawSockaddrUnix)(unsafe.Pointer(sa)).Path
		name := []byte{}
		for i, c := range path {
			if i == 0 && c == 0 { // no file, or no name at all: written with this sign
				c = '@'
			}
			if c == 0 {
				break
			}
			name = append(name, byte(c))
		}
		return &unix.SockaddrUnix{Name: string(name)}
	}
	return nil
}

// closeFD gives a descriptor back that does not linger.
func closeFD(fd int) error {
	if _, _, e := unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0); e != 0 {
		return e
	}
	return nil
}

func splice(from, to, limit int) (int, syscall.Errno) {
	n, _, e := unix.RawSyscall6(unix.SYS_SPLICE, uintptr(from), 0, uintptr(to), 0, uintptr(limit),
		unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

// recvFrom takes a datagram, and writes down its sender.
func recvFrom(fd int, p []byte, from *Peer) (int, syscall.Errno) {
	var sa unix.RawSockaddrInet6 // there is room for the other kind too
	size := uint32(unsafe.Sizeof(sa))
	n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(min(len(p), maxIO)),
		0, uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)))
	if e != 0 {
		return 0, e
	}
	switch sa.Family {
	case unix.AF_INET:
		sa := (*unix.RawSockaddrInet4)(unsafe.Pointer(&sa))
		*from = Peer{IP: netip.AddrFrom4(sa.Addr), Port: netOrder(sa.Port)}
	case unix.AF_INET6:
		*from = Peer{IP: netip.AddrFrom16(sa.Addr), Port: netOrder(sa.Port), Zone: sa.Scope_id}
	}
	return int(n), 0
}

func sendTo(fd int, p []byte, to *Peer) syscall.Errno {
	var sa unix.RawSockaddrInet6
	size := unsafe.Sizeof(sa)
	if to.IP.Is4() {
		size = unix.SizeofSockaddrInet4
		*(*unix.RawSockaddrInet4)(unsafe.Pointer(&sa)) = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: netOrder(to.Port), Addr: to.IP.As4()}
	} else {
		sa = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: netOrder(to.Port), Addr: to.IP.As16(), Scope_id: to.Zone}
	}
	_, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		0, uintptr(unsafe.Pointer(&sa)), size)
	return e
}

// netOrder turns a number of the machine into one of the network, and back.
func netOrder(n uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], n)
	return binary.BigEndian.Uint16(b[:])
}

// recvMsg asks for what keeps descriptors from being inherited only where they can
// come: the system tells the flag among those of the message.
func recvMsg(fd int, p, oob []byte, rights bool) (n, oobn, flags int, from unix.Sockaddr, err error) {
	if rights {
		flags = unix.MSG_CMSG_CLOEXEC
	}
	return unix.Recvmsg(fd, p, oob, flags)
}

// writev writes from as many buffers as fit into a list on the stack: at most 64,
// where the system would take 1,024. More at once was not worth an allocation, unless
// they are one message.
func writev(fd int, v [][]byte, message bool) (int, syscall.Errno) {
	var room [64]unix.Iovec
	list, most := room[:0], len(room)
	if message {
		most = maxParts
	}
	for _, p := range v {
		if len(list) == most {
			break
		}
		if len(p) > 0 {
			one := unix.Iovec{Base: unsafe.SliceData(p)}
			one.SetLen(min(len(p), maxIO))
			list = append(list, one)
		}
	}
	if len(list) == 0 {
		return 0, 0
	}
	written, _, e := unix.RawSyscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(list))), uintptr(len(list)))
	if e != 0 {
		return 0, e
	}
	return int(written), 0
}
