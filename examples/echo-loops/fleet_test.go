package main

import (
	"bytes"
	"io"
	stdnet "net"
	stdruntime "runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	loops   = 3
	clients = 120
)

// Every client gets back what it sent, and every loop has some of them.
func TestClientsSpreadOverTheLoops(t *testing.T) {
	f, err := start("127.0.0.1:0", loops, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { client(t, f.address, byte(i)) })
	}
	all.Wait()
	if err := f.shutdown(-1); err != nil {
		t.Error(err)
	}
	report := f.report()
	if !strings.Contains(report, "together "+pad(clients)+pad(0)) {
		t.Errorf("the report does not count %d clients:\n%s", clients, report)
	}
	if os := stdruntime.GOOS; os != "linux" && os != "freebsd" {
		return // other systems promise no more
	}
	for i, s := range f.ships {
		if s.server.Stats().Accepted == 0 {
			t.Errorf("loop %d has got none of %d clients:\n%s", i+1, clients, report)
		}
	}
}

// pad writes a number as the report does.
func pad(n int) string {
	s := strconv.Itoa(n)
	return strings.Repeat(" ", 8-len(s)) + s + " "
}

func client(t *testing.T, address string, letter byte) {
	conn, err := stdnet.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	sent := bytes.Repeat([]byte{letter}, 10_000)
	if _, err := conn.Write(sent); err != nil {
		t.Error(err)
	}
	_ = conn.(*stdnet.TCPConn).CloseWrite()
	if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes of %d came back (%v)", len(got), len(sent), err)
	}
}

// Clients that stay are cut when the grace is over, and the report says so.
func TestIdleClientsAreCut(t *testing.T) {
	f, err := start("127.0.0.1:0", loops, 0)
	if err != nil {
		t.Fatal(err)
	}
	idle, err := stdnet.Dial("tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	if _, err := idle.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(idle, make([]byte, 1)); err != nil { // it is being served
		t.Fatal(err)
	}
	if err := f.shutdown(0); err != nil {
		t.Error(err)
	}
	if report := f.report(); !strings.Contains(report, "together "+pad(1)+pad(1)) {
		t.Errorf("the report does not say that one client was cut:\n%s", report)
	}
	if n, err := idle.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the client read %d bytes and no end", n)
	}
}

// An address that cannot be listened at is an error, not a crash.
func TestStartFails(t *testing.T) {
	if _, err := start("192.0.2.1:0", loops, 0); err == nil { // documentation only: nobody has it
		t.Error("it listens at an address that is not of this machine")
	}
}
