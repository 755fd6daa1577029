package socket

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The descriptors here never block, so their system calls need not tell the Go
// scheduler that the thread may be away for a while: raw calls save that.

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

// open makes a socket that does not block and is not inherited.
func open(family, kind, protocol int) (int, error) {
	return unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
}

// acceptCall is what errors call it, as in the standard library.
const acceptCall = "accept4"

func accept(fd int) (int, unix.Sockaddr, error) {
	return unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
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
// where the system would take 1,024. More at once was not worth an allocation.
func writev(fd int, v [][]byte) (int, syscall.Errno) {
	var list [64]unix.Iovec
	n := 0
	for _, p := range v {
		if n == len(list) {
			break
		}
		if len(p) > 0 {
			list[n].Base = unsafe.SliceData(p)
			list[n].SetLen(min(len(p), maxIO))
			n++
		}
	}
	if n == 0 {
		return 0, 0
	}
	written, _, e := unix.RawSyscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&list)), uintptr(n))
	if e != 0 {
		return 0, e
	}
	return int(written), 0
}
