package http

import (
	"context"
	"crypto/tls"
	"log"
	stdnet "net"
	stdhttp "net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Server serves HTTP/1.1 and 1.0 with an unmodified [Handler], one task for each
// connection. The zero Server is ready. A Server belongs to the loop in which it
// serves first; its fields must not be changed after that.
type Server struct {
	// Addr is where ListenAndServe listens: host and port; empty for ":http", or
	// ":https" with TLS.
	Addr string
	// Handler answers the requests; nil for DefaultServeMux. It runs in a task of the
	// connection's own and may wait by whatever means this module offers.
	Handler stdhttp.Handler
	// DisableGeneralOptionsHandler passes "OPTIONS *" to the Handler instead of
	// answering it.
	DisableGeneralOptionsHandler bool
	// TLSConfig is for ServeTLS and ListenAndServeTLS. The protocols it offers are
	// replaced by "http/1.1".
	TLSConfig *tls.Config
	// ReadTimeout limits the time from the first byte of a request to the last of its
	// body; 0 or less for no limit.
	ReadTimeout time.Duration
	// ReadHeaderTimeout limits the time for a request's header; 0 for ReadTimeout,
	// less for no limit.
	ReadHeaderTimeout time.Duration
	// WriteTimeout limits the time from the end of a request's header to the end of
	// the answer; 0 or less for no limit.
	WriteTimeout time.Duration
	// IdleTimeout limits the time between two requests on a connection; 0 for
	// ReadTimeout, less for no limit.
	IdleTimeout time.Duration
	// MaxHeaderBytes limits the head of a request, in bytes, the request line
	// included; 0 for DefaultMaxHeaderBytes.
	MaxHeaderBytes int
	// ConnState, if set, is told when a connection changes its state. It must not
	// wait.
	ConnState func(stdnet.Conn, stdhttp.ConnState)
	// ErrorLog is told of what goes wrong in accepting, in handlers and in TLS
	// handshakes; nil for the standard logger.
	ErrorLog *log.Logger
	// BaseContext, if set, makes the context of all requests of a listener; it must
	// not return nil.
	BaseContext func(stdnet.Listener) context.Context
	// ConnContext, if set, changes the context of all requests of a connection; it
	// must not return nil.
	ConnContext func(ctx context.Context, c stdnet.Conn) context.Context

	down         atomic.Bool // Shutdown or Close was called
	noKeepAlives atomic.Bool

	mu         sync.Mutex // guards the next two; nobody waits while holding it
	loop       *kernel.Loop
	onShutdown []func()

	// The rest belongs to the loop.
	listeners map[*onceListener]struct{}
	conns     map[*conn]struct{}
	// quiet are the tasks in Shutdown; paused the accept loops that wait for the
	// system to have descriptors again.
	quiet, paused kernel.WaitList
}

// settle makes the loop of the running task the server's, or returns false if the
// server has another.
func (s *Server) settle(l *kernel.Loop) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loop == nil {
		s.loop = l
		s.listeners = make(map[*onceListener]struct{})
		s.conns = make(map[*conn]struct{})
	}
	return s.loop == l
}

// home returns the loop in which the server serves, nil before it does.
func (s *Server) home() *kernel.Loop {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loop
}

// handler returns what answers a request.
func (s *Server) handler(req *stdhttp.Request) stdhttp.Handler {
	if req.RequestURI == "*" && req.Method == "OPTIONS" && !s.DisableGeneralOptionsHandler {
		return stdhttp.HandlerFunc(generalOptions)
	}
	if s.Handler == nil {
		return stdhttp.DefaultServeMux
	}
	return s.Handler
}

// generalOptions answers a question about the server as a whole.
func generalOptions(w stdhttp.ResponseWriter, req *stdhttp.Request) {
	w.Header().Set("Content-Length", "0")
	if req.ContentLength != 0 {
		// There is no use for a body; reading it is only a courtesy.
		body := stdhttp.MaxBytesReader(w, req.Body, chunkSize)
		p := copyBuffers.Get().(*[copyBufferSize]byte)
		defer copyBuffers.Put(p)
		for {
			if _, err := body.Read(p[:]); err != nil {
				return
			}
		}
	}
}

func (s *Server) maxHeaderBytes() int {
	if s.MaxHeaderBytes > 0 {
		return s.MaxHeaderBytes
	}
	return stdhttp.DefaultMaxHeaderBytes
}

func (s *Server) headerTimeout() time.Duration {
	if s.ReadHeaderTimeout != 0 {
		return s.ReadHeaderTimeout
	}
	return s.ReadTimeout
}

func (s *Server) idleTimeout() time.Duration {
	if s.IdleTimeout != 0 {
		return s.IdleTimeout
	}
	return s.ReadTimeout
}

// handshakeTimeout is the shortest of the limits that there are.
func (s *Server) handshakeTimeout() (d time.Duration) {
	for _, limit := range []time.Duration{s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout} {
		if limit > 0 && (d == 0 || limit < d) {
			d = limit
		}
	}
	return d
}

func (s *Server) keepsAlive() bool { return !s.noKeepAlives.Load() && !s.down.Load() }

func (s *Server) logf(format string, args ...any) {
	if s.ErrorLog != nil {
		s.ErrorLog.Printf(format, args...)
	} else {
		log.Printf(format, args...)
	}
}

// SetKeepAlivesEnabled tells whether connections are kept for further requests
// (the default) or closed after each. Turning it off closes those that are idle.
// It may be called from any goroutine. In a task of the server's loop it is not a
// checkpoint.
func (s *Server) SetKeepAlivesEnabled(on bool) {
	s.noKeepAlives.Store(!on)
	if !on {
		_ = s.inLoop(func() error {
			s.closeIdle()
			return nil
		})
	}
}
