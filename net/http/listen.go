package http

import (
	"context"
	"crypto/tls"
	"errors"
	stdnet "net"
	stdhttp "net/http"

	"github.com/evergreen-go/evergreen/internal/accept"
	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/net"
	evergreentls "github.com/evergreen-go/evergreen/net/tls"
	"github.com/evergreen-go/evergreen/task"
)

// onceListener is a listener that several may close.
type onceListener struct {
	stdnet.Listener
	closed bool
	err    error
}

func (l *onceListener) Close() error {
	if !l.closed {
		l.closed = true
		l.err = l.Listener.Close()
	}
	return l.err
}

// ListenAndServe listens on the TCP address and serves with the handler, nil for
// [DefaultServeMux]. It always returns an error. It is a checkpoint; a task that
// is cancelled in it stops accepting, and the connections go on.
func ListenAndServe(addr string, handler stdhttp.Handler) error {
	s := &Server{Addr: addr, Handler: handler}
	return s.ListenAndServe()
}

// ListenAndServeTLS is [ListenAndServe] over TLS, with a certificate from files.
// It is a checkpoint.
func ListenAndServeTLS(addr, certFile, keyFile string, handler stdhttp.Handler) error {
	s := &Server{Addr: addr, Handler: handler}
	return s.ListenAndServeTLS(certFile, keyFile)
}

// Serve serves the connections that a listener gives, see [Server.Serve]. It is a
// checkpoint.
func Serve(l stdnet.Listener, handler stdhttp.Handler) error {
	s := &Server{Handler: handler}
	return s.Serve(l)
}

// ServeTLS is [Serve] over TLS, see [Server.ServeTLS]. It is a checkpoint.
func ServeTLS(l stdnet.Listener, handler stdhttp.Handler, certFile, keyFile string) error {
	s := &Server{Handler: handler}
	return s.ServeTLS(l, certFile, keyFile)
}

// ListenAndServe listens on the TCP address Addr and serves until [Server.Close]
// or [Server.Shutdown], and then returns [ErrServerClosed]; otherwise it returns
// the error that ended it. It is a checkpoint; a task that is cancelled in it stops
// accepting, and the connections go on.
func (s *Server) ListenAndServe() error {
	l, err := s.listen(":http")
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// ListenAndServeTLS is [Server.ListenAndServe] over TLS, see [Server.ServeTLS]. It
// is a checkpoint.
func (s *Server) ListenAndServeTLS(certFile, keyFile string) error {
	l, err := s.listen(":https")
	if err != nil {
		return err
	}
	defer l.Close()
	return s.ServeTLS(l, certFile, keyFile)
}

func (s *Server) listen(otherwise string) (stdnet.Listener, error) {
	kernel.MustTask("Server.ListenAndServe")
	if s.down.Load() {
		return nil, stdhttp.ErrServerClosed
	}
	if s.Addr != "" {
		otherwise = s.Addr
	}
	return net.Listen("tcp", otherwise)
}

// ServeTLS is [Server.Serve] over TLS. The certificate comes from the files, or
// from TLSConfig if their names are empty. It is a checkpoint.
func (s *Server) ServeTLS(l stdnet.Listener, certFile, keyFile string) error {
	config := http1(s.TLSConfig)
	has := len(config.Certificates) > 0 || config.GetCertificate != nil || config.GetConfigForClient != nil
	if !has || certFile != "" || keyFile != "" {
		certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	if err := accept.Blocks(l); err != nil {
		return err
	}
	return s.Serve(evergreentls.NewListener(l, config))
}

// Serve accepts connections from l and serves each in a task of its own, until
// [Server.Close] or [Server.Shutdown]; then it returns [ErrServerClosed].
// Otherwise it returns the error that ended it. l is closed in any case. It must be
// a listener of this module's package net, or one around such a listener.
//
// When the system has no descriptors or no memory for another connection, Serve
// logs that and tries again, first after 5 ms and then less often up to once a
// second; the connections there are go on.
//
// It is a checkpoint; a task that is cancelled in it stops accepting, and the
// connections go on.
func (s *Server) Serve(l stdnet.Listener) error {
	t := kernel.MustTask("Server.Serve")
	once := &onceListener{Listener: l}
	defer once.Close()
	if err := accept.Blocks(l); err != nil {
		return err
	}
	if s.down.Load() {
		return stdhttp.ErrServerClosed
	}
	if !s.settle(t.Loop()) {
		return errors.New("evergreen: the Server serves in another loop already: use one Server for each loop")
	}
	s.listeners[once] = struct{}{}
	defer func() {
		delete(s.listeners, once)
		s.quiet.WakeAll()
	}()
	base := context.Background()
	if s.BaseContext != nil {
		if base = s.BaseContext(l); base == nil {
			panic("BaseContext returned a nil context")
		}
	}
	return s.accept(t, once, context.WithValue(base, stdhttp.ServerContextKey, s))
}

func (s *Server) accept(t *kernel.Task, l stdnet.Listener, base context.Context) error {
	var backoff accept.Backoff
	for {
		rwc, err := l.Accept()
		if err == nil {
			backoff.Succeeded()
			s.admit(t.Loop(), rwc, base)
			continue
		}
		switch {
		case s.down.Load():
			return stdhttp.ErrServerClosed
		case t.Interruptible():
			return err
		case accept.Gone(err): // gone before we came to it
			continue
		case !accept.Passes(err):
			return err
		}
		pause := backoff.Failed()
		s.logf("http: Accept error: %v; retrying in %v", err, pause)
		switch s.paused.Wait(t, kernel.Plain("descriptors to accept connections with"), t.Loop().After(pause)) {
		case kernel.Woken:
			return stdhttp.ErrServerClosed
		case kernel.Canceled:
			return t.Interrupted()
		}
	}
}

// admit starts the task of a new connection.
func (s *Server) admit(l *kernel.Loop, rwc stdnet.Conn, ctx context.Context) {
	if s.ConnContext != nil {
		if ctx = s.ConnContext(ctx, rwc); ctx == nil {
			panic("ConnContext returned nil")
		}
	}
	c := &conn{server: s, loop: l, rwc: rwc, raw: under(rwc), parent: ctx, since: l.Now()}
	s.conns[c] = struct{}{}
	c.setState(stdhttp.StateNew)
	started := task.Go(c.run)
	started.SetName("http connection")
	// Whatever ends a handler ends its connection, and nothing else.
	(*kernel.Task)(started).Contain(nil)
}
