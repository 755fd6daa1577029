package tls_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	stdtls "crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	stdnet "net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/tls"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs main as the first task of a loop. Where the test fails in it, the other
// tasks are not waited for.
func run(t *testing.T, main func(), opts ...runtime.Option) {
	t.Helper()
	err := runtime.Run(func() {
		loop := runtime.Current()
		defer func() {
			if t.Failed() {
				loop.Stop()
			}
		}()
		main()
	}, opts...)
	if err != nil && !t.Skipped() { // Skip ends the task
		t.Error(err)
	}
}

// start has a loop run on a goroutine of its own until the test ends. Its Close must
// then find nothing that is still registered.
func start(t testing.TB) *runtime.Loop {
	t.Helper()
	loop, err := runtime.New()
	must(t, err)
	over := make(chan error, 1)
	go func() { over <- loop.RunForever() }()
	t.Cleanup(func() {
		loop.Stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
		if err := loop.Close(); err != nil {
			t.Error(err)
		}
	})
	return loop
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// rest of the certificate that all tests use.
var (
	certificate = sync.OnceValues(makeCertificate)
	roots       = x509.NewCertPool()
)

func makeCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"evergreen.test"},
		IPAddresses:  []stdnet.IP{stdnet.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, err
	}
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// configs makes the two configurations of a connection of that version.
func configs(t testing.TB, version uint16) (server, client *tls.Config) {
	t.Helper()
	cert, err := certificate()
	must(t, err)
	again := version == tls12Again
	if again {
		version = tls.VersionTLS12
	}
	server = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: version, MaxVersion: version}
	client = &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: version, MaxVersion: version}
	server.DynamicRecordSizingDisabled, client.DynamicRecordSizingDisabled = true, true // fewer records
	if again {
		client.Renegotiation = tls.RenegotiateFreelyAsClient
	}
	return server, client
}

type version struct {
	name   string
	number uint16
}

// tls12Again is TLS 1.2 with a client that lets the server ask for another handshake.
const tls12Again = 0xff03

var (
	versions = []version{{"TLS 1.2", tls.VersionTLS12}, {"TLS 1.3", tls.VersionTLS13}}
	// ways are the versions, and what is done in another way inside.
	ways = append(versions[:2:2], version{"TLS 1.2 again", tls12Again})
)

// plain makes the two ends of a TCP connection. To be called in a task.
func plain(t testing.TB) (dialed, accepted *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	s, err := l.Accept()
	must(t, err)
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

// pair makes the two ends of a TLS connection, which have not shaken hands. To be
// called in a task.
func pair(t testing.TB, version uint16) (client, server *tls.Conn) {
	t.Helper()
	a, b := plain(t)
	serverConfig, clientConfig := configs(t, version)
	return tls.Client(a, clientConfig), tls.Server(b, serverConfig)
}

// shaken is pair after the handshake.
func shaken(t testing.TB, version uint16) (client, server *tls.Conn) {
	t.Helper()
	client, server = pair(t, version)
	tasks(
		func() { must(t, client.Handshake()) },
		func() { must(t, server.Handshake()) },
	)
	return client, server
}

// A place is where a connection is used from.
type place struct {
	name string
	with func(t *testing.T, version uint16, f func(client, server *tls.Conn, together func(...func())))
}

var places = []place{
	{"tasks", func(t *testing.T, version uint16, f func(client, server *tls.Conn, together func(...func()))) {
		run(t, func() {
			client, server := pair(t, version)
			defer client.Close()
			defer server.Close()
			f(client, server, tasks)
		})
	}},
	{"goroutines", func(t *testing.T, version uint16, f func(client, server *tls.Conn, together func(...func()))) {
		client, server := pairOf(t, start(t), version)
		defer client.Close()
		defer server.Close()
		f(client, server, goroutines)
	}},
	{"tasks of another loop", func(t *testing.T, version uint16, f func(client, server *tls.Conn, together func(...func()))) {
		client, server := pairOf(t, start(t), version)
		defer client.Close()
		defer server.Close()
		run(t, func() { f(client, server, tasks) })
	}},
	{"tasks and goroutines", func(t *testing.T, version uint16, f func(client, server *tls.Conn, together func(...func()))) {
		loop := start(t)
		client, server := pairOf(t, loop, version)
		defer client.Close()
		defer server.Close()
		f(client, server, func(fs ...func()) {
			for i, f := range fs {
				if i%2 == 0 {
					fs[i] = func() {
						must(t, loop.Do(func() error {
							f()
							return nil
						}))
					}
				}
			}
			goroutines(fs...)
		})
	}},
}

// everywhere runs f in every place, with every version.
func everywhere(t *testing.T, f func(t *testing.T, client, server *tls.Conn, together func(...func()))) {
	for _, p := range places {
		for _, v := range ways {
			t.Run(p.name+"/"+v.name, func(t *testing.T) {
				p.with(t, v.number, func(client, server *tls.Conn, together func(...func())) {
					f(t, client, server, together)
				})
			})
		}
	}
}

func pairOf(t testing.TB, loop *runtime.Loop, version uint16) (client, server *tls.Conn) {
	t.Helper()
	must(t, loop.Do(func() error {
		client, server = pair(t, version)
		return nil
	}))
	return client, server
}

func shakenOf(t testing.TB, loop *runtime.Loop, version uint16) (client, server *tls.Conn) {
	t.Helper()
	must(t, loop.Do(func() error {
		client, server = shaken(t, version)
		return nil
	}))
	return client, server
}

func tasks(fs ...func()) {
	var all []*task.Task
	for _, f := range fs {
		all = append(all, task.Go(f))
	}
	for _, one := range all {
		one.Join()
	}
}

func goroutines(fs ...func()) {
	var all sync.WaitGroup
	for _, f := range fs {
		all.Go(f)
	}
	all.Wait()
}

// files writes the certificate and its key for programs that want files.
func files(t *testing.T) (cert, key string) {
	t.Helper()
	pair, err := certificate()
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	must(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	must(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}), 0o600))
	must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return cert, key
}

// What is written for the standard package is right for ours: this has to compile.
var _ *stdtls.Config = (*tls.Config)(nil)
