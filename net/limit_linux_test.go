package net_test

import (
	"errors"
	stdnet "net"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

const limited = "EVERGREEN_TEST_LIMITED"

// The limit is the process's, so the test has one of its own.
//
// holds: 74
func TestListenerSurvivesTheLimitOfOpenFiles(t *testing.T) {
	if os.Getenv(limited) != "" {
		exhaust(t)
		return
	}
	self, err := os.Executable()
	must(t, err)
	child := exec.Command(self, "-test.run=^TestListenerSurvivesTheLimitOfOpenFiles$", "-test.v")
	child.Env = append(os.Environ(), limited+"=1", "GORACE=atexit_sleep_ms=0")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func exhaust(t *testing.T) {
	run(t, func() {
		l := listen(t)
		defer l.Close()
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		waiting, err := stdnet.Dial("tcp", l.Addr().String())
		must(t, err)
		defer waiting.Close()

		hog := hogFiles(t)
		for range 3 {
			_, err = l.Accept()
			var e *net.OpError
			if !errors.Is(err, syscall.EMFILE) || !errors.As(err, &e) || e.Op != "accept" {
				t.Errorf("%v, want an OpError of an accept that wraps EMFILE", err)
			}
		}
		if _, err := net.Dial("tcp", l.Addr().String()); !errors.Is(err, syscall.EMFILE) {
			t.Errorf("dial: %v, want EMFILE", err)
		}
		if _, err := net.Listen("tcp", "127.0.0.1:0"); !errors.Is(err, syscall.EMFILE) {
			t.Errorf("listen: %v, want EMFILE", err)
		}
		echo(t, a, b) // connections live on

		acceptor := task.Go(func() { // and so does the listener, once a number is free
			s, err := l.Accept()
			must(t, err)
			must(t, s.Close())
		})
		must(t, syscall.Close(hog[0]))
		must(t, acceptor.Join())
		for _, fd := range hog[1:] {
			must(t, syscall.Close(fd))
		}
	})
}

// hogFiles lowers the limit and opens files until no more can be opened.
func hogFiles(t *testing.T) (hog []int) {
	t.Helper()
	var limit syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	limit.Cur = 64
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	for {
		fd, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return hog
		}
		hog = append(hog, fd)
	}
}

func echo(t *testing.T, a, b net.Conn) {
	t.Helper()
	_, err := a.Write([]byte("x"))
	must(t, err)
	_, err = b.Read(make([]byte, 1))
	must(t, err)
}
