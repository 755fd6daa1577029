package net_test

import (
	"context"
	"errors"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// unused returns a port of this machine where nobody listens. It is held by a
// socket that does not listen, so that nobody else gets it meanwhile.
func unused(t *testing.T) (port string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	must(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	sa, err := syscall.Getsockname(fd)
	must(t, err)
	return strconv.Itoa(sa.(*syscall.SockaddrInet4).Port)
}

func TestRefusedDialSaysWhereAndWhy(t *testing.T) {
	port := unused(t)
	run(t, func() {
		_, err := net.Dial("tcp", "127.0.0.1:"+port)
		var e *net.OpError
		if !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, &e) || e.Op != "dial" || e.Addr.String() != "127.0.0.1:"+port {
			t.Errorf("%v, want an OpError of a dial to port %s that wraps ECONNREFUSED", err, port)
		}
	})
}

// holds: 78
func TestNextAddressIsTriedWhereOneRefuses(t *testing.T) {
	names(t, map[string][]string{"both.test.": {"127.0.0.2", "127.0.0.3", "::1"}})
	for _, host := range []string{"127.0.0.2", "127.0.0.3", "::1"} { // two of the three are not the first
		t.Run(host, func(t *testing.T) {
			run(t, func() {
				l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
				if errors.Is(err, syscall.EADDRNOTAVAIL) {
					t.Skip("there is no " + host)
				}
				must(t, err)
				defer l.Close()
				_, port, err := net.SplitHostPort(l.Addr().String())
				must(t, err)
				c, err := net.Dial("tcp", "both.test.:"+port)
				must(t, err)
				defer c.Close()
				if c.RemoteAddr().String() != l.Addr().String() {
					t.Errorf("connected to %v, want %v", c.RemoteAddr(), l.Addr())
				}
				s, err := l.Accept()
				must(t, err)
				must(t, s.Close())
			})
		})
	}
}

func TestFirstErrorIsReportedWhereAllRefuse(t *testing.T) {
	names(t, map[string][]string{"both.test.": {"127.0.0.1", "::1"}})
	port := unused(t)
	run(t, func() {
		_, err := net.Dial("tcp", "both.test.:"+port)
		var e *net.OpError
		if !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, &e) || e.Addr == nil {
			t.Errorf("%v, want an OpError that wraps ECONNREFUSED and has the address", err)
		}
	})
}

func TestNameListensAtItsIPv4Address(t *testing.T) {
	names(t, map[string][]string{"both.test.": {"::1", "127.0.0.1"}})
	run(t, func() {
		l, err := net.Listen("tcp", "both.test.:0")
		must(t, err)
		defer l.Close()
		if host, _, _ := net.SplitHostPort(l.Addr().String()); host != "127.0.0.1" {
			t.Errorf("it listens at %v, want 127.0.0.1", l.Addr())
		}
	})
}

func TestEmptyHostIsThisMachine(t *testing.T) {
	run(t, func() {
		l, err := net.Listen("tcp", ":0")
		must(t, err)
		defer l.Close()
		_, port, err := net.SplitHostPort(l.Addr().String())
		must(t, err)
		for _, address := range []string{":" + port, "0.0.0.0:" + port} {
			c, err := net.Dial("tcp", address)
			must(t, err)
			if got, want := c.RemoteAddr().String(), "127.0.0.1:"+port; got != want {
				t.Errorf("dialed %s and got %s, want %s", address, got, want)
			}
			must(t, c.Close())
			s, err := l.Accept()
			must(t, err)
			must(t, s.Close())
		}
	})
}

func TestDialHasTheLocalAddressAskedFor(t *testing.T) {
	names(t, map[string][]string{"both.test.": {"::1", "127.0.0.1"}})
	run(t, func() {
		l := listen(t)
		defer l.Close()
		_, port, err := net.SplitHostPort(l.Addr().String())
		must(t, err)
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}
		for _, host := range []string{"127.0.0.1:", "both.test.:"} {
			c, err := d.Dial("tcp", host+port)
			must(t, err)
			if from, _, _ := net.SplitHostPort(c.LocalAddr().String()); from != "127.0.0.9" {
				t.Errorf("connected from %v, want 127.0.0.9", c.LocalAddr())
			}
			must(t, c.Close())
		}
	})
}

