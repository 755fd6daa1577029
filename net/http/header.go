package http

import (
	stdhttp "net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// fixedHeader is what the header of an answer says about its framing. The handler
// fixes the header by WriteHeader or the first Write, and may change the map
// afterwards; so what was said is written down then: the lines that only pass
// through into scratch.head, and here those that the server has a say in.
type fixedHeader struct {
	connection, codings []string
	contentType         string

	hasConnection, hasType, hasLength, hasDate bool

	encoded  bool     // there is a Content-Encoding
	coded    bool     // there is a Transfer-Encoding
	trailing bool     // trailers are to come, maybe unnamed so far
	trailers []string // those that were named
}

// writeHeader fixes the status and the header.
func (r *response) writeHeader(status int) {
	r.status = status
	if r.body != nil {
		r.body.ask.Store(false) // this is an answer as well
	}
	if len(r.hdr) == 0 {
		return
	}
	var few [16]string
	names := few[:0]
	for name := range r.hdr {
		names = append(names, name)
	}
	slices.Sort(names) // the same answer every time
	m := r.memory()
	for _, name := range names {
		if !r.fix(name, r.hdr[name]) {
			m.head = appendHeader(m.head, name, r.hdr[name])
		}
	}
}

// fix takes note of a header. It returns true if that is not merely passed on.
func (r *response) fix(name string, values []string) bool {
	f := &r.fixed
	switch name {
	case "Connection":
		f.connection, f.hasConnection = slices.Clone(values), true
		return true
	case "Transfer-Encoding":
		f.codings = slices.Clone(values)
		f.coded = len(values) > 0 && values[0] != ""
		return true
	case "Content-Type":
		f.hasType = true
		if len(values) > 0 {
			f.contentType = values[0]
		}
		return true
	case "Content-Length":
		f.hasLength = true
		if len(values) > 0 && values[0] != "" {
			n, err := strconv.ParseUint(values[0], 10, 63)
			if err != nil {
				r.c.server.logf("http: invalid Content-Length of %q", values[0])
				f.hasLength = false
				return true
			}
			r.length = int64(n)
		}
		return true
	case "Date":
		f.hasDate = true
	case "Content-Encoding":
		f.encoded = len(values) > 0 && values[0] != ""
	case "Trailer":
		f.trailing = true
		for _, list := range values {
			elements(list, func(name string) {
				if name = stdhttp.CanonicalHeaderKey(name); trailerAllowed(name) {
					f.trailers = append(f.trailers, name)
				}
			})
		}
	default:
		if strings.HasPrefix(name, stdhttp.TrailerPrefix) {
			f.trailing = true
			return true
		}
	}
	return false
}

// trailer returns what is sent behind a chunked body.
func (r *response) trailer() stdhttp.Header {
	if !r.fixed.trailing && len(r.hdr) == 0 {
		return nil
	}
	var t stdhttp.Header
	add := func(name string, values []string) {
		if t == nil {
			t = make(stdhttp.Header)
		}
		t[name] = append(t[name], values...)
	}
	for name, values := range r.hdr {
		if name, ok := strings.CutPrefix(name, stdhttp.TrailerPrefix); ok {
			add(name, values)
		}
	}
	for _, name := range r.fixed.trailers {
		if values := r.hdr[name]; len(values) > 0 {
			add(name, values)
		}
	}
	return t
}

// sendHead works out the framing of the answer and writes its header. first is the
// beginning of the body and n the length of what is there of it: all of it, if the
// handler is done.
func (r *response) sendHead(first []byte, n int) {
	r.sent = true
	f := &r.fixed
	keeps := r.c.server.keepsAlive()
	if r.done && !f.trailing && !f.coded && !f.hasLength && bodyAllowed(r.status) && (!r.bare || n > 0) {
		r.length = int64(n) // keeps the connection of a peer that knows no chunks
	}
	keepAlive := false
	if r.peer.keepAlive && (r.bare || r.length != -1 || !bodyAllowed(r.status)) {
		keepAlive = !f.hasConnection
	} else if !r.is11() {
		r.closing = true
	}
	if r.peer.close || !keeps || hasToken(f.connection, "close") || r.body != nil && r.body.expect && !r.body.eof {
		r.closing = true
	}
	if r.body != nil && !r.closing && !r.fullDuplex {
		// There are peers that send all before they read; and whoever is to send the
		// next request has to get to it.
		r.closing = r.body.drain() != nothing
	}
	r.frame()
	bw := r.c.writer()
	_, _ = bw.Write(appendStatus(bw.AvailableBuffer(), r.is11(), r.status))
	if r.scratch != nil {
		_, _ = bw.Write(r.scratch.head)
	}
	_, _ = bw.Write(r.appendOwn(bw.AvailableBuffer(), first, keepAlive && !r.closing))
}

// frame decides how the peer will know where the answer ends.
func (r *response) frame() {
	f := &r.fixed
	coding := ""
	if len(f.codings) > 0 {
		coding = f.codings[0]
	}
	if r.length != -1 && coding != "" && coding != "identity" {
		r.c.server.logf("http: WriteHeader called with both Transfer-Encoding of %q and a Content-Length of %d", coding, r.length)
		r.length = -1
	}
	switch {
	case r.bare || !bodyAllowed(r.status):
		f.codings = nil
	case r.length != -1:
		f.codings = nil
	case !r.is11(), coding == "identity":
		r.closing = true // the end of the connection is the end of the answer
		f.codings = nil
	default:
		r.chunking = true
		if coding == "" || coding == "chunked" {
			f.codings = chunkedOnly
		} else {
			f.codings = append(f.codings, "chunked")
		}
	}
}

var chunkedOnly = []string{"chunked"}

// appendOwn appends the lines that the server has a say in, and the empty line.
func (r *response) appendOwn(dst, first []byte, keepAlive bool) []byte {
	f := &r.fixed
	if !f.hasDate {
		dst = append(append(dst, "Date: "...), date()...)
		dst = append(dst, "\r\n"...)
	}
	if r.length != -1 && bodyAllowed(r.status) {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, r.length, 10)
		dst = append(dst, "\r\n"...)
	}
	kind := f.contentType
	if !f.hasType && bodyAllowed(r.status) && !f.encoded && !f.coded && len(first) > 0 {
		kind = stdhttp.DetectContentType(first)
	}
	if kind != "" && r.status != stdhttp.StatusNotModified {
		dst = appendLine(dst, "Content-Type", kind)
	}
	switching := r.status == stdhttp.StatusSwitchingProtocols && hasToken(f.connection, "upgrade")
	switch {
	case r.closing && !switching:
		if r.is11() {
			dst = append(dst, "Connection: close\r\n"...)
		}
	case keepAlive:
		dst = append(dst, "Connection: keep-alive\r\n"...)
	default:
		dst = appendHeader(dst, "Connection", f.connection)
	}
	dst = appendHeader(dst, "Transfer-Encoding", f.codings)
	return append(dst, "\r\n"...)
}

