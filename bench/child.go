//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The processors: a peer has one to itself, the load generator the other, unless a
// workload is given both. On a machine with one processor they share it.
const (
	serverCPU = 0
	loadCPU   = 1
)

// child is a peer in a process of its own.
type child struct {
	cmd      *exec.Cmd
	addr     netip.AddrPort // where a server listens
	in       io.WriteCloser // its standard input: what it is asked for
	out      *os.File       // its standard output
	lines    *bufio.Reader  // of out: the answers
	profiled bool           // it writes a profile and must be let finish
}

// start starts a peer's server on its processor and waits until it listens.
func start(a *area, p peer, j job, o options) (*child, error) {
	c, err := launch(a, p, j, o)
	if err != nil {
		return nil, err
	}
	line, err := c.answer()
	if err == nil {
		c.addr, err = netip.ParseAddrPort(line)
	}
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("the server did not say where it listens: %w", err)
	}
	return c, nil
}

// launch starts the process of a peer.
func launch(a *area, p peer, j job, o options) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	j.Area, j.Peer, j.Procs = a.name, p.name, max(1, j.Procs)
	c := &child{}
	if p.command != nil {
		c.cmd = p.command(j)
	} else {
		if o.profile != "" {
			c.profiled = true
			j.Profile = filepath.Join(o.profile, fmt.Sprintf("%s-%s-%d.pprof", a.name, p.name, time.Now().UnixNano()))
		}
		c.cmd = exec.Command(self, serveFlag, j.String())
	}
	c.cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", j.Procs))
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = out.(*os.File)
	c.lines = bufio.NewReader(out)
	cpus := []int{serverCPU}
	switch {
	case j.Aside:
		cpus = []int{loadCPU}
	case j.Procs > 1:
		cpus = append(cpus, loadCPU)
	}
	runtime.LockOSThread() // the processor is a property of the thread
	pin(0, cpus...)        // inherited by the child
	err = c.cmd.Start()
	pin(0, loadCPU)
	runtime.UnlockOSThread()
	return c, err
}

// ask has the server do something, see control, and returns its answer.
func (c *child) ask(what string) (string, error) {
	if _, err := fmt.Fprintln(c.in, what); err != nil {
		return "", err
	}
	return c.answer()
}

// patience is how long a peer may take for an answer; the longest builds a million
// goroutines on a busy machine.
const patience = 2 * time.Minute

// answer reads the server's next line. One that does not come is an error, not a wait
// without end.
func (c *child) answer() (string, error) {
	if err := c.out.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	line, err := c.lines.ReadString('\n')
	return strings.TrimSpace(line), err
}

func (c *child) stop() {
	if c.profiled {
		_, _ = c.ask("finish")
	}
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
	_ = c.in.Close()
}

// pin puts a thread on processors; 0 means the calling one.
func pin(thread int, cpus ...int) {
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	_ = unix.SchedSetaffinity(thread, &set) // with one processor there is no choice
}

// prepare readies this process to be the load generator: all its threads leave the
// servers' processor, and it may have as many connections as the system allows.
func prepare() {
	threads, _ := os.ReadDir("/proc/self/task")
	for _, t := range threads {
		if id, err := strconv.Atoi(t.Name()); err == nil {
			pin(id, loadCPU)
		}
	}
	raiseFiles()
}

// raiseFiles raises the limit of open descriptors as far as it goes and returns it.
func raiseFiles() uint64 {
	const plenty = 1 << 18
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) != nil {
		return 0
	}
	for _, want := range []unix.Rlimit{{Cur: max(plenty, r.Cur), Max: max(plenty, r.Max)}, {Cur: r.Max, Max: r.Max}} {
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &want) == nil {
			return want.Cur
		}
	}
	return r.Cur
}

// usage is what a process has used so far.
type usage struct {
	cpu          time.Duration
	user, kernel float64       // ticks: good for their proportion
	waited       time.Duration // ready and without a processor
}

// use reads what the server has used. It is what getrusage would tell the server
// about itself, read from here so that the server is not disturbed.
func (c *child) use() (usage, error) { return use(c.cmd.Process.Pid) }

// use reads what a process has used: the CPU time from its clock, to the
// nanosecond, and how it divides from its statistics.
func use(pid int) (u usage, err error) {
	var ts unix.Timespec
	clock := int32(^pid<<3 | 2) // the kernel's encoding of "CPU time of process pid"
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return u, fmt.Errorf("the CPU clock of a process: %w", err)
	}
	u.cpu = time.Duration(ts.Nano())
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, err
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) > 12 {
		u.user, _ = strconv.ParseFloat(fields[11], 64)
		u.kernel, _ = strconv.ParseFloat(fields[12], 64)
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, name := range threads { // none, where the kernel does not keep them
		text, _ := os.ReadFile(name)
		if f := strings.Fields(string(text)); len(f) > 1 {
			ns, _ := strconv.ParseInt(f[1], 10, 64)
			u.waited += time.Duration(ns)
		}
	}
	return u, err
}

// memory reads a line of the server's /proc/pid/status, in bytes: "VmHWM", "RssAnon".
func (c *child) memory(name string) (float64, error) { return memoryOf(c.cmd.Process.Pid, name) }

func memoryOf(pid int, name string) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib * 1024, err
		}
	}
	return 0, fmt.Errorf("the status of process %d has no %s", pid, name)
}
