package http

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	stdnet "net"
	stdhttp "net/http"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
)

// conn is one connection of a server. One task reads its requests, runs the
// handler and sends the answers; everything here belongs to that task, or to
// whoever the handler lends it to while it waits.
type conn struct {
	server *Server
	loop   *kernel.Loop
	// rwc is what the listener gave; raw is the connection under its TLS, or the same.
	rwc, raw stdnet.Conn
	parent   context.Context
	tls      *tls.ConnectionState
	remote   string

	br *bufio.Reader
	bw *bufio.Writer // nil while nothing is being sent
	// werr is the first failure to send. There is no use in the connection then.
	werr error

	state stdhttp.ConnState
	since int64 // when it was accepted, on the loop's clock
	// hijacked: the handler has taken the connection over.
	hijacked bool
	// gone: it is closed. Whoever writes for the handler may find out elsewhere.
	gone atomic.Bool
	// spoiled: somebody was still writing the answer when the handler had returned. The
	// answer's memory and the buffered writer are his.
	spoiled bool
	// readLimited and writeLimited tell that a deadline may be set.
	readLimited, writeLimited bool

	// res and ctx belong to the request that is being handled.
	res response
	ctx *requestContext
	// watcher is the task that waits for the peer to go away, for the context;
	// unwatching tells it that it is not wanted any more.
	watcher    *task.Task
	unwatching bool
}

// connWriter is how the buffered writer reaches the connection.
type connWriter conn

func (w *connWriter) Write(p []byte) (int, error) {
	n, err := w.rwc.Write(p)
	if err != nil && w.werr == nil {
		w.werr = err
		w.ctx.finish()
	}
	return n, err
}

// run is the life of a connection.
func (c *conn) run() {
	defer c.leave()
	defer c.end()
	if a := c.rwc.RemoteAddr(); a != nil {
		c.remote = a.String()
	}
	if !c.handshake() {
		return
	}
	c.br = getReader(c.rwc)
	c.setReadDeadline(c.server.headerTimeout())
	for first := true; c.serve(first); first = false {
	}
}

// serve handles one request and returns whether there can be another.
func (c *conn) serve(first bool) bool {
	s := c.server
	if !first {
		c.setState(stdhttp.StateIdle)
		if !s.keepsAlive() {
			return false
		}
		c.setReadDeadline(s.idleTimeout())
	}
	if !c.skipLineEnds() {
		return false
	}
	c.setState(stdhttp.StateActive)
	if !first {
		c.setReadDeadline(s.headerTimeout())
	}
	var started int64
	if s.ReadTimeout > 0 {
		started = c.loop.Now()
	}
	req, f, err := c.readRequest()
	if err != nil {
		c.refuse(err)
		return false
	}
	if s.ReadTimeout > 0 {
		c.setReadDeadline(max(1, s.ReadTimeout-time.Duration(c.loop.Now()-started)))
	} else {
		c.setReadDeadline(0)
	}
	c.setWriteDeadline(s.WriteTimeout)
	if !c.handle(req, f) {
		return false
	}
	c.setWriteDeadline(0)
	return true
}

// skipLineEnds waits for a request. Some peers send an empty line behind a body;
// RFC 9112, section 2.2, has servers overlook it.
func (c *conn) skipLineEnds() bool {
	for range 4 {
		b, err := c.br.Peek(1)
		if err != nil {
			return false
		}
		if b[0] != '\r' && b[0] != '\n' {
			return true
		}
		_, _ = c.br.Discard(1)
	}
	return true
}

func (c *conn) readRequest() (*stdhttp.Request, framing, error) {
	head, err := readHead(c.br, c.server.maxHeaderBytes())
	if err != nil {
		return nil, framing{}, err
	}
	c.ctx = &requestContext{parent: c.parent, c: c}
	req, f, err := parseRequest(head, c.ctx)
	if err != nil {
		return nil, f, err
	}
	req.RemoteAddr = c.remote
	req.TLS = c.tls
	c.ctx.ended = f.length == 0
	return req, f, nil
}

// handle has the handler answer a request, and returns whether the connection can
// be used for another.
func (c *conn) handle(req *stdhttp.Request, f framing) bool {
	r := &c.res
	w := r.begin(c, req, f)
	if expects := req.Header["Expect"]; len(expects) > 0 && expects[0] != "" {
		if !hasToken(expects[:1], "100-continue") {
			w.Header().Set("Connection", "close")
			w.WriteHeader(stdhttp.StatusExpectationFailed)
			r.finish()
			return false
		}
		if r.body != nil && req.ProtoMinor > 0 {
			r.body.expect = true
			r.body.ask.Store(true)
		}
	}
	c.server.handler(req).ServeHTTP(w, req)
	r.w = nil
	whole := w.end() // a handler that keeps its writer must not write into the next answer
	c.ctx.finish()
	if c.hijacked {
		return false
	}
	if !whole {
		c.cutOff()
		return false
	}
	r.finish()
	if req.MultipartForm != nil {
		_ = req.MultipartForm.RemoveAll()
	}
	if !c.stopWatch(kernel.Running()) {
		return false
	}
	if !r.reusable() {
		if r.unread() && c.werr == nil {
			c.linger()
		}
		return false
	}
	return true
}

