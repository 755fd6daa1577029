package socket_test

import (
	"errors"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// pipe makes a stream whose writing end is in the care of the running loop.
func pipe(t *testing.T) (in int, out *socket.FD) {
	t.Helper()
	in, other := numbers(t)
	out, err := socket.New(other, "a test's stream", unix.SOCK_STREAM)
	must(t, err)
	return in, out
}

// A peer that reads as fast as we write: the next part could always be written at
// once, and still the others have their turn before it.
//
// holds: 60
func TestWriteGivesWayBetweenItsParts(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, m *meddler) {
		const size = 1 << 22
		in, out := pipe(t)
		buf := make([]byte, size)
		got := 0
		reader := start(func() {
			for got < size {
				n, _ := unix.Read(in, buf)
				got += max(n, 0)
				kernel.Running().Yield()
			}
		})
		n, err := out.Write(make([]byte, size))
		if n != size || err != nil {
			t.Errorf("%d, %v; want %d, nil", n, err, size)
		}
		if m.armed > 0 {
			t.Errorf("the writer ran until it was blocked, %d times", m.armed)
		}
		join(t, reader)
		must(t, unix.Close(in))
		must(t, out.Close())
	})
}

// holds: 46, 64, 85
func TestWriteEndsBetweenItsParts(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, _ *meddler) {
		for name, stop := range map[string]func(*socket.FD, *kernel.Scope){
			"Close":  func(f *socket.FD, _ *kernel.Scope) { must(t, f.Close()) },
			"Cancel": func(_ *socket.FD, s *kernel.Scope) { s.Cancel(errStopped) },
		} {
			in, out := pipe(t)
			written := 0
			var scope *kernel.Scope
			writer := start(func() {
				scope = kernel.Running().Enter(0, nil)
				defer scope.Leave()
				var err error
				written, err = out.Write(make([]byte, 1<<22))
				if !errors.Is(err, errStopped) && !errors.Is(err, net.ErrClosed) {
					t.Errorf("%s: %v", name, err)
				}
			})
			kernel.Running().Yield() // the first part is written, and the next could be
			got, err := unix.Read(in, make([]byte, 1<<22))
			must(t, err)
			stop(out, scope)
			join(t, writer)
			if written != got {
				t.Errorf("%s: Write says %d bytes, %d arrived", name, written, got)
			}
			must(t, unix.Close(in))
			if err := out.Close(); err != nil && name != "Close" {
				t.Error(err)
			}
		}
	})
}

var errStopped = errors.New("stopped")
