package http_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	stdnet "net"
	stdhttp "net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// certificate makes a certificate for 127.0.0.1 and example.com, in two files, and
// a configuration that trusts it.
func certificate(t *testing.T) (certFile, keyFile string, trust *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"example.com"}, IPAddresses: []stdnet.IP{stdnet.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trust = &tls.Config{RootCAs: x509.NewCertPool()}
	trust.RootCAs.AddCert(parsed)
	return certFile, keyFile, trust
}

func TestServeTLS(t *testing.T) {
	certFile, keyFile, trust := certificate(t)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	run(t, func() {
		logger, lines := logged(t)
		s := &http.Server{
			ErrorLog: logger, ReadTimeout: 10 * time.Second,
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}},
			Handler: handle(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, "%v %v", r.TLS.HandshakeComplete, r.TLS.NegotiatedProtocol)
			}),
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		task.Go(func() {
			if err := s.ServeTLS(l, "", ""); err != http.ErrServerClosed {
				t.Errorf("ServeTLS returned %v", err)
			}
		})
		defer s.Close()
		where := "https://" + l.Addr().String()
		ours := client(&http.Transport{TLSClientConfig: trust, TLSHandshakeTimeout: 10 * time.Second})
		for range 2 {
			if got := get(t, ours, where); got != "true http/1.1" {
				t.Errorf("our client got %q", got)
			}
		}
		ours.CloseIdleConnections()
		outside(t, func() error {
			theirs := &stdhttp.Client{Transport: &stdhttp.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}}
			defer theirs.CloseIdleConnections()
			for range 2 {
				resp, err := theirs.Get(where)
				if err != nil {
					return err
				}
				b, _ := io.ReadAll(resp.Body)
				if string(b) != "true http/1.1" {
					t.Errorf("the standard client got %q", b)
				}
				_ = resp.Body.Close()
			}
			got, _ := talk(l.Addr().String(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if !strings.Contains(got, "Client sent an HTTP request to an HTTPS server.") {
				t.Errorf("plain HTTP got %q", got)
			}
			_, _ = talk(l.Addr().String(), "nonsense")
			return nil
		})
		if n := strings.Count(lines.String(), "TLS handshake error"); n != 2 {
			t.Errorf("the log lacks the handshake errors: %q", lines)
		}
	})
}

// A listener of package tls that offers what the server does not speak.
func TestServerDoesNotSpeakHTTP2(t *testing.T) {
	certFile, keyFile, trust := certificate(t)
	pair, _ := tls.LoadX509KeyPair(certFile, keyFile)
	run(t, func() {
		logger, lines := logged(t)
		s := &http.Server{ErrorLog: logger}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		serve(t, s, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}}))
		defer s.Close()
		outside(t, func() error {
			config := trust.Clone()
			config.NextProtos = []string{"h2"}
			c, err := tls.Dial("tcp", l.Addr().String(), config)
			if err != nil {
				return err
			}
			defer c.Close()
			_, err = c.Read(make([]byte, 1))
			if err == nil {
				t.Error("the connection is open")
			}
			return nil
		})
		if !strings.Contains(lines.String(), `negotiated "h2"`) {
			t.Errorf("the log says %q", lines)
		}
		h2 := &http.Transport{DialTLSContext: func(ctx context.Context, network, addr string) (stdnet.Conn, error) {
			c, err := net.Dial(network, addr)
			if err != nil {
				return nil, err
			}
			config := trust.Clone()
			config.NextProtos = []string{"h2"}
			config.ServerName = "example.com"
			return tls.Client(c, config), nil
		}}
		if _, err := h2.RoundTrip(request(t, "GET", "https://"+l.Addr().String(), nil)); err == nil || !strings.Contains(err.Error(), `"h2"`) {
			t.Errorf("the Transport says %v", err)
		}
	})
}

func TestListenAndServe(t *testing.T) {
	certFile, keyFile, trust := certificate(t)
	run(t, func() {
		free := func() string { // by the time it is used somebody may have taken it, but who would
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			return l.Addr().String()
		}
		plain := &http.Server{Addr: free()}
		secure := &http.Server{Addr: free()}
		task.Go(func() {
			if err := plain.ListenAndServe(); err != http.ErrServerClosed {
				t.Errorf("ListenAndServe returned %v", err)
			}
		})
		task.Go(func() {
			if err := secure.ListenAndServeTLS(certFile, keyFile); err != http.ErrServerClosed {
				t.Errorf("ListenAndServeTLS returned %v", err)
			}
		})
		task.Sleep(time.Millisecond)
		c := client(&http.Transport{TLSClientConfig: trust})
		for _, at := range []string{"http://" + plain.Addr, "https://" + secure.Addr} {
			if got := get(t, c, at); got != "404 page not found\n" { // that of DefaultServeMux
				t.Errorf("got %q", got)
			}
		}
		_, _ = plain.Close(), secure.Close()
		if err := plain.ListenAndServe(); err != http.ErrServerClosed {
			t.Errorf("ListenAndServe after Close returned %v", err)
		}
		if err := http.ListenAndServe("127.0.0.1:x", nil); err == nil {
			t.Error("a bad address is served")
		}
		if err := http.ListenAndServeTLS("127.0.0.1:0", "no such file", keyFile, nil); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a missing certificate: %v", err)
		}
		l, _ := net.Listen("tcp", "127.0.0.1:0")
		if err := http.ServeTLS(l, nil, certFile, "no such file"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a missing key: %v", err)
		}
		_ = l.Close()
	})
}

