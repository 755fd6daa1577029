package net_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// ofFile is the same socket once more, by way of a file.
func ofFile(t testing.TB, c *net.UnixConn) *net.UnixConn {
	t.Helper()
	f, err := c.File()
	must(t, err)
	defer f.Close()
	must(t, c.Close())
	again, err := net.FileConn(f)
	must(t, err)
	return again.(*net.UnixConn)
}

// A read stops behind what descriptors came with. What follows must not be taken for
// not there yet.
func TestDescriptorsHideNothingFromAReader(t *testing.T) {
	for name, choose := range map[string]func(dialed, accepted *net.UnixConn) (from, to *net.UnixConn){
		"to the one who accepted": func(d, a *net.UnixConn) (from, to *net.UnixConn) { return d, a },
		"to the one who dialed":   func(d, a *net.UnixConn) (from, to *net.UnixConn) { return a, d },
		"to one made of a file":   func(d, a *net.UnixConn) (from, to *net.UnixConn) { return d, ofFile(t, a) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func() {
				from, to := choose(unixPair(t, "unix"))
				defer from.Close()
				defer to.Close()
				got := ""
				reader := task.Go(func() {
					buf := make([]byte, 64)
					for len(got) < len("ab") {
						n, err := to.Read(buf)
						if err != nil {
							t.Error(err)
							return
						}
						got += string(buf[:n])
					}
				})
				settle()
				_, _, err := from.WriteMsgUnix([]byte("a"), syscall.UnixRights(int(os.Stdin.Fd())), nil)
				must(t, err)
				_, err = from.Write([]byte("b"))
				must(t, err)
				if err := timeout.Run(10*time.Second, reader.Join); err != nil {
					reader.Kill()
					t.Error(err)
				}
				if got != "ab" {
					t.Errorf("%q was read", got)
				}
			})
		})
	}
}
