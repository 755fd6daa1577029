package http

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	stdhttp "net/http"
	"net/http/httptrace"
	"reflect"
	"strings"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// trip is one call of RoundTrip, which may take several attempts. After it has
// returned it lives on until the response's body is done with.
type trip struct {
	pool  *pool
	task  *kernel.Task
	user  *stdhttp.Request // as it was given
	body  *sentBody        // the body that is to be sent, nil for none
	route route
	ctx   context.Context
	trace *httptrace.ClientTrace
	// foreign: a plain goroutine called. Its body may wait natively.
	foreign bool

	// cause is why the trip was cancelled from outside, by its context.
	cause error
	// parked: the task waits for a connection, in the park called ticket.
	parked bool
	ticket uint64
	pc     *persistConn // while there is one
	// stop ends the watch over the context.
	stop func()
}

var (
	errRequestCanceled = errors.New("net/http: request canceled")
	errCannotRewind    = errors.New("net/http: cannot rewind body after connection loss")
)

// roundTrip makes a request from a task of the pool's loop.
func (p *pool) roundTrip(me *kernel.Task, req *stdhttp.Request, foreign bool) (*stdhttp.Response, error) {
	tr := &trip{pool: p, task: me, user: req, ctx: req.Context(), foreign: foreign}
	tr.trace = httptrace.ContextClientTrace(tr.ctx)
	if req.Body != nil && req.Body != stdhttp.NoBody {
		tr.body = newSentBody(req.Body, foreign)
	}
	if tr.ctx.Err() != nil {
		tr.closeBody()
		return nil, context.Cause(tr.ctx)
	}
	tr.watchContext()
	resp, err := tr.run()
	if err != nil {
		tr.release()
		tr.closeBody()
	}
	return resp, err
}

// watchContext has the trip cancelled when its context is done. The news comes on
// another goroutine and is carried to the loop.
func (tr *trip) watchContext() {
	//lint:ignore SA1019 http.Client itself uses the field for its Timeout
	ctx, legacy := tr.ctx, tr.user.Cancel
	if ctx.Done() == nil && legacy == nil {
		tr.stop = func() {}
		return
	}
	l := tr.pool.loop
	carry := func(cause error) { _, _ = l.CallThreadsafe(func() { tr.cancel(cause) }) }
	stop := context.AfterFunc(ctx, func() { carry(context.Cause(ctx)) })
	if legacy == nil {
		tr.stop = func() { stop() }
		return
	}
	over := make(chan struct{}) // http.Client uses the field for its Timeout
	go func() {
		select {
		case <-legacy:
			carry(errRequestCanceled)
		case <-over:
		}
	}()
	tr.stop = func() {
		stop()
		close(over)
	}
}

// cancel ends the trip, from a callback.
func (tr *trip) cancel(cause error) {
	if tr.stop == nil || tr.cause != nil {
		return
	}
	tr.cause = cause
	switch {
	case tr.pc != nil:
		tr.pc.fail(cause)
	case tr.parked:
		tr.task.Wake(tr.ticket)
	}
}

// release ends the watch over the context.
func (tr *trip) release() {
	if tr.stop != nil {
		tr.stop()
		tr.stop = nil
	}
	tr.pc = nil
}

func (tr *trip) closeBody() {
	if tr.body != nil {
		_ = tr.body.Close()
	}
}

// run makes attempts until one succeeds or fails for good.
func (tr *trip) run() (*stdhttp.Response, error) {
	settled := false
	defer func() {
		if !settled { // a kill
			tr.release()
			tr.closeBody()
		}
	}()
	var err error
	if tr.route, err = tr.pool.t.route(tr.user); err != nil {
		settled = true
		return nil, err
	}
	for {
		if !tr.task.Checkpoint() {
			err = tr.task.Interrupted()
			break
		}
		if err = tr.cause; err != nil {
			break
		}
		var pc *persistConn
		if pc, err = tr.pool.get(tr); err != nil {
			break
		}
		var resp *stdhttp.Response
		resp, err = pc.exchange(tr)
		if err == nil {
			settled = true
			resp.Request = tr.user
			return resp, nil
		}
		again := pc.mayRetry(tr, err)
		if err = plain(err); !again {
			break
		}
		if err = tr.rewind(); err != nil {
			break
		}
	}
	settled = true
	return nil, err
}

// rewind makes the body ready to be sent once more.
func (tr *trip) rewind() error {
	if tr.body == nil || !tr.body.touched() {
		return nil
	}
	tr.closeBody()
	if tr.user.GetBody == nil {
		return errCannotRewind
	}
	body, err := tr.user.GetBody()
	if err != nil {
		return err
	}
	tr.body = newSentBody(body, tr.foreign)
	return nil
}

// outgoing returns the request as it goes over a connection: with what the
// Transport adds to it. The user's own is not touched. zipped tells that it was the
// Transport that asked for gzip.
func (tr *trip) outgoing(pc *persistConn) (out *stdhttp.Request, zipped bool) {
	t := tr.pool.t
	out = new(stdhttp.Request)
	*out = *tr.user
	if tr.body != nil {
		out.Body = tr.body.reader()
	} else {
		out.Body = nil
	}
	h := out.Header
	// Not for HEAD, where some servers give the wrong length, and not for a part of
	// what could not be unpacked.
	zipped = !t.DisableCompression && h.Get("Accept-Encoding") == "" && h.Get("Range") == "" && out.Method != "HEAD"
	if zipped || pc.auth != "" {
		out.Header = make(stdhttp.Header, len(h)+2)
		maps.Copy(out.Header, h)
		if zipped {
			out.Header["Accept-Encoding"] = []string{"gzip"}
		}
		if pc.auth != "" {
			out.Header["Proxy-Authorization"] = []string{pc.auth}
		}
	}
	if t.DisableKeepAlives && !hasToken(h["Connection"], "close") && !hasToken(h["Connection"], "upgrade") {
		out.Close = true
	}
	return out, zipped
}

// replayable tells whether a request may be sent again although the server may
// have acted on it already.
func (tr *trip) replayable() bool {
	if tr.body != nil && tr.user.GetBody == nil {
		return false
	}
	switch tr.user.Method {
	case "", "GET", "HEAD", "OPTIONS", "TRACE":
		return true
	}
	_, key := tr.user.Header["Idempotency-Key"]
	_, xkey := tr.user.Header["X-Idempotency-Key"]
	return key || xkey
}

// inMemory tells whether a body is read without waiting. It knows what NewRequest
// makes of the readers of the standard library.
func inMemory(r io.Reader) bool {
	switch r.(type) {
	case *bytes.Reader, *bytes.Buffer, *strings.Reader:
		return true
	}
	if t := reflect.TypeOf(r); t == nopCloser || t == nopCloserWriterTo {
		inner, ok := reflect.ValueOf(r).Field(0).Interface().(io.Reader)
		return ok && inMemory(inner)
	}
	return false
}

var (
	nopCloser         = reflect.TypeOf(io.NopCloser(nil))
	nopCloserWriterTo = reflect.TypeOf(io.NopCloser(struct {
		io.Reader
		io.WriterTo
	}{}))
)
