package http

import (
	"context"
	"errors"
	"io"
	stdhttp "net/http"
	"net/url"
	"strings"
	"time"

	"github.com/evergreen-go/evergreen/net"
)

// DefaultTransport is what a [Client] without a Transport uses. It keeps
// connections for each loop apart, see [Transport].
var DefaultTransport stdhttp.RoundTripper = &Transport{
	Proxy:                 stdhttp.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
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
// A Timeout covers all of a request, the reading of the body included.
//
// The two types convert into each other: for a library that wants the standard
// one, set the Transport and write (*stdhttp.Client)(c).
type Client stdhttp.Client

// std returns the standard client that does what c is to do, except that the
// Timeout is seen to here: there it costs a goroutine, and does not always find out
// that it was the Timeout that ended a request of a Transport it does not know.
func (c *Client) std() *stdhttp.Client {
	s := stdhttp.Client(*c)
	s.Timeout = 0
	if s.Transport == nil {
		s.Transport = DefaultTransport
	}
	return &s
}

// Do sends a request and returns the response, after redirects. The response's
// body must be closed. It is a checkpoint; when the task is cancelled, or the
// request's context is done, the connection is closed and the error wraps the
// reason.
func (c *Client) Do(req *stdhttp.Request) (*stdhttp.Response, error) {
	if c.Timeout <= 0 {
		return c.std().Do(req)
	}
	ctx, cancel := context.WithTimeoutCause(req.Context(), c.Timeout, errClientTimeout)
	late := func() bool { return context.Cause(ctx) == errClientTimeout }
	resp, err := c.std().Do(req.WithContext(ctx))
	if err != nil {
		var wrapped *url.Error
		if late() && errors.As(err, &wrapped) {
			wrapped.Err = &timeoutError{context.DeadlineExceeded.Error() + " (Client.Timeout exceeded while awaiting headers)"}
		}
		cancel()
		return nil, err
	}
	if _, ok := resp.Body.(io.Writer); ok || resp.Body == stdhttp.NoBody {
		cancel() // nothing is left that could take long, or the user has the connection
		return resp, nil
	}
	resp.Body = &limitedBody{ReadCloser: resp.Body, late: late, cancel: cancel}
	return resp, nil
}

var errClientTimeout error = &timeoutError{"Client.Timeout exceeded"}

// limitedBody is a body that has to be read within the client's Timeout.
type limitedBody struct {
	io.ReadCloser
	late   func() bool
	cancel context.CancelFunc
}

// Read implements io.Reader.
func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		return n, nil
	}
	if err != io.EOF && b.late() {
		err = &timeoutError{context.DeadlineExceeded.Error() + " (Client.Timeout or context cancellation while reading body)"}
	}
	b.cancel()
	return n, err
}

// Close implements io.Closer.
func (b *limitedBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel()
	return err
}

// Get asks for a URL, see [Client.Do]. It is a checkpoint.
func (c *Client) Get(url string) (*stdhttp.Response, error) {
	return c.send("GET", url, "", nil)
}

// Head asks for the header of what Get would return, see [Client.Do]. It is a
// checkpoint.
func (c *Client) Head(url string) (*stdhttp.Response, error) {
	return c.send("HEAD", url, "", nil)
}

// Post sends a body to a URL, see [Client.Do]. It is a checkpoint.
func (c *Client) Post(url, contentType string, body io.Reader) (*stdhttp.Response, error) {
	return c.send("POST", url, contentType, body)
}

// PostForm sends a form to a URL, see [Client.Do]. It is a checkpoint.
func (c *Client) PostForm(url string, data url.Values) (*stdhttp.Response, error) {
	return c.send("POST", url, "application/x-www-form-urlencoded", strings.NewReader(data.Encode()))
}

func (c *Client) send(method, url, contentType string, body io.Reader) (*stdhttp.Response, error) {
	req, err := stdhttp.NewRequest(method, url, body)
	if err != nil {
		return nil, err
	}
	if method == "POST" {
		req.Header.Set("Content-Type", contentType)
	}
	return c.Do(req)
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
