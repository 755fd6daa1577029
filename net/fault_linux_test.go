package net_test

import (
	"errors"
	"fmt"
	"io"
	stdnet "net"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// faults are operations by the system call that they are made of, at least. To be
// called in a task; they return how much was transferred of 5 bytes.
var faults = map[string]func(t *testing.T) (int64, error){
	"sendfile": func(t *testing.T) (int64, error) {
		a, b := pair(t)
		defer b.Close()
		defer a.Close()
		return io.Copy(a, fileOf(t, []byte("hello")))
	},
	"splice": func(t *testing.T) (int64, error) {
		from, source := pair(t)
		to, sink := pair(t)
		for _, c := range []net.Conn{from, to, sink} {
			defer c.Close()
		}
		_, err := source.Write([]byte("hello"))
		must(t, err)
		must(t, source.Close())
		return io.Copy(to, from)
	},
	"writev": func(t *testing.T) (int64, error) {
		a, b := pair(t)
		defer b.Close()
		defer a.Close()
		return (&net.Buffers{[]byte("hel"), []byte("lo")}).WriteTo(a)
	},
	"recvfrom": func(t *testing.T) (int64, error) {
		return datagram(t, func(a, b *net.UDPConn) (int, error) {
			_, err := b.WriteTo([]byte("hello"), a.LocalAddr())
			must(t, err)
			n, _, err := a.ReadFrom(make([]byte, 9))
			return n, err
		})
	},
	"sendto": func(t *testing.T) (int64, error) {
		return datagram(t, func(a, b *net.UDPConn) (int, error) { return a.WriteTo([]byte("hello"), b.LocalAddr()) })
	},
	"recvmsg": func(t *testing.T) (int64, error) {
		return datagram(t, func(a, b *net.UDPConn) (int, error) {
			_, err := b.WriteTo([]byte("hello"), a.LocalAddr())
			must(t, err)
			n, _, _, _, err := a.ReadMsgUDP(make([]byte, 9), nil)
			return n, err
		})
	},
	"sendmsg": func(t *testing.T) (int64, error) {
		return datagram(t, func(a, b *net.UDPConn) (int, error) {
			n, _, err := a.WriteMsgUDP([]byte("hello"), nil, b.LocalAddr().(*stdnet.UDPAddr))
			return n, err
		})
	},
}

func datagram(t *testing.T, f func(a, b *net.UDPConn) (int, error)) (int64, error) {
	t.Helper()
	a, b := udpPair(t, "udp4")
	defer a.Close()
	defer b.Close()
	n, err := f(a, b)
	return int64(n), err
}

// Each call of the system fails once: it is retried where it was interrupted, the
// error comes out otherwise, and nothing is left open.
//
// holds: 71
func TestSystemCallsFail(t *testing.T) {
	for name, operate := range faults {
		for _, errno := range []syscall.Errno{syscall.EINTR, syscall.EIO} {
			t.Run(fmt.Sprint(name, " ", int(errno)), func(t *testing.T) {
				failing, calls := "", 0
				tasktest.FailEverywhere(t, errno, []string{name}, func(call string) { failing = call; calls++ }, func() {
					n, err := operate(t)
					if failing == "" || errno == syscall.EINTR {
						if n != 5 || err != nil {
							t.Errorf("%d, %v; want 5 bytes", n, err)
						}
						return
					}
					var op *net.OpError
					var call *os.SyscallError
					if !errors.Is(err, errno) || !errors.As(err, &op) || !errors.As(err, &call) || call.Syscall != name {
						t.Errorf("%d, %v; want an OpError that wraps the %s's %v", n, err, name, errno)
					}
				})
				if calls < 2 {
					t.Errorf("no %s was made", name)
				}
			})
		}
	}
}

// A close that fails is told of, and has closed: nothing is left, and no other descriptor,
// which may have got the number, is closed by a second try.
func TestFailedCloseHasClosed(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EINTR, syscall.EIO} {
		for name, open := range map[string]func() []io.Closer{
			"tcp":      func() []io.Closer { a, b := pair(t); return []io.Closer{a, b} },
			"unix":     func() []io.Closer { a, b := unixPair(t, "unix"); return []io.Closer{a, b} },
			"udp":      func() []io.Closer { a, b := udpPair(t, "udp4"); return []io.Closer{a, b} },
			"listener": func() []io.Closer { return []io.Closer{listen(t)} },
		} {
			failing, heard := "", 0
			tasktest.FailEverywhere(t, errno, []string{"close"}, func(call string) { failing = call }, func() {
				before := openFiles(t)
				all := open()
				told := 0
				for _, c := range all {
					var op *net.OpError
					if err := c.Close(); errors.Is(err, errno) && errors.As(err, &op) && op.Op == "close" {
						told++
					} else if err != nil {
						t.Errorf("%s: %v, want an OpError that wraps the close's %v", name, err, errno)
					}
					if err := c.Close(); !errors.Is(err, net.ErrClosed) {
						t.Errorf("%s: a second Close returns %v", name, err)
					}
				}
				if heard += told; told > 1 || failing == "" && told > 0 {
					t.Errorf("%s: of one close that failed %d have told", name, told)
				}
				openAsBefore(t, before+2) // those of the poller
			})
			if want := map[bool]int{true: 1, false: 2}[name == "listener"]; heard != want {
				t.Errorf("%s: %d failures were told of, want %d", name, heard, want)
			}
		}
	}
}

// Where the system says that it cannot copy between the two a buffer is used.
func TestCopyFallsBackToABuffer(t *testing.T) {
	for _, name := range []string{"sendfile", "splice"} {
		for _, errno := range []syscall.Errno{syscall.EINVAL, syscall.ENOSYS, syscall.EOPNOTSUPP} {
			failing := ""
			var made []string
			tasktest.FailEverywhere(t, errno, []string{name}, func(call string) { failing = call; made = append(made, call) }, func() {
				n, err := faults[name](t)
				if first := len(made) == 2; (failing == "" || first) && (n != 5 || err != nil) {
					t.Errorf("%v in the first %s: %d, %v; want 5 bytes all the same", errno, name, n, err)
				}
			})
			if !slices.Contains(made, name) {
				t.Errorf("no %s was made", name)
			}
		}
	}
}
