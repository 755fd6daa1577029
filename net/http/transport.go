package http

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdnet "net"
	stdhttp "net/http"
	"net/url"
	"sync"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// DefaultMaxIdleConnsPerHost is what Transport.MaxIdleConnsPerHost is taken for
// where it is 0.
const DefaultMaxIdleConnsPerHost = stdhttp.DefaultMaxIdleConnsPerHost

// Transport is a [RoundTripper] that speaks HTTP/1.1, over TLS and through HTTP
// proxies where asked to, and keeps connections for further requests. The zero
// Transport is ready. Its fields must not be changed after its first use.
//
// A Transport may be used in many loops, and keeps connections for each of them
// apart: a connection belongs to the loop in which it was dialed. Used from a plain
// goroutine it makes the request in the loop that used it last in a task.
type Transport struct {
	// Proxy says which proxy a request goes through, nil for none, as
	// [ProxyFromEnvironment] does. The proxy's scheme is http or https.
	Proxy func(*stdhttp.Request) (*url.URL, error)
	// OnProxyConnectResponse, if set, judges a proxy's answer to CONNECT.
	OnProxyConnectResponse func(ctx context.Context, proxyURL *url.URL, connectReq *stdhttp.Request, connectRes *stdhttp.Response) error
	// DialContext makes the connections; nil for that of a zero net.Dialer. It runs in
	// a task of its own, which is killed when nobody wants the connection any more; the
	// context has the values of a request's, and is never done. What it returns must
	// wait as a connection of this module's package net does.
	DialContext func(ctx context.Context, network, addr string) (stdnet.Conn, error)
	// DialTLSContext makes the connections for https without a proxy, handshake
	// included; nil for DialContext and a handshake with TLSClientConfig.
	DialTLSContext func(ctx context.Context, network, addr string) (stdnet.Conn, error)
	// TLSClientConfig is for TLS; nil for the default. The protocols it offers are
	// replaced by "http/1.1".
	TLSClientConfig *tls.Config
	// TLSHandshakeTimeout limits a handshake; 0 for no limit.
	TLSHandshakeTimeout time.Duration
	// DisableKeepAlives uses each connection for one request only.
	DisableKeepAlives bool
	// DisableCompression keeps the Transport from asking for gzip, and unpacking it,
	// where the request says nothing about it.
	DisableCompression bool
	// MaxIdleConns limits the idle connections of a loop; 0 for no limit.
	MaxIdleConns int
	// MaxIdleConnsPerHost limits the idle connections of a loop to one host; 0 for
	// [DefaultMaxIdleConnsPerHost].
	MaxIdleConnsPerHost int
	// MaxConnsPerHost limits all connections of a loop to one host, those that are
	// being dialed included. Requests beyond wait, first come first served; 0 for no
	// limit.
	MaxConnsPerHost int
	// IdleConnTimeout is how long an idle connection is kept; 0 for no limit.
	IdleConnTimeout time.Duration
	// ResponseHeaderTimeout limits the time between the end of a request, its body
	// included, and the end of the response's header; 0 for no limit.
	ResponseHeaderTimeout time.Duration
	// ExpectContinueTimeout is how long a request with "Expect: 100-continue" waits
	// to be told to go on before it sends its body; 0 for not at all.
	ExpectContinueTimeout time.Duration
	// ProxyConnectHeader is sent to proxies with CONNECT.
	ProxyConnectHeader stdhttp.Header
	// GetProxyConnectHeader, if set, takes the place of ProxyConnectHeader.
	GetProxyConnectHeader func(ctx context.Context, proxyURL *url.URL, target string) (stdhttp.Header, error)
	// MaxResponseHeaderBytes limits a response's header; 0 for 10 MB.
	MaxResponseHeaderBytes int64

	mu    sync.Mutex // guards the rest; nobody waits while holding it
	pools map[*kernel.Loop]*pool
	home  *kernel.Loop // the loop that used it last in a task
	used  bool         // a task has used it
}

var _ stdhttp.RoundTripper = (*Transport)(nil)

