// It is laid beside the library's own tests of HTTP, and shows that those ran over
// our net and not, after a change of the library, over its own.
package laid_test

import (
	"internal/evergreen/seam"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"testing"
)

func TestSeam(t *testing.T) {
	var accepted []net.Conn
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ConnState = func(c net.Conn, s http.ConnState) {
		if s == http.StateNew {
			accepted = append(accepted, c)
		}
	}
	if _, ok := server.Listener.(*seam.TCPListener); !ok {
		t.Errorf("httptest listens by a %T", server.Listener)
	}
	server.Start()
	transports := []http.RoundTripper{http.DefaultTransport, &http.Transport{}, server.Client().Transport}
	for i, transport := range transports {
		request, err := http.NewRequest("GET", server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			if _, ok := info.Conn.(*seam.TCPConn); !ok {
				t.Errorf("transport %d connects by a %T", i, info.Conn)
			}
		}}
		response, err := transport.RoundTrip(request.WithContext(httptrace.WithClientTrace(t.Context(), trace)))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		transport.(*http.Transport).CloseIdleConnections()
	}
	server.Close()
	if len(accepted) != len(transports) {
		t.Errorf("%d connections were accepted of %d", len(accepted), len(transports))
	}
	for _, c := range accepted {
		if _, ok := c.(*seam.TCPConn); !ok {
			t.Errorf("the server serves a %T", c)
		}
	}
}
