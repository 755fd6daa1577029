package net_test

import (
	"context"
	"fmt"
	"io"
	stdnet "net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// A Serve that is killed at any moment leaves no descriptor behind, be it the
// listener's or that of a connection on its way to a handler.
//
// holds: 46
func TestServeKilledAtEveryStep(t *testing.T) {
	for _, limit := range []int{0, 1} {
		run(t, func() {
			var s *net.Server
			var clients []io.Closer
			atEveryStep(t, func() {
				s, _ = newServer(func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
				s.MaxConns = limit
				l := listen(t)
				defer l.Close() // should it be killed while it dials
				for range 3 {
					clients = append(clients, dial(t, l))
				}
				_ = s.Serve(l)
			}, func() {
				for _, c := range clients {
					must(t, c.Close())
				}
				clients = nil
				if s == nil {
					return
				}
				must(t, s.Shutdown(-1))
				if got := s.Stats(); got.Active != 0 || got.Listeners != 0 {
					t.Errorf("the numbers are %+v in the end", got)
				}
			})
		})
	}
}

// A server, its handlers and its Shutdown under every schedule with a kill, a timeout
// or a cancel at every moment: whoever is hit, nothing stays behind.
//
// holds: 46
func TestServerCancelledEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(scene *tasktest.Scene) {
		s, _ := newServer(func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
		s.MaxConns = 1
		var l net.Listener
		scene.Go(func() {
			var err error
			if l, err = net.Listen("tcp", "127.0.0.1:0"); err == nil {
				_ = s.Serve(l)
			}
		})
		for range 2 {
			scene.Go(func() {
				for range 10 { // until it listens, if it does
					task.Yield()
				}
				if l == nil {
					return
				}
				c, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					return
				}
				defer c.Close()
				_, _ = c.Write([]byte("x"))
				_, _ = c.Read(make([]byte, 1))
			})
		}
		scene.Go(func() {
			task.Sleep(time.Second)
			_ = s.Shutdown(time.Second)
		})
		last := task.GoAfter(time.Hour, func() { _ = s.Close() }) // should that one not come to it
		scene.After(func() {
			must(t, last.Join())
			_ = s.Shutdown(0)
			if got := s.Stats(); got.Active != 0 || got.Listeners != 0 {
				t.Errorf("the numbers are %+v in the end", got)
			}
		})
	})
}

// Whichever accept fails for want of descriptors or memory, all clients are served.
//
// holds: 74
func TestServerSurvivesEveryFailureToAccept(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		failed := false
		tasktest.FailEverywhere(t, errno, []string{"accept4"}, func(call string) { failed = call != "" }, func() {
			s, lines := newServer(echoing)
			l := listen(t)
			serving(t, s, l)
			var clients []func()
			for range 5 {
				clients = append(clients, func() {
					c := dial(t, l)
					defer c.Close()
					must(t, end2(c.Write([]byte("x"))))
					must(t, end2(io.ReadFull(c, make([]byte, 1))))
				})
			}
			tasks(clients...)
			must(t, s.Shutdown(-1))
			want := 0
			if failed && errno != syscall.ECONNABORTED {
				want = 1
			}
			if n := strings.Count(lines.String(), "retrying in 5ms"); n != want || int(s.Stats().AcceptErrors) != want {
				t.Errorf("%v: %d lines in the log and %d errors counted, want %d", errno, n, s.Stats().AcceptErrors, want)
			}
		})
	}
}

// A thousand connections that come and go, end in all ways, and leave nothing.
func TestServerChurn(t *testing.T) {
	const rounds, atATime = 20, 50
	leakless(t, func() {
		run(t, func() {
			warm(t)
			counted(t, func() {
				s, lines := newServer(func(c net.Conn) {
					letter := make([]byte, 1)
					if _, err := c.Read(letter); err != nil {
						return
					}
					switch letter[0] % 5 {
					case 0:
						_, _ = c.Write(letter)
					case 1:
						panic("on purpose")
					case 2:
						task.Current().Kill()
						_, _ = c.Write(letter)
					case 3:
						_ = c.Close()
					case 4:
						_, _ = io.Copy(c, c)
					}
				})
				s.MaxConns = atATime / 2
				l, other := listen(t), listen(t)
				serving(t, s, l, other)
				for round := range rounds {
					var clients []func()
					for i := range atATime {
						clients = append(clients, func() {
							c := dial(t, []net.Listener{l, other}[i%2])
							defer c.Close()
							_, _ = c.Write([]byte{byte(i + round)})
							_ = c.CloseWrite()
							drain(t, c)
						})
					}
					tasks(clients...)
				}
				must(t, shutdownAfter(s))
				want := net.ServerStats{Accepted: rounds * atATime, Panicked: rounds * atATime / 5}
				if got := s.Stats(); got != want {
					t.Errorf("the numbers are %+v, want %+v", got, want)
				}
				if n := strings.Count(lines.String(), "net: panic serving"); n != rounds*atATime/5 {
					t.Errorf("%d panics were logged, want one for each of %d", n, rounds*atATime/5)
				}
			})
		})
	})
}