// refuse answers what could not be made a request of.
func (c *conn) refuse(err error) {
	code, text := stdhttp.StatusBadRequest, ""
	var status statusError
	var network stdnet.Error
	switch {
	case errors.Is(err, errTooLarge):
		code = stdhttp.StatusRequestHeaderFieldsTooLarge
	case errors.As(err, &status):
		code, text = status.code, ": "+status.text
	case errors.As(err, &network), kernel.Running().Interruptible():
		return // the peer is gone or too slow: nobody listens
	}
	line := strconv.Itoa(code) + " " + stdhttp.StatusText(code) + text
	_, _ = io.WriteString(c.rwc, "HTTP/1.1 "+line+
		"\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"+line)
	c.linger()
}

// lingering is how long a connection with unread input is kept after the answer.
// If it were closed at once the peer's machine would be told to drop what it has
// received, the answer included (RFC 9112, section 9.6).
const lingering = 500 * time.Millisecond

func (c *conn) linger() {
	half, ok := c.rwc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	c.setReadDeadline(lingering)
	scratch := copyBuffers.Get().(*[copyBufferSize]byte)
	defer copyBuffers.Put(scratch)
	for range 64 {
		if _, err := c.rwc.Read(scratch[:]); err != nil {
			return
		}
	}
}

// end is deferred by run: it reports a handler's panic, which ends this connection
// and nothing else, and closes the connection.
func (c *conn) end() {
	if v := recover(); v != nil && v != stdhttp.ErrAbortHandler {
		c.server.logf("http: panic serving %v: %v\n%s", c.remote, v, debug.Stack())
	}
	if w := c.res.w; w != nil && !w.end() {
		c.cutOff()
	}
	if c.ctx != nil {
		c.ctx.finish()
	}
	if c.hijacked {
		return
	}
	c.close()
	busy := c.spoiled || c.watcher != nil || c.res.body != nil && c.res.body.busy.Load()
	if c.br != nil && !busy {
		putReader(c.br)
	}
	if !c.spoiled {
		c.releaseWriter()
	}
	c.setState(stdhttp.StateClosed)
}

// cutOff closes the connection because somebody is still writing the answer while
// the handler has returned. What he writes with is left to him.
func (c *conn) cutOff() {
	c.spoiled = true
	c.abort()
}

// close closes the connection. Over TLS it says goodbye first, so that the peer
// knows an answer without a length to be complete; that can wait.
func (c *conn) close() {
	if c.gone.Swap(true) {
		return
	}
	if c.tls == nil || c.werr != nil || kernel.Running().Interruptible() {
		_ = c.raw.Close()
		return
	}
	_ = c.rwc.Close()
}

// leave tells those who wait for the connection to be over. It is deferred apart
// from end, which may be cut short by the end of the run.
func (c *conn) leave() { c.server.forget(c) }

// abort closes the connection from outside of its task. It does not wait.
func (c *conn) abort() {
	c.gone.Store(true)
	_ = c.raw.Close()
	if c.ctx != nil {
		c.ctx.finish()
	}
}

func (c *conn) setState(state stdhttp.ConnState) {
	c.state = state
	if hook := c.server.ConnState; hook != nil {
		hook(c.rwc, state)
	}
}

// setReadDeadline limits reading to d from now, 0 or less for no limit.
func (c *conn) setReadDeadline(d time.Duration) {
	if d > 0 {
		_ = c.rwc.SetReadDeadline(c.loop.Time().Add(d))
	} else if c.readLimited {
		_ = c.rwc.SetReadDeadline(time.Time{})
	}
	c.readLimited = d > 0
}

func (c *conn) setWriteDeadline(d time.Duration) {
	if d > 0 {
		_ = c.rwc.SetWriteDeadline(c.loop.Time().Add(d))
	} else if c.writeLimited {
		_ = c.rwc.SetWriteDeadline(time.Time{})
	}
	c.writeLimited = d > 0
}

// writer returns the buffered writer, which the connection has only while there is
// something to send.
func (c *conn) writer() *bufio.Writer {
	if c.bw == nil {
		c.bw = getWriter((*connWriter)(c))
	}
	return c.bw
}

func (c *conn) releaseWriter() {
	if c.bw != nil {
		putWriter(c.bw)
		c.bw = nil
	}
}
