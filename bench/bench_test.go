//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "-serve" { // started by measure
		panic(echoServers[os.Args[2]]())
	}
	os.Exit(m.Run())
}

// Every server answers, and the table has a line for each.
func TestEchoTable(t *testing.T) {
	var out strings.Builder
	if err := echo(&out, 1, load{conns: 3, size: 64, length: 50 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	for _, name := range echoNames {
		if !strings.Contains(out.String(), "\n| "+name+" | ") {
			t.Errorf("there is no line for %s in\n%s", name, out.String())
		}
	}
}
