package net_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	stdnet "net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// A nameZone answers one question: m is the message to reply with, as yet without
// answers. It returns the packets to send, none for silence.
type nameZone func(network string, m *dnsmessage.Message) [][]byte

// serveNames starts a name server on plain goroutines and a port of 127.0.0.1, for UDP
// and TCP, and returns its address.
func serveNames(t *testing.T, z nameZone) string {
	t.Helper()
	return serveNamesAt(t, "127.0.0.1:0", z)
}

// serveNamesAt is serveNames for an address that may be one of the well-known port,
// which only some users may listen at.
func serveNamesAt(t *testing.T, address string, z nameZone) string {
	t.Helper()
	var packets stdnet.PacketConn
	var streams stdnet.Listener
	for { // until the number of a UDP port is free for TCP as well
		var err error
		if packets, err = stdnet.ListenPacket("udp", address); errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Skipf("skipped: needs a user who may listen at %s", address)
		}
		must(t, err)
		if streams, err = stdnet.Listen("tcp", packets.LocalAddr().String()); err == nil {
			break
		}
		packets.Close()
	}
	var all sync.WaitGroup
	t.Cleanup(func() {
		packets.Close()
		streams.Close()
		all.Wait()
	})
	all.Go(func() {
		b := make([]byte, 4096)
		for {
			n, from, err := packets.ReadFrom(b)
			if err != nil {
				return
			}
			for _, reply := range z("udp", asReply(b[:n])) {
				_, _ = packets.WriteTo(reply, from)
			}
		}
	})
	all.Go(func() {
		for {
			c, err := streams.Accept()
			if err != nil {
				return
			}
			all.Go(func() { serveStream(c, z) })
		}
	})
	return packets.LocalAddr().String()
}

func serveStream(c stdnet.Conn, z nameZone) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		b := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, b); err != nil {
			return
		}
		for _, reply := range z("tcp", asReply(b)) {
			_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
		}
	}
}

// asReply makes an empty reply of a question.
func asReply(packet []byte) *dnsmessage.Message {
	m := new(dnsmessage.Message)
	if err := m.Unpack(packet); err != nil {
		panic(err)
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	return m
}

func packMessage(m *dnsmessage.Message) []byte {
	b, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return b
}

// addRecord adds an answer: an address, or a body. The name may be empty for the one
// that was asked for.
func addRecord(m *dnsmessage.Message, name string, what any) {
	h := dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 1}
	if name != "" {
		h.Name = dnsmessage.MustNewName(name)
	}
	body, ok := what.(dnsmessage.ResourceBody)
	if !ok {
		ip := netip.MustParseAddr(what.(string))
		switch {
		case ip.Is4() && m.Questions[0].Type == dnsmessage.TypeA:
			body = &dnsmessage.AResource{A: ip.As4()}
		case ip.Is6() && m.Questions[0].Type == dnsmessage.TypeAAAA:
			body = &dnsmessage.AAAAResource{AAAA: ip.As16()}
		default:
			return
		}
	}
	m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: body})
}

func askedName(m *dnsmessage.Message) string { return strings.ToLower(m.Questions[0].Name.String()) }

// datagramServer is a UDP connection of the standard library whose Read lets the other
// tasks go on.
type datagramServer struct{ *stdnet.UDPConn }

func (c datagramServer) Read(b []byte) (int, error) {
	own := make([]byte, len(b)) // a Read that nobody waits for any more must not write into b
	n, err := task.Offload(func() (int, error) { return c.UDPConn.Read(own) })
	return copy(b, own[:n]), err
}

// dialTo connects to one address whatever the address asked for.
func dialTo(address string) func(ctx context.Context, network, _ string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		if network == "udp" {
			c, err := stdnet.Dial(network, address)
			if err != nil {
				return nil, err
			}
			return datagramServer{c.(*stdnet.UDPConn)}, nil
		}
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
}
