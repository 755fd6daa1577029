package net_test

import (
	stdnet "net"
	"slices"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
)

// Buffers for a socket whose messages have borders are one message, as in the standard
// library: it must not be cut where a list on the stack is full.
func TestManyBuffersAreOneMessage(t *testing.T) {
	sizes := []int{1, 64, 65, 1000, 1024, 1025, 2050}
	// received writes so many pieces and returns the lengths of the messages that come.
	received := func(count int, write func(v stdnet.Buffers) (int64, error), read func(p []byte) (int, error)) (lengths []int) {
		v, _ := pieces(slices.Repeat([]int{2}, count)...)
		n, err := write(v)
		if err != nil || n != 2*int64(count) {
			t.Errorf("of %d pieces %d bytes were written, and %v", count, n, err)
			return nil
		}
		for n > 0 {
			got, err := read(make([]byte, 8192))
			must(t, err)
			lengths = append(lengths, got)
			n -= int64(got)
		}
		return lengths
	}
	std := map[int][]int{}
	to, err := stdnet.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	defer to.Close()
	from, err := stdnet.Dial("udp", to.LocalAddr().String())
	must(t, err)
	defer from.Close()
	for _, count := range sizes {
		std[count] = received(count, func(v stdnet.Buffers) (int64, error) { return v.WriteTo(from) }, func(p []byte) (int, error) {
			n, _, err := to.ReadFrom(p)
			return n, err
		})
	}
	for _, network := range []string{"udp", "unixgram", "unixpacket"} {
		t.Run(network, func(t *testing.T) {
			run(t, func() {
				var from, to net.Conn
				if network == "unixpacket" {
					from, to = unixPair(t, network)
				} else {
					var socket net.PacketConn
					from, socket = datagramPair(t, network)
					to = socket.(net.Conn)
				}
				defer from.Close()
				defer to.Close()
				must(t, from.SetDeadline(time.Now().Add(10*time.Second))) // of many messages not all would find room
				for _, count := range sizes {
					got := received(count, func(v stdnet.Buffers) (int64, error) { return (*net.Buffers)(&v).WriteTo(from) }, to.Read)
					if !slices.Equal(got, std[count]) {
						t.Errorf("%d pieces come as messages of %v bytes, the standard library's as %v", count, got, std[count])
					}
				}
			})
		})
	}
}
