package accept

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestBackoffDoublesToASecond(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	want := []time.Duration{ms(5), ms(10), ms(20), ms(40), ms(80), ms(160), ms(320), ms(640), ms(1000), ms(1000)}
	var b Backoff
	for range 2 { // a success begins anew
		var got []time.Duration
		for range want {
			got = append(got, b.Failed())
		}
		if !slices.Equal(got, want) {
			t.Errorf("the pauses are %v, want %v", got, want)
		}
		b.Succeeded()
	}
}

// passing is an error that says of itself whether it passes, as those of foreign
// listeners do.
type passing bool

func (p passing) Error() string   { return fmt.Sprintf("passing: %t", bool(p)) }
func (p passing) Temporary() bool { return bool(p) }

func TestErrorsOfAccept(t *testing.T) {
	of := func(e syscall.Errno) error {
		return &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", e)}
	}
	for _, c := range []struct {
		err          error
		passes, gone bool
	}{
		{err: of(syscall.EMFILE), passes: true},
		{err: of(syscall.ENFILE), passes: true},
		{err: of(syscall.ENOBUFS), passes: true},
		{err: of(syscall.ENOMEM), passes: true},
		{err: fmt.Errorf("wrapped twice: %w", of(syscall.EMFILE)), passes: true},
		{err: passing(true), passes: true},
		{err: passing(false)},
		{err: of(syscall.EINVAL)},
		{err: net.ErrClosed},
		{err: errors.New("anything else")},
	} {
		if got := Passes(c.err); got != c.passes {
			t.Errorf("Passes(%v) is %t", c.err, got)
		}
		if got := Gone(c.err); got != c.gone {
			t.Errorf("Gone(%v) is %t", c.err, got)
		}
	}
	if !Gone(of(syscall.ECONNABORTED)) {
		t.Error("a connection whose peer gave up is not told from a failure")
	}
}

// wrapped is a listener around another one, as those of crypto/tls are.
type wrapped struct{ net.Listener }

func TestListenersThatBlock(t *testing.T) {
	for _, l := range []net.Listener{&net.TCPListener{}, &net.UnixListener{}} {
		if err := Blocks(l); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%T", l)) || !strings.Contains(err.Error(), "make the listener with") {
			t.Errorf("of a %T it says %v, want its type and the way out", l, err)
		}
	}
	if err := Blocks(wrapped{}); err != nil {
		t.Errorf("of a listener of somebody else's it says %v", err)
	}
}
