//go:build unix

package socket_test

import (
	"bytes"
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// pipeEnds makes a pipe in the care of the running loop.
func pipeEnds(t *testing.T, blocking bool) (r, w *socket.FD) {
	t.Helper()
	fds := make([]int, 2)
	must(t, unix.Pipe(fds))
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		must(t, unix.SetNonblock(fd, !blocking))
	}
	r, err := socket.New(fds[0], "a test's pipe", socket.Pipe)
	must(t, err)
	w, err = socket.New(fds[1], "a test's pipe", socket.Pipe)
	must(t, err)
	return r, w
}

// However a pipe is looked after, all that is written arrives, and then the end.
//
// holds: 68
func TestPipes(t *testing.T) {
	for name, prepare := range map[string]func(r, w *socket.FD){
		"plain":  func(r, w *socket.FD) {},
		"joined": socket.Join,
		"guests": func(r, w *socket.FD) { r.Guest(); w.Guest() },
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, kernel.Config{}, func(t *testing.T, _ *meddler) {
				r, w := pipeEnds(t, name == "guests")
				prepare(r, w)
				data := bytes.Repeat([]byte("0123456789abcdef"), 30_000)
				writer := start(func() {
					settle() // the reader waits first
					if n, err := w.Write(data); n != len(data) || err != nil {
						t.Errorf("Write returned %d, %v", n, err)
					}
					must(t, w.Close())
				})
				var got []byte
				for p := make([]byte, 5000); ; {
					n, err := r.Read(p)
					got = append(got, p[:n]...)
					if err == io.EOF {
						break
					}
					must(t, err)
				}
				if !bytes.Equal(got, data) {
					t.Errorf("%d bytes came, want %d", len(got), len(data))
				}
				join(t, writer)
				closeAll(t, r)
			})
		})
	}
}

// The ends of a pipe wake each other without a report of the poller.
func TestJoinedPipesNeedNoPoller(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, m *meddler) {
		r1, w1 := pipeEnds(t, false)
		r2, w2 := pipeEnds(t, false)
		socket.Join(r1, w1)
		socket.Join(r2, w2)
		const rounds = 1000
		echo := start(func() {
			p := make([]byte, 8)
			for range rounds {
				n, err := r1.Read(p)
				must(t, err)
				_, err = w2.Write(p[:n])
				must(t, err)
			}
		})
		before := kernel.Running().Loop().Stats().Polls
		p := make([]byte, 8)
		for range rounds {
			_, err := w1.Write([]byte("question"))
			must(t, err)
			_, err = io.ReadFull(r2, p)
			must(t, err)
		}
		// One in 61 switches, so that others are not forgotten.
		if n := kernel.Running().Loop().Stats().Polls - before; n > rounds/2 {
			t.Errorf("%d rounds took %d questions to the poller", rounds, n)
		}
		join(t, echo)
		closeAll(t, r1, w1, r2, w2)
	})
}
