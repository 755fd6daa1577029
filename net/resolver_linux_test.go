package net_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
)

// Without a Dial of the program's own the servers of resolv.conf are dialed. Nobody
// listens at this one, an address of the loopback that Linux has without being told.
func TestResolverDialsTheServersOfTheFile(t *testing.T) {
	s := &theory{}
	r, _ := s.resolver(t, "nameserver 127.9.9.9\noptions use-vc attempts:1\n", "")
	r.Dial = nil
	run(t, func() {
		_, err := r.LookupHost(background, "www.test.")
		var e *net.DNSError
		if !errors.As(err, &e) || !e.IsTemporary || e.IsTimeout || e.Server != "127.9.9.9:53" {
			t.Errorf("%+v", err)
		}
		if want := "dial tcp 127.9.9.9:53: connect: " + syscall.ECONNREFUSED.Error(); e != nil && e.Err != want {
			t.Errorf("%q, want %q", e.Err, want)
		}
	})
}
