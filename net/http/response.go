package http

import (
	"bufio"
	"io"
	stdhttp "net/http"
	"strconv"
	"sync"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// chunkSize is how much of a body is gathered before it is sent in chunks. A body
// that ends before is sent with its length. DetectContentType wants 512 bytes.
const chunkSize = 2 << 10

// scratch is the memory of an answer in the making.
type scratch struct {
	body [chunkSize]byte
	head []byte
}

var scratches = sync.Pool{New: func() any { return &scratch{head: make([]byte, 0, 512)} }}

// response is the answer to the request that its connection is handling. Output
// goes through three stages, each there only while needed: the lines of the header
// as they were when the handler fixed them (scratch.head); the beginning of the
// body, or the next chunk (scratch.body); and the connection's buffered writer.
type response struct {
	c    *conn
	w    *responseWriter // what the handler has
	req  *stdhttp.Request
	body *requestBody   // nil for none
	peer framing        // what the peer wants of the connection
	hdr  stdhttp.Header // what the handler says; nil until it asks for it
	bare bool           // it is the answer to a HEAD request

	*scratch
	n int // how much of scratch.body is filled

	status  int // 0 until the handler has fixed it
	length  int64
	written int64
	fixed   fixedHeader

	sent       bool // the header is with the buffered writer
	done       bool // the handler has returned
	chunking   bool
	closing    bool // the connection ends with this answer
	fullDuplex bool
}

// begin makes the response ready for a request and returns the handler's view.
func (r *response) begin(c *conn, req *stdhttp.Request, f framing) *responseWriter {
	*r = response{c: c, req: req, peer: f, length: -1, bare: req.Method == "HEAD"}
	r.w = &responseWriter{res: r}
	req.Body = stdhttp.NoBody
	if f.length != 0 {
		r.body = newRequestBody(c, req, f.length)
		req.Body = r.body
	}
	return r.w
}

// is11 tells whether the peer understands HTTP/1.1.
func (r *response) is11() bool { return r.req.ProtoMinor > 0 }

func (r *response) memory() *scratch {
	if r.scratch == nil {
		r.scratch = scratches.Get().(*scratch)
	}
	return r.scratch
}

// write takes a part of the body: one of the two is given.
func write[T string | []byte](r *response, data T) (int, error) {
	if r.c.hijacked {
		return 0, stdhttp.ErrHijacked
	}
	if r.status == 0 {
		r.writeHeader(stdhttp.StatusOK)
	}
	n := len(data)
	switch {
	case n == 0:
		return 0, nil
	case !bodyAllowed(r.status):
		return 0, stdhttp.ErrBodyNotAllowed
	}
	r.written += int64(n)
	if r.length != -1 && r.written > r.length {
		return 0, stdhttp.ErrContentLength
	}
	if r.sent && !r.chunking { // nothing has to be gathered any more
		if err := r.flushBody(); err != nil {
			return 0, err
		}
		return n, emit(r, data)
	}
	m := r.memory()
	for len(data) > 0 {
		if r.n == 0 && len(data) >= chunkSize {
			return n, emit(r, data)
		}
		k := copy(m.body[r.n:], data)
		r.n += k
		data = data[k:]
		if r.n == chunkSize && len(data) > 0 {
			if err := r.flushBody(); err != nil {
				return n - len(data), err
			}
		}
	}
	return n, nil
}

// flushBody sends what is gathered.
func (r *response) flushBody() error {
	if r.n == 0 {
		return r.c.werr
	}
	p := r.scratch.body[:r.n]
	r.n = 0
	return emit(r, p)
}

// emit passes a part of the body to the buffered writer, framed.
func emit[T string | []byte](r *response, data T) error {
	if !r.sent {
		r.sendHead(start(data), len(data))
	}
	if r.bare {
		return nil
	}
	bw := r.c.writer()
	if r.chunking {
		_, _ = bw.Write(append(strconv.AppendInt(bw.AvailableBuffer(), int64(len(data)), 16), '\r', '\n'))
	}
	err := put(bw, data)
	if r.chunking {
		_, err = bw.WriteString("\r\n")
	}
	if err != nil {
		r.c.abort() // half an answer is of no use to anyone
	}
	return err
}

// put writes either kind of data.
func put[T string | []byte](bw *bufio.Writer, data T) error {
	var err error
	switch data := any(data).(type) {
	case string:
		_, err = bw.WriteString(data)
	case []byte:
		_, err = bw.Write(data)
	}
	return err
}

// start returns as much of the data as tells its type.
func start[T string | []byte](data T) []byte { return []byte(data[:min(len(data), 512)]) }

// flush sends everything there is.
func (r *response) flush() error {
	if r.c.hijacked {
		return stdhttp.ErrHijacked
	}
	if r.status == 0 {
		r.writeHeader(stdhttp.StatusOK)
	}
	if err := r.flushBody(); err != nil {
		return err
	}
	if !r.sent {
		r.sendHead(nil, 0)
	}
	return r.push()
}

// push empties the buffered writer and gives it back.
func (r *response) push() error {
	if r.c.bw == nil {
		return r.c.werr
	}
	if err := r.c.bw.Flush(); err != nil {
		return err
	}
	r.c.releaseWriter()
	return nil
}

// finish sends what is left when the handler has returned.
func (r *response) finish() {
	r.done = true
	if r.status == 0 {
		r.writeHeader(stdhttp.StatusOK)
	}
	_ = r.flushBody()
	if !r.sent {
		r.sendHead(nil, 0)
	}
	if r.chunking && r.c.werr == nil {
		bw := r.c.writer()
		_, _ = bw.WriteString("0\r\n")
		_ = r.trailer().Write(bw)
		_, _ = bw.WriteString("\r\n")
	}
	_ = r.push()
	if r.body != nil {
		r.body.closed = true
	}
	if m := r.scratch; m != nil {
		r.scratch = nil
		m.head = m.head[:0]
		if cap(m.head) <= 4<<10 {
			scratches.Put(m)
		}
	}
}

// reusable tells, after finish, whether another request can follow.
func (r *response) reusable() bool {
	switch {
	case r.closing, r.c.werr != nil, r.c.gone.Load():
		return false
	case !r.bare && r.length != -1 && bodyAllowed(r.status) && r.length != r.written:
		return false // less than was promised
	}
	return !r.unread()
}

// unread tells that the peer may still be sending what nobody will read.
func (r *response) unread() bool { return r.body != nil && !r.body.eof }

// inform sends an answer that is not the last.
func (r *response) inform(code int) {
	bw := r.c.writer()
	lines := appendStatus(bw.AvailableBuffer(), r.is11(), code)
	for name, values := range r.hdr {
		if name != "Content-Length" && name != "Transfer-Encoding" {
			lines = appendHeader(lines, name, values)
		}
	}
	_, _ = bw.Write(append(lines, "\r\n"...))
	_ = r.push()
}

// interrupted makes writing a checkpoint always, not only when a buffer is full.
func interrupted() error {
	if t := kernel.Running(); t != nil && !t.Checkpoint() {
		return t.Interrupted()
	}
	return nil
}

var _ io.Writer = (*connWriter)(nil)
