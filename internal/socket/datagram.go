//go:build unix

package socket

import (
	"net/netip"
	"syscall"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Peer is the other side of a datagram of one of the protocols over IP. It is flat,
// so that receiving allocates nothing.
type Peer struct {
	// IP has no zone. Where it is an IPv4 address the socket is one for IPv4; an IPv6
	// socket has IPv4 addresses mapped into IPv6.
	IP   netip.Addr
	Port uint16
	Zone uint32 // the number of an interface, 0 for none
}

// RecvFrom takes one datagram, waiting for it; what does not fit into p is lost. It
// is a checkpoint.
func (f *FD) RecvFrom(p []byte) (int, Peer, error) {
	t := f.task()
	if t == nil {
		return f.recvFromElsewhere(p)
	}
	d := f.desc
	s := d.Acquire(t, kernel.Read)
	if s != kernel.Ready {
		return 0, Peer{}, failure(t, s)
	}
	var from Peer
	var n int
	var e syscall.Errno
	for {
		if !d.IsReady(kernel.Read) {
			if s = d.Wait(t, kernel.Read); s != kernel.Ready {
				break
			}
		}
		if e = d.Loop().Fault("recvfrom"); e == 0 {
			n, e = recvFrom(d.FD(), p, &from)
		}
		if e == syscall.EAGAIN {
			d.Blocked(kernel.Read)
		} else if e != syscall.EINTR {
			break
		}
	}
	d.Release(kernel.Read)
	if s != kernel.Ready {
		return 0, Peer{}, failure(t, s)
	}
	return n, from, fail("recvfrom", e)
}

// recvFromElsewhere stands apart so that what its closure needs is not allocated for
// those who are at home.
func (f *FD) recvFromElsewhere(p []byte) (int, Peer, error) {
	type datagram struct {
		n    int
		from Peer
	}
	got, err := Carry(f.Loop(), func() (datagram, error) {
		n, from, err := f.RecvFrom(p)
		return datagram{n, from}, err
	})
	return got.n, got.from, err
}

// SendTo sends one datagram. It is a checkpoint.
func (f *FD) SendTo(p []byte, to Peer) (int, error) {
	t := f.task()
	if t == nil {
		return f.sendToElsewhere(p, to)
	}
	d := f.desc
	s := d.Acquire(t, kernel.Write)
	if s != kernel.Ready {
		return 0, failure(t, s)
	}
	var e syscall.Errno
	for {
		if !d.IsReady(kernel.Write) {
			if s = d.Wait(t, kernel.Write); s != kernel.Ready {
				break
			}
		}
		if e = d.Loop().Fault("sendto"); e == 0 {
			e = sendTo(d.FD(), p, &to)
		}
		if e == syscall.EAGAIN {
			d.Blocked(kernel.Write)
		} else if e != syscall.EINTR {
			break
		}
	}
	d.Release(kernel.Write)
	if s != kernel.Ready {
		return 0, failure(t, s)
	}
	if e != 0 {
		return 0, fail("sendto", e)
	}
	return len(p), nil
}

func (f *FD) sendToElsewhere(p []byte, to Peer) (int, error) {
	return Carry(f.Loop(), func() (int, error) { return f.SendTo(p, to) })
}
