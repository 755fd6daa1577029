package net_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// What a killed task has not got is there for the next.
//
// holds: 46
func TestKilledReceiverLosesNoDatagram(t *testing.T) {
	const sent = 6
	for _, network := range []string{"udp4", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			run(t, func() {
				for n := range steps {
					from, to := datagramPair(t, network)
					got := 0
					receiver := task.Go(func() {
						for {
							_, _, err := to.ReadFrom(make([]byte, 1))
							must(t, err)
							got++
						}
					})
					task.Yield()
					for range sent {
						_, err := from.Write([]byte("x"))
						must(t, err)
					}
					for range n {
						task.Yield()
					}
					receiver.Kill()
					_ = receiver.Join()
					killed := got
					for got < sent {
						_, _, err := to.ReadFrom(make([]byte, 1))
						must(t, err)
						got++
					}
					if arrived(t, to) {
						t.Errorf("killed after %d turns and %d datagrams: there is one too many", n, killed)
					}
					must(t, from.Close())
					must(t, to.Close())
				}
			})
		})
	}
}

// arrived tells whether there is a datagram to be read.
func arrived(t *testing.T, c net.PacketConn) (there bool) {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) {
		_, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_DONTWAIT|unix.MSG_PEEK)
		there = err == nil
	}))
	return there
}

// A Unix socket whose peer does not read makes a sender wait, as UDP does not.
//
// holds: 46, 85
func TestKilledSenderHasSentWhatItWasTold(t *testing.T) {
	run(t, func() {
		for n := range steps {
			from, to := datagramPair(t, "unixgram")
			sent := 0
			sender := task.Go(func() {
				for {
					_, err := from.Write([]byte("x"))
					must(t, err)
					sent++
				}
			})
			settle() // the queue is full
			full := sent
			for range full / 2 {
				_, _, err := to.ReadFrom(make([]byte, 1))
				must(t, err)
			}
			for range n {
				task.Yield()
			}
			sender.Kill()
			_ = sender.Join()
			for received := full / 2; received < sent; received++ {
				_, _, err := to.ReadFrom(make([]byte, 1))
				must(t, err)
			}
			if arrived(t, to) {
				t.Errorf("killed after %d turns: more came than the sender was told of", n)
			}
			must(t, from.Close())
			must(t, to.Close())
		}
	})
}

// copies are the copies inside the system, with what they take from.
var copies = map[string]func(t *testing.T) (from io.Reader, size int64, over func()){
	"splice": func(t *testing.T) (io.Reader, int64, func()) {
		a, b := pair(t)
		const size = 1 << 24
		writer := task.Go(func() {
			_, _ = a.Write(lots[:size])
			_ = a.CloseWrite()
		})
		return b, size, func() {
			_, _ = a.Close(), b.Close()
			must(t, writer.Join())
		}
	},
	"sendfile": func(t *testing.T) (io.Reader, int64, func()) {
		const size = 1 << 24
		path := filepath.Join(filepath.Dir(socketFile(t)), "file")
		f, err := os.Create(path)
		must(t, err)
		must(t, f.Truncate(size))
		return f, size, func() { must(t, f.Close()) }
	},
}

// Whoever is cancelled is told how much the peer will have.
//
// holds: 46, 85
func TestCancelledCopyTellsHowMuchWasSent(t *testing.T) {
	for name, open := range copies {
		t.Run(name, func(t *testing.T) {
			run(t, func() {
				warm(t)
				stopped, whole := 0, 0
				for n := 0; n < 60; n += 3 {
					counted(t, func() {
						from, size, over := open(t)
						a, b := pair(t)
						sent := int64(0)
						ctx, cancel := context.WithCancel(context.Background())
						copier := task.Go(func() {
							_ = timeout.WithContext(ctx, func() (err error) {
								sent, err = io.Copy(a, from)
								return err
							})
							_ = a.CloseWrite()
						})
						got := int64(0)
						reader := task.Go(func() { got = int64(drain(t, b)) })
						for range n {
							task.Yield()
						}
						cancel()
						must(t, copier.Join())
						must(t, reader.Join())
						if got != sent {
							t.Errorf("cancelled after %d turns: the copy says %d bytes, the peer received %d", n, sent, got)
						}
						if sent < size {
							stopped++
						} else {
							whole++
						}
						over()
						must(t, a.Close())
						must(t, b.Close())
					})
				}
				if stopped == 0 {
					t.Errorf("no copy was cut short, %d were whole", whole)
				}
			})
		})
	}
}

// holds: 46
func TestKilledCopyLeavesNothingOpen(t *testing.T) {
	for name, open := range copies {
		t.Run(name, func(t *testing.T) {
			run(t, func() {
				warm(t)
				for n := 0; n < steps; n += 3 {
					counted(t, func() {
						from, _, over := open(t)
						a, b := pair(t)
						copier := task.Go(func() { _, _ = io.Copy(a, from) })
						reader := task.Go(func() { drain(t, b) })
						for range n {
							task.Yield()
						}
						copier.Kill()
						_ = copier.Join()
						must(t, a.Close())
						must(t, reader.Join())
						must(t, b.Close())
						over()
					})
				}
			})
		})
	}
}
