package http

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	stdhttp "net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/evergreen-go/evergreen/net"
	evergreentls "github.com/evergreen-go/evergreen/net/tls"
	"github.com/evergreen-go/evergreen/timeout"
)

// key tells which requests can share a connection.
type key struct {
	proxy  string // the proxy's URL, empty for none
	scheme string
	addr   string // empty for plain HTTP through a proxy, which finds the way itself
}

// route is how a request gets to its server.
type route struct {
	key
	proxyURL *url.URL
	target   string // host and port
}

// route works out the way for a request.
func (t *Transport) route(req *stdhttp.Request) (route, error) {
	target, err := address(req.URL)
	if err != nil {
		return route{}, err
	}
	r := route{key: key{scheme: req.URL.Scheme, addr: target}, target: target}
	if t.Proxy == nil {
		return r, nil
	}
	if r.proxyURL, err = t.Proxy(req); err != nil || r.proxyURL == nil {
		return r, err
	}
	switch r.proxyURL.Scheme {
	case "":
		u := *r.proxyURL
		u.Scheme = "http"
		r.proxyURL = &u
	case "http", "https":
	default:
		return r, fmt.Errorf("evergreen: the proxy %s is of a kind that is not supported: http and https are", r.proxyURL.Redacted())
	}
	r.proxy = r.proxyURL.String()
	if r.scheme == "http" {
		r.addr = ""
	}
	return r, nil
}

// dialAddr returns the address that is connected to first.
func (r *route) dialAddr() string {
	if r.proxyURL == nil {
		return r.target
	}
	addr, err := address(r.proxyURL)
	if err != nil {
		return r.proxyURL.Host
	}
	return addr
}

// address returns a URL's host and port.
func address(u *url.URL) (string, error) {
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	for i := range len(host) {
		if host[i] >= 0x80 {
			var err error
			if host, err = ascii(host); err != nil {
				return "", err
			}
			break
		}
	}
	return stdnet.JoinHostPort(host, port), nil
}

// ascii converts a host name with letters beyond ASCII to what names are looked up
// by. Package net/http can do that; it keeps the conversion to itself, except that
// it writes requests with it.
func ascii(host string) (string, error) {
	var b bytes.Buffer
	req := stdhttp.Request{Method: "GET", URL: &url.URL{Path: "/"}, Host: strings.ToLower(host)}
	if err := req.Write(&b); err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(b.String(), "\r\nHost: ")
	host, _, _ = strings.Cut(rest, "\r\n")
	if host == "" {
		return "", errors.New("http: invalid Host in request URL")
	}
	return host, nil
}

// connect makes a connection, through proxies and handshakes. If it is interrupted
// nothing is left open.
func (t *Transport) connect(ctx context.Context, r route, trace *httptrace.ClientTrace) (pc *persistConn, err error) {
	if r.proxyURL == nil && r.scheme == "https" && t.DialTLSContext != nil {
		conn, err := t.DialTLSContext(ctx, "tcp", r.target)
		if err == nil && conn == nil {
			err = errors.New("net/http: Transport.DialTLSContext hook returned (nil, nil)")
		}
		if err != nil {
			return nil, err
		}
		return t.shaken(ctx, conn, trace)
	}
	dial := t.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, "tcp", r.dialAddr())
	if err != nil {
		return nil, r.wrap(err)
	}
	if conn == nil {
		return nil, errors.New("net/http: Transport.DialContext hook returned (nil, nil)")
	}
	if err := t.nativeConn(conn); err != nil {
		return nil, err
	}
	raw := conn
	defer func() {
		if pc == nil { // also when a kill comes in between
			_ = raw.Close()
		}
	}()
	pconn := &persistConn{conn: conn, raw: raw}
	if r.proxyURL != nil {
		if r.proxyURL.Scheme == "https" {
			if err := t.addTLS(ctx, pconn, r.proxyURL.Hostname(), trace); err != nil {
				return nil, r.wrap(err)
			}
		}
		if r.scheme == "http" {
			pconn.proxied, pconn.auth = true, proxyAuth(r.proxyURL)
		} else if err := t.tunnel(ctx, pconn.conn, r); err != nil {
			return nil, err
		}
	}
	if r.scheme == "https" {
		host, _, _ := stdnet.SplitHostPort(r.target)
		if err := t.addTLS(ctx, pconn, host, trace); err != nil {
			return nil, err
		}
	}
	return pconn, nil
}

// wrap says that it was the proxy that could not be reached.
func (r *route) wrap(err error) error {
	if r.proxyURL == nil {
		return err
	}
	return &stdnet.OpError{Op: "proxyconnect", Net: "tcp", Err: err}
}

