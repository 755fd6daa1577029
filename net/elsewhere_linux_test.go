package net_test

import (
	"errors"
	"io"
	stdruntime "runtime"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// moments are how many turns a task of another loop has before it is killed. Its call
// takes longer than one of the own loop, by the way there and back.
const moments = 32

// holds: 46
func TestKilledReceiverOfAnotherLoopLosesNoDatagram(t *testing.T) {
	const sent = 6
	loop := start(t)
	for n := range moments {
		var from net.Conn
		var to net.PacketConn
		must(t, loop.Do(func() error {
			from, to = datagramPair(t, "udp4")
			return nil
		}))
		for range sent {
			_, err := from.Write([]byte("x"))
			must(t, err)
		}
		got := 0
		run(t, func() {
			receiver := task.Go(func() {
				for {
					_, _, err := to.ReadFrom(make([]byte, 1))
					must(t, err)
					got++
				}
			})
			for range n * n {
				task.Yield()
			}
			receiver.Kill()
			_ = receiver.Join()
		})
		for ; got < sent; got++ {
			if !arrived(t, to) {
				t.Errorf("killed after %d turns: %d datagrams of %d are nowhere", n*n, sent-got, sent)
				break
			}
			_, _, err := to.ReadFrom(make([]byte, 1))
			must(t, err)
		}
		if arrived(t, to) {
			t.Errorf("killed after %d turns: there is a datagram too many", n*n)
		}
		must(t, from.Close())
		must(t, to.Close())
	}
}

// The copy runs in a task of the connections' loop, with a pipe of the system's between
// them, and ends with the one who asked for it.
//
// holds: 46
func TestKilledCopyOfAnotherLoopLeavesNothingOpen(t *testing.T) {
	for name, open := range copies {
		t.Run(name, func(t *testing.T) {
			loop := start(t)
			must(t, loop.Do(func() error { warm(t); return nil }))
			for n := range moments {
				before := openFiles(t)
				var from io.Reader
				var over func()
				var a, b *net.TCPConn
				var reader *task.Task
				must(t, loop.Do(func() error {
					from, _, over = open(t)
					a, b = pair(t)
					reader = task.Go(func() { drain(t, b) })
					return nil
				}))
				run(t, func() {
					copier := task.Go(func() { _, _ = io.Copy(a, from) })
					for range n * n {
						task.Yield()
					}
					copier.Kill()
					if err := copier.Join(); err != nil && !errors.Is(err, task.ErrKilled) {
						t.Error(err)
					}
				})
				must(t, loop.Do(func() error {
					must(t, a.Close())
					must(t, reader.Join())
					must(t, b.Close())
					over()
					return nil
				}))
				if openAsBefore(t, before); t.Failed() {
					t.Fatalf("that was after a kill after %d turns", n*n)
				}
			}
		})
	}
}

// Goroutines dial, talk and go in every way there is: of the tasks that have made their
// calls, and of what these had, nothing is left.
func TestGoroutinesThatComeAndGoLeaveNothing(t *testing.T) {
	const callers = 20
	rounds := 50
	if testing.Short() {
		rounds = 10
	}
	loop := start(t)
	var l *net.TCPListener
	must(t, loop.Do(func() error {
		l = listen(t)
		return nil
	}))
	defer l.Close()
	look := func() (u usage) {
		must(t, loop.Do(func() error {
			u = used(t)
			return nil
		}))
		u.goroutines = 0 // the loop keeps some for the next callers
		return u
	}
	outside(t, loop, l, callers, 2)
	before := look()
	outside(t, loop, l, callers, rounds)
	after := look()
	if grown := after.heap - before.heap; grown > 1<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	openAsBefore(t, before.files)
	after.heap, after.files = before.heap, before.files
	if after != before {
		t.Errorf("there is now %+v, before it was %+v", after, before)
	}
	if n := stdruntime.NumGoroutine(); n > 8*callers {
		t.Errorf("there are %d goroutines, of %d callers", n, callers)
	}
}

// outside has so many goroutines dial and as many accept, for so many rounds.
func outside(t *testing.T, loop *runtime.Loop, l *net.TCPListener, callers, rounds int) {
	t.Helper()
	must(t, l.SetDeadline(time.Now().Add(2*patience))) // where somebody fails to come
	var all []func()
	for i := range callers {
		all = append(all, func() {
			for range rounds {
				s, err := l.AcceptTCP()
				if err != nil {
					t.Error(err)
					return
				}
				_ = s.SetDeadline(time.Now().Add(patience)) // where the peer fails
				_, err = io.Copy(s, struct{ io.Reader }{s})
				if err = errors.Join(err, s.Close()); err != nil {
					t.Error(err)
				}
			}
		}, func() {
			for round := range rounds {
				var c *net.TCPConn
				err := loop.Do(func() error {
					one, err := net.Dial("tcp", l.Addr().String())
					if err == nil {
						c = one.(*net.TCPConn)
					}
					return err
				})
				if err == nil {
					err = errors.Join(askOnce(c, (round+i)%2 == 0), c.Close())
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	goroutines(all...)
}

// askOnce sends a byte and hears it again, and where it waits for the end hears that.
func askOnce(c *net.TCPConn, toTheEnd bool) error {
	buf := make([]byte, 1)
	_, write := c.Write(buf)
	_, read := io.ReadFull(c, buf)
	if !toTheEnd {
		return errors.Join(write, read)
	}
	half := c.CloseWrite()
	_, rest := io.Copy(io.Discard, struct{ io.Reader }{c})
	return errors.Join(write, read, half, rest)
}
