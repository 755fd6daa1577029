package net_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
)

// A library is one of the two that are compared.
type library struct {
	dial   func(network, address string) (stdnet.Conn, error)
	listen func(network, address string) (stdnet.Listener, error)
	dialer func(local stdnet.Addr, limit time.Duration) dialer
}

type dialer interface {
	DialContext(ctx context.Context, network, address string) (stdnet.Conn, error)
}

var theirs = library{stdnet.Dial, stdnet.Listen, func(local stdnet.Addr, limit time.Duration) dialer {
	return &stdnet.Dialer{LocalAddr: local, Timeout: limit}
}}

var ours = library{net.Dial, net.Listen, func(local stdnet.Addr, limit time.Duration) dialer {
	return &net.Dialer{LocalAddr: local, Timeout: limit}
}}

// tcp is what both connections have.
type tcp interface {
	stdnet.Conn
	CloseRead() error
	CloseWrite() error
	SetNoDelay(bool) error
	SetLinger(int) error
	SetReadBuffer(int) error
}

// pair makes a connection, of which the library has the first end only.
func (l library) pair() (tcp, *stdnet.TCPConn) {
	peer, err := stdnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer peer.Close()
	a, err := l.dial("tcp", peer.Addr().String())
	if err != nil {
		panic(err)
	}
	b, err := peer.Accept()
	if err != nil {
		panic(err)
	}
	return a.(tcp), b.(*stdnet.TCPConn)
}

// on returns what a call on a connection returns.
func on(call func(a tcp, b *stdnet.TCPConn) error) func(library) error {
	return func(l library) error {
		a, b := l.pair()
		defer a.Close()
		defer b.Close()
		return call(a, b)
	}
}

func closed(call func(a tcp) error) func(library) error {
	return on(func(a tcp, _ *stdnet.TCPConn) error {
		a.Close()
		return call(a)
	})
}

func dialing(network, address string) func(library) error {
	return func(l library) error { return end(l.dial(network, address)) }
}

func listening(network, address string) func(library) error {
	return func(l library) error { return end(l.listen(network, address)) }
}

func end[T io.Closer](c T, err error) error {
	if err == nil {
		c.Close()
	}
	return err
}

func read(c stdnet.Conn) error  { _, err := c.Read(make([]byte, 1)); return err }
func write(c stdnet.Conn) error { _, err := c.Write(make([]byte, 1)); return err }

// other says that an error tells more than the standard library's, such as which
// block's time was up: its text and type are its own.
const other = "(other text) "

