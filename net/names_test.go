package net_test

import (
	"context"
	"encoding/binary"
	"io"
	stdnet "net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// names has the standard resolver ask a name server of the test's own, which knows
// the names given. It has no answer for "slow." and names under it: then the
// resolver waits, and asked is sent a value for each question.
func names(t *testing.T, known map[string][]string) (asked <-chan string) {
	t.Helper()
	questions := make(chan string, 1000)
	before := stdnet.DefaultResolver
	t.Cleanup(func() { stdnet.DefaultResolver = before })
	stdnet.DefaultResolver = &stdnet.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (stdnet.Conn, error) {
			ours, theirs := stdnet.Pipe()
			context.AfterFunc(ctx, func() { _ = ours.Close() })
			go answer(ours, known, questions)
			return theirs, nil
		},
	}
	return questions
}

// answer serves one connection, in the form that DNS has over a stream.
func answer(c stdnet.Conn, known map[string][]string, questions chan<- string) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		packet := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, packet); err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(packet) != nil {
			return
		}
		q := m.Questions[0]
		name := strings.ToLower(q.Name.String())
		questions <- name
		if strings.HasSuffix(name, "slow.") {
			continue
		}
		m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
		addrs, ok := known[name]
		if !ok {
			m.RCode = dnsmessage.RCodeNameError
		}
		for _, a := range addrs {
			ip := netip.MustParseAddr(a)
			h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
			switch {
			case q.Type == dnsmessage.TypeA && ip.Is4():
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: ip.As4()}})
			case q.Type == dnsmessage.TypeAAAA && ip.Is6():
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}})
			}
		}
		reply, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}
