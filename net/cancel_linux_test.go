package net_test

import (
	"errors"
	stdnet "net"
	"os"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// steps is more than any of the calls below takes from its begin to its end,
// counted in the turns that it waits. While somebody is ready the poller is asked
// every 61 switches: then a report and a kill can meet.
const steps = 70

// leakless runs f and finds no more open descriptors after it than before.
func leakless(t *testing.T, f func()) {
	t.Helper()
	f() // what is opened once and kept
	before := openFiles(t)
	f()
	openAsBefore(t, before)
}

func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(all)
}

// counted is as leakless for the registrations in the running loop, too.
func counted(t *testing.T, f func()) {
	t.Helper()
	loop := runtime.Current()
	before, files := loop.Stats().Descriptors, openFiles(t)
	f()
	if after := loop.Stats().Descriptors; after != before {
		t.Errorf("%d descriptors are registered, before it was %d", after, before)
	}
	openAsBefore(t, files)
}

// atEveryStep starts a task and ends it after 0, 1, 2... turns, and calls after.
func atEveryStep(t *testing.T, f, after func()) {
	t.Helper()
	warm(t)
	for n := range steps {
		counted(t, func() {
			victim := task.Go(f)
			for range n {
				task.Yield()
			}
			victim.Kill()
			if err := victim.Join(); err != nil && !errors.Is(err, task.ErrKilled) {
				t.Error(err)
			}
			after()
		})
	}
}

// warm has the running loop make its poller, which holds descriptors of its own.
func warm(t *testing.T) {
	t.Helper()
	must(t, listen(t).Close())
}

// holds: 46
func TestKilledDialerLeavesNothingOpen(t *testing.T) {
	run(t, func() {
		l := listen(t)
		server := task.Go(func() { sinkAll(l) })
		atEveryStep(t, func() {
			c, err := net.Dial("tcp", l.Addr().String())
			must(t, err)
			defer c.Close()
			task.Sleep(time.Hour)
		}, settle)
		must(t, l.Close())
		must(t, server.Join())
	})
}

// holds: 46
func TestKilledAcceptorLosesNoConnection(t *testing.T) {
	run(t, func() {
		l := listen(t)
		defer l.Close()
		atEveryStep(t, func() {
			c, err := l.Accept()
			must(t, err)
			must(t, c.Close())
		}, func() {
			c, err := net.Dial("tcp", l.Addr().String()) // for whoever is there now
			must(t, err)
			s, err := l.Accept()
			must(t, err)
			must(t, s.Close())
			must(t, c.Close())
		})
	})
}

// The connection has come, and the acceptor has been woken for it; then it is
// killed, before it runs.
//
// holds: 46
func TestAcceptorKilledOnItsWayReturnsTheConnection(t *testing.T) {
	run(t, func() {
		warm(t)
		counted(t, func() {
			l := listen(t)
			defer l.Close()
			accepted := false
			victim := task.Go(func() {
				c, err := l.Accept()
				must(t, err)
				accepted = true
				defer c.Close()
				task.Sleep(time.Hour)
				t.Error("the killed task went on")
			})
			settle()
			c, err := stdnet.Dial("tcp", l.Addr().String())
			must(t, err)
			defer c.Close()
			untilReady()
			if accepted {
				t.Fatal("the acceptor has run already")
			}
			victim.Kill()
			_ = victim.Join()
			if !accepted {
				s, err := l.Accept() // then it must be here
				must(t, err)
				must(t, s.Close())
			}
		})
	})
}

// holds: 46
func TestDialerKilledOnItsWayLeavesNothingOpen(t *testing.T) {
	run(t, func() {
		warm(t)
		counted(t, func() {
			l, err := stdnet.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			defer l.Close()
			victim := task.Go(func() {
				c, err := net.Dial("tcp", l.Addr().String())
				must(t, err)
				defer c.Close()
				task.Sleep(time.Hour)
				t.Error("the killed task went on")
			})
			task.Yield()
			untilReady()
			victim.Kill()
			_ = victim.Join()
		})
	})
}

// untilReady goes on until a report has made another task ready.
func untilReady() {
	for runtime.Current().Stats().Ready == 0 {
		task.Yield()
	}
}

// holds: 46
func TestKilledTaskLeavesNeitherEndOpen(t *testing.T) {
	run(t, func() {
		atEveryStep(t, func() {
			l := listen(t)
			defer l.Close()
			c, err := net.Dial("tcp", l.Addr().String())
			must(t, err)
			defer c.Close()
			s, err := l.Accept()
			must(t, err)
			defer s.Close()
			_, err = s.Read(make([]byte, 1))
			t.Errorf("nothing was sent, and Read returned %v", err)
		}, settle)
	})
}

