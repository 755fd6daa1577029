//go:build unix

package socket_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/poller"
	"github.com/evergreen-go/evergreen/internal/socket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A meddler is a poller that a test can have report what it likes, and that counts.
type meddler struct {
	poller.Poller
	tokens   map[int]uint64 // of the registrations, by number
	inject   []poller.Event // to be reported next
	reported int            // events so far, the injected ones not counted
	armed    int            // waits begun so far
}

func (m *meddler) Arm(fd int, mode poller.Mode) error {
	m.armed++
	return m.Poller.Arm(fd, mode)
}

func (m *meddler) Add(fd int, token uint64) error {
	m.tokens[fd] = token
	return m.Poller.Add(fd, token)
}

func (m *meddler) Wait(events []poller.Event, timeout time.Duration) (int, error) {
	if n := copy(events, m.inject); n > 0 {
		m.inject = m.inject[n:]
		return n, nil
	}
	n, err := m.Poller.Wait(events, timeout)
	m.reported += n
	return n, err
}

// backends are the pollers that every test runs over.
var backends = map[string]func() (poller.Poller, error){"best": poller.New, "poll": poller.NewPoll}

// everywhere runs main as the first task of a loop, over every backend.
func everywhere(t *testing.T, c kernel.Config, main func(t *testing.T, m *meddler)) {
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			m := &meddler{tokens: make(map[int]uint64)}
			c := c
			c.NewPoller = func() (_ poller.Poller, err error) {
				m.Poller, err = backend()
				return m, err
			}
			loop := newLoop(c)
			err := loop.Run(func() {
				defer func() {
					if t.Failed() {
						loop.Stop()
					}
				}()
				main(t, m)
			}, false, 0)
			if err != nil {
				t.Error(err)
			}
			must(t, loop.Close())
		})
	}
}

func newLoop(c kernel.Config) *kernel.Loop {
	c.Offloads, c.Grace = 8, 10*time.Second
	return kernel.New(c)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start spawns a task.
func start(f func()) *kernel.Task {
	t := kernel.Running()
	return t.Loop().Spawn(f, t, nil, 0)
}

// settle lets every task go on until it can only wait for something outside.
func settle() {
	for range 200 {
		kernel.Running().Yield()
	}
}

func join(t *testing.T, other *kernel.Task) {
	t.Helper()
	if o := other.Join(kernel.Running(), 0); o != kernel.Woken {
		t.Errorf("the join ended as %v", o)
	}
}

// numbers makes the two ends of a stream.
func numbers(t *testing.T) (a, b int) {
	t.Helper()
	both, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	for _, fd := range both {
		unix.CloseOnExec(fd)
		must(t, unix.SetNonblock(fd, true))
	}
	return both[0], both[1]
}

// pair makes the two ends of a stream in the care of the running loop.
func pair(t *testing.T) (a, b *socket.FD) {
	t.Helper()
	fds := [2]*socket.FD{}
	x, y := numbers(t)
	for i, fd := range []int{x, y} {
		f, err := socket.New(fd, "a test's stream", unix.SOCK_STREAM)
		must(t, err)
		fds[i] = f
	}
	return fds[0], fds[1]
}

func closeAll(t *testing.T, all ...*socket.FD) {
	t.Helper()
	for _, f := range all {
		must(t, f.Close())
	}
}
