package net_test

import (
	"context"
	"errors"
	stdnet "net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// A manner is how an address takes a dial.
type manner string

const (
	answering manner = "answering"
	refusing  manner = "refusing"
	mute      manner = "silent" // drops what comes
)

// stand takes a port of an address, 0 for any, and behaves there in a manner.
func stand(t *testing.T, ip stdnet.IP, port int, m manner) (taken int, err error) {
	t.Helper()
	family, sa := syscall.AF_INET6, syscall.Sockaddr(&syscall.SockaddrInet6{Port: port, Addr: [16]byte(ip.To16())})
	if four := ip.To4(); four != nil {
		family, sa = syscall.AF_INET, &syscall.SockaddrInet4{Port: port, Addr: [4]byte(four)}
	}
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	if err := syscall.Bind(fd, sa); err != nil {
		_ = syscall.Close(fd)
		if errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Skipf("skipped: there is no %v", ip)
		}
		return 0, err
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	sa, err = syscall.Getsockname(fd)
	must(t, err)
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		taken = sa.Port
	case *syscall.SockaddrInet6:
		taken = sa.Port
	}
	switch m {
	case answering:
		must(t, syscall.Listen(fd, 50))
	case mute:
		must(t, syscall.Listen(fd, 0))
		c, err := stdnet.Dial("tcp", stdnet.JoinHostPort(ip.String(), strconv.Itoa(taken))) // who fills the queue
		must(t, err)
		t.Cleanup(func() { _ = c.Close() })
	}
	return taken, nil
}

// twoFaced is the address of a host whose first address, in the resolver's order,
// behaves in one manner and whose second, of the other family, in another.
func twoFaced(t *testing.T, first, second manner) (address string, ips []stdnet.IP) {
	t.Helper()
	names(t, map[string][]string{"both.test.": {"127.0.0.1", "::1"}})
	found, err := stdnet.DefaultResolver.LookupIP(context.Background(), "ip", "both.test.")
	must(t, err)
	for { // until a port is free for both
		port, err := stand(t, found[0], 0, first)
		must(t, err)
		if _, err := stand(t, found[1], port, second); err == nil {
			return "both.test.:" + strconv.Itoa(port), found
		}
	}
}

// socketless runs f and finds as many registrations and sockets after it as before.
func socketless(t *testing.T, f func()) {
	t.Helper()
	loop := runtime.Current()
	registered, open := loop.Stats().Descriptors, openSockets(t)
	f()
	if r, o := loop.Stats().Descriptors, openSockets(t); r != registered || o != open {
		t.Errorf("%d descriptors are registered and %d sockets open, before it was %d and %d", r, o, registered, open)
	}
}

// raced dials with the virtual clock, and finds nothing open but what Dial returns.
func raced(t *testing.T, d net.Dialer, address string) (c net.Conn, took time.Duration, err error) {
	t.Helper()
	run(t, func() {
		warm(t)
		loop := runtime.Current()
		socketless(t, func() {
			begin := loop.Now()
			c, err = d.Dial("tcp", address)
			took = loop.Now().Sub(begin)
			settle()
			if err == nil {
				must(t, c.Close())
			}
		})
	}, runtime.WithVirtualClock())
	return c, took, err
}

// holds: 79
func TestSecondFamilyIsTriedBesidesASilentFirst(t *testing.T) {
	for delay, want := range map[time.Duration]time.Duration{0: 300 * time.Millisecond, time.Second: time.Second, 1: 1} {
		address, ips := twoFaced(t, mute, answering)
		c, took, err := raced(t, net.Dialer{FallbackDelay: delay}, address)
		must(t, err)
		if to := c.RemoteAddr().(*net.TCPAddr); !to.IP.Equal(ips[1]) || took != want {
			t.Errorf("connected to %v after %v, want %v after %v", to, took, ips[1], want)
		}
	}
}

// holds: 78
func TestSecondFamilyIsTriedAtOnceWhereTheFirstRefuses(t *testing.T) {
	address, ips := twoFaced(t, refusing, answering)
	c, took, err := raced(t, net.Dialer{}, address)
	must(t, err)
	if to := c.RemoteAddr().(*net.TCPAddr); !to.IP.Equal(ips[1]) || took != 0 {
		t.Errorf("connected to %v after %v, want %v at once", to, took, ips[1])
	}
}

func TestFirstFamilyIsPreferred(t *testing.T) {
	address, ips := twoFaced(t, answering, answering)
	c, took, err := raced(t, net.Dialer{}, address)
	must(t, err)
	if to := c.RemoteAddr().(*net.TCPAddr); !to.IP.Equal(ips[0]) || took != 0 {
		t.Errorf("connected to %v after %v, want %v at once", to, took, ips[0])
	}
}

// holds: 79
func TestBothFamiliesAnswerAtOnce(t *testing.T) {
	address, _ := twoFaced(t, answering, answering)
	run(t, func() {
		warm(t)
		for range 50 {
			socketless(t, func() {
				c, err := (&net.Dialer{FallbackDelay: 1}).Dial("tcp", address)
				must(t, err)
				must(t, c.Close())
				settle()
			})
		}
	})
}

