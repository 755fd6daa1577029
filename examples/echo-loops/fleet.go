package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
)

// fleet is several servers at one address, each in a loop of its own. Its functions
// are for plain goroutines.
type fleet struct {
	address string
	ships   []*ship
}

// ship is one loop with its server.
type ship struct {
	server *net.Server
	over   chan error // how the loop ended
}

// start has n loops serve at an address. If its port is 0, they share one that is
// free.
func start(address string, n, limit int) (*fleet, error) {
	f := &fleet{address: address}
	for range n {
		s, at, err := launch(f.address, limit)
		if err != nil {
			_ = f.shutdown(0)
			return nil, err
		}
		f.address = at // of the first one, from now on, where the port was to be a free one
		f.ships = append(f.ships, s)
	}
	return f, nil
}

// launch starts one loop and waits until it listens.
func launch(address string, limit int) (s *ship, at string, err error) {
	s = &ship{
		server: &net.Server{Handler: echo, MaxConns: limit},
		over:   make(chan error, 1),
	}
	listening := make(chan string, 1)
	go func() {
		defer close(listening)
		var failed error
		ended := runtime.Run(func() {
			config := net.ListenConfig{Control: net.ReusePort}
			l, err := config.Listen(context.Background(), "tcp", address)
			if err != nil {
				failed = err
				return
			}
			listening <- l.Addr().String() // there is room for it: no task waits
			if err := s.server.Serve(l); err != net.ErrServerClosed {
				failed = err
			}
		})
		s.over <- errors.Join(failed, ended)
	}()
	at, ok := <-listening
	if !ok {
		return nil, "", <-s.over
	}
	return s, at, nil
}

// shutdown ends all servers and returns when their loops have ended. That clients had
// to be cut is no error here: the report says it.
func (f *fleet) shutdown(grace time.Duration) error {
	errs := make([]error, len(f.ships))
	var all sync.WaitGroup
	for i, s := range f.ships {
		all.Go(func() {
			err := s.server.Shutdown(grace)
			if errors.Is(err, net.ErrCut) {
				err = nil
			}
			errs[i] = errors.Join(err, <-s.over)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// report says what each loop has done.
func (f *fleet) report() string {
	var b strings.Builder
	var total net.ServerStats
	line := func(who string, s net.ServerStats) {
		fmt.Fprintf(&b, "%-8s %8d %8d %8d\n", who, s.Accepted, s.Cut, s.AcceptErrors)
	}
	fmt.Fprintf(&b, "%-8s %8s %8s %8s\n", "", "clients", "cut", "errors")
	for i, s := range f.ships {
		stats := s.server.Stats()
		line(fmt.Sprintf("loop %d", i+1), stats)
		total.Accepted += stats.Accepted
		total.Cut += stats.Cut
		total.AcceptErrors += stats.AcceptErrors
	}
	line("together", total)
	return b.String()
}

// echo sends back what it reads until the client has closed its side. The server
// closes the connection.
func echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }
