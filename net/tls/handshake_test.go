package tls_test

import (
	"context"
	stdtls "crypto/tls"
	"errors"
	"io"
	stdnet "net"
	stdruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/tls"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// A server that takes connections and says nothing. The Timeout of the net.Dialer is
// for the handshake too, and nothing is left open.
func TestDialIsInTimeWithASilentPeer(t *testing.T) {
	_, config := configs(t, tls.VersionTLS13)
	run(t, func() {
		loop := runtime.Current()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		before := loop.Stats().Descriptors
		for name, dial := range map[string]func() error{
			"DialWithDialer": func() error {
				_, err := tls.DialWithDialer(&net.Dialer{Timeout: 3 * time.Second}, "tcp", l.Addr().String(), config)
				return err
			},
			"the Dialer's deadline": func() error {
				d := tls.Dialer{NetDialer: &net.Dialer{Deadline: loop.Now().Add(3 * time.Second)}, Config: config}
				_, err := d.Dial("tcp", l.Addr().String())
				return err
			},
			"a block": func() error {
				return timeout.Run(3*time.Second, func() error {
					_, err := tls.Dial("tcp", l.Addr().String(), config)
					return err
				})
			},
		} {
			began := loop.Now()
			err := dial()
			var timed net.Error
			if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &timed) || !timed.Timeout() {
				t.Errorf("%s: %v, want a timeout", name, err)
			}
			if took := loop.Now().Sub(began); took != 3*time.Second {
				t.Errorf("%s took %v, want 3s", name, took)
			}
			c, err := l.Accept()
			must(t, err)
			must(t, c.Close())
			if now := loop.Stats().Descriptors; now != before {
				t.Errorf("%s: %d descriptors are registered, before it was %d", name, now, before)
			}
		}
		must(t, l.Close())
	}, runtime.WithVirtualClock())
}

// The deadline of the connection ends a handshake, and what has failed stays so.
func TestHandshakeKeepsTheDeadline(t *testing.T) {
	run(t, func() {
		client, server := pair(t, tls.VersionTLS13)
		defer server.Close()
		defer client.Close()
		loop := runtime.Current()
		began := loop.Now()
		must(t, client.SetDeadline(began.Add(2*time.Second)))
		first := client.Handshake()
		var timed net.Error
		if !errors.As(first, &timed) || !timed.Timeout() || loop.Now().Sub(began) != 2*time.Second {
			t.Errorf("%v after %v, want a timeout after 2s", first, loop.Now().Sub(began))
		}
		must(t, client.SetDeadline(time.Time{}))
		if _, err := client.Write([]byte("x")); !errors.Is(err, first) {
			t.Errorf("%v, want the first error: %v", err, first)
		}
	}, runtime.WithVirtualClock())
}

func TestHandshakeEndsWithItsContext(t *testing.T) {
	t.Run("task", func(t *testing.T) {
		run(t, func() {
			client, server := pair(t, tls.VersionTLS13)
			defer server.Close()
			defer client.Close()
			ctx, cancel := context.WithCancel(context.Background())
			task.Go(func() {
				tasktest.WaitAllParked()
				cancel()
			})
			if err := client.HandshakeContext(ctx); err != context.Canceled {
				t.Errorf("%v, want %v", err, context.Canceled)
			}
		})
	})
	t.Run("goroutine", func(t *testing.T) {
		client, server := pairOf(t, start(t), tls.VersionTLS13)
		defer server.Close()
		defer client.Close()
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			// The greeting has come, so the handshake has begun.
			_, _ = io.ReadFull(server.NetConn(), make([]byte, 5))
			cancel()
		}()
		if err := client.HandshakeContext(ctx); err != context.Canceled {
			t.Errorf("%v, want %v", err, context.Canceled)
		}
	})
}

// While a callback of the Config waits natively the loop goes on, and so does whoever
// asks the connection for what needs no waiting.
func TestCallbacksMayWait(t *testing.T) {
	serverConfig, clientConfig := configs(t, tls.VersionTLS13)
	cert := serverConfig.Certificates[0]
	cert.OCSPStaple = []byte("stapled")
	in, out := make(chan struct{}), make(chan struct{})
	serverConfig.Certificates = nil
	serverConfig.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if below, ok := hello.Conn.(interface{ NetConn() stdnet.Conn }); !ok || below.NetConn() == nil {
			t.Error("the connection that the callback is given does not lead to the real one")
		}
		close(in)
		<-out
		return &cert, nil
	}
	run(t, func() {
		a, b := plain(t)
		client, server := tls.Client(a, clientConfig), tls.Server(b, serverConfig)
		defer client.Close()
		defer server.Close()
		tasks(
			func() { must(t, client.Handshake()) },
			func() { must(t, server.Handshake()) },
			func() {
				wait(t, in)
				if server.ConnectionState().HandshakeComplete || client.OCSPResponse() != nil || client.VerifyHostname("127.0.0.1") == nil {
					t.Error("the handshake counts as complete before it is")
				}
				if err := server.CloseWrite(); err == nil {
					t.Error("CloseWrite before the handshake was complete: no error")
				}
				close(out)
			},
		)
		if state := client.ConnectionState(); !state.HandshakeComplete || state.Version != tls.VersionTLS13 {
			t.Errorf("the handshake is complete, and the state is %v", state)
		}
		if got := string(client.OCSPResponse()); got != "stapled" {
			t.Errorf("the stapled response is %q", got)
		}
		must(t, client.VerifyHostname("127.0.0.1"))
		for name, err := range map[string]error{
			"a wrong name": client.VerifyHostname("192.0.2.1"),
			"a server":     server.VerifyHostname("127.0.0.1"),
		} {
			if err == nil {
				t.Errorf("VerifyHostname of %s: no error", name)
			}
		}
	})
}