// appendStatus appends a status line.
func appendStatus(dst []byte, is11 bool, code int) []byte {
	if is11 {
		dst = append(dst, "HTTP/1.1 "...)
	} else {
		dst = append(dst, "HTTP/1.0 "...)
	}
	dst = strconv.AppendInt(dst, int64(code), 10)
	text := stdhttp.StatusText(code)
	if text == "" {
		text = "status code " + strconv.Itoa(code)
	}
	dst = append(append(dst, ' '), text...)
	return append(dst, "\r\n"...)
}

// appendHeader appends a line for each value. What would break out of its line is
// made harmless, and a name that is none is left out.
func appendHeader(dst []byte, name string, values []string) []byte {
	if len(values) == 0 || !isToken(name) {
		return dst
	}
	for _, v := range values {
		dst = appendLine(dst, name, v)
	}
	return dst
}

func appendLine(dst []byte, name, value string) []byte {
	if strings.ContainsAny(value, "\r\n") {
		value = lineEnds.Replace(value)
	}
	dst = append(append(dst, name...), ": "...)
	dst = append(dst, textproto.TrimString(value)...)
	return append(dst, "\r\n"...)
}

var lineEnds = strings.NewReplacer("\n", " ", "\r", " ")

// dated is the text of the Date header for one second.
type dated struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[dated]

// date returns the text of the Date header, made once a second.
func date() string {
	now := time.Now()
	if d := lastDate.Load(); d != nil && d.second == now.Unix() {
		return d.text
	}
	d := &dated{now.Unix(), now.UTC().Format(stdhttp.TimeFormat)}
	lastDate.Store(d)
	return d.text
}