// nativeConn says what is wrong with a connection that would stop the loop.
func (t *Transport) nativeConn(c stdnet.Conn) error {
	switch c.(type) {
	case *stdnet.TCPConn, *stdnet.UnixConn:
		_ = c.Close()
		return fmt.Errorf("evergreen: the Transport's dial function returned a %T, whose Read stops all tasks of the loop: have it dial by package github.com/evergreen-go/evergreen/net", c)
	}
	return nil
}

// shaken takes over what DialTLSContext returned, and sees to the handshake if that
// was not done.
func (t *Transport) shaken(ctx context.Context, conn stdnet.Conn, trace *httptrace.ClientTrace) (*persistConn, error) {
	pc := &persistConn{conn: conn, raw: under(conn)}
	if err := t.nativeConn(pc.raw); err != nil {
		return nil, err
	}
	if tc, ok := conn.(secure); ok {
		if err := t.shake(ctx, pc, tc, trace); err != nil {
			return nil, err
		}
	}
	return pc, nil
}

// addTLS puts TLS on top of a connection.
func (t *Transport) addTLS(ctx context.Context, pc *persistConn, name string, trace *httptrace.ClientTrace) error {
	config := http1(t.TLSClientConfig)
	if config.ServerName == "" {
		config.ServerName = name
	}
	return t.shake(ctx, pc, evergreentls.Client(pc.conn, config), trace)
}

// shake makes the handshake, before anything else is done with the connection: a
// Conn of crypto/tls locks out its other users meanwhile, natively.
func (t *Transport) shake(ctx context.Context, pc *persistConn, tc secure, trace *httptrace.ClientTrace) error {
	if trace != nil && trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	var state tls.ConnectionState
	done := false
	defer func() {
		if !done {
			_ = pc.raw.Close()
		}
	}()
	failed := t.inTime(func() error { return tc.HandshakeContext(ctx) })
	if failed == nil {
		state = tc.ConnectionState()
		if p := state.NegotiatedProtocol; p != "" && p != "http/1.1" && p != "http/1.0" {
			failed = fmt.Errorf("evergreen: the TLS connection was negotiated for %q, which the Transport does not speak: leave it out of NextProtos", p)
		}
	}
	if trace != nil && trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(state, failed)
	}
	if failed != nil {
		return failed
	}
	done = true
	pc.conn, pc.tls = tc, &state
	return nil
}

// inTime limits a handshake.
func (t *Transport) inTime(shake func() error) error {
	if t.TLSHandshakeTimeout <= 0 {
		return shake()
	}
	err := timeout.Run(t.TLSHandshakeTimeout, shake)
	var late *timeout.Error
	if errors.As(err, &late) {
		return errHandshakeTimeout
	}
	return err
}

// tunnel asks a proxy for a connection to the server.
func (t *Transport) tunnel(ctx context.Context, conn stdnet.Conn, r route) error {
	header := t.ProxyConnectHeader
	if t.GetProxyConnectHeader != nil {
		var err error
		if header, err = t.GetProxyConnectHeader(ctx, r.proxyURL, r.target); err != nil {
			return err
		}
	}
	header = header.Clone()
	if header == nil {
		header = make(stdhttp.Header)
	}
	if auth := proxyAuth(r.proxyURL); auth != "" {
		header.Set("Proxy-Authorization", auth)
	}
	req := &stdhttp.Request{Method: "CONNECT", URL: &url.URL{Opaque: r.target}, Host: r.target, Header: header}
	var resp *stdhttp.Response
	err := timeout.Run(time.Minute, func() (err error) { // as net/http: long, but not forever
		if err := req.Write(conn); err != nil {
			return err
		}
		// A reader of its own is good enough: a TLS server does not speak first.
		resp, err = stdhttp.ReadResponse(bufio.NewReader(io.LimitReader(conn, t.maxHeaderBytes())), req)
		return err
	})
	if err != nil {
		return err
	}
	if t.OnProxyConnectResponse != nil {
		if err := t.OnProxyConnectResponse(ctx, r.proxyURL, req, resp); err != nil {
			return err
		}
	}
	if resp.StatusCode != stdhttp.StatusOK {
		_, text, _ := strings.Cut(resp.Status, " ")
		if text == "" {
			text = "unknown status code"
		}
		return errors.New(text)
	}
	return nil
}

func proxyAuth(u *url.URL) string {
	if u.User == nil {
		return ""
	}
	password, _ := u.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
}
