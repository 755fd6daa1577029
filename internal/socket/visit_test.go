//go:build unix

package socket_test

import (
	"errors"
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// host runs a loop on a goroutine of its own and makes two ends of a stream in it.
func host(t *testing.T, c kernel.Config) (loop *kernel.Loop, a, b *socket.FD) {
	t.Helper()
	loop = newLoop(c)
	over := make(chan error, 1)
	go func() { over <- loop.Run(nil, true, 0) }()
	t.Cleanup(func() {
		loop.Stop()
		must(t, <-over)
		must(t, loop.Close())
	})
	must(t, loop.Do(func() error {
		a, b = pair(t)
		return nil
	}))
	return loop, a, b
}

// visit runs main as the first task of another loop.
func visit(t *testing.T, main func()) {
	t.Helper()
	loop := newLoop(kernel.Config{})
	must(t, loop.Run(main, false, 0))
	must(t, loop.Close())
}

// The kill may come before the call has begun over there, while it waits, and after
// it was done. However tasks are ordered there, no byte is lost.
//
// holds: 46
func TestKilledVisitorLosesNoByte(t *testing.T) {
	for name, pick := range map[string]func(int) int{
		"first come first served": nil,
		"last come first served":  func(n int) int { return n - 1 },
	} {
		t.Run(name, func(t *testing.T) {
			_, a, b := host(t, kernel.Config{Hooks: kernel.Hooks{Pick: pick}})
			sent, got := byte(0), byte(0)
			buf := make([]byte, 1)
			for turns := range 200 {
				sent++
				_, err := b.Write([]byte{sent})
				must(t, err)
				visit(t, func() {
					reader := start(func() {
						for {
							n, err := a.Read(buf)
							must(t, err)
							got += byte(n)
							if n > 0 && buf[0] != got {
								t.Errorf("read %d, want %d", buf[0], got)
							}
						}
					})
					for range turns {
						kernel.Running().Yield()
					}
					reader.Kill()
					join(t, reader)
					if got != sent {
						_, err := a.Read(buf)
						must(t, err)
						got++
						if buf[0] != got {
							t.Errorf("after %d turns: read %d, want %d", turns, buf[0], got)
						}
					}
				})
			}
			closeAll(t, a, b)
		})
	}
}

// stick keeps a loop from running anything until release is called.
func stick(t *testing.T, loop *kernel.Loop) (release func()) {
	t.Helper()
	stuck, free := make(chan struct{}), make(chan struct{})
	_, err := loop.CallThreadsafe(func() {
		close(stuck)
		<-free
	})
	must(t, err)
	<-stuck
	return func() { close(free) }
}

// A loop that is told to end takes shields away in the end. It must end then, even
// if the loop that a task visits is stuck.
func TestEndOfTheVisitorsLoopDoesNotWaitForAStuckHost(t *testing.T) {
	for name, call := range map[string]func(*socket.FD){
		"Read":    func(f *socket.FD) { _, _ = f.Read(make([]byte, 1)) },
		"Close":   func(f *socket.FD) { _ = f.Close() },
		"Control": func(f *socket.FD) { _ = f.Control(func(int) error { return nil }) },
	} {
		t.Run(name, func(t *testing.T) {
			loop, a, b := host(t, kernel.Config{})
			release := stick(t, loop)
			visitors := kernel.New(kernel.Config{}) // no grace at all
			must(t, visitors.Run(func() {
				start(func() { call(a) })
				kernel.Running().Yield()
				visitors.Stop()
			}, false, 0))
			must(t, visitors.Close())
			release()
			if err := a.Close(); err != nil && name != "Close" {
				t.Error(err)
			}
			if _, err := b.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("%v, want EOF, since the other end is closed", err)
			}
			must(t, b.Close())
		})
	}
}

func TestPanicOfAVisitorIsHisOwn(t *testing.T) {
	_, a, b := host(t, kernel.Config{})
	use := func(int) error { panic("in Control") }
	if err := a.Control(use); err == nil || errors.Is(err, net.ErrClosed) {
		t.Errorf("a goroutine got %v, want the panic's error", err)
	}
	visit(t, func() {
		if err := a.Control(use); err == nil || errors.Is(err, net.ErrClosed) {
			t.Errorf("a task got %v, want the panic's error", err)
		}
	})
	must(t, a.Control(func(int) error { return nil })) // and the host lives on
	closeAll(t, a, b)
}

func TestCallbackOfAnotherLoopMayClose(t *testing.T) {
	_, a, b := host(t, kernel.Config{})
	visit(t, func() {
		kernel.CurrentLoop().CallSoon(func() { must(t, a.Close()) })
		kernel.Running().Yield()
		if _, err := b.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%v, want EOF", err)
		}
	})
	must(t, b.Close())
}

func TestVisitEndsWithItsHost(t *testing.T) {
	loop := newLoop(kernel.Config{})
	over := make(chan error, 1)
	go func() { over <- loop.Run(nil, true, 0) }()
	var a, b *socket.FD
	must(t, loop.Do(func() error {
		a, b = pair(t)
		return nil
	}))
	visit(t, func() {
		reader := start(func() {
			if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%v, want net.ErrClosed", err)
			}
		})
		kernel.Running().Yield()
		loop.Stop()
		join(t, reader)
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("afterwards: %v, want net.ErrClosed", err)
		}
		closeAll(t, a, b)
	})
	must(t, <-over)
	must(t, loop.Close())
}

func TestConnectAndAcceptOverEveryBackend(t *testing.T) {
	everywhere(t, kernel.Config{}, func(t *testing.T, _ *meddler) {
		settings := socket.Settings{
			Family: unix.AF_INET, Kind: unix.SOCK_STREAM, Name: "a test's socket",
			Local: &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}},
		}
		l, err := socket.Listen(settings, 10)
		must(t, err)
		var address unix.Sockaddr
		must(t, l.Control(func(fd int) (err error) {
			address, err = unix.Getsockname(fd)
			return err
		}))
		var accepted *socket.FD
		server := start(func() {
			must(t, l.Accept("a test's connection", func(conn *socket.FD, _ unix.Sockaddr) { accepted = conn }))
		})
		c, err := socket.Connect(settings, address)
		must(t, err)
		join(t, server)
		done := false
		writer := start(func() { // more than the system takes at once
			n, err := c.Write(make([]byte, 1<<24))
			if n != 1<<24 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
			done = true
			must(t, c.Close())
		})
		settle()
		if done {
			t.Error("the write was done before anybody read")
		}
		buf := make([]byte, 1<<16)
		total := 0
		for {
			n, err := accepted.Read(buf)
			total += n
			if err != nil {
				break
			}
		}
		if total != 1<<24 {
			t.Errorf("%d bytes, want %d", total, 1<<24)
		}
		join(t, writer)
		closeAll(t, accepted, l)
		settings.Local = nil // with an address to be given a port of it could be that one
		if _, err := socket.Connect(settings, address); !errors.Is(err, unix.ECONNREFUSED) {
			t.Errorf("%v, want ECONNREFUSED", err)
		}
	})
}
