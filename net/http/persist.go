package http

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	stdnet "net"
	stdhttp "net/http"
	"net/textproto"
	"sync/atomic"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/timeout"
)

var (
	errServerClosedIdle = errors.New("http: server closed idle connection")
	errAbandoned        = errors.New("http: the request was given up")
	errNotReusable      = errors.New("http: the connection cannot be used again")
	errNotBuffered      = errors.New("http: the rest of the body has not come yet")

	errHeaderTimeout    error = &timeoutError{"net/http: timeout awaiting response headers"}
	errHandshakeTimeout error = &timeoutError{"net/http: TLS handshake timeout"}
)

// timeoutError is a limit of the Transport's own that has passed.
type timeoutError struct{ text string }

func (e *timeoutError) Error() string   { return e.text }
func (e *timeoutError) Timeout() bool   { return true }
func (e *timeoutError) Temporary() bool { return true }
func (e *timeoutError) Is(err error) bool {
	return err == context.DeadlineExceeded
}

// attemptError says how far a failed attempt came.
type attemptError struct {
	error
	unsent   bool // not a byte of the request has left
	unheeded bool // not a byte of the response has come
}

// plain returns the error for the user.
func plain(err error) error {
	if a, ok := err.(*attemptError); ok {
		return a.error
	}
	return err
}

// persistConn is a connection to a server or proxy that serves one request after
// the other. It belongs to its loop, except that the body of a response is read by
// whoever has it.
type persistConn struct {
	host      *host
	conn, raw stdnet.Conn // raw is under the TLS, or the same
	tls       *tls.ConnectionState
	proxied   bool   // requests name the server, for a proxy to find it
	auth      string // for the proxy

	br      *bufio.Reader // nil while idle
	written int64
	// readLimit is how much of a response's header may still come.
	readLimit int64
	sawEOF    bool
	// still: a read is to give what is in the buffer and not to wait for more.
	still bool

	reused bool // it may have been closed by the server while it was idle
	closed bool
	// cause is why it was closed, for whoever reads from it then.
	cause  atomic.Pointer[error]
	trip   *trip
	sender *sender
	gate   *gate
	// before is what had been written when the present request came.
	before int64
	// answered: the response's header is there. finishing: all of the response has
	// been read, and the request is still being sent.
	answered, finishing bool
	timer               *runtime.Handle

	// For the pool: the neighbours in order of age, and when it came to be idle.
	idle         bool
	since        int64
	older, newer *persistConn
}

// Read implements io.Reader for br.
func (pc *persistConn) Read(p []byte) (int, error) {
	switch {
	case pc.still:
		return 0, errNotBuffered
	case pc.readLimit <= 0:
		return 0, errHeaderTooLarge
	}
	n, err := pc.conn.Read(p[:min(int64(len(p)), pc.readLimit)])
	if err == io.EOF {
		pc.sawEOF = true
	}
	pc.readLimit -= int64(n)
	return n, err
}

var errHeaderTooLarge = errors.New("net/http: server response headers exceeded their limit; aborted")

// Write implements io.Writer for the sender's buffer.
func (pc *persistConn) Write(p []byte) (int, error) {
	n, err := pc.conn.Write(p)
	pc.written += int64(n)
	return n, err
}

// exchange sends the trip's request and receives the header of the response.
func (pc *persistConn) exchange(tr *trip) (resp *stdhttp.Response, err error) {
	settled := false
	defer func() {
		if !settled { // a kill
			pc.fail(errAbandoned)
		}
	}()
	pc.before, pc.answered = pc.written, false
	if expects := tr.user.Header["Expect"]; tr.body != nil && pc.host.pool.t.ExpectContinueTimeout > 0 && hasToken(expects, "100-continue") {
		pc.gate = &gate{pc: pc}
		tr.body.gate = pc.gate
	}
	out, zipped := tr.outgoing(pc)
	s := &sender{pc: pc, out: out, body: tr.body}
	pc.sender = s
	s.start()
	if s.done && s.err != nil {
		err = &attemptError{error: s.err}
	} else {
		if s.done {
			pc.sent(s)
		}
		resp, err = pc.receive(tr, out)
	}
	settled = true
	if err != nil {
		return nil, pc.failed(tr, s, err)
	}
	pc.answered = true
	pc.gate.pass(resp.Close || out.Close)
	pc.stopTimer()
	pc.readLimit = math.MaxInt64
	resp.TLS = pc.tls
	pc.deliver(tr, out, resp, zipped)
	return resp, nil
}

// receive reads until the header of the last response is there.
func (pc *persistConn) receive(tr *trip, out *stdhttp.Request) (*stdhttp.Response, error) {
	if pc.br == nil {
		pc.br = getReader(pc)
	}
	limit := pc.host.pool.t.maxHeaderBytes()
	pc.readLimit = limit
	if _, err := pc.br.Peek(1); err != nil {
		return nil, &attemptError{error: err, unheeded: true}
	}
	trace := tr.trace
	if trace != nil && trace.GotFirstResponseByte != nil {
		trace.GotFirstResponseByte()
	}
	for {
		resp, err := stdhttp.ReadResponse(pc.br, out)
		if err != nil {
			if pc.readLimit <= 0 {
				err = fmt.Errorf("net/http: server response headers exceeded %d bytes; aborted", limit)
			}
			return nil, err
		}
		code := resp.StatusCode
		if code < 100 || code > 199 || code == stdhttp.StatusSwitchingProtocols {
			return resp, nil
		}
		if code == stdhttp.StatusContinue {
			pc.gate.pass(false)
			if trace != nil && trace.Got100Continue != nil {
				trace.Got100Continue()
			}
		}
		if trace != nil && trace.Got1xxResponse != nil {
			if err := trace.Got1xxResponse(code, textproto.MIMEHeader(resp.Header)); err != nil {
				return nil, err
			}
			pc.readLimit = limit // who looks at them also counts them
		}
	}
}

