package net_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestNamesAreLookedUp(t *testing.T) {
	names(t, map[string][]string{"two.test.": {"127.0.0.2", "127.0.0.3", "::1"}})
	run(t, func() {
		hosts, err := net.LookupHost("two.test.")
		must(t, err)
		slices.Sort(hosts)
		if want := []string{"127.0.0.2", "127.0.0.3", "::1"}; !slices.Equal(hosts, want) {
			t.Errorf("%v, want %v", hosts, want)
		}
		addrs, err := net.LookupIP("two.test.")
		must(t, err)
		if len(addrs) != 3 {
			t.Errorf("%v, want three addresses", addrs)
		}
		for network, want := range map[string]string{"tcp": "127.0.0.", "tcp4": "127.0.0.", "tcp6": "[::1]:80"} {
			a, err := net.ResolveTCPAddr(network, "two.test.:http")
			must(t, err)
			if got := a.String(); got[:min(len(want), len(got))] != want || a.Port != 80 {
				t.Errorf("%s: %v, want %s...:80", network, a, want)
			}
		}
	})
}

func TestUnknownNameIsADNSError(t *testing.T) {
	names(t, nil)
	run(t, func() {
		for name, call := range map[string]func() error{
			"Dial":           func() error { _, err := net.Dial("tcp", "none.test.:80"); return err },
			"Listen":         func() error { _, err := net.Listen("tcp", "none.test.:80"); return err },
			"LookupHost":     func() error { _, err := net.LookupHost("none.test."); return err },
			"ResolveTCPAddr": func() error { _, err := net.ResolveTCPAddr("tcp", "none.test.:80"); return err },
		} {
			var e *net.DNSError
			if err := call(); !errors.As(err, &e) || !e.IsNotFound || e.Name != "none.test." {
				t.Errorf("%s: %v, want a DNSError that says that none.test. was not found", name, err)
			}
		}
	})
}

func TestLiteralAddressesNeedNoNameServer(t *testing.T) {
	asked := names(t, nil)
	run(t, func() {
		for address, want := range map[string]string{
			"127.0.0.1:80":      "127.0.0.1:80",
			"[::1]:http":        "[::1]:80",
			"[fe80::1%lo]:80":   "[fe80::1%lo]:80",
			"[::ffff:1.2.3.4]:": "1.2.3.4:0",
			":80":               ":80",
			"":                  ":0",
		} {
			a, err := net.ResolveTCPAddr("tcp", address)
			must(t, err)
			if a.String() != want {
				t.Errorf("%q is %v, want %s", address, a, want)
			}
		}
	})
	if len(asked) > 0 {
		t.Errorf("the name server was asked for %s", <-asked)
	}
}

// slowCalls wait for a name server that does not answer.
var slowCalls = map[string]func() error{
	"Dial":       func() error { _, err := net.Dial("tcp", slowName()+":80"); return err },
	"Listen":     func() error { _, err := net.Listen("tcp", slowName()+":80"); return err },
	"LookupHost": func() error { _, err := net.LookupHost(slowName()); return err },
	"LookupIP":   func() error { _, err := net.LookupIP(slowName()); return err },
}

var slowNames atomic.Int64

// slowName returns a name that nobody has asked for yet: the standard resolver asks
// once for all who ask for the same, and then one of them cannot call it off.
func slowName() string { return fmt.Sprintf("n%d.slow.", slowNames.Add(1)) }

func TestSlowLookupIsLeftWhenTheTimeIsUp(t *testing.T) {
	for name, call := range slowCalls {
		t.Run(name, func(t *testing.T) {
			asked := names(t, nil)
			for limit := time.Millisecond; len(asked) == 0; limit *= 2 { // a busy machine may not come to ask
				run(t, func() {
					var e *timeout.Error
					if err := timeout.Run(limit, call); !errors.As(err, &e) {
						t.Errorf("%v, want a *timeout.Error", err)
					}
				})
			} // it was under way, and Run has seen its end: TestMain finds nothing left
		})
	}
}

func TestSlowLookupIsLeftByAKill(t *testing.T) {
	for name, call := range slowCalls {
		t.Run(name, func(t *testing.T) {
			asked := names(t, nil)
			run(t, func() {
				victim := task.Go(func() { t.Errorf("the killed task got %v", call()) })
				settle() // the lookup's own task starts
				<-asked  // the question is asked on a plain goroutine
				victim.Kill()
				if err := victim.Join(); !errors.Is(err, task.ErrKilled) {
					t.Error(err)
				}
			})
		})
	}
}

func TestDialerTimeoutBoundsTheLookup(t *testing.T) {
	names(t, nil)
	run(t, func() {
		for name, d := range map[string]net.Dialer{
			"Timeout":  {Timeout: time.Millisecond},
			"Deadline": {Deadline: time.Now().Add(time.Millisecond)},
		} {
			_, err := d.Dial("tcp", slowName()+":80")
			var e *net.OpError
			if !errors.As(err, &e) || !e.Timeout() || e.Op != "dial" {
				t.Errorf("%s: %v, want an OpError of a dial that timed out", name, err)
			}
		}
	})
}

func TestContextEndsTheLookup(t *testing.T) {
	asked := names(t, nil)
	run(t, func() {
		ctx, cancel := context.WithCancelCause(context.Background())
		dialer := task.Go(func() {
			var d net.Dialer
			_, err := d.DialContext(ctx, "tcp", slowName()+":80")
			var e *net.OpError
			if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Op != "dial" {
				t.Errorf("%v, want an OpError of a dial that was cancelled", err)
			}
		})
		settle()
		<-asked
		cancel(errors.New("changed my mind"))
		must(t, dialer.Join())
	})
}

// holds: 93
func TestSlowNamesLeaveOtherOffloadsAlone(t *testing.T) {
	names(t, nil)
	run(t, func() {
		var stuck []*task.Task
		for range 100 {
			stuck = append(stuck, task.Go(func() { _, _ = net.LookupHost(slowName()) }))
		}
		settle()
		if n, err := task.Offload(func() (int, error) { return 42, nil }); n != 42 || err != nil {
			t.Errorf("%d, %v; want 42, nil", n, err)
		}
		for _, s := range stuck {
			s.Kill()
		}
	})
}