// A dial to a port where nobody listens may be given that very port for its own
// end, and TCP then connects the socket to itself.
func TestDialDoesNotConnectToItself(t *testing.T) {
	run(t, func() {
		l := listen(t)
		port := l.Addr().(*net.TCPAddr).Port
		must(t, l.Close())
		attempts := 0
		d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
			if attempts++; attempts > 2 {
				return nil
			}
			_ = c.Control(func(fd uintptr) {
				// The port it will be given is the one that it is to connect to.
				err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_LOCAL_PORT_RANGE, port|port<<16)
			})
			return err
		}}
		c, err := d.Dial("tcp", l.Addr().String())
		if errors.Is(err, syscall.ENOPROTOOPT) {
			t.Skip("the system cannot be told which port to take")
		}
		if err == nil {
			must(t, c.Close())
		}
		if !errors.Is(err, syscall.ECONNREFUSED) || attempts != 3 {
			t.Errorf("attempt %d ended with %v, want ECONNREFUSED in the third", attempts, err)
		}
	})
}

func TestControlSeesTheSocketBeforeItIsConnected(t *testing.T) {
	run(t, func() {
		l := listen(t)
		defer l.Close()
		var network, address string
		d := net.Dialer{Control: func(n, a string, c syscall.RawConn) error {
			network, address = n, a
			return c.Control(func(fd uintptr) {
				if _, err := syscall.Getpeername(int(fd)); !errors.Is(err, syscall.ENOTCONN) {
					t.Errorf("%v, want ENOTCONN", err)
				}
			})
		}}
		c, err := d.Dial("tcp", l.Addr().String())
		must(t, err)
		must(t, c.Close())
		if network != "tcp4" || address != l.Addr().String() {
			t.Errorf("Control was told %s %s, want tcp4 %v", network, address, l.Addr())
		}
		refused := errors.New("refused by Control")
		d.Control = func(string, string, syscall.RawConn) error { return refused }
		counted(t, func() {
			if _, err := d.Dial("tcp", l.Addr().String()); !errors.Is(err, refused) {
				t.Errorf("%v, want Control's error", err)
			}
		})
		d.Control = func(string, string, syscall.RawConn) error { panic("in Control") }
		counted(t, func() {
			defer func() { _ = recover() }()
			_, err := d.Dial("tcp", l.Addr().String())
			t.Errorf("the panic did not come out of Dial, which returned %v", err)
		})
	})
}

// holds: 37, 46
func TestTimeoutAroundDialNamesItsBlock(t *testing.T) {
	run(t, func() {
		warm(t)
		stuck := silent(t)
		counted(t, func() {
			var outer *timeout.Timeout
			err := timeout.Run(1000, func() error {
				outer = timeout.Start(1 << 40)
				defer outer.Cancel()
				_, err := net.Dial("tcp", stuck)
				return err
			})
			var e *timeout.Error
			var op *net.OpError
			if !errors.As(err, &e) || e.After != 1000 || e.Of(outer) || !errors.As(err, &op) || op.Addr == nil {
				t.Errorf("%v, want an OpError with an address that wraps the block's error", err)
			}
		})
	})
}

func TestCancelledContextFailsTheDialAtOnce(t *testing.T) {
	run(t, func() {
		stuck := silent(t)
		for _, when := range []string{"before", "meanwhile"} {
			ctx, cancel := context.WithCancel(context.Background())
			if when == "before" {
				cancel()
			}
			dialer := task.Go(func() {
				var d net.Dialer
				if _, err := d.DialContext(ctx, "tcp", stuck); !errors.Is(err, context.Canceled) {
					t.Errorf("cancelled %s: %v, want context.Canceled", when, err)
				}
			})
			settle()
			cancel()
			must(t, dialer.Join())
		}
	})
}
