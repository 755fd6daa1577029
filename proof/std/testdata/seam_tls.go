// It is laid beside the tests of crypto/tls, and shows that those ran over our net
// and not, after a change of the library, over its own.
package tls

import (
	"internal/evergreen/seam"
	"net"
	"testing"
)

func TestSeam(t *testing.T) {
	l := newLocalListener(t)
	defer l.Close()
	if _, ok := l.(*seam.TCPListener); !ok {
		t.Errorf("the tests listen by a %T", l)
	}
	a, b := localPipe(t)
	for _, c := range []net.Conn{a, b} {
		if _, ok := c.(*seam.TCPConn); !ok {
			t.Errorf("the tests shake hands over a %T", c)
		}
	}
	go func() {
		if c, err := l.Accept(); err == nil {
			Server(c, testConfig.Clone()).Handshake()
		}
	}()
	c, err := Dial("tcp", l.Addr().String(), testConfig.Clone())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, ok := c.NetConn().(*seam.TCPConn); !ok {
		t.Errorf("Dial connects by a %T", c.NetConn())
	}
}