// Servers in several loops that share a port share its clients.
func TestServersInSeveralLoopsShareAPort(t *testing.T) {
	const loops, clients = 3, 150
	var servers []*net.Server
	address := "127.0.0.1:0"
	for range loops {
		s, _ := newServer(echoing)
		servers = append(servers, s)
		must(t, start(t).Do(func() error {
			config := net.ListenConfig{Control: net.ReusePort}
			l, err := config.Listen(context.Background(), "tcp", address)
			if err == nil {
				address = l.Addr().String()
				serving(t, s, l)
			}
			return err
		}))
	}
	for range clients {
		c, err := stdnet.Dial("tcp", address)
		must(t, err)
		must(t, end2(c.Write([]byte("x"))))
		must(t, end2(io.ReadFull(c, make([]byte, 1))))
		must(t, c.Close())
	}
	total := uint64(0)
	for i, s := range servers {
		must(t, s.Shutdown(-1))
		got := s.Stats().Accepted
		total += got
		if got == 0 { // which once in 10^26 runs is chance
			t.Errorf("the server in loop %d has got none of %d clients", i, clients)
		}
	}
	if total != clients {
		t.Errorf("the servers have counted %d clients, want %d", total, clients)
	}
}

const limitedServer = "EVERGREEN_TEST_LIMITED_SERVER"

// The limit is the process's, so the test has one of its own.
//
// holds: 74, 75
func TestServerSurvivesTheLimitOfOpenFiles(t *testing.T) {
	if os.Getenv(limitedServer) != "" {
		run(t, func() { exhaustServer(t) })
		return
	}
	self, err := os.Executable()
	must(t, err)
	child := exec.Command(self, "-test.run=^TestServerSurvivesTheLimitOfOpenFiles$", "-test.v")
	child.Env = append(os.Environ(), limitedServer+"=1", "GORACE=atexit_sleep_ms=0")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func exhaustServer(t *testing.T) {
	loop := runtime.Current()
	s, lines := newServer(echoing)
	l := listen(t)
	serving(t, s, l)
	old := dial(t, l) // of which the server knows before
	until(active(s, 1))
	waiting, err := stdnet.Dial("tcp", l.Addr().String())
	must(t, err)
	until(active(s, 2))
	must(t, waiting.Close())
	until(active(s, 1))

	hog := hogFiles(t)
	must(t, syscall.Close(hog[0])) // one for the client, none for the server
	late := dial(t, l)
	exchange := func(c net.Conn) {
		must(t, end2(c.Write([]byte("x"))))
		must(t, end2(io.ReadFull(c, make([]byte, 1))))
	}
	// Time goes on here: the pauses are 5 ms, 10 ms and so on, and in each of them the
	// loop has its one timer and nothing to do.
	polls := loop.Stats().Polls
	for s.Stats().AcceptErrors < 5 {
		exchange(old)
		task.Sleep(time.Millisecond)
		if n := loop.Stats().Timers; n > 1 {
			t.Errorf("%d timers are set, want that of the pause", n)
		}
	}
	if n := loop.Stats().Polls - polls; n > 10_000 {
		t.Errorf("the poller was asked %d times in 5 pauses", n)
	}
	for i := range 5 {
		if want := fmt.Sprintf("retrying in %dms\n", 5<<i); strings.Count(lines.String(), want) != 1 {
			t.Errorf("the log has not exactly one line with %q:\n%s", want, lines)
		}
	}
	must(t, syscall.Close(hog[1]))
	exchange(late) // accepted by itself
	for _, fd := range hog[2:] {
		must(t, syscall.Close(fd))
	}
	must(t, old.Close())
	must(t, late.Close())
	must(t, s.Shutdown(-1))
}
