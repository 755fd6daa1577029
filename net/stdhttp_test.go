package net_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	stdhttp "net/http"
	"testing"

	"github.com/evergreen-go/evergreen/net"
)

// The standard server, its goroutines and all, over a listener of ours; the
// standard client over connections of ours.
func TestStandardHTTPWorksOverOurConnections(t *testing.T) {
	loop := start(t)
	var l *net.TCPListener
	must(t, loop.Do(func() error {
		l = listen(t)
		return nil
	}))
	server := stdhttp.Server{Handler: stdhttp.HandlerFunc(func(w stdhttp.ResponseWriter, r *stdhttp.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, body)
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()

	transport := &stdhttp.Transport{DialContext: func(ctx context.Context, network, address string) (c stdnet.Conn, err error) {
		err = loop.Do(func() error {
			var d net.Dialer
			c, err = d.DialContext(ctx, network, address)
			return err
		})
		return c, err
	}}
	client := stdhttp.Client{Transport: transport}
	var all []func()
	for i := range 10 {
		all = append(all, func() {
			for j := range 10 {
				path := fmt.Sprintf("/%d/%d", i, j)
				r, err := client.Post("http://"+l.Addr().String()+path, "text/plain", io.LimitReader(zeros{}, 1000))
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(r.Body)
				_ = r.Body.Close()
				if want := "POST " + path + " "; err != nil || len(got) != len(want)+1000 || string(got[:len(want)]) != want {
					t.Errorf("%d bytes that begin with %.20q, %v", len(got), got, err)
				}
			}
		})
	}
	goroutines(all...)
	transport.CloseIdleConnections()
	must(t, server.Shutdown(context.Background()))
	if err := <-served; !errors.Is(err, stdhttp.ErrServerClosed) {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}
