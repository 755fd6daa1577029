package tls_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/tls"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// A client and a server greet each other, and either is ended at every moment: in the
// handshake, in a write, in a read, in Close. The kit finds descriptors, tasks and
// timers that are left; goleak finds goroutines.
//
// holds: 46
func TestGreetingUnderCancelEverywhere(t *testing.T) {
	for _, v := range ways {
		t.Run(v.name, func(t *testing.T) {
			tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
				client, server := pair(t, v.number)
				greet := func(c *tls.Conn, first bool) func() {
					return func() {
						defer c.Close()
						if first {
							if _, err := c.Write([]byte("hello")); err != nil && !s.Cancelled() {
								t.Error(err)
							}
						}
						p := make([]byte, 5)
						if _, err := io.ReadFull(c, p); (err != nil || string(p) != "hello") && !s.Cancelled() {
							t.Errorf("read %q, %v", p, err)
						}
						if !first {
							if _, err := c.Write(p); err != nil && !s.Cancelled() {
								t.Error(err)
							}
						}
					}
				}
				a, b := s.Go(greet(client, true)), s.Go(greet(server, false))
				for one, c := range map[*task.Task]*tls.Conn{a: client, b: server} {
					task.Go(func() { // for those that are ended before they begin
						one.Join()
						_ = c.Close()
					})
				}
			})
		})
	}
}

// A dialer is ended at every moment: nothing is left open.
//
// holds: 46
func TestDialUnderCancelEverywhere(t *testing.T) {
	serverConfig, clientConfig := configs(t, tls.VersionTLS13)
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		l, err := tls.Listen("tcp", "127.0.0.1:0", serverConfig)
		must(t, err)
		server := task.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_ = c.(*tls.Conn).Handshake() // fails where the dialer is gone
				_ = c.Close()
			}
		})
		s.Go(func() {
			c, err := tls.Dial("tcp", l.Addr().String(), clientConfig)
			if err != nil {
				if !s.Cancelled() {
					t.Error(err)
				}
				return
			}
			_ = c.Close()
		})
		s.After(func() {
			must(t, l.Close())
			server.Join()
		})
	})
}

// A writer is ended at every moment, also where half of a record is out and the peer
// does not read yet. What another task writes arrives whole: the stream is never torn.
//
// holds: 46
func TestEndedWriterLeavesTheConnectionWhole(t *testing.T) {
	for _, v := range ways {
		t.Run(v.name, func(t *testing.T) {
			tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
				client, server := shaken(t, v.number)
				must(t, client.NetConn().(*net.TCPConn).SetWriteBuffer(16<<10))
				a := bytes.Repeat([]byte("a"), 120<<10) // more than the system buffers
				b := bytes.Repeat([]byte("b"), 10<<10)
				said := -1 // what Write said; -1 if it did not come back
				s.Go(func() { said, _ = client.Write(a) })
				other := task.Go(func() {
					if n, err := client.Write(b); n != len(b) || err != nil {
						t.Errorf("the other writer wrote %d of %d bytes: %v", n, len(b), err)
					}
				})
				var got []byte
				reader := task.Go(func() {
					tasktest.WaitAllParked() // the writers are stuck now
					if said == len(a) {
						t.Error("the writer was not made to wait for the reader")
					}
					for p := make([]byte, 16<<10); ; { // few reads, which are so many moments
						n, err := server.Read(p)
						if got = append(got, p[:n]...); err == io.EOF {
							break
						} else if err != nil {
							t.Errorf("after %d bytes: %v", len(got), err)
							break
						}
					}
				})
				s.After(func() {
					other.Join()
					must(t, client.Close())
					reader.Join()
					must(t, server.Close())
					if n := bytes.Count(got, []byte("b")); n != len(b) {
						t.Errorf("%d bytes of the other writer have come, want %d", n, len(b))
					}
					if n := bytes.Count(got, []byte("a")); said >= 0 && n != said {
						t.Errorf("%d bytes of the writer have come, and Write said %d", n, said)
					}
				})
			})
		})
	}
}

// A reader is ended at every moment: the next one gets what it would have read.
//
// holds: 46
func TestEndedReaderLosesNothing(t *testing.T) {
	for _, v := range ways {
		t.Run(v.name, func(t *testing.T) {
			tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
				client, server := shaken(t, v.number)
				sent := noise(30 << 10)
				var got []byte
				s.Go(func() {
					for p := make([]byte, 3000); ; {
						n, err := server.Read(p)
						got = append(got, p[:n]...)
						if err != nil {
							return
						}
						task.Yield()
					}
				})
				writer := task.Go(func() {
					for p := sent; len(p) > 0; p = p[5<<10:] {
						if _, err := client.Write(p[:5<<10]); err != nil {
							t.Error(err)
						}
						task.Yield()
					}
					if err := client.Close(); err != nil {
						t.Error(err)
					}
				})
				s.After(func() {
					writer.Join()
					rest, err := io.ReadAll(server)
					if err != nil {
						t.Error(err)
					}
					if got = append(got, rest...); !bytes.Equal(got, sent) {
						t.Errorf("%d bytes have come, want the %d that were sent", len(got), len(sent))
					}
					must(t, server.Close())
				})
			})
		})
	}
}

// A kill that meets the handshake while it is computed, in a callback that does not
// come back: the task goes, and the goroutine as soon as it can.
func TestKillDuringACallback(t *testing.T) {
	serverConfig, clientConfig := configs(t, tls.VersionTLS13)
	in, out := make(chan struct{}), make(chan struct{})
	cert := serverConfig.Certificates
	serverConfig.Certificates = nil
	serverConfig.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		close(in)
		<-hello.Context().Done() // ends with the task's interest
		close(out)
		return &cert[0], nil
	}
	run(t, func() {
		a, b := plain(t)
		client, server := tls.Client(a, clientConfig), tls.Server(b, serverConfig)
		peer := task.Go(func() { _ = client.Handshake() })
		victim := task.Go(func() {
			_ = server.Handshake()
			t.Error("the killed task went on")
		})
		wait(t, in)
		victim.Kill()
		victim.Join()
		wait(t, out)
		if err := server.Handshake(); err == nil {
			t.Error("a handshake that was given up was made again")
		}
		must(t, server.Close())
		peer.Join()
		must(t, client.Close())
	})
}

// wait waits in a task for something outside.
func wait(t testing.TB, event <-chan struct{}) {
	t.Helper()
	happened, err := task.Offload(func() (bool, error) {
		select {
		case <-event:
			return true, nil
		case <-time.After(time.Minute):
			return false, nil
		}
	})
	must(t, err)
	if !happened {
		t.Fatal("it did not happen within a minute")
	}
}
