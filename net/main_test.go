package net_test

import (
	"os"
	stdruntime "runtime"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs main as the first task of a loop. Where the test fails in it, the other
// tasks are not waited for.
func run(t *testing.T, main func(), opts ...runtime.Option) {
	t.Helper()
	err := runtime.Run(func() {
		loop := runtime.Current()
		defer func() {
			if t.Failed() {
				loop.Stop()
			}
		}()
		main()
	}, opts...)
	if err != nil && !t.Skipped() { // Skip ends the task
		t.Error(err)
	}
}

// start has a loop run on a goroutine of its own until the test ends. Its Close
// must then find nothing that is still registered.
func start(t testing.TB) *runtime.Loop {
	t.Helper()
	loop, err := runtime.New()
	must(t, err)
	over := make(chan error, 1)
	go func() { over <- loop.RunForever() }()
	t.Cleanup(func() {
		loop.Stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
		if err := loop.Close(); err != nil {
			t.Error(err)
		}
	})
	return loop
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listen listens on a free port of 127.0.0.1. To be called in a task.
func listen(t testing.TB) *net.TCPListener {
	t.Helper()
	return listenAt(t, "127.0.0.1")
}

func listenAt(t testing.TB, host string) *net.TCPListener {
	t.Helper()
	l, err := net.Listen("tcp", host+":0")
	must(t, err)
	return l.(*net.TCPListener)
}

// apart is an address of this machine that other processes leave alone, where there are
// many: a port of it that is given back is not taken by somebody else at once.
func apart() string {
	if stdruntime.GOOS != "linux" {
		return "127.0.0.1"
	}
	pid := os.Getpid()
	return net.IPv4(127, 128|byte(pid>>16), byte(pid>>8), byte(pid)).String()
}

// lots is more than the system takes from a writer whose peer does not read. It is for all
// who want so much: to make it anew each time costs more than to send it.
var lots = make([]byte, 1<<26)

// pair makes the two ends of a connection. To be called in a task.
func pair(t testing.TB) (dialed, accepted *net.TCPConn) {
	t.Helper()
	l := listen(t)
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	s, err := l.AcceptTCP()
	must(t, err)
	return c.(*net.TCPConn), s
}

// settle lets every task go on until it can only wait for something outside. Who
// is ready runs within a turn, and a report of the poller takes one or two.
func settle() {
	for range 200 {
		task.Yield()
	}
}

// A place is where a connection is used from.
type place struct {
	name string
	// with calls f with the two ends of a connection. f may call together, which runs
	// functions at the same time and waits for them.
	with func(t *testing.T, f func(a, b *net.TCPConn, together func(...func())))
}

var places = []place{
	{"tasks", func(t *testing.T, f func(a, b *net.TCPConn, together func(...func()))) {
		run(t, func() {
			a, b := pair(t)
			defer a.Close()
			defer b.Close()
			f(a, b, tasks)
		})
	}},
	{"goroutines", func(t *testing.T, f func(a, b *net.TCPConn, together func(...func()))) {
		a, b := pairOf(t, start(t))
		defer a.Close()
		defer b.Close()
		f(a, b, goroutines)
	}},
	{"tasks of another loop", func(t *testing.T, f func(a, b *net.TCPConn, together func(...func()))) {
		a, b := pairOf(t, start(t))
		defer a.Close()
		defer b.Close()
		run(t, func() { f(a, b, tasks) })
	}},
}

// everywhere runs f in every place.
func everywhere(t *testing.T, f func(t *testing.T, a, b *net.TCPConn, together func(...func()))) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			p.with(t, func(a, b *net.TCPConn, together func(...func())) { f(t, a, b, together) })
		})
	}
}

func pairOf(t testing.TB, loop *runtime.Loop) (a, b *net.TCPConn) {
	t.Helper()
	must(t, loop.Do(func() error {
		a, b = pair(t)
		return nil
	}))
	return a, b
}

func tasks(fs ...func()) {
	var all []*task.Task
	for _, f := range fs {
		all = append(all, task.Go(f))
	}
	for _, one := range all {
		one.Join()
	}
}

func goroutines(fs ...func()) {
	var all sync.WaitGroup
	for _, f := range fs {
		all.Go(f)
	}
	all.Wait()
}

// inside waits until so many calls of other goroutines are under way in the loop.
func inside(loop *runtime.Loop, calls int) {
	for live := 0; live != calls+1; { // the one that looks counts too
		_ = loop.Do(func() error {
			live = loop.Stats().Live
			return nil
		})
	}
}
