package http

import (
	"bytes"
	"errors"
	"io"
	stdhttp "net/http"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
)

var (
	errNotContinued = errors.New("net/http: the server answered without asking for the request's body")
	errUnfinished   = errors.New("net/http: the request was not sent to its end")
)

// sender writes one request. If there is a body it does so in a task of its own:
// a server that answers early may not read the rest before its answer is read.
type sender struct {
	pc   *persistConn
	out  *stdhttp.Request
	body *sentBody // nil for none
	task *task.Task
	done bool
	err  error
}

// start sends a request over the connection.
func (s *sender) start() {
	if s.body == nil {
		s.err = s.send()
		s.done = true
		return
	}
	s.err = errUnfinished
	s.task = task.Go(func() {
		defer s.over()
		s.err = s.send()
	})
	s.task.SetName("http request body")
}

// over is deferred: a sender also ends by a kill.
func (s *sender) over() {
	s.done = true
	_ = s.body.Close()
	s.pc.sent(s)
}

func (s *sender) send() error {
	if err := s.probe(); err != nil {
		return err
	}
	bw := getWriter(s.pc)
	var err error
	if s.pc.proxied {
		err = s.out.WriteProxy(bw)
	} else {
		err = s.out.Write(bw)
	}
	if err == nil {
		err = bw.Flush()
	}
	putWriter(bw)
	return err
}

// probe finds out whether there is anything in a body of unknown length where the
// method leads one to expect none: many servers do not like an empty body in
// chunks. Request.Write does the same with a goroutine and a native wait.
func (s *sender) probe() error {
	if s.body == nil || s.out.ContentLength > 0 || len(s.out.TransferEncoding) > 0 {
		return nil
	}
	switch s.out.Method {
	case "", "GET", "HEAD", "DELETE", "OPTIONS", "PROPFIND", "SEARCH":
	default:
		return nil
	}
	first := make([]byte, 1)
	n, err := s.body.Read(first)
	switch {
	case n == 0 && err == io.EOF:
		s.out.Body, s.out.ContentLength = stdhttp.NoBody, 0
		return nil
	case n == 0 && err != nil:
		return err
	}
	s.out.Body = io.NopCloser(io.MultiReader(bytes.NewReader(first[:n]), s.body))
	s.out.TransferEncoding = []string{"chunked"}
	return nil
}

// sentBody is a request's body on its way out. It remembers what happened to it.
type sentBody struct {
	src          io.ReadCloser
	memory       bool // reading it does not wait
	foreign      bool // reading it may wait natively
	read, closed bool
	err          error // the body's own failure
	gate         *gate // nil unless the body waits for a "100 Continue"
	buf          []byte
}

func newSentBody(src io.ReadCloser, foreign bool) *sentBody {
	memory := inMemory(src)
	return &sentBody{src: src, memory: memory, foreign: foreign && !memory}
}

// reader returns what the request is given as its body: where nothing has to be
// watched the user's own, which Request.Write recognizes as being in memory, and
// sends together with the header.
func (b *sentBody) reader() io.ReadCloser {
	if b.memory && b.gate == nil {
		b.read = true
		return b.src
	}
	return b
}

// touched tells whether the body must be rewound before it is sent again.
func (b *sentBody) touched() bool { return b.read || b.closed }

// Read implements io.Reader.
func (b *sentBody) Read(p []byte) (n int, err error) {
	if b.gate != nil {
		if err := b.gate.wait(); err != nil {
			return 0, err
		}
	}
	b.read = true
	if b.foreign {
		n, err = b.offload(p)
	} else {
		n, err = b.src.Read(p)
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// offload reads on a plain goroutine, into memory of its own: when the task is
// cancelled meanwhile the goroutine goes on with it.
func (b *sentBody) offload(p []byte) (int, error) {
	if b.buf == nil {
		b.buf = make([]byte, copyBufferSize)
	}
	buf := b.buf[:min(len(p), len(b.buf))]
	src := b.src
	n, err := task.Offload(func() (int, error) {
		n, err := src.Read(buf)
		if err == io.EOF {
			return n, io.EOF
		}
		return n, err
	})
	return copy(p, buf[:max(0, n)]), err
}

// Close implements io.Closer.
func (b *sentBody) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	return b.src.Close()
}

// gate holds a body back until the server has told to go on, has answered, or has
// been silent for long enough.
type gate struct {
	pc     *persistConn
	open   bool
	refuse bool
	queue  kernel.WaitList
}

func (g *gate) wait() error {
	t := kernel.Running()
	if !g.open {
		if tr := g.pc.trip; tr != nil && tr.trace != nil && tr.trace.Wait100Continue != nil {
			tr.trace.Wait100Continue()
		}
		l := t.Loop()
		o := g.queue.Wait(t, forContinue, l.After(g.pc.host.pool.t.ExpectContinueTimeout))
		if o == kernel.Canceled {
			return t.Interrupted()
		}
		g.open = true
	}
	if g.refuse {
		return errNotContinued
	}
	return nil
}

const forContinue = kernel.Plain("100 Continue from an http server")

// pass lets the body go, or refuses it for good.
func (g *gate) pass(refuse bool) {
	if g != nil && !g.open {
		g.open, g.refuse = true, refuse
		g.queue.WakeAll()
	}
}