// A callback that panics or calls Goexit fails the handshake and nothing else.
func TestCallbacksThatDoNotReturn(t *testing.T) {
	for name, f := range map[string]func(){
		"panicked": func() { panic("no certificate today") },
		"Goexit":   stdruntime.Goexit,
	} {
		serverConfig, clientConfig := configs(t, tls.VersionTLS13)
		serverConfig.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			f()
			return nil, nil
		}
		run(t, func() {
			a, b := plain(t)
			client, server := tls.Client(a, clientConfig), tls.Server(b, serverConfig)
			peer := task.Go(func() { _ = client.Handshake() })
			err := server.Handshake()
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%v, want an error with %q", err, name)
			}
			if again := server.Handshake(); again != err {
				t.Errorf("then %v, want the same", again)
			}
			must(t, server.Close())
			peer.Join()
			must(t, client.Close())
		})
	}
}

// Both sides learn that a certificate was refused.
func TestRefusedCertificate(t *testing.T) {
	everywhere(t, func(t *testing.T, client, server *tls.Conn, together func(...func())) {
		_, config := configs(t, tls.VersionTLS13)
		config.ServerName = "elsewhere.test"
		config.MinVersion = 0
		refusing := tls.Client(client.NetConn(), config)
		together(
			func() {
				var refused *tls.CertificateVerificationError
				if err := refusing.Handshake(); !errors.As(err, &refused) {
					t.Errorf("the client: %v", err)
				}
				if err := refusing.Close(); err != nil {
					t.Error(err)
				}
			},
			func() {
				if _, err := server.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "remote error: tls: bad certificate") {
					t.Errorf("the server: %v", err)
				}
			},
		)
	})
}

// A server can answer a client that does not speak TLS.
func TestPlainTextIsHandedBack(t *testing.T) {
	config, _ := configs(t, tls.VersionTLS13)
	run(t, func() {
		a, b := plain(t)
		server := tls.Server(b, config)
		defer server.Close()
		defer a.Close()
		_, err := io.WriteString(a, "GET / HTTP/1.0\r\n\r\n")
		must(t, err)
		var header tls.RecordHeaderError
		if err := server.Handshake(); !errors.As(err, &header) || header.Conn != net.Conn(b) {
			t.Fatalf("%v with %v, want a RecordHeaderError with the connection below", err, header.Conn)
		}
		if got := string(header.RecordHeader[:]); got != "GET /" {
			t.Errorf("the header is %q", got)
		}
		_, err = io.WriteString(header.Conn, "no!")
		must(t, err)
		p := make([]byte, 3)
		_, err = io.ReadFull(a, p)
		must(t, err)
	})
}

// Both roles against crypto/tls itself, and sessions that are resumed.
func TestWithTheStandardLibrary(t *testing.T) {
	for _, v := range versions {
		serverConfig, clientConfig := configs(t, v.number)
		clientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(10)
		t.Run("server/"+v.name, func(t *testing.T) {
			run(t, func() {
				l, err := tls.Listen("tcp", "127.0.0.1:0", serverConfig)
				must(t, err)
				server := task.Go(func() { serve(t, l) })
				for round := range 3 {
					resumed, err := task.Offload(func() (bool, error) {
						c, err := stdtls.Dial("tcp", l.Addr().String(), clientConfig)
						if err != nil {
							return false, err
						}
						return greet(c), nil
					})
					must(t, err)
					if resumed != (round > 0) {
						t.Errorf("round %d: resumed: %v", round, resumed)
					}
				}
				must(t, l.Close())
				server.Join()
			})
		})
		clientConfig = clientConfig.Clone()
		clientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(10)
		t.Run("client/"+v.name, func(t *testing.T) {
			l, err := stdtls.Listen("tcp", "127.0.0.1:0", serverConfig)
			must(t, err)
			over := make(chan struct{})
			go func() {
				defer close(over)
				serve(t, l)
			}()
			run(t, func() {
				for round := range 3 {
					d := tls.Dialer{Config: clientConfig}
					c, err := d.Dial("tcp", l.Addr().String())
					must(t, err)
					if resumed := greet(c.(*tls.Conn)); resumed != (round > 0) {
						t.Errorf("round %d: resumed: %v", round, resumed)
					}
				}
			})
			must(t, l.Close())
			<-over
		})
	}
}

// serve answers on one connection after the other.
func serve(t *testing.T, l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if _, err := io.Copy(c, c); err != nil {
			t.Error(err)
		}
		_ = c.Close()
	}
}

// greet says something, hears it again, and tells whether the session was resumed.
func greet(c interface {
	net.Conn
	CloseWrite() error
	ConnectionState() tls.ConnectionState
},
) (resumed bool) {
	defer c.Close()
	_, err := io.WriteString(c, "hello")
	if err != nil || c.CloseWrite() != nil {
		return false
	}
	if back, err := io.ReadAll(c); err != nil || string(back) != "hello" {
		return false
	}
	return c.ConnectionState().DidResume
}
