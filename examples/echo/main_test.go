package main

import (
	"bytes"
	"io"
	"testing"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Several clients at once get back what they sent, each its own.
func TestEcho(t *testing.T) {
	err := runtime.Run(func() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Error(err)
			return
		}
		server := task.Go(func() { serve(l) })
		var clients []*task.Task
		for i := range 10 {
			clients = append(clients, task.Go(func() { client(t, l.Addr().String(), byte('a'+i)) }))
		}
		for _, c := range clients {
			_ = c.Join()
		}
		l.Close()
		_ = server.Join()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func client(t *testing.T, address string, letter byte) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	sent := bytes.Repeat([]byte{letter}, 100_000)
	task.Go(func() {
		_, _ = conn.Write(sent)
		_ = conn.(*net.TCPConn).CloseWrite()
	})
	got, err := io.ReadAll(conn)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes of %d came back (%v)", len(got), len(sent), err)
	}
}
