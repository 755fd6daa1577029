package poller

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiting is a Wait under way on a thread of its own.
type waiting struct {
	tid    int
	result chan waited
}

type waited struct {
	events []Event
	err    error
	took   time.Duration
}

// startWait calls Wait on another thread and returns once that thread sleeps in the kernel.
func (f *fixture) startWait(timeout time.Duration) *waiting {
	f.Helper()
	if _, err := os.ReadFile("/proc/self/syscall"); err != nil {
		f.Skipf("cannot see what a thread does: %v", err)
	}
	w := &waiting{result: make(chan waited, 1)}
	tid := make(chan int)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		tid <- unix.Gettid()
		events := make([]Event, 8)
		start := time.Now()
		n, err := f.p.Wait(events, timeout)
		w.result <- waited{events[:n], err, time.Since(start)}
	}()
	w.tid = <-tid
	w.untilAsleep()
	return w
}

// untilAsleep returns once the thread sleeps in Wait, or Wait has returned.
func (w *waiting) untilAsleep() {
	for !w.asleep() && len(w.result) == 0 {
		runtime.Gosched()
	}
}

// asleep reports whether the thread sleeps in one of the calls that Wait makes.
func (w *waiting) asleep() bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/syscall", w.tid))
	if err != nil {
		return false // the thread has ended, with its Wait
	}
	number, _, _ := bytes.Cut(line, []byte(" "))
	for _, call := range waitCalls {
		if string(number) == fmt.Sprint(call) {
			return true
		}
	}
	return false
}

var waitCalls = append([]int{unix.SYS_EPOLL_PWAIT, unix.SYS_EPOLL_PWAIT2, unix.SYS_PPOLL}, oldWaitCalls...)

func TestEventDuringWait(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, w := f.pipe()
		f.add(r, 1)
		f.arm(r, Read)
		wait := f.startWait(-1)
		f.write(w, "x")
		if got := <-wait.result; got.err != nil || len(got.events) != 1 || got.events[0].Token != 1 {
			f.Errorf("Wait returned %v, %v", got.events, got.err)
		}
	})
}

func TestWakeDuringWait(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		for _, timeout := range []time.Duration{-1, time.Hour} {
			for range 3 {
				wait := f.startWait(timeout)
				f.must(f.p.Wake())
				if got := <-wait.result; got.err != nil || len(got.events) != 0 {
					f.Errorf("Wait returned %v, %v", got.events, got.err)
				}
			}
		}
	})
}

// holds: 71
func TestSignalDuringWait(t *testing.T) {
	arrived := make(chan os.Signal, 1)
	signal.Notify(arrived, unix.SIGUSR1)
	defer signal.Stop(arrived)

	// interrupt sends a signal to the waiting thread itself, and returns when it has been handled.
	interrupt := func(f *fixture, w *waiting) {
		f.Helper()
		f.must(unix.Tgkill(unix.Getpid(), w.tid, unix.SIGUSR1))
		<-arrived
	}

	t.Run("for ever", func(t *testing.T) {
		eachBackend(t, func(f *fixture) {
			wait := f.startWait(-1)
			for range 5 {
				interrupt(f, wait)
				wait.untilAsleep()
				if len(wait.result) > 0 {
					f.Fatalf("a signal ended Wait: %v", (<-wait.result).err)
				}
			}
			f.must(f.p.Wake())
			if got := <-wait.result; got.err != nil {
				f.Error(got.err)
			}
		})
	})

	t.Run("with a timeout", func(t *testing.T) {
		eachBackend(t, func(f *fixture) {
			// Signals come faster than the timeout passes, so a wait that starts anew at each would
			// last as long as they come.
			const timeout, tooLong = 100 * time.Millisecond, time.Minute
			wait := f.startWait(timeout)
			start := time.Now()
			for len(wait.result) == 0 && time.Since(start) < tooLong {
				if unix.Tgkill(unix.Getpid(), wait.tid, unix.SIGUSR1) != nil {
					break // the thread has ended, with its Wait
				}
				select {
				case <-arrived:
				case got := <-wait.result:
					wait.result <- got
				}
			}
			got := <-wait.result
			if got.err != nil || got.took < timeout || got.took >= tooLong {
				f.Errorf("Wait(%v) among signals returned %v after %v", timeout, got.err, got.took)
			}
		})
	})
}

// What a waker wrote is seen although its Wake did nothing but find that another was pending.
func TestCoalescedWakePublishes(t *testing.T) {
	eachBackend(t, func(f *fixture) {
		r, w := f.pipe()
		value := 0
		var wg sync.WaitGroup
		wg.Go(func() {
			f.p.Wake()
			value = 1
			f.p.Wake()
			unseen(unix.SYS_WRITE, w)
		})
		for unseen(unix.SYS_READ, r) != 1 {
			runtime.Gosched()
		}
		f.wait(-1)
		if value != 1 { // the race detector objects if the second Wake does not publish it
			f.Errorf("saw %d, want 1", value)
		}
		wg.Wait()
	})
}

// unseen reads or writes one byte in a way that the race detector does not take for an ordering, so
// that it sees nothing but the one under test.
func unseen(call uintptr, fd int) int {
	var b [1]byte
	n, _, _ := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), 1)
	return int(n)
}