// holds: 46
func TestKilledReaderLosesNoByte(t *testing.T) {
	run(t, func() {
		for n := range steps {
			a, b := pair(t)
			var got []byte
			reader := task.Go(func() {
				buf := make([]byte, 1)
				for {
					n, err := a.Read(buf)
					must(t, err)
					got = append(got, buf[:n]...)
				}
			})
			task.Yield()
			_, err := b.Write([]byte("abcdef"))
			must(t, err)
			for range n {
				task.Yield()
			}
			reader.Kill()
			_ = reader.Join()
			must(t, b.Close())
			rest := make([]byte, 10)
			n, _ := a.Read(rest)
			if all := string(got) + string(rest[:n]); all != "abcdef" {
				t.Errorf("killed after %d turns: of abcdef there is %q", n, all)
			}
			must(t, a.Close())
		}
	})
}

// The call of a task of another loop is under way over there when the task is
// killed. A connection that it got by then is the task's, and closed by it; one
// that it did not get is there for the next.
//
// holds: 46
func TestKilledTaskOfAnotherLoopLosesNoConnection(t *testing.T) {
	loop := start(t)
	must(t, loop.Do(func() error { warm(t); return nil }))
	for n := range 48 {
		before := openFiles(t)
		var l *net.TCPListener
		var dialed net.Conn
		must(t, loop.Do(func() (err error) {
			l = listen(t)
			dialed, err = net.Dial("tcp", l.Addr().String())
			return err
		}))
		run(t, func() {
			accepted := false
			victim := task.Go(func() {
				s, err := l.Accept()
				must(t, err)
				accepted = true
				defer s.Close()
				_, err = s.Read(make([]byte, 1))
				t.Errorf("nothing was sent, and Read returned %v", err)
			})
			for range n * n {
				task.Yield()
			}
			victim.Kill()
			_ = victim.Join()
			if !accepted {
				s, err := l.Accept()
				must(t, err)
				must(t, s.Close())
			}
		})
		must(t, dialed.Close())
		must(t, l.Close())
		if openAsBefore(t, before); t.Failed() {
			t.Fatalf("that was after a kill after %d turns", n*n)
		}
	}
}

// holds: 46
func TestKilledReaderOfAnotherLoopLosesNoByte(t *testing.T) {
	loop := start(t)
	for n := range 48 {
		a, b := pairOf(t, loop)
		_, err := b.Write([]byte("abcdef"))
		must(t, err)
		must(t, b.Close())
		run(t, func() {
			var got []byte
			reader := task.Go(func() {
				buf := make([]byte, 1)
				for {
					n, err := a.Read(buf)
					got = append(got, buf[:n]...)
					if err != nil {
						return
					}
				}
			})
			for range n * n {
				task.Yield()
			}
			reader.Kill()
			_ = reader.Join()
			rest := make([]byte, 10)
			n, _ := a.Read(rest)
			if all := string(got) + string(rest[:n]); all != "abcdef" {
				t.Errorf("of abcdef there is %q and then %q", got, rest[:n])
			}
		})
		must(t, a.Close())
	}
}

// holds: 46
func TestTimeoutAtAnyMomentLeavesNothingOpen(t *testing.T) {
	leakless(t, func() {
		run(t, func() {
			l := listen(t)
			server := task.Go(func() { sinkAll(l) })
			for limit := range 100 {
				counted(t, func() {
					_ = timeout.Run(time.Duration(limit)*4*time.Microsecond, func() error {
						c, err := net.Dial("tcp", l.Addr().String())
						if err != nil {
							return err
						}
						defer c.Close()
						_, err = c.Read(make([]byte, 1))
						return err
					})
					settle()
				})
			}
			must(t, l.Close())
			must(t, server.Join())
		})
	})
}

// What is left open is closed with the loop, and not a second time.
func TestClosedLoopClosesWhatIsLeftOpen(t *testing.T) {
	leakless(t, func() {
		var left []net.Conn
		must(t, runtime.Run(func() {
			a, b := pair(t)
			l := listen(t)
			left = append(left, a, b)
			_ = l
		}))
		for _, c := range left {
			if err := c.Close(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%v, want net.ErrClosed", err)
			}
		}
	})
}
