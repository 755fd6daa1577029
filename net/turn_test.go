package net_test

import (
	"errors"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// readers starts n tasks that read one byte each, in order, and returns where it
// goes.
func readers(t *testing.T, c *net.TCPConn, n int) (got []byte, all []*task.Task) {
	got = make([]byte, n)
	for i := range n {
		all = append(all, task.Go(func() {
			if _, err := c.Read(got[i : i+1]); err != nil {
				t.Errorf("reader %d: %v", i, err)
			}
		}))
	}
	return got, all
}

// holds: 67
func TestReadersAreServedInOrder(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		got, all := readers(t, a, 5)
		settle()
		_, err := b.Write([]byte("abcde"))
		must(t, err)
		for _, r := range all {
			must(t, r.Join())
		}
		if string(got) != "abcde" {
			t.Errorf("the readers got %q in the order of their coming, want abcde", got)
		}
	})
}

// holds: 67
func TestReadersOnGoroutinesAreServedInOrder(t *testing.T) {
	loop := start(t)
	a, b := pairOf(t, loop)
	defer a.Close()
	defer b.Close()
	got := make([]byte, 5)
	var all []func()
	for i := range got {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = a.Read(got[i : i+1])
		}()
		inside(loop, i+1)
		all = append(all, func() { <-done })
	}
	_, err := b.Write([]byte("abcde"))
	must(t, err)
	goroutines(all...)
	if string(got) != "abcde" {
		t.Errorf("the readers got %q in the order of their coming, want abcde", got)
	}
}

// holds: 67
func TestReaderAndWriterDoNotWaitForEachOther(t *testing.T) {
	everywhere(t, func(t *testing.T, a, b *net.TCPConn, together func(...func())) {
		buf := make([]byte, 1)
		together(
			func() { // reads until the very end, and the writer next to it is not in the way
				if _, err := a.Read(buf); err != nil {
					t.Error(err)
				}
			},
			func() {
				if _, err := a.Write([]byte("question")); err != nil {
					t.Error(err)
				}
			},
			func() {
				if _, err := b.Read(make([]byte, 8)); err != nil {
					t.Error(err)
				}
				if _, err := b.Write([]byte("!")); err != nil {
					t.Error(err)
				}
			},
		)
	})
}

// holds: 10, 67
func TestKilledReaderLosesItsTurnToTheNext(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		got, all := readers(t, a, 3)
		settle()
		all[1].Kill()
		_, err := b.Write([]byte("ab"))
		must(t, err)
		must(t, all[0].Join())
		must(t, all[2].Join())
		if string(got) != "a\x00b" {
			t.Errorf("the readers got %q, want a for the first and b for the third", got)
		}
		if err := all[1].Join(); !errors.Is(err, task.ErrKilled) {
			t.Error(err)
		}
	})
}

// The turn has been handed over already, in the release, to one who does not live
// to take it.
//
// holds: 13, 67
func TestReaderKilledOnItsTurnHandsItOn(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		var second, third *task.Task
		var got [2]byte
		first := task.Go(func() {
			if _, err := a.Read(got[:1]); err != nil {
				t.Error(err)
			}
			second.Kill() // it is ready now, and has not run
		})
		second = task.Go(func() {
			_, err := a.Read(make([]byte, 1))
			t.Errorf("the killed reader returned %v", err)
		})
		third = task.Go(func() {
			if _, err := a.Read(got[1:]); err != nil {
				t.Error(err)
			}
		})
		settle()
		_, err := b.Write([]byte("ab"))
		must(t, err)
		must(t, first.Join())
		must(t, third.Join())
		if string(got[:]) != "ab" {
			t.Errorf("the readers got %q, want ab", got)
		}
	})
}

func TestCallersWaitTheirTurnInAccept(t *testing.T) {
	run(t, func() {
		l := listen(t)
		defer l.Close()
		var order []int
		for i := range 3 {
			task.Go(func() {
				c, err := l.Accept()
				must(t, err)
				order = append(order, i)
				must(t, c.Close())
			})
		}
		settle()
		for range 3 {
			c, err := net.Dial("tcp", l.Addr().String())
			must(t, err)
			must(t, c.Close())
		}
		settle()
		if len(order) != 3 || order[0] != 0 || order[1] != 1 || order[2] != 2 {
			t.Errorf("the callers were served in the order %v", order)
		}
	})
}

func TestNothingIsLeftOfAConnection(t *testing.T) {
	run(t, func() {
		before := runtime.Current().Stats()
		for range 10 {
			a, b := pair(t)
			must(t, a.SetDeadline(inAYear))
			_, all := readers(t, a, 3)
			settle()
			_, err := b.Write([]byte("abc"))
			must(t, err)
			for _, r := range all {
				must(t, r.Join())
			}
			must(t, a.Close())
			must(t, b.Close())
		}
		if after := runtime.Current().Stats(); after.Descriptors != before.Descriptors || after.Timers != before.Timers || after.Live != before.Live {
			t.Errorf("%+v, before it was %+v", after, before)
		}
	})
}
