//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// load is what one measurement asks of a server: on each connection one message
// is under way at a time.
type load struct {
	conns, size int
	length      time.Duration
}

// result is what one measurement found.
type result struct {
	rate     float64 // requests/s
	cpu      float64 // microseconds of the server's processor time per request
	p50, p99 float64 // microseconds from sending a message to having it back
}

// measure starts the server of that name on processor 0 and loads it from
// processor 1.
func measure(name string, l load) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	cmd := exec.Command(self, "-serve", name)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return result{}, err
	}
	runtime.LockOSThread() // the processor is a property of the thread
	defer runtime.UnlockOSThread()
	pin(0) // inherited by the server
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	pin(1)
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return result{}, fmt.Errorf("the server did not say where it listens: %w", err)
	}
	addr, err := netip.ParseAddrPort(strings.TrimSpace(line))
	if err != nil {
		return result{}, err
	}
	return l.run(addr, cmd.Process.Pid)
}

func pin(cpu int) {
	var set unix.CPUSet
	set.Set(cpu)
	_ = unix.SchedSetaffinity(0, &set) // on a machine with one processor all share it
}

// run opens the connections and keeps each busy, by an epoll loop of its own: the
// generator must not be slower than the fastest server.
func (l load) run(addr netip.AddrPort, pid int) (result, error) {
	g := generator{load: l, sent: map[int32]time.Time{}, buf: make([]byte, l.size)}
	defer g.close()
	if err := g.connect(addr); err != nil {
		return result{}, err
	}
	if err := g.drive(l.length / 5); err != nil { // warm-up
		return result{}, err
	}
	g.times = g.times[:0]
	before, start := cpuTime(pid), time.Now()
	if err := g.drive(l.length); err != nil {
		return result{}, err
	}
	took, used := time.Since(start), cpuTime(pid)-before
	slices.Sort(g.times)
	n := len(g.times)
	if n == 0 {
		return result{}, errors.New("no answer came")
	}
	at := func(q float64) float64 { return float64(g.times[int(q*float64(n-1))].Nanoseconds()) / 1e3 }
	return result{
		rate: float64(n) / took.Seconds(),
		cpu:  float64(used.Nanoseconds()) / 1e3 / float64(n),
		p50:  at(0.50), p99: at(0.99),
	}, nil
}

type generator struct {
	load
	ep    int
	sent  map[int32]time.Time
	buf   []byte
	times []time.Duration
}

func (g *generator) connect(addr netip.AddrPort) (err error) {
	if g.ep, err = unix.EpollCreate1(0); err != nil {
		return err
	}
	for range g.conns {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		if err := unix.Connect(fd, &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}); err != nil {
			return err
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		if err := unix.EpollCtl(g.ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
			return err
		}
		if err := g.send(int32(fd)); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) send(fd int32) error {
	g.sent[fd] = time.Now()
	_, err := unix.Write(int(fd), g.buf)
	return err
}

// drive answers every answer with the next message until the time is up.
func (g *generator) drive(length time.Duration) error {
	events := make([]unix.EpollEvent, 256)
	for end := time.Now().Add(length); time.Now().Before(end); {
		n, err := unix.EpollWait(g.ep, events, 100)
		if err != nil && err != unix.EINTR {
			return err
		}
		for i := range max(n, 0) {
			fd := events[i].Fd
			for got := 0; got < g.size; {
				k, err := unix.Read(int(fd), g.buf[got:])
				if err != nil || k == 0 {
					return fmt.Errorf("the server closed a connection (%v)", err)
				}
				got += k
			}
			g.times = append(g.times, time.Since(g.sent[fd]))
			if err := g.send(fd); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *generator) close() {
	for fd := range g.sent {
		_ = unix.Close(int(fd))
	}
	_ = unix.Close(g.ep)
}

// cpuTime is the processor time that a process has used, from its CPU clock.
func cpuTime(pid int) time.Duration {
	var ts unix.Timespec
	clock := int32(^pid<<3 | 2) // the kernel's encoding of "CPU time of process pid"
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
