package net_test

import (
	"errors"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// attempts are the networks of the sockets that a dial has made.
type attempts []string

func (a *attempts) dialer() *net.Dialer {
	return &net.Dialer{Control: func(network, _ string, _ syscall.RawConn) error {
		*a = append(*a, network)
		return nil
	}}
}

// The first family does not answer, so the other is tried beside it after the delay,
// and wins. The first attempt is under way then: its descriptor is closed.
//
// holds: 79
func TestLoserOfTheRaceLeavesNothing(t *testing.T) {
	names(t, map[string][]string{"both.test.": {"127.0.0.1", "::1"}})
	port := silentIPv6(t)
	race := func(spawn func(func())) {
		l, err := net.Listen("tcp4", "127.0.0.1:"+port)
		must(t, err)
		defer l.Close()
		spawn(func() {
			var tried attempts
			c, err := tried.dialer().Dial("tcp", "both.test.:"+port)
			if err != nil {
				return // cancelled
			}
			defer c.Close()
			if c.RemoteAddr().String() != "127.0.0.1:"+port {
				t.Errorf("connected to %v", c.RemoteAddr())
			}
			if want := (attempts{"tcp6", "tcp4"}); !slices.Equal(tried, want) {
				t.Errorf("it tried %v, want %v", tried, want)
			}
		})
		tasktest.WaitAllParked()
	}
	t.Run("undisturbed", func(t *testing.T) {
		tasktest.Run(t, func() {
			warm(t)
			counted(t, func() { race(func(f func()) { f() }) })
		})
	})
	t.Run("cancelled", func(t *testing.T) {
		before, runs := 0, 0
		tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
			if runs++; runs == 2 {
				before = openFiles(t)
			} else if before > 0 {
				openAsBefore(t, before)
			}
			race(func(f func()) { _ = s.Go(f).Join() })
		})
		if runs < 10 {
			t.Errorf("there were %d runs only", runs)
		}
	})
}

// Where neither family answers the dial ends with its time, and both attempts with it.
//
// holds: 79
func TestRaceWithoutAWinnerLeavesNothing(t *testing.T) {
	port := silentIPv6(t)
	number, err := strconv.Atoi(port)
	must(t, err)
	silentPort(t, syscall.AF_INET, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: number})
	names(t, map[string][]string{"both.test.": {"127.0.0.1", "::1"}})
	tasktest.Run(t, func() {
		warm(t)
		counted(t, func() {
			var tried attempts
			d := tried.dialer()
			d.Timeout = time.Minute
			_, err := d.Dial("tcp", "both.test.:"+port)
			var e net.Error
			if !errors.As(err, &e) || !e.Timeout() {
				t.Errorf("%v, want an error whose Timeout is true", err)
			}
			if len(tried) != 2 {
				t.Errorf("it tried %v, want both", tried)
			}
		})
	})
}

// The first family refuses at once: the other is not left to wait for the delay.
//
// holds: 78, 79
func TestRefusalStartsTheOtherFamilyAtOnce(t *testing.T) {
	names(t, map[string][]string{"both.test.": {"127.0.0.1", "::1"}})
	tasktest.Run(t, func() {
		warm(t)
		counted(t, func() {
			l := listen(t)
			defer l.Close()
			_, port, err := net.SplitHostPort(l.Addr().String())
			must(t, err)
			began := in(0)
			c, err := (&net.Dialer{FallbackDelay: time.Hour}).Dial("tcp", "both.test.:"+port)
			must(t, err)
			must(t, c.Close())
			if waited := in(0).Sub(began); waited >= time.Hour {
				t.Errorf("it waited for %v", waited)
			}
		})
	})
}
