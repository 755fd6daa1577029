package http

import (
	"context"
	"fmt"
	stdhttp "net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
)

// The head of a request is taken apart here and not by the standard ReadRequest,
// which drops the Host and the framing headers before anyone can judge them. A
// server behind a proxy must be at least as strict as the proxy, or the two may
// disagree about where a request ends. On everything that both accept they agree;
// a test compares them.

// statusError is a request that is answered without asking the handler.
type statusError struct {
	code int
	text string
}

func (e statusError) Error() string { return stdhttp.StatusText(e.code) + ": " + e.text }

func badRequest(format string, args ...any) error {
	return statusError{stdhttp.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// framing is what the head says about the rest of the connection.
type framing struct {
	// length is the body's, -1 for chunks.
	length int64
	// keepAlive: the peer speaks HTTP/1.0 and wants the connection kept.
	keepAlive bool
	// close: the peer wants the connection closed.
	close bool
}

// blank is copied for each request: WithContext is the only way to give a Request
// its context, and copies it.
var blank stdhttp.Request

// parseRequest makes a request of its head, all but the body.
func parseRequest(head string, ctx context.Context) (*stdhttp.Request, framing, error) {
	req := blank.WithContext(ctx)
	line, rest := cutLine(head)
	if err := parseRequestLine(req, line); err != nil {
		return nil, framing{}, err
	}
	header, err := parseHeader(rest)
	if err != nil {
		return nil, framing{}, err
	}
	req.Header = header
	if err := setHost(req); err != nil {
		return nil, framing{}, err
	}
	f, err := frame(req)
	if err != nil {
		return nil, framing{}, err
	}
	if h := header["Pragma"]; len(h) > 0 && h[0] == "no-cache" {
		if _, said := header["Cache-Control"]; !said {
			header["Cache-Control"] = []string{"no-cache"} // RFC 7234, section 5.4
		}
	}
	return req, f, nil
}

func parseRequestLine(req *stdhttp.Request, line string) error {
	method, rest, ok1 := strings.Cut(line, " ")
	target, proto, ok2 := strings.Cut(rest, " ")
	if !ok1 || !ok2 {
		return badRequest("malformed request line")
	}
	if !isToken(method) {
		return badRequest("invalid method")
	}
	req.Method, req.RequestURI, req.Proto = method, target, proto
	if proto == "HTTP/1.1" {
		req.Proto, req.ProtoMajor, req.ProtoMinor = "HTTP/1.1", 1, 1
	} else {
		var ok bool
		if req.ProtoMajor, req.ProtoMinor, ok = stdhttp.ParseHTTPVersion(proto); !ok {
			return badRequest("malformed HTTP version")
		}
	}
	if req.ProtoMajor != 1 {
		return statusError{stdhttp.StatusHTTPVersionNotSupported, "unsupported protocol version"}
	}
	// CONNECT names an authority and no path, except in package net/rpc, which has it
	// name a path.
	authority := method == "CONNECT" && !strings.HasPrefix(target, "/")
	if authority {
		target = "http://" + target
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return badRequest("malformed request target")
	}
	if authority {
		u.Scheme = ""
	}
	req.URL = u
	return nil
}

// parseHeader takes the lines up to the empty one apart. The values of all headers
// share one array, as they do in package textproto.
func parseHeader(s string) (stdhttp.Header, error) {
	n := max(0, strings.Count(s, "\n")-1)
	n = min(n, 1000) // memory is not given away on a promise
	header := make(stdhttp.Header, n)
	values := make([]string, n)
	for {
		var line string
		line, s = cutLine(s)
		if line == "" {
			return header, nil
		}
		if line[0] == ' ' || line[0] == '\t' {
			return nil, badRequest("folded header line") // others might see two lines
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, badRequest("malformed header line")
		}
		if !isToken(name) { // a space before the colon included
			return nil, badRequest("invalid header name")
		}
		value = strings.Trim(value, " \t") // and not a carriage return, which is no part of a value
		if !isValue(value) {
			return nil, badRequest("invalid header value")
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		if old := header[name]; old != nil {
			header[name] = append(old, value)
			continue
		}
		if len(values) == 0 {
			header[name] = []string{value}
			continue
		}
		var one []string
		one, values = values[:1:1], values[1:]
		one[0] = value
		header[name] = one
	}
}

// setHost moves the Host header to where users look for it. The host in the
// request line counts more than the header (RFC 9112, section 3.2.2).
func setHost(req *stdhttp.Request) error {
	hosts := req.Header["Host"]
	switch {
	case len(hosts) > 1:
		return badRequest("too many Host headers")
	case len(hosts) == 0:
		if req.ProtoMinor >= 1 && req.Method != "CONNECT" {
			return badRequest("missing required Host header")
		}
	case !isHost(hosts[0]):
		return badRequest("malformed Host header")
	default:
		req.Host = hosts[0]
		delete(req.Header, "Host")
	}
	if req.URL.Host != "" {
		req.Host = req.URL.Host
	}
	return nil
}

// frame works out where the request ends. What could be read in two ways is
// refused (RFC 9112, section 6).
func frame(req *stdhttp.Request) (f framing, err error) {
	h := req.Header
	connection := h["Connection"]
	f.close = hasToken(connection, "close")
	if req.ProtoMinor == 0 {
		f.keepAlive = hasToken(connection, "keep-alive")
	}
	req.Close = f.close || req.ProtoMinor == 0 && !f.keepAlive

	lengths, hasLength := h["Content-Length"]
	codings, chunked := h["Transfer-Encoding"]
	switch {
	case chunked && req.ProtoMinor == 0:
		return f, badRequest("transfer encoding in HTTP/1.0")
	case chunked && hasLength:
		return f, badRequest("both a length and a transfer encoding")
	case chunked:
		if len(codings) != 1 || !strings.EqualFold(codings[0], "chunked") {
			// What was sent is not repeated: it might be a script.
			return f, statusError{stdhttp.StatusNotImplemented, "Unsupported transfer encoding"}
		}
		delete(h, "Transfer-Encoding")
		f.length = -1
		req.TransferEncoding = []string{"chunked"}
		if req.Trailer, err = announced(h); err != nil {
			return f, err
		}
	case hasLength:
		if f.length, err = contentLength(lengths); err != nil {
			return f, err
		}
		h["Content-Length"] = lengths[:1]
	}
	req.ContentLength = f.length
	return f, nil
}

// contentLength parses a length that may be said several times, but not several
// lengths.
func contentLength(values []string) (int64, error) {
	for _, v := range values[1:] {
		if v != values[0] {
			return 0, badRequest("several lengths")
		}
	}
	n, err := strconv.ParseUint(values[0], 10, 63)
	if err != nil {
		return 0, badRequest("malformed Content-Length")
	}
	return int64(n), nil
}

// announced takes the names of the trailers out of the header.
func announced(h stdhttp.Header) (trailer stdhttp.Header, err error) {
	for _, list := range h["Trailer"] {
		elements(list, func(name string) {
			name = stdhttp.CanonicalHeaderKey(name)
			if !trailerAllowed(name) {
				err = badRequest("bad trailer key")
				return
			}
			if trailer == nil {
				trailer = make(stdhttp.Header)
			}
			trailer[name] = nil
		})
	}
	delete(h, "Trailer")
	return trailer, err
}

// trailerAllowed tells whether a header may come behind the body: not what frames
// the message itself.
func trailerAllowed(name string) bool {
	switch name {
	case "Transfer-Encoding", "Trailer", "Content-Length":
		return false
	}
	return true
}
