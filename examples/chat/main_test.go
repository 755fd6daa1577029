package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDemonstration(t *testing.T) {
	var out strings.Builder
	if err := runtime.Run(func() { demonstrate(&out) }); err != nil {
		t.Fatal(err)
	}
	want := `Ada has come in
Blaise has come in
Grace has come in
Ada: Good evening!
Blaise: Bonsoir.
Grace: Is this the compiler room?
Ada: It is now.
Blaise has left
`
	if out.String() != want {
		t.Errorf("it went:\n%s", out.String())
	}
}

// open runs test with an open room, which it then closes.
func open(t *testing.T, test func(r *room, dial func() net.Conn)) {
	t.Helper()
	if err := runtime.Run(func() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		r := newRoom()
		served := task.Go(func() {
			if err := r.serve(l); err != nil {
				t.Error(err)
			}
		})
		defer r.close() // also when the test calls FailNow
		test(r, func() net.Conn {
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			return conn
		})
		r.close()
		_ = served.Join()
		if len(r.guests) != 0 {
			t.Errorf("%d guests are left in a closed room", len(r.guests))
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// A guest who never reads is shown out, and the others hear everything.
func TestSlowGuestIsShownOut(t *testing.T) {
	open(t, func(r *room, dial func() net.Conn) {
		slow, talker := dial(), dial()
		defer slow.Close()
		defer talker.Close()
		fmt.Fprintln(slow, "slow")
		fmt.Fprintln(talker, "talker")
		for len(r.guests) < 2 {
			task.Yield()
		}
		listening := task.Go(func() { _, _ = io.Copy(io.Discard, talker) })
		line := strings.Repeat("x", maxLine-2)
		for len(r.guests) > 1 {
			if _, err := fmt.Fprintln(talker, line); err != nil {
				t.Fatal(err)
			}
		}
		for g := range r.guests {
			if g.name != "talker" {
				t.Errorf("%s is left", g.name)
			}
		}
		r.close()
		_ = listening.Join()
	})
}

func TestGuestsHearThatTheRoomCloses(t *testing.T) {
	open(t, func(r *room, dial func() net.Conn) {
		nameless, tooLong, guest := dial(), dial(), dial()
		for _, c := range []net.Conn{nameless, tooLong, guest} {
			defer c.Close()
		}
		fmt.Fprintln(nameless)
		fmt.Fprintln(tooLong, strings.Repeat("x", 2*maxLine))
		fmt.Fprintln(guest, "guest")
		in := bufio.NewReader(guest)
		if line, err := in.ReadString('\n'); err != nil || !strings.HasSuffix(line, "guest has come in\n") {
			t.Errorf("heard %q, %v", line, err)
		}
		r.close()
		rest, err := io.ReadAll(in)
		if string(rest) != "The room is closed.\n" || err != nil {
			t.Errorf("heard %q, %v", rest, err)
		}
	})
}