// failed closes the connection after a failed attempt, waits until nobody touches
// the request any more, and says what to tell the user.
func (pc *persistConn) failed(tr *trip, s *sender, err error) error {
	cause := pc.cause.Load()
	interrupted := tr.task.Interruptible()
	var unsendable error
	if s.done {
		unsendable = s.err
	}
	pc.fail(errAbandoned)
	tr.pc = nil
	if s.task != nil && s.task.Alive() {
		timeout.Shield(func() { (*kernel.Task)(s.task).Join(tr.task, 0) })
	}
	how, ok := err.(*attemptError)
	if !ok {
		how = &attemptError{error: err}
	}
	how.unsent = pc.written == pc.before
	switch {
	case interrupted:
		if scope := tr.task.Interrupted(); !errors.Is(how.error, scope) {
			return scope // the connection was closed on account of it
		}
		return how.error
	case tr.cause != nil:
		return tr.cause
	case s.body != nil && s.body.err != nil:
		return s.body.err
	case cause != nil:
		if a, ok := (*cause).(*attemptError); ok {
			a.unsent = how.unsent
			return a
		}
		return *cause
	case unsendable != nil:
		how.error = unsendable // it came first, and says more than an end of file
	}
	return how
}

// sent takes note of the end of a sender.
func (pc *persistConn) sent(s *sender) {
	switch {
	case pc.closed:
	case s.err == nil && pc.finishing:
		pc.complete(true)
	case s.err == nil:
		if d := pc.host.pool.t.ResponseHeaderTimeout; d > 0 && !pc.answered {
			pc.limit(d, errHeaderTimeout)
		}
	case pc.gate != nil && pc.gate.refuse: // as it was told
	case pc.answered, s.body.err != nil, pc.written == pc.before:
		pc.fail(&attemptError{error: s.err})
	default:
		// A server that will not take all of a body may have said why before it closed.
		pc.limit(answerAfterFailure, &attemptError{error: s.err})
	}
}

// answerAfterFailure is how long a response may take to come when the request
// could not be sent to its end.
const answerAfterFailure = time.Second

// limit closes the connection after d unless stopTimer comes first.
func (pc *persistConn) limit(d time.Duration, cause error) {
	pc.stopTimer()
	pc.timer = pc.host.pool.later(d, func() {
		pc.timer = nil
		pc.fail(cause)
	})
}

func (pc *persistConn) stopTimer() {
	if pc.timer != nil {
		pc.timer.Cancel()
		pc.timer = nil
	}
}

// mayRetry tells whether a failed attempt may be repeated on another connection:
// only if it looks as if the server had closed this one while it was idle.
func (pc *persistConn) mayRetry(tr *trip, err error) bool {
	how, ok := err.(*attemptError)
	switch {
	case !ok || !pc.reused || tr.cause != nil || tr.task.Interruptible():
		return false
	case how.unsent:
		return tr.body == nil || tr.user.GetBody != nil
	}
	return how.unheeded && tr.replayable()
}

// fail closes the connection for good. It does not wait.
func (pc *persistConn) fail(cause error) {
	if pc.closed {
		return
	}
	pc.closed = true
	pc.cause.CompareAndSwap(nil, &cause)
	pc.stopTimer()
	if pc.idle {
		pc.host.pool.unidle(pc)
	}
	_ = pc.raw.Close()
	if s := pc.sender; s != nil && !s.done && s.task != nil {
		(*kernel.Task)(s.task).Kill()
	}
	pc.host.lost()
}

// complete takes note that the response has been read to its end. keep tells
// whether the two sides want the connection kept.
func (pc *persistConn) complete(keep bool) {
	s := pc.sender
	switch {
	case pc.closed:
	case !keep, pc.sawEOF, pc.br.Buffered() > 0:
		pc.fail(errNotReusable)
	case !s.done:
		// Mostly its last write has only just gone out.
		pc.finishing = true
		pc.limit(requestAfterResponse, errNotReusable)
	case s.err != nil:
		pc.fail(errNotReusable)
	default:
		pc.stopTimer()
		trace := pc.trip.trace
		pc.trip, pc.sender, pc.gate = nil, nil, nil
		pc.finishing = false
		pc.reused = true
		err := pc.host.pool.put(pc)
		if trace != nil && trace.PutIdleConn != nil {
			trace.PutIdleConn(err)
		}
	}
}

// requestAfterResponse is how long the end of a request may take to be sent when
// the response has been read, for the connection to be kept.
const requestAfterResponse = 50 * time.Millisecond

// rest gives back what an idle connection does not need.
func (pc *persistConn) rest() {
	if pc.br != nil {
		putReader(pc.br)
		pc.br = nil
	}
}

// detach takes the connection out of the pool's hands without closing it.
func (pc *persistConn) detach() {
	pc.closed = true
	pc.stopTimer()
	pc.host.lost()
}