func failuresOf(refusing, stuck string) map[string]func(library) error {
	all := map[string]func(library) error{
		"dial refused":              dialing("tcp", refusing),
		"dial refused tcp4":         dialing("tcp4", refusing),
		"dial empty":                dialing("tcp", ""),
		"dial unknown network":      dialing("tcq", refusing),
		"dial unknown host":         dialing("tcp", "none.test.:80"),
		"dial no port":              dialing("tcp", "127.0.0.1"),
		"dial many colons":          dialing("tcp", "1:2:3"),
		"dial large port":           dialing("tcp", "127.0.0.1:65536"),
		"dial negative port":        dialing("tcp", "127.0.0.1:-1"),
		"dial unknown service":      dialing("tcp", "127.0.0.1:nosuchservice"),
		"dial tcp4 to IPv6":         dialing("tcp4", "[::1]:1"),
		"dial tcp6 to IPv4":         dialing("tcp6", "127.0.0.1:1"),
		"dial IPv4 with zone":       dialing("tcp", "127.0.0.1%lo:1"),
		"listen at an odd zone":     listening("tcp", "[fe80::1%99999x]:0"),
		"listen unknown network":    listening("tcq", "127.0.0.1:0"),
		"listen no port":            listening("tcp", "127.0.0.1"),
		"listen elsewhere":          listening("tcp", "192.0.2.1:0"),
		"listen tcp4 at IPv6":       listening("tcp4", "[::1]:0"),
		"listen unknown host":       listening("tcp", "none.test.:0"),
		"listen large port":         listening("tcp", ":65536"),
		"read when closed":          closed(func(a tcp) error { return read(a) }),
		"write when closed":         closed(func(a tcp) error { return write(a) }),
		"close when closed":         closed(func(a tcp) error { return a.Close() }),
		"CloseRead when closed":     closed(func(a tcp) error { return a.CloseRead() }),
		"CloseWrite when closed":    closed(func(a tcp) error { return a.CloseWrite() }),
		"SetDeadline when closed":   closed(func(a tcp) error { return a.SetDeadline(longAgo) }),
		"SetNoDelay when closed":    closed(func(a tcp) error { return a.SetNoDelay(true) }),
		"SetLinger when closed":     closed(func(a tcp) error { return a.SetLinger(1) }),
		"SetReadBuffer when closed": closed(func(a tcp) error { return a.SetReadBuffer(1) }),
	}
	all["listen in use"] = func(l library) error {
		busy, err := l.listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer busy.Close()
		return end(l.listen("tcp", busy.Addr().String()))
	}
	all["accept when closed"] = func(l library) error {
		gone, err := l.listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		gone.Close()
		_, accept := gone.Accept()
		return errors.Join(accept, gone.Close())
	}
	all["accept expired"] = func(l library) error {
		late, err := l.listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer late.Close()
		late.(interface{ SetDeadline(time.Time) error }).SetDeadline(longAgo)
		return end(late.Accept())
	}
	all["read expired"] = on(func(a tcp, _ *stdnet.TCPConn) error { a.SetReadDeadline(longAgo); return read(a) })
	all["write expired"] = on(func(a tcp, _ *stdnet.TCPConn) error { a.SetWriteDeadline(longAgo); return write(a) })
	all["read at the end"] = on(func(a tcp, b *stdnet.TCPConn) error { b.Close(); return read(a) })
	all["read after CloseRead"] = on(func(a tcp, _ *stdnet.TCPConn) error { a.CloseRead(); return read(a) })
	all["write after CloseWrite"] = on(func(a tcp, _ *stdnet.TCPConn) error { a.CloseWrite(); return write(a) })
	all["reset"] = on(func(a tcp, b *stdnet.TCPConn) error {
		b.SetLinger(0)
		b.Close()
		return errors.Join(read(a), write(a), read(a))
	})
	all["dial from a wrong address"] = func(l library) error {
		return end(l.dialer(&stdnet.UDPAddr{Port: 1}, 0).DialContext(context.Background(), "tcp", refusing))
	}
	all["dial from the other family"] = func(l library) error {
		return end(l.dialer(&stdnet.TCPAddr{IP: stdnet.IPv6loopback}, 0).DialContext(context.Background(), "tcp", refusing))
	}
	all["dial from elsewhere"] = func(l library) error {
		return end(l.dialer(&stdnet.TCPAddr{IP: stdnet.IPv4(192, 0, 2, 1)}, 0).DialContext(context.Background(), "tcp", refusing))
	}
	all[other+"dial expired"] = func(l library) error {
		return end(l.dialer(nil, time.Millisecond).DialContext(context.Background(), "tcp", stuck))
	}
	all[other+"dial with an expired context"] = func(l library) error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		return end(l.dialer(nil, 0).DialContext(ctx, "tcp", stuck))
	}
	all[other+"dial with a cancelled context"] = func(l library) error {
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(time.Millisecond, func() { cancel(errors.New("a cause of its own")) })
		return end(l.dialer(nil, 0).DialContext(ctx, "tcp", stuck))
	}
	return all
}

func TestErrorsAreThoseOfTheStandardLibrary(t *testing.T) {
	names(t, nil)
	for name, call := range failuresOf("127.0.0.1:"+unused(t), silent(t)) {
		t.Run(name, func(t *testing.T) {
			want := call(theirs)
			run(t, func() {
				got := call(ours)
				exact := !strings.HasPrefix(name, other)
				if g, w := describe(got, exact), describe(want, exact); g != w {
					t.Errorf("ours:   %s\ntheirs: %s", g, w)
				}
			})
		})
	}
}

var ports = regexp.MustCompile(`:[0-9]+\b`)

// describe says all that a caller can tell of an error.
func describe(err error, exact bool) string {
	if err == nil {
		return "no error"
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, one := range many.Unwrap() {
			all = append(all, describe(one, exact))
		}
		return strings.Join(all, "\n  ")
	}
	var s strings.Builder
	if exact {
		s.WriteString(ports.ReplaceAllString(err.Error(), ":N") + "; ")
	}
	if op, ok := err.(*stdnet.OpError); ok {
		fmt.Fprintf(&s, "Op %s Net %s Source %t Addr %t Timeout %t Temporary %t", op.Op, op.Net, op.Source != nil, op.Addr != nil, op.Timeout(), op.Temporary())
		if exact {
			fmt.Fprintf(&s, " Err %T", op.Err)
		}
	} else {
		fmt.Fprintf(&s, "%T", err)
	}
	for _, target := range []error{io.EOF, stdnet.ErrClosed, context.Canceled} {
		fmt.Fprintf(&s, " is %v: %t", target, errors.Is(err, target))
	}
	if exact {
		fmt.Fprintf(&s, " is expired: %t %t", errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded))
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		fmt.Fprintf(&s, " is errno %d", int(number))
	}
	return s.String()
}
