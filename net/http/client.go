package http

import (
	"io"
	stdhttp "net/http"
	"net/url"
	"time"
)

// DefaultTransport is what a [Client] without a Transport uses. It keeps
// connections for each loop apart, see [Transport].
var DefaultTransport stdhttp.RoundTripper = &Transport{
	Proxy:                 stdhttp.ProxyFromEnvironment,
	MaxIdleConns:          100,
	IdleConnTimeout:       90 * time.Second,
	TLSHandshakeTimeout:   10 * time.Second,
	ExpectContinueTimeout: 1 * time.Second,
}

// DefaultClient is what [Get], [Head], [Post] and [PostForm] use.
var DefaultClient = &Client{}

// Client is the standard library's Client, with redirects, cookies and timeouts,
// except that without a Transport it uses this package's [DefaultTransport]: the
// standard one would stop all tasks of the loop for as long as a request takes.
//
// The two types convert into each other: for a library that wants the standard
// one, set the Transport and write (*stdhttp.Client)(c).
type Client stdhttp.Client

// std returns the standard client that does what c is to do.
func (c *Client) std() *stdhttp.Client {
	s := stdhttp.Client(*c)
	if s.Transport == nil {
		s.Transport = DefaultTransport
	}
	return &s
}

// Do sends a request and returns the response, after redirects. The response's
// body must be closed. It is a checkpoint; when the task is cancelled, or the
// request's context is done, the connection is closed and the error wraps the
// reason.
func (c *Client) Do(req *stdhttp.Request) (*stdhttp.Response, error) { return c.std().Do(req) }

// Get asks for a URL, see [Client.Do]. It is a checkpoint.
func (c *Client) Get(url string) (*stdhttp.Response, error) { return c.std().Get(url) }

// Head asks for the header of what Get would return, see [Client.Do]. It is a
// checkpoint.
func (c *Client) Head(url string) (*stdhttp.Response, error) { return c.std().Head(url) }

// Post sends a body to a URL, see [Client.Do]. It is a checkpoint.
func (c *Client) Post(url, contentType string, body io.Reader) (*stdhttp.Response, error) {
	return c.std().Post(url, contentType, body)
}

// PostForm sends a form to a URL, see [Client.Do]. It is a checkpoint.
func (c *Client) PostForm(url string, data url.Values) (*stdhttp.Response, error) {
	return c.std().PostForm(url, data)
}

// CloseIdleConnections closes the Transport's connections that serve no request,
// if it has such a method. It is not a checkpoint.
func (c *Client) CloseIdleConnections() { c.std().CloseIdleConnections() }

// Get asks for a URL with the [DefaultClient]. It is a checkpoint; when the task is
// cancelled the connection is closed and the error wraps the reason.
func Get(url string) (*stdhttp.Response, error) { return DefaultClient.Get(url) }

// Head asks for the header of what [Get] would return. It is a checkpoint.
func Head(url string) (*stdhttp.Response, error) { return DefaultClient.Head(url) }

// Post sends a body to a URL with the [DefaultClient]. It is a checkpoint.
func Post(url, contentType string, body io.Reader) (*stdhttp.Response, error) {
	return DefaultClient.Post(url, contentType, body)
}

// PostForm sends a form to a URL with the [DefaultClient]. It is a checkpoint.
func PostForm(url string, data url.Values) (*stdhttp.Response, error) {
	return DefaultClient.PostForm(url, data)
}
