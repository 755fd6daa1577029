package http

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	stdhttp "net/http"
	"path"
	stdruntime "runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// responseWriter is what a handler writes its answer to. It is one small object
// for each request, while everything behind it serves the next one: a handler that
// keeps it too long finds it empty and cannot spoil a later answer.
type responseWriter struct {
	res *response
	// use says who may touch res. A function that a handler has offloaded writes from
	// another goroutine, and may still do so when the handler, cancelled, has returned.
	use atomic.Int32
}

// The states of use.
const (
	idle int32 = iota
	busy       // a call is under way, and has res to itself
	over       // the handler has returned
)

var errBusy = errors.New("http: the ResponseWriter is in use: another task or goroutine is writing to it")

// enter begins a call. After a nil error leave must be called.
func (w *responseWriter) enter() error {
	if w.use.CompareAndSwap(idle, busy) {
		return nil
	}
	if w.use.Load() == over {
		return errHandlerDone
	}
	return errBusy
}

func (w *responseWriter) leave() { w.use.CompareAndSwap(busy, idle) }

// end makes all further calls fail. It returns false if one is under way, which
// then keeps what it has: the answer, its memory and the buffered writer.
func (w *responseWriter) end() bool { return w.use.Swap(over) != busy }

var (
	_ stdhttp.ResponseWriter = (*responseWriter)(nil)
	_ stdhttp.Flusher        = (*responseWriter)(nil)
	_ stdhttp.Hijacker       = (*responseWriter)(nil)
	_ io.StringWriter        = (*responseWriter)(nil)
	_ io.ReaderFrom          = (*responseWriter)(nil)
)

var errHandlerDone = errors.New("http: the handler has returned: its ResponseWriter is of no use any more")

// Header returns the header that the first WriteHeader or Write sends.
func (w *responseWriter) Header() stdhttp.Header {
	switch err := w.enter(); err {
	case nil:
		defer w.leave()
	case errHandlerDone:
		return make(stdhttp.Header)
	}
	r := w.res
	if r.hdr == nil {
		r.hdr = make(stdhttp.Header)
	}
	return r.hdr
}

// WriteHeader fixes the status and the header; they are sent with the first part
// of the body. A status from 100 to 199 is sent at once, and another can follow.
func (w *responseWriter) WriteHeader(code int) {
	if w.enter() != nil {
		return
	}
	defer w.leave()
	r := w.res
	switch {
	case r.c.hijacked:
		r.complain("response.WriteHeader on hijacked connection")
	case r.status != 0:
		r.complain("superfluous response.WriteHeader call")
	case code < 100 || code > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %v", code))
	case code < 200 && code != stdhttp.StatusSwitchingProtocols:
		if r.body != nil && code == stdhttp.StatusContinue {
			r.body.ask.Store(false)
		}
		r.inform(code)
	default:
		r.writeHeader(code)
	}
}

// Write writes a part of the body. It is a checkpoint.
func (w *responseWriter) Write(p []byte) (int, error) { return writeTo(w, p) }

// WriteString is Write for a string. It is a checkpoint.
func (w *responseWriter) WriteString(s string) (int, error) { return writeTo(w, s) }

func writeTo[T string | []byte](w *responseWriter, data T) (int, error) {
	if err := interrupted(); err != nil {
		return 0, err
	}
	if err := w.enter(); err != nil {
		return 0, err
	}
	defer w.leave()
	if w.res.c.hijacked && len(data) > 0 {
		w.res.complain("response.Write on hijacked connection")
	}
	return write(w.res, data)
}

// ReadFrom copies a body, with a buffer of the server's. It is a checkpoint.
func (w *responseWriter) ReadFrom(src io.Reader) (n int64, err error) {
	p := copyBuffers.Get().(*[copyBufferSize]byte)
	defer copyBuffers.Put(p)
	return io.CopyBuffer(writerOnly{w}, src, p[:])
}

// writerOnly hides ReadFrom from io.CopyBuffer.
type writerOnly struct{ io.Writer }

// Flush sends what was written so far. It is a checkpoint.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush, as http.ResponseController wants it. It is a checkpoint.
func (w *responseWriter) FlushError() error {
	if err := interrupted(); err != nil {
		return err
	}
	if err := w.enter(); err != nil {
		return err
	}
	defer w.leave()
	return w.res.flush()
}

// SetReadDeadline is for http.ResponseController.
func (w *responseWriter) SetReadDeadline(t time.Time) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.leave()
	w.res.c.readLimited = true
	return w.res.c.rwc.SetReadDeadline(t)
}

// SetWriteDeadline is for http.ResponseController.
func (w *responseWriter) SetWriteDeadline(t time.Time) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.leave()
	w.res.c.writeLimited = true
	return w.res.c.rwc.SetWriteDeadline(t)
}

// EnableFullDuplex is for http.ResponseController: the handler goes on reading
// after it has begun to write.
func (w *responseWriter) EnableFullDuplex() error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.leave()
	w.res.fullDuplex = true
	return nil
}

// Hijack gives the connection to the handler, with what was read from it ahead of
// time. It is a checkpoint.
func (w *responseWriter) Hijack() (rwc stdnet.Conn, rw *bufio.ReadWriter, err error) {
	if err := w.enter(); err != nil {
		return nil, nil, err
	}
	defer w.leave()
	r := w.res
	// Elsewhere than in the loop's own tasks this waits for one that does it.
	over := r.c.loop.Do(func() error {
		rwc, rw, err = r.c.hijack()
		return nil
	})
	if over != nil {
		err = over
	}
	return rwc, rw, err
}

func (c *conn) hijack() (stdnet.Conn, *bufio.ReadWriter, error) {
	t := kernel.Running()
	if !t.Checkpoint() || !c.stopWatch(t) {
		return nil, nil, t.Interrupted()
	}
	switch {
	case c.hijacked:
		return nil, nil, stdhttp.ErrHijacked
	case c.gone.Load():
		return nil, nil, stdnet.ErrClosed
	}
	c.hijacked = true
	_ = c.rwc.SetDeadline(time.Time{})
	c.releaseWriter()
	c.setState(stdhttp.StateHijacked)
	c.server.forget(c)
	return c.rwc, bufio.NewReadWriter(c.br, bufio.NewWriterSize(c.rwc, readerSize)), nil
}

// complain logs a mistake of the handler, with the line that made it.
func (r *response) complain(what string) {
	var pcs [16]uintptr
	frames := stdruntime.CallersFrames(pcs[:stdruntime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if !more || !strings.HasPrefix(f.Function, ownPath) && !strings.HasPrefix(f.Function, "net/http.") {
			r.c.server.logf("http: %s from %s (%s:%d)", what, f.Function, path.Base(f.File), f.Line)
			return
		}
	}
}

// ownPath begins the names of this package's functions.
const ownPath = "github.com/evergreen-go/evergreen/net/http."
