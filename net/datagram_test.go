//go:build unix

package net_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/net"
)

// holds: 88
func TestEmptyDatagramIsNotTheEnd(t *testing.T) {
	for _, network := range []string{"udp4", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			run(t, func() {
				from, to := datagramPair(t, network)
				defer from.Close()
				defer to.Close()
				for _, read := range []func([]byte) (int, error){
					to.(net.Conn).Read,
					func(p []byte) (int, error) { n, _, err := to.ReadFrom(p); return n, err },
				} {
					for _, message := range []string{"", "x", ""} {
						_, err := from.Write([]byte(message))
						must(t, err)
						if n, err := read(make([]byte, 10)); n != len(message) || err != nil {
							t.Errorf("of %q came %d bytes, %v", message, n, err)
						}
					}
				}
			})
		})
	}
}

// What does not fit is lost, the flags say so, and the next datagram is whole.
//
// holds: 88
func TestTruncatedDatagramIsReported(t *testing.T) {
	message := func(c net.PacketConn, p []byte) (n, flags int, err error) {
		switch c := c.(type) {
		case *net.UDPConn:
			n, _, flags, _, err = c.ReadMsgUDP(p, nil)
		case *net.UnixConn:
			n, _, flags, _, err = c.ReadMsgUnix(p, nil)
		}
		return n, flags, err
	}
	for _, network := range []string{"udp4", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			run(t, func() {
				from, to := datagramPair(t, network)
				defer from.Close()
				defer to.Close()
				for _, word := range []string{"evergreen", "ever"} {
					_, err := from.Write([]byte(word))
					must(t, err)
					n, flags, err := message(to, make([]byte, 4))
					if cut := flags&unix.MSG_TRUNC != 0; n != 4 || err != nil || cut != (len(word) > 4) {
						t.Errorf("of %q came %d bytes, truncated: %t, %v", word, n, cut, err)
					}
				}
			})
		})
	}
}

// That nobody listens at the other end comes back as an error of the next call, once.
// Whoever listens later is reached by the same socket.
//
// holds: 88
func TestRefusedDatagramDoesNotCloseTheSocket(t *testing.T) {
	run(t, func() {
		from, to := datagramPair(t, "udp4")
		defer from.Close()
		address := to.LocalAddr().String()
		must(t, to.Close())
		_, err := from.Write([]byte("lost"))
		must(t, err)
		if _, err = from.Read(make([]byte, 10)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v, want ECONNREFUSED", err)
		}
		to, err = net.ListenPacket("udp4", address)
		must(t, err)
		defer to.Close()
		_, err = from.Write([]byte("found"))
		must(t, err)
		buf := make([]byte, 10)
		n, sender, err := to.ReadFrom(buf)
		if string(buf[:n]) != "found" || err != nil {
			t.Errorf("there came %q, %v", buf[:n], err)
		}
		_, err = to.WriteTo([]byte("answer"), sender)
		must(t, err)
		if n, err := from.Read(buf); string(buf[:n]) != "answer" || err != nil {
			t.Errorf("there came %q back, %v", buf[:n], err)
		}
	})
}

// A socket without a peer is not told of what became of one datagram among many.
//
// holds: 88
func TestRefusedDatagramIsNobodysOfAnUnconnectedSocket(t *testing.T) {
	run(t, func() {
		gone, nobody := datagramPair(t, "udp4")
		must(t, gone.Close())
		must(t, nobody.Close())
		from, err := net.ListenPacket("udp4", "127.0.0.1:0")
		must(t, err)
		defer from.Close()
		for range 3 {
			_, err := from.WriteTo([]byte("x"), nobody.LocalAddr())
			must(t, err)
		}
		_, err = from.WriteTo([]byte("x"), from.LocalAddr())
		must(t, err)
		if n, _, err := from.ReadFrom(make([]byte, 10)); n != 1 || err != nil {
			t.Errorf("%d, %v; want 1, nil", n, err)
		}
	})
}

// Packets of a Unix socket keep their bounds, and its end is one.
func TestUnixPacketsKeepTheirBounds(t *testing.T) {
	run(t, func() {
		a, b := unixPair(t, "unixpacket")
		defer b.Close()
		for _, word := range []string{"one", "and", "another one"} {
			_, err := a.Write([]byte(word))
			must(t, err)
		}
		must(t, a.Close())
		buf := make([]byte, 100)
		for _, word := range []string{"one", "and", "another one"} {
			if n, err := b.Read(buf); string(buf[:n]) != word || err != nil {
				t.Errorf("there came %q, %v; want %q", buf[:n], err, word)
			}
		}
		if n, err := b.Read(buf); n != 0 || err != io.EOF {
			t.Errorf("%d, %v; want io.EOF", n, err)
		}
	})
}

// A descriptor goes over every kind of Unix socket, and leads to the same file.
func TestDescriptorsArePassed(t *testing.T) {
	for _, network := range []string{"unix", "unixgram", "unixpacket"} {
		t.Run(network, func(t *testing.T) {
			run(t, func() {
				from, to, address := unixEnds(t, network)
				defer from.Close()
				defer to.Close()
				r, w, err := os.Pipe()
				must(t, err)
				defer r.Close()
				_, _, err = from.WriteMsgUnix([]byte("x"), syscall.UnixRights(int(w.Fd())), address)
				must(t, err)
				must(t, w.Close())
				oob := make([]byte, 100)
				_, n, _, _, err := to.ReadMsgUnix(make([]byte, 1), oob)
				must(t, err)
				passed := os.NewFile(uintptr(descriptorIn(t, oob[:n])), "passed")
				_, err = passed.WriteString("through it")
				must(t, err)
				must(t, passed.Close())
				if got, err := io.ReadAll(r); !bytes.Equal(got, []byte("through it")) || err != nil {
					t.Errorf("there came %q, %v", got, err)
				}
			})
		})
	}
}

// unixEnds makes a socket to send from and one to receive at, whose address is to be
// named where the first is not connected: over a connected one for datagrams nothing
// goes beside the data, as in the standard library.
func unixEnds(t *testing.T, network string) (from, to *net.UnixConn, address *net.UnixAddr) {
	t.Helper()
	if network != "unixgram" {
		from, to = unixPair(t, network)
		return from, to, nil
	}
	open := func() *net.UnixConn {
		c, err := net.ListenUnixgram(network, &net.UnixAddr{Name: socketFile(t), Net: network})
		must(t, err)
		return c
	}
	from, to = open(), open()
	return from, to, to.LocalAddr().(*net.UnixAddr)
}

// descriptorIn takes the one descriptor out of what came beside a message. Another
// program must not inherit it.
func descriptorIn(t *testing.T, oob []byte) int {
	t.Helper()
	messages, err := syscall.ParseSocketControlMessage(oob)
	must(t, err)
	if len(messages) != 1 {
		t.Fatalf("%d messages came beside the data, want 1", len(messages))
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	must(t, err)
	if len(fds) != 1 {
		t.Fatalf("%d descriptors came, want 1", len(fds))
	}
	flags, err := unix.FcntlInt(uintptr(fds[0]), unix.F_GETFD, 0)
	must(t, err)
	if flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("on %s the descriptor would be inherited", runtime.GOOS)
	}
	return fds[0]
}