// Clone returns a Transport with the same fields and no connections. It is not a
// checkpoint.
func (t *Transport) Clone() *Transport {
	c := &Transport{
		Proxy:                  t.Proxy,
		OnProxyConnectResponse: t.OnProxyConnectResponse,
		DialContext:            t.DialContext,
		DialTLSContext:         t.DialTLSContext,
		TLSHandshakeTimeout:    t.TLSHandshakeTimeout,
		DisableKeepAlives:      t.DisableKeepAlives,
		DisableCompression:     t.DisableCompression,
		MaxIdleConns:           t.MaxIdleConns,
		MaxIdleConnsPerHost:    t.MaxIdleConnsPerHost,
		MaxConnsPerHost:        t.MaxConnsPerHost,
		IdleConnTimeout:        t.IdleConnTimeout,
		ResponseHeaderTimeout:  t.ResponseHeaderTimeout,
		ExpectContinueTimeout:  t.ExpectContinueTimeout,
		ProxyConnectHeader:     t.ProxyConnectHeader.Clone(),
		GetProxyConnectHeader:  t.GetProxyConnectHeader,
		MaxResponseHeaderBytes: t.MaxResponseHeaderBytes,
	}
	if t.TLSClientConfig != nil {
		c.TLSClientConfig = t.TLSClientConfig.Clone()
	}
	return c
}

// RoundTrip sends a request and returns the response as soon as its header has
// come. The response's body must be closed; when it has been read to its end the
// connection can serve another request.
//
// It may be called from any goroutine, see [Transport]. In a task it is a
// checkpoint. When the request's context is done, or the task is cancelled,
// RoundTrip closes the connection and returns the context's cause, or an error that
// wraps that of the block that ended. The same holds for reading the body.
func (t *Transport) RoundTrip(req *stdhttp.Request) (*stdhttp.Response, error) {
	if err := check(req); err != nil {
		closeBody(req)
		return nil, err
	}
	if me := kernel.Running(); me != nil {
		return t.pool(me.Loop()).roundTrip(me, req, false)
	}
	l, used := t.homeLoop()
	if !used || kernel.CurrentLoop() != nil {
		kernel.MustTask("Transport.RoundTrip, before a task has used the Transport,")
	}
	if l == nil {
		closeBody(req)
		return nil, kernel.ErrClosed
	}
	var resp *stdhttp.Response
	var err error
	over := l.Do(func() error {
		resp, err = t.pool(l).roundTrip(kernel.Running(), req, true)
		return nil
	})
	if over != nil {
		closeBody(req)
		return nil, over
	}
	return resp, err
}

// CloseIdleConnections closes the connections that serve no request. It may be
// called from any goroutine; those of other loops are closed when the loop gets to
// it. It is not a checkpoint.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for l, p := range t.pools {
		if kernel.CurrentLoop() == l {
			p.closeIdle()
		} else if _, err := l.CallThreadsafe(p.closeIdle); err != nil {
			delete(t.pools, l) // its run has ended, and closed them
		}
	}
}

// pool returns what the transport has in a loop, for a task of that loop.
func (t *Transport) pool(l *kernel.Loop) *pool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.home, t.used = l, true
	p := t.pools[l]
	if p == nil {
		p = newPool(t, l)
		if t.pools == nil {
			t.pools = make(map[*kernel.Loop]*pool)
		}
		t.pools[l] = p
	}
	return p
}

// drop forgets a loop whose run is over.
func (t *Transport) drop(l *kernel.Loop) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.pools, l)
	if t.home == l {
		t.home = nil
	}
}

// homeLoop returns the loop that used the transport last in a task, nil if its run
// is over, and whether there ever was one.
func (t *Transport) homeLoop() (l *kernel.Loop, used bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.home, t.used
}

func (t *Transport) maxIdlePerHost() int {
	if t.MaxIdleConnsPerHost == 0 {
		return DefaultMaxIdleConnsPerHost
	}
	return t.MaxIdleConnsPerHost
}

func (t *Transport) maxHeaderBytes() int64 {
	if t.MaxResponseHeaderBytes > 0 {
		return t.MaxResponseHeaderBytes
	}
	return 10 << 20
}

// check finds what is wrong with a request before anything is done for it.
func check(req *stdhttp.Request) error {
	switch {
	case req.URL == nil:
		return errors.New("http: nil Request.URL")
	case req.Header == nil:
		return errors.New("http: nil Request.Header")
	case req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return fmt.Errorf("unsupported protocol scheme %q", req.URL.Scheme)
	case req.Method != "" && !isToken(req.Method):
		return fmt.Errorf("net/http: invalid method %q", req.Method)
	case req.URL.Host == "":
		return errors.New("http: no Host in request URL")
	}
	if bad := badHeader(req.Header); bad != "" {
		return errors.New("net/http: invalid header " + bad)
	}
	if bad := badHeader(req.Trailer); bad != "" {
		return errors.New("net/http: invalid trailer " + bad)
	}
	return nil
}

func closeBody(req *stdhttp.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
