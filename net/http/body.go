package http

import (
	"errors"
	"io"
	stdhttp "net/http"
	"net/http/httputil"
	"strings"
	"sync/atomic"
)

// maxDrain is how much of a request's body that the handler did not read the
// server reads to keep the connection: about what is on the machine already.
const maxDrain = 256 << 10

// maxTrailer bounds what may come behind the last chunk.
const maxTrailer = 4 << 10

var errConcurrentRead = errors.New("http: another read of the body is under way")

// requestBody reads the body of one request from its connection. It belongs to
// whoever handles the request, a plain goroutine included, but to one at a time.
type requestBody struct {
	c   *conn
	req *stdhttp.Request // for the trailer
	// chunks decodes the body if it is chunked; otherwise left counts its bytes.
	chunks io.Reader
	left   int64

	// expect: the peer said that it waits to be told to go on. ask is set until it
	// has been told, or an answer makes that pointless.
	expect bool
	ask    atomic.Bool

	eof, closed bool
	// busy: a read is under way, or was given up in the middle by a kill. While it is
	// set nobody else may touch the connection's reader.
	busy atomic.Bool
}

func newRequestBody(c *conn, req *stdhttp.Request, length int64) *requestBody {
	b := &requestBody{c: c, req: req, left: length}
	if length < 0 {
		b.chunks = httputil.NewChunkedReader(c.br)
	}
	return b
}

// Read reads from the body. It is a checkpoint.
func (b *requestBody) Read(p []byte) (int, error) {
	if b.closed {
		return 0, stdhttp.ErrBodyReadAfterClose
	}
	return b.read(p)
}

func (b *requestBody) read(p []byte) (n int, err error) {
	switch {
	case b.eof:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	case b.busy.Swap(true):
		return 0, errConcurrentRead
	}
	if b.expect && b.ask.Swap(false) {
		// Not through the response's buffer: that may be in another's hands, and there
		// is nothing in it that comes before.
		_, _ = io.WriteString(b.c.rwc, "HTTP/1.1 100 Continue\r\n\r\n")
	}
	if b.chunks != nil {
		n, err = b.readChunks(p)
	} else {
		n, err = b.readLength(p)
	}
	b.busy.Store(false)
	if b.eof {
		b.c.ctx.bodyEnded()
	}
	return n, err
}

func (b *requestBody) readLength(p []byte) (int, error) {
	n, err := b.c.br.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if b.left == 0 {
		b.eof = true
		return n, io.EOF
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *requestBody) readChunks(p []byte) (int, error) {
	n, err := b.chunks.Read(p)
	if err != io.EOF {
		return n, err
	}
	if err := b.readTrailer(); err != nil {
		return n, err
	}
	b.eof = true
	return n, io.EOF
}

// readTrailer reads what follows the last chunk: headers, mostly none, and an
// empty line.
func (b *requestBody) readTrailer() error {
	end, err := b.c.br.Peek(2)
	if len(end) == 2 && end[0] == '\r' && end[1] == '\n' {
		_, err = b.c.br.Discard(2)
		return err
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	text, err := readHead(b.c.br, maxTrailer)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if !strings.HasSuffix(text, "\r\n\r\n") || text[0] == '\n' {
		return badRequest("malformed trailer") // where it ends is a matter of opinion
	}
	trailer, err := parseHeader(text)
	if err != nil {
		return err
	}
	for name, values := range trailer {
		if !trailerAllowed(name) {
			return badRequest("bad trailer key")
		}
		if b.req.Trailer == nil {
			b.req.Trailer = make(stdhttp.Header)
		}
		b.req.Trailer[name] = values
	}
	return nil
}

// Close ends the reading. What is left is dealt with when the handler is done. It
// is not a checkpoint.
func (b *requestBody) Close() error {
	b.closed = true
	return nil
}

// drained is what came of reading what the handler left of a body.
type drained uint8

const (
	nothing drained = iota // the next request begins here
	tooMuch                // there is more than the server is ready to read
	broken                 // the connection cannot be used for another request
)

// drain reads what the handler left, so that the next request can be found, and so
// that a peer which sends all before it reads gets to reading.
func (b *requestBody) drain() drained {
	switch {
	case b.eof:
		return nothing
	case b.busy.Load(), b.expect:
		return broken // the peer may send the body or not: nobody knows
	case b.left > maxDrain:
		return tooMuch
	}
	var total int64
	scratch := copyBuffers.Get().(*[copyBufferSize]byte)
	defer copyBuffers.Put(scratch)
	for total <= maxDrain {
		n, err := b.read(scratch[:])
		total += int64(n)
		if err == io.EOF {
			return nothing
		}
		if err != nil {
			return broken
		}
	}
	return tooMuch
}
