package http

import (
	"bytes"
	"context"
	"maps"
	stdhttp "net/http"
	"time"

	"github.com/evergreen-go/evergreen/timeout"
)

// TimeoutHandler returns a handler that gives h the time d, a block as that of
// package timeout: after it every checkpoint in h fails. The answer of h is kept
// back until h is done; if it takes longer the answer is 503 Service Unavailable,
// with msg as its body, empty for a default. It is sent when h has noticed, which
// is at its next checkpoint. The context of the request that h gets is done after d
// too. TimeoutHandler itself is not a checkpoint.
func TimeoutHandler(h stdhttp.Handler, d time.Duration, msg string) stdhttp.Handler {
	if msg == "" {
		msg = "<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>"
	}
	return &timeoutHandler{h, d, msg}
}

type timeoutHandler struct {
	handler stdhttp.Handler
	limit   time.Duration
	text    string
}

func (h *timeoutHandler) ServeHTTP(w stdhttp.ResponseWriter, r *stdhttp.Request) {
	held := &heldWriter{real: w, header: make(stdhttp.Header)}
	if h.run(held, r) {
		w.WriteHeader(stdhttp.StatusServiceUnavailable)
		_, _ = w.Write([]byte(h.text))
		return
	}
	maps.Copy(w.Header(), held.header)
	if held.status != 0 {
		w.WriteHeader(held.status)
	}
	_, _ = w.Write(held.body.Bytes())
}

// run calls the handler and returns whether its time was up.
func (h *timeoutHandler) run(w *heldWriter, r *stdhttp.Request) bool {
	ctx, cancel := context.WithTimeout(r.Context(), h.limit)
	defer cancel()
	w.block = timeout.Start(h.limit)
	h.inside(w, r.WithContext(ctx))
	return w.block.Expired()
}

// inside is the block. A handler that cannot go on leaves it, and is back in run.
func (h *timeoutHandler) inside(w *heldWriter, r *stdhttp.Request) {
	defer w.block.Cancel()
	h.handler.ServeHTTP(w, r)
}

// heldWriter keeps an answer back.
type heldWriter struct {
	real   stdhttp.ResponseWriter
	block  *timeout.Timeout
	header stdhttp.Header
	status int
	body   bytes.Buffer
}

var _ stdhttp.Pusher = (*heldWriter)(nil)

func (w *heldWriter) Header() stdhttp.Header { return w.header }

func (w *heldWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
}

// Write implements io.Writer. It is a checkpoint.
func (w *heldWriter) Write(p []byte) (int, error) {
	if err := interrupted(); err != nil {
		if w.block.Expired() {
			err = stdhttp.ErrHandlerTimeout
		}
		return 0, err
	}
	if w.status == 0 {
		w.WriteHeader(stdhttp.StatusOK)
	}
	return w.body.Write(p)
}

// Push implements http.Pusher.
func (w *heldWriter) Push(target string, opts *stdhttp.PushOptions) error {
	if p, ok := w.real.(stdhttp.Pusher); ok {
		return p.Push(target, opts)
	}
	return stdhttp.ErrNotSupported
}
