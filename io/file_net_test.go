package io_test

import (
	stdio "io"
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// A file goes to a connection, whole or a part of it, by the pool for files: the disk
// never stops the loop, as it does where a connection is given a file of package os.
func TestFileIsCopiedToAConnection(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 100_000)
	name := fileWith(t, text)
	run(t, func() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close()
		got := ""
		server := task.Go(func() {
			c, err := l.Accept()
			must(t, err)
			defer c.Close()
			all, err := stdio.ReadAll(c)
			must(t, err)
			got = string(all)
		})
		c, err := net.Dial("tcp", l.Addr().String())
		must(t, err)
		f, err := io.Open(name)
		must(t, err)
		defer fileClose(t, f)
		if n, err := stdio.CopyN(c, f, 100); n != 100 || err != nil {
			t.Errorf("CopyN returned %d, %v", n, err)
		}
		if n, err := stdio.Copy(c, f); n != int64(len(text))-100 || err != nil {
			t.Errorf("Copy returned %d, %v", n, err)
		}
		must(t, c.Close())
		if _ = server.Join(); got != text {
			t.Errorf("%d bytes came through of %d", len(got), len(text))
		}
		for _, s := range task.OffloadStats() {
			if s.Name == "file" && (s.Total < 5 || s.Total > 20) {
				t.Errorf("the copy took %d functions of the pool for files", s.Total)
			}
		}
	})
}

// A connection goes to a file, and the file has what came when it was cut off.
func TestConnectionIsCopiedToAFile(t *testing.T) {
	name := fileWith(t, "")
	run(t, func() {
		a, b := net.Pipe()
		f, err := io.Create(name)
		must(t, err)
		copied := int64(0)
		copying := task.Go(func() { copied, err = stdio.Copy(f, b) })
		for range 100 {
			_, err := a.Write([]byte("a line\n"))
			must(t, err)
		}
		must(t, a.Close())
		_ = copying.Join()
		fileClose(t, f)
		text, rerr := io.ReadFile(name)
		if copied != 700 || err != nil || string(text) != strings.Repeat("a line\n", 100) {
			t.Errorf("copied %d, %v; the file has %d bytes, %v", copied, err, len(text), rerr)
		}
	})
}
