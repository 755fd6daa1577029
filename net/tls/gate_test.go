package tls_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net/tls"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// Readers are served in the order in which they came; one that was killed leaves no
// gap.
//
// holds: 67
func TestReadersTakeTurns(t *testing.T) {
	run(t, func() {
		client, server := shaken(t, tls.VersionTLS13)
		var order []int
		var readers []*task.Task
		for i := range 5 {
			readers = append(readers, task.Go(func() {
				if _, err := server.Read(make([]byte, 1)); err != nil {
					t.Errorf("reader %d: %v", i, err)
				}
				order = append(order, i)
			}))
			tasktest.WaitAllParked()
		}
		readers[2].Kill()
		_, err := io.WriteString(client, "1234")
		must(t, err)
		for _, r := range readers {
			r.Join()
		}
		if want := []int{0, 1, 3, 4}; !slices.Equal(order, want) {
			t.Errorf("they were served in the order %v, want %v", order, want)
		}
		must(t, client.Close())
		must(t, server.Close())
	})
}

// Who waits for its turn behind a task of its loop is no outside work: a virtual clock
// goes on, and ends the wait.
func TestTurnsKeepToTheClock(t *testing.T) {
	run(t, func() {
		loop := runtime.Current()
		client, server := shaken(t, tls.VersionTLS13)
		first := task.Go(func() { _, _ = server.Read(make([]byte, 1)) })
		tasktest.WaitAllParked()
		began := loop.Now()
		err := timeout.Run(time.Hour, func() error {
			_, err := server.Read(make([]byte, 1))
			return err
		})
		var late *timeout.Error
		if !errors.As(err, &late) || loop.Now().Sub(began) != time.Hour {
			t.Errorf("%v after %v, want a timeout after an hour", err, loop.Now().Sub(began))
		}
		second := task.Go(func() { _, _ = server.Read(make([]byte, 1)) })
		tasktest.WaitAllParked()
		says := second.Waiting()
		if !strings.Contains(says, "its turn to read from a TLS connection") || !strings.Contains(says, first.Name()) {
			t.Errorf("the second reader waits for %q, want its turn, and who has it", says)
		}
		must(t, server.Close())
		first.Join()
		second.Join()
		_ = client.Close()
	}, runtime.WithVirtualClock())
}
