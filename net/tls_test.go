package net_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	stdnet "net"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// certificates makes the two configurations of a handshake.
func certificates(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []stdnet.IP{stdnet.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
}

func TestTLSWorksOverOurConnections(t *testing.T) {
	serverConfig, clientConfig := certificates(t)
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
		sent := bytes.Repeat([]byte("evergreen."), 100_000)
		together(
			func() {
				server := tls.Server(b, serverConfig)
				if _, err := io.Copy(server, server); err != nil {
					t.Errorf("server: %v", err)
				}
				if err := server.CloseWrite(); err != nil {
					t.Errorf("server: %v", err)
				}
			},
			func() {
				client := tls.Client(a, clientConfig)
				if err := client.Handshake(); err != nil {
					t.Errorf("client: %v", err)
				}
				together(
					func() {
						if _, err := client.Write(sent); err != nil {
							t.Errorf("client: %v", err)
						}
						if err := client.CloseWrite(); err != nil {
							t.Errorf("client: %v", err)
						}
					},
					func() {
						if got, err := io.ReadAll(client); err != nil || !bytes.Equal(got, sent) {
							t.Errorf("client: received %d bytes, want the %d that were sent (%v)", len(got), len(sent), err)
						}
					},
				)
			},
		)
	})
}

func TestTLSListenerServesManyTasks(t *testing.T) {
	serverConfig, clientConfig := certificates(t)
	run(t, func() {
		plain := listen(t)
		l := tls.NewListener(plain, serverConfig)
		server := task.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				task.Go(func() {
					defer c.Close()
					_, _ = io.Copy(c, c)
				})
			}
		})
		var clients []func()
		for range 10 {
			clients = append(clients, func() {
				conn, err := net.Dial("tcp", plain.Addr().String())
				must(t, err)
				c := tls.Client(conn, clientConfig)
				defer c.Close()
				_, err = c.Write([]byte("hello"))
				must(t, err)
				buf := make([]byte, 5)
				_, err = io.ReadFull(c, buf)
				must(t, err)
				if string(buf) != "hello" {
					t.Errorf("%q, want hello", buf)
				}
			})
		}
		tasks(clients...)
		must(t, l.Close())
		must(t, server.Join())
	})
}
