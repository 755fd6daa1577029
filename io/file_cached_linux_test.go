package io_test

import (
	stdio "io"
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// What the system has in memory needs no plain goroutine, where the file system can
// tell; the rest of the file, and its end, are found as ever.
func TestReadsFromMemoryStayOnTheLoop(t *testing.T) {
	text := strings.Repeat("0123456789", 1000)
	name := fileWith(t, text)
	run(t, func() {
		f, err := io.Open(name)
		must(t, err)
		defer fileClose(t, f)
		offloads := func() uint64 { return runtime.Current().Stats().Offloads }
		before, p := offloads(), make([]byte, 100)
		_, err = f.ReadAt(p, 5)
		must(t, err)
		if offloads() != before {
			t.Log("not tested: the file system of the test's folder cannot read from memory alone") // Skip would end the task
			return
		}
		if string(p) != text[5:105] {
			t.Errorf("read %q", p)
		}
		turns := 0
		other := task.Go(func() {
			for {
				turns++
				task.Yield()
			}
		})
		for at := 0; at < len(text); at += len(p) {
			if n, err := f.Read(p); string(p[:n]) != text[at:at+len(p)] || err != nil {
				t.Fatalf("at %d read %q, %v", at, p[:n], err)
			}
		}
		if offloads() != before {
			t.Errorf("%d reads went to a plain goroutine", offloads()-before)
		}
		for range 1000 {
			_, _ = f.ReadAt(p, 0)
		}
		if other.Kill(); turns < 5 {
			t.Errorf("the other task had %d turns among a thousand reads", turns)
		}
		if n, err := f.Read(p); n != 0 || err != stdio.EOF {
			t.Errorf("at the end read %d, %v", n, err)
		}
		if n, err := f.ReadAt(p, int64(len(text)-10)); n != 10 || err != stdio.EOF {
			t.Errorf("near the end read %d, %v", n, err)
		}
		if n, err := f.ReadAt(p, -1); n != 0 || err == nil {
			t.Errorf("before the beginning read %d, %v", n, err)
		}
	})
}
