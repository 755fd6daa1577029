package net_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// Urgent data makes a read stop short at its mark. What comes behind the mark must
// not be taken for not there yet.
func TestUrgentDataHidesNothing(t *testing.T) {
	run(t, func() {
		a, b := pair(t)
		defer a.Close()
		defer b.Close()
		var got []byte
		reader := task.Go(func() {
			buf := make([]byte, 64)
			for len(got) < len("abcdefghi") {
				n, err := b.Read(buf)
				if err != nil {
					t.Error(err)
					return
				}
				got = append(got, buf[:n]...)
			}
		})
		_, err := a.Write([]byte("abc"))
		must(t, err)
		settle()
		raw, err := a.SyscallConn()
		must(t, err)
		must(t, raw.Control(func(fd uintptr) {
			for _, part := range []struct {
				text  string
				flags int
			}{{"def", 0}, {"!", unix.MSG_OOB}, {"ghi", 0}} {
				if err := unix.Sendto(int(fd), []byte(part.text), part.flags, nil); err != nil {
					t.Error(err)
				}
			}
		}))
		if err := timeout.Run(10*time.Second, reader.Join); err != nil {
			reader.Kill()
			t.Error(err)
		}
		if string(got) != "abcdefghi" {
			t.Errorf("%q was read", got)
		}
	})
}
