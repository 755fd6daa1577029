package http

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	stdhttp "net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

var errReadClosed = errors.New("http: read on closed response body")

// deliver makes the response ready for the user: it gives it its body, or takes
// the connection back if there is none.
func (pc *persistConn) deliver(tr *trip, out *stdhttp.Request, resp *stdhttp.Response, zipped bool) {
	keep := !resp.Close && !out.Close && !hasToken(out.Header["Connection"], "close") && resp.StatusCode > 199
	switch {
	case resp.StatusCode == stdhttp.StatusSwitchingProtocols && resp.Header.Get("Upgrade") != "" && hasToken(resp.Header["Connection"], "upgrade"):
		resp.Body = &switchedBody{br: pc.br, Conn: pc.conn}
		pc.detach()
		tr.release()
	case out.Method == "HEAD" || resp.ContentLength == 0:
		tr.release()
		pc.complete(keep)
	default:
		b := &receivedBody{pc: pc, trip: tr, src: resp.Body, keep: keep}
		if zipped && strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
			b.zipped = true
			resp.Header.Del("Content-Encoding")
			resp.Header.Del("Content-Length")
			resp.ContentLength = -1
			resp.Uncompressed = true
		}
		resp.Body = b
	}
}

// receivedBody is the body of a response. It may be read from any goroutine, by
// one at a time, and closed by another.
//
// What it reads from, a body of package net/http, holds a lock while it waits for
// the connection. A second task that called it meanwhile would stop the loop; busy
// keeps it away.
type receivedBody struct {
	pc   *persistConn
	trip *trip
	src  io.Reader
	keep bool // both sides want to keep the connection

	zipped bool
	gz     *gzip.Reader

	// busy: somebody reads, or closes. He owns all but closed.
	busy   atomic.Bool
	closed atomic.Bool
	err    error // what reads return from now on
	over   bool  // the connection has been dealt with
}

// Read reads from the body. It is a checkpoint; if it is interrupted the
// connection is closed, since nobody knows where it stands.
func (b *receivedBody) Read(p []byte) (n int, err error) {
	if b.closed.Load() {
		return 0, errReadClosed
	}
	if b.busy.Swap(true) {
		return 0, errConcurrentRead
	}
	settled := false
	defer func() {
		if !settled { // a kill
			b.settle(false)
		}
		b.busy.Store(false)
	}()
	switch {
	case b.err != nil:
		err = b.err
	case len(p) == 0:
	case b.zipped:
		n, err = b.unzip(p)
	default:
		n, err = b.fill(p)
	}
	settled = true
	if err != nil {
		b.err = err
		b.putGzip()
	}
	return n, err
}

// fill reads from the connection.
func (b *receivedBody) fill(p []byte) (int, error) {
	n, err := b.src.Read(p)
	if err == nil {
		return n, nil
	}
	cause := b.pc.cause.Load() // before it has one on our account
	b.settle(err == io.EOF)
	switch {
	case err == io.EOF:
	case b.closed.Load():
		err = errReadClosed
	case cause != nil:
		err = plain(*cause)
	}
	return n, err
}

// fillFunc makes fill a Reader for the unpacking.
type fillFunc func([]byte) (int, error)

func (f fillFunc) Read(p []byte) (int, error) { return f(p) }

func (b *receivedBody) unzip(p []byte) (int, error) {
	if b.gz == nil {
		z := gzips.Get().(*gzip.Reader)
		if err := z.Reset(fillFunc(b.fill)); err != nil {
			gzips.Put(z)
			b.settle(false)
			return 0, err
		}
		b.gz = z
	}
	n, err := b.gz.Read(p)
	if err != nil {
		b.settle(false) // unless the end of the body was seen
	}
	return n, err
}

var gzips = sync.Pool{New: func() any { return new(gzip.Reader) }}

func (b *receivedBody) putGzip() {
	if z := b.gz; z != nil {
		b.gz = nil
		gzips.Put(z)
	}
}

// Close ends the use of the body. If the rest of it is here already the connection
// is kept, otherwise it is closed. It is not a checkpoint.
func (b *receivedBody) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	if b.busy.Swap(true) {
		b.carry(func() { b.pc.fail(errReadClosed) }) // whoever reads finds it closed
		return nil
	}
	if !b.over {
		b.settle(b.drained())
	}
	b.err = errReadClosed
	b.putGzip()
	b.busy.Store(false)
	return nil
}

// drained reads what is in the connection's buffer and tells whether that was the
// end of the body. It does not wait.
func (b *receivedBody) drained() bool {
	if b.pc.br.Buffered() == 0 {
		return false
	}
	b.pc.still = true
	defer func() { b.pc.still = false }()
	p := copyBuffers.Get().(*[copyBufferSize]byte)
	defer copyBuffers.Put(p)
	for {
		if _, err := b.src.Read(p[:]); err != nil {
			return err == io.EOF
		}
	}
}

// settle gives the connection back, or closes it, the first time it is called.
func (b *receivedBody) settle(end bool) {
	if b.over {
		return
	}
	b.over = true
	b.carry(func() {
		b.trip.release()
		if end {
			b.pc.complete(b.keep)
		} else {
			b.pc.fail(errAbandoned)
		}
	})
}

// carry runs f in the loop: at once for its tasks and callbacks, and soon for
// others.
func (b *receivedBody) carry(f func()) {
	l := b.trip.pool.loop
	if kernel.CurrentLoop() == l {
		f()
	} else if _, err := l.CallThreadsafe(f); err != nil {
		_ = b.pc.raw.Close() // the loop has ended
	}
}

// switchedBody is the body of a response after which the connection speaks another
// protocol: the connection itself, behind what was read ahead of time.
type switchedBody struct {
	br *bufio.Reader // nil when it is empty
	stdnet.Conn
}

// Read reads from the connection. It is a checkpoint.
func (b *switchedBody) Read(p []byte) (int, error) {
	if b.br != nil {
		if n := b.br.Buffered(); n > 0 {
			return b.br.Read(p[:min(len(p), n)])
		}
		b.br = nil
	}
	return b.Conn.Read(p)
}

// CloseWrite ends the writing side, where the connection can do that. It is not a
// checkpoint.
func (b *switchedBody) CloseWrite() error {
	if half, ok := b.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return fmt.Errorf("CloseWrite: %w", stdhttp.ErrNotSupported)
}
