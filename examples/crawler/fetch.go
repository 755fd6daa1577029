package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	stdnet "net"
	stdhttp "net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// restLimit is how much we read of a body that is of no interest. It is read at all because a connection
// can be used again only when the answer has been read to its end.
const restLimit = 64 << 10

// robotsLimit is how much of a robots.txt is read, the least that RFC 9309, section 2.5, allows.
const robotsLimit = 500 << 10

// newClient makes the client for a crawl. It is the standard library's, over our Transport. Redirects are
// handed back instead of followed, because their targets belong into the frontier.
func newClient(o options) *stdhttp.Client {
	return &stdhttp.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: o.tasks},
		CheckRedirect: func(*stdhttp.Request, []*stdhttp.Request) error {
			return stdhttp.ErrUseLastResponse
		},
	}
}

// fetch asks for one page and reads the answer, all within the time a page may take. There is no deadline
// to be passed along: whatever waits inside timeout.Run is interrupted when the time is up.
//
// It is a checkpoint. After an error the answer holds what had come until then.
func (c *crawler) fetch(address string, external bool) (answer, error) {
	var a answer
	err := timeout.Run(c.timeout, func() (err error) {
		if external {
			a, err = c.head(address)
		} else {
			a, err = c.get(address)
		}
		return err
	})
	return a, err
}

// request sends a request. The caller closes the body of the response.
func (c *crawler) request(method, address string) (*stdhttp.Response, error) {
	request, err := stdhttp.NewRequest(method, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", c.userAgent)
	return c.client.Do(request)
}

// get fetches a page of the site and takes the links out of it.
func (c *crawler) get(address string) (answer, error) {
	response, err := c.request("GET", address)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	a := newAnswer(response)
	body := &meter{r: response.Body, left: restLimit}
	reader := bufio.NewReader(body)
	if a.kind == "" {
		start, _ := reader.Peek(512) // an error comes again below
		a.kind = mediaType(stdhttp.DetectContentType(start))
	}
	if a.status/100 == 2 && a.isHTML() {
		body.left = c.maxBody - body.read
		a.doc, err = scan(reader)
		a.truncated = body.over
	} else {
		_, err = io.Copy(io.Discard, reader)
	}
	a.bytes = body.read
	return a, err
}

// head asks whether an address works, without fetching what is there. Some servers do not know HEAD.
func (c *crawler) head(address string) (answer, error) {
	response, err := c.request("HEAD", address)
	if err != nil {
		return answer{}, err
	}
	response.Body.Close()
	if response.StatusCode == stdhttp.StatusMethodNotAllowed || response.StatusCode == stdhttp.StatusNotImplemented {
		if response, err = c.request("GET", address); err != nil {
			return answer{}, err
		}
		response.Body.Close()
	}
	return newAnswer(response), nil
}

// fetchRobots gets the rules of a site. No robots.txt means no rules, but one that cannot be had is an
// error: RFC 9309, section 2.3.1.4, wants nothing to be fetched then. Redirects are followed here, to
// whatever host, because section 2.3.1.2 wants it. It is a checkpoint.
func (c *crawler) fetchRobots(site *url.URL) (robots, error) {
	where := &url.URL{Scheme: site.Scheme, Host: site.Host, Path: "/robots.txt"}
	for try, hop := 0, 0; hop <= maxHops; {
		var a answer
		var text []byte
		err := timeout.Run(c.timeout, func() error {
			response, err := c.request("GET", where.String())
			if err != nil {
				return err
			}
			defer response.Body.Close()
			a = newAnswer(response)
			text, err = io.ReadAll(io.LimitReader(response.Body, robotsLimit))
			return err
		})
		failure := failureOf(err)
		switch {
		case worthRetrying(failure) && try < c.retries:
			try++
			task.Sleep(retryPause)
			continue
		case failure != "":
			return robots{}, fmt.Errorf("cannot fetch %s: %s", where, failure)
		case a.status >= 500:
			return robots{}, fmt.Errorf("cannot fetch %s: %d %s", where, a.status, stdhttp.StatusText(a.status))
		case a.status/100 == 2:
			return parseRobots(string(text), c.userAgent), nil
		case a.location == "":
			return robots{}, nil
		}
		next, err := resolve(where, a.location)
		if err != nil {
			return robots{}, nil
		}
		where, hop = next, hop+1
	}
	return robots{}, nil // "the crawler MAY assume that the robots.txt file is unavailable", which allows all
}

// newAnswer takes from the head of a response what we want to know.
func newAnswer(response *stdhttp.Response) answer {
	a := answer{status: response.StatusCode, kind: mediaType(response.Header.Get("Content-Type"))}
	if a.isRedirect() {
		a.location = response.Header.Get("Location")
	}
	return a
}

// mediaType is a Content-Type without its parameters. One that breaks the rules still counts up to the
// first semicolon.
func mediaType(contentType string) string {
	if kind, _, err := mime.ParseMediaType(contentType); err == nil {
		return kind
	}
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// meter reads up to a limit, after which it reports the end, and counts.
type meter struct {
	r    io.Reader
	left int64
	read int64
	over bool // there was more
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		if !m.over {
			n, _ := m.r.Read(make([]byte, 1)) // is this the end, or only ours?
			m.over = n > 0
		}
		return 0, io.EOF
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	m.read += int64(n)
	return n, err
}

// Failures that are worth a name of their own. The names appear in the report's table of answers.
const (
	timedOut = "timeout"
	refused  = "connection refused"
	broken   = "connection broken"
	noHost   = "no such host"
)

// failureOf puts an error of fetch into a few words that do not change from run to run.
func failureOf(err error) string {
	var dns *stdnet.DNSError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return timedOut
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	case errors.As(err, &dns) && dns.IsNotFound:
		return noHost
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return broken
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = cmp.Or(wrapped.Err, err) // without "Get http://...", which the report says anyway
	}
	return err.Error()
}

// worthRetrying reports whether the same request may go better the next time.
func worthRetrying(failure string) bool {
	return failure == timedOut || failure == broken
}
