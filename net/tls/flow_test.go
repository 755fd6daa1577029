package tls_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/tls"
)

// noise is n bytes that are the same in every run.
func noise(n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8(sha256.Sum256([]byte("evergreen"))).Read(p)
	return p
}

// Both ends read and write at the same time, from the first byte on: the handshake is
// made by whoever comes first. Every writer waits for its reader at times.
func TestReadersAndWritersDoNotStopEachOther(t *testing.T) {
	const size = 1 << 20 // more than the system buffers, with the limit below
	up, down := noise(size), bytes.Repeat([]byte("down"), size/4)
	everywhere(t, func(t *testing.T, client, server *tls.Conn, together func(...func())) {
		write := func(c *tls.Conn, p []byte) func() {
			return func() {
				if n, err := c.Write(p); n != len(p) || err != nil {
					t.Errorf("Write returned %d, %v", n, err)
				}
				if err := c.CloseWrite(); err != nil {
					t.Error(err)
				}
			}
		}
		read := func(c *tls.Conn, want []byte) func() {
			return func() {
				if got, err := io.ReadAll(c); !bytes.Equal(got, want) || err != nil {
					t.Errorf("read %d bytes, want the %d that were sent (%v)", len(got), len(want), err)
				}
			}
		}
		for _, c := range []*tls.Conn{client, server} {
			must(t, c.NetConn().(*net.TCPConn).SetWriteBuffer(32<<10))
		}
		together(write(client, up), read(client, down), write(server, down), read(server, up))
	})
}

// Many write and many read at once: no record is torn, nothing is lost.
func TestManyReadersAndWriters(t *testing.T) {
	const each, writers = 1000, 8
	everywhere(t, func(t *testing.T, client, server *tls.Conn, together func(...func())) {
		var all []func()
		left := make(chan struct{}, each*writers) // counts across goroutines
		counts := make(chan [256]int, writers)
		for i := range writers {
			all = append(all, func() {
				p := bytes.Repeat([]byte{byte(i)}, 100)
				for range each / 10 {
					if _, err := client.Write(p); err != nil {
						t.Error(err)
						return
					}
				}
				left <- struct{}{}
				if len(left) == writers {
					if err := client.CloseWrite(); err != nil {
						t.Error(err)
					}
				}
			}, func() {
				var count [256]int
				for p := make([]byte, 300); ; {
					n, err := server.Read(p)
					for _, b := range p[:n] {
						count[b]++
					}
					if err != nil {
						if err != io.EOF {
							t.Error(err)
						}
						break
					}
				}
				counts <- count
			})
		}
		together(all...)
		for i := range writers {
			total := 0
			for range writers {
				count := <-counts
				total += count[i]
				counts <- count
			}
			if want := each / 10 * 100; total != want {
				t.Errorf("%d bytes of writer %d have come, want %d", total, i, want)
			}
		}
	})
}