func TestHandshakeLimits(t *testing.T) {
	silent := plainTalker(t, func(c stdnet.Conn) { _, _ = io.Copy(io.Discard, c) })
	wrong := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	wrong.Config.ErrorLog, _ = logged(t)
	wrong.StartTLS()
	defer wrong.Close()
	run(t, func() {
		c := client(&http.Transport{TLSHandshakeTimeout: 20 * time.Millisecond})
		_, err := c.Get("https://" + silent)
		var timed stdnet.Error
		if !errors.As(err, &timed) || !timed.Timeout() || !strings.Contains(err.Error(), "TLS handshake timeout") || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a server that does not shake hands: %v", err)
		}
		c = client(&http.Transport{})
		var unknown x509.UnknownAuthorityError
		if _, err := c.Get(wrong.URL); !errors.As(err, &unknown) {
			t.Errorf("a certificate that nobody knows: %v", err)
		}
		if n := runtime.Current().Stats().Descriptors; n != 0 {
			t.Errorf("%d descriptors are left", n)
		}
		logger, lines := logged(t)
		s := &http.Server{ErrorLog: logger, ReadHeaderTimeout: 20 * time.Millisecond}
		certFile, keyFile, _ := certificate(t)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		task.Go(func() { _ = s.ServeTLS(l, certFile, keyFile) })
		defer s.Close()
		quiet := dialPlain(t, l.Addr().String())
		defer quiet.Close()
		until(t, "the server to give up", func() bool { return strings.Contains(lines.String(), "i/o timeout") })
	})
}

func TestDialTLSContext(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer s.Close()
	run(t, func() {
		shaken := 0
		tr := &http.Transport{DialTLSContext: func(ctx context.Context, network, addr string) (stdnet.Conn, error) {
			c, err := net.Dial(network, addr)
			if err != nil {
				return nil, err
			}
			config := s.Client().Transport.(*stdhttp.Transport).TLSClientConfig.Clone()
			config.ServerName = "example.com"
			tc := tls.Client(c, config)
			if shaken++; shaken == 1 { // the other time it is left to the Transport
				return tc, tc.HandshakeContext(ctx)
			}
			return tc, nil
		}}
		for range 2 {
			if got := get(t, client(tr), s.URL); got != "GET /  0 [] map[]" {
				t.Errorf("got %q", got)
			}
			tr.CloseIdleConnections()
		}
		tr.DialTLSContext = func(context.Context, string, string) (stdnet.Conn, error) { return nil, nil }
		if _, err := client(tr).Get(s.URL); err == nil || !strings.Contains(err.Error(), "(nil, nil)") {
			t.Errorf("got %v", err)
		}
	})
}

// TLS to a proxy, and through it TLS to the server.
func TestSecureProxy(t *testing.T) {
	target := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer target.Close()
	proxy := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "CONNECT" {
			fmt.Fprint(w, "from the proxy")
			return
		}
		up, err := stdnet.Dial("tcp", r.Host)
		if err != nil {
			panic(err)
		}
		defer up.Close()
		down, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer down.Close()
		fmt.Fprint(down, "HTTP/1.1 200 Connected\r\n\r\n")
		go func() {
			_, _ = io.Copy(up, down)
			_ = up.Close()
		}()
		_, _ = io.Copy(down, up)
	}))
	defer proxy.Close()
	at, _ := url.Parse(proxy.URL)
	run(t, func() {
		judged := 0
		tr := &http.Transport{
			Proxy: http.ProxyURL(at), TLSClientConfig: target.Client().Transport.(*stdhttp.Transport).TLSClientConfig,
			GetProxyConnectHeader: func(ctx context.Context, u *url.URL, to string) (http.Header, error) { return nil, nil },
			OnProxyConnectResponse: func(ctx context.Context, u *url.URL, req *http.Request, resp *http.Response) error {
				if judged++; judged > 1 {
					return errors.New("enough")
				}
				return nil
			},
		}
		c := client(tr)
		if got := get(t, c, "http://example.com/"); got != "from the proxy" {
			t.Errorf("got %q", got)
		}
		if got := get(t, c, target.URL); got != "GET /  0 [] map[]" {
			t.Errorf("got %q", got)
		}
		c.CloseIdleConnections()
		if _, err := c.Get(target.URL); err == nil || !strings.Contains(err.Error(), "enough") {
			t.Errorf("got %v", err)
		}
		at.Host = "127.0.0.1:1"
		var op *stdnet.OpError
		if _, err := c.Get(target.URL); !errors.As(err, &op) || op.Op != "proxyconnect" {
			t.Errorf("a proxy that is not there: %v", err)
		}
		if n := runtime.Current().Stats().Descriptors; n != 0 {
			t.Errorf("%d descriptors are left", n)
		}
	})
}