// holds: 79
func TestFirstFamilysErrorIsReported(t *testing.T) {
	for _, c := range []struct {
		first, second manner
		limit, took   time.Duration
		is            error
	}{
		{refusing, refusing, 0, 0, syscall.ECONNREFUSED},
		{mute, refusing, time.Second, time.Second, os.ErrDeadlineExceeded},
		{refusing, mute, time.Second, time.Second, os.ErrDeadlineExceeded},
		{mute, mute, time.Second, time.Second, os.ErrDeadlineExceeded},
	} {
		address, ips := twoFaced(t, c.first, c.second)
		_, took, err := raced(t, net.Dialer{Timeout: c.limit}, address)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" || op.Addr == nil || !op.Addr.(*net.TCPAddr).IP.Equal(ips[0]) || took != c.took {
			t.Errorf("%s, %s: %v after %v; want an OpError of %v after %v", c.first, c.second, err, took, ips[0], c.took)
		}
		if c.limit > 0 && !op.Timeout() || c.limit == 0 && !errors.Is(err, c.is) {
			t.Errorf("%s, %s: %v; want %v", c.first, c.second, err, c.is)
		}
	}
}

// With a negative delay one address is tried after the other, each with its part of
// the time.
func TestNegativeFallbackDelayTriesInTurn(t *testing.T) {
	for limit, want := range map[time.Duration]time.Duration{20 * time.Second: 10 * time.Second, 3 * time.Second: 2 * time.Second} {
		address, ips := twoFaced(t, mute, answering)
		c, took, err := raced(t, net.Dialer{FallbackDelay: -1, Timeout: limit}, address)
		must(t, err)
		if to := c.RemoteAddr().(*net.TCPAddr); !to.IP.Equal(ips[1]) || took != want {
			t.Errorf("connected to %v after %v of %v, want %v after %v", to, took, limit, ips[1], want)
		}
	}
}

// Before the second begins, and while both are on their way.
//
// holds: 46, 79
func TestCancelledRaceLeavesNothingOpen(t *testing.T) {
	address, _ := twoFaced(t, mute, mute)
	run(t, func() {
		warm(t)
		loop := runtime.Current()
		for _, after := range []time.Duration{0, 1, 299 * time.Millisecond, 300 * time.Millisecond, time.Minute} {
			socketless(t, func() {
				begin := loop.Now()
				err := timeout.Run(after, func() error {
					_, err := net.Dial("tcp", address)
					return err
				})
				var e *timeout.Error
				if !errors.As(err, &e) {
					t.Errorf("%v, want a *timeout.Error", err)
				}
				if took := loop.Now().Sub(begin); took != after {
					t.Errorf("a timeout of %v took %v", after, took)
				}
			})
			socketless(t, func() {
				victim := task.Go(func() {
					_, err := net.Dial("tcp", address)
					t.Errorf("the killed task got %v", err)
				})
				task.Sleep(after)
				victim.Kill()
				if err := victim.Join(); !errors.Is(err, task.ErrKilled) {
					t.Error(err)
				}
			})
			socketless(t, func() {
				ctx, cancel := context.WithCancel(context.Background())
				task.GoAfter(after, cancel)
				_, err := new(net.Dialer).DialContext(ctx, "tcp", address)
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%v, want context.Canceled", err)
				}
			})
		}
	}, runtime.WithVirtualClock())
}

// openSockets counts those of TCP alone: files and sockets of UDP come and go while names
// are looked up on other goroutines.
func openSockets(t *testing.T) (n int) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, e := range all {
		fd, err := strconv.Atoi(e.Name())
		must(t, err)
		if kind, _ := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_TYPE); kind == syscall.SOCK_STREAM {
			n++
		}
	}
	return n
}

// holds: 46, 79
func TestRaceKilledAtAnyMomentLeavesNothingOpen(t *testing.T) {
	for _, manners := range [][2]manner{{answering, answering}, {refusing, answering}, {refusing, refusing}} {
		address, _ := twoFaced(t, manners[0], manners[1])
		run(t, func() {
			warm(t)
			loop := runtime.Current()
			registered, open := loop.Stats().Descriptors, openSockets(t)
			for n := range steps {
				begun := false
				d := net.Dialer{FallbackDelay: 1, Control: func(string, string, syscall.RawConn) error { begun = true; return nil }}
				victim := task.Go(func() {
					c, err := d.Dial("tcp", address)
					if err == nil {
						must(t, c.Close())
					}
				})
				for !begun { // the name is looked up on another goroutine
					task.Yield()
				}
				for range n {
					task.Yield()
				}
				victim.Kill()
				_ = victim.Join()
				settle()
				if r, o := loop.Stats().Descriptors, openSockets(t); r != registered || o != open {
					t.Errorf("killed after %d turns: %d descriptors are registered and %d sockets open, before it was %d and %d", n, r, o, registered, open)
				}
			}
		})
	}
}

// A hook that panics while two addresses are tried ends the dial with its panic.
func TestPanicOfAHookInARace(t *testing.T) {
	address, _ := twoFaced(t, mute, answering)
	run(t, func() {
		warm(t)
		socketless(t, func() {
			calls := 0
			d := net.Dialer{FallbackDelay: 1, Control: func(string, string, syscall.RawConn) error {
				if calls++; calls == 2 {
					panic("in Control")
				}
				return nil
			}}
			var err error
			defer func() {
				if p := recover(); p == nil && (err == nil || !strings.Contains(err.Error(), "in Control")) {
					t.Errorf("the panic is nowhere: %v", err)
				}
			}()
			_, err = d.Dial("tcp", address)
		})
	}, runtime.WithVirtualClock())
}
