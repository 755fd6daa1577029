package tls_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/tls"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// holds: 64
func TestCloseWakesWhoWaits(t *testing.T) {
	everywhere(t, func(t *testing.T, client, server *tls.Conn, together func(...func())) {
		together(
			func() { must(t, client.Handshake()) },
			func() { must(t, server.Handshake()) },
		)
		read := func() {
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Read: %v, want %v", err, net.ErrClosed)
			}
		}
		together(read, read, func() {
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		}, func() {
			if n, err := server.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("the peer read %d, %v, want %v", n, err, io.EOF)
			}
		})
		if err := client.Close(); err != net.ErrClosed {
			t.Errorf("the second Close: %v, want %v", err, net.ErrClosed)
		}
		if _, err := client.Write([]byte("x")); err != net.ErrClosed {
			t.Errorf("Write after Close: %v, want %v", err, net.ErrClosed)
		}
	})
}

// Close breaks a Write that is under way, and waits for nothing.
//
// holds: 64
func TestCloseDuringAWrite(t *testing.T) {
	run(t, func() {
		client, server := shaken(t, tls.VersionTLS13)
		defer server.Close()
		writers := []*task.Task{}
		for range 2 { // the second waits for its turn
			writers = append(writers, task.Go(func() {
				if _, err := client.Write(make([]byte, 16<<20)); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Write: %v, want %v", err, net.ErrClosed)
				}
			}))
		}
		tasktest.WaitAllParked()
		began := runtime.Current().Now()
		must(t, client.Close())
		for _, w := range writers {
			w.Join()
		}
		if took := runtime.Current().Now().Sub(began); took != 0 {
			t.Errorf("it took %v", took)
		}
	}, runtime.WithVirtualClock())
}

// What a Write left behind goes out with Close, which tries for 5 seconds.
func TestCloseTriesForFiveSeconds(t *testing.T) {
	for _, reads := range []bool{false, true} {
		run(t, func() {
			loop := runtime.Current()
			client, server := shaken(t, tls.VersionTLS13)
			must(t, client.SetWriteDeadline(loop.Now().Add(time.Second)))
			n, err := client.Write(make([]byte, 16<<20))
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			reader := task.Go(func() {
				if !reads {
					return
				}
				task.Sleep(3 * time.Second)
				if all, err := io.ReadAll(server); len(all) != n || err != nil {
					t.Errorf("%d bytes have come and %v, Write said %d", len(all), err, n)
				}
			})
			began := loop.Now()
			err = client.Close()
			took := loop.Now().Sub(began)
			switch {
			case reads && (err != nil || took != 3*time.Second):
				t.Errorf("Close took %v and returned %v; the peer reads from the third second on", took, err)
			case !reads && (!errors.Is(err, os.ErrDeadlineExceeded) || took != 5*time.Second):
				t.Errorf("Close took %v and returned %v; the peer does not read", took, err)
			}
			reader.Join()
			must(t, server.Close())
		}, runtime.WithVirtualClock())
	}
}

// A task that is killed says goodbye all the same.
func TestCloseInAKilledTask(t *testing.T) {
	run(t, func() {
		client, server := shaken(t, tls.VersionTLS13)
		victim := task.Go(func() {
			defer client.Close()
			_, _ = client.Read(make([]byte, 1))
		})
		tasktest.WaitAllParked()
		victim.Kill()
		if n, err := server.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("the peer read %d, %v, want %v", n, err, io.EOF)
		}
		victim.Join()
		must(t, server.Close())
	})
}

// A callback must not wait, so it closes the connection without a word; to read there
// is a mistake that is told.
func TestCloseInACallback(t *testing.T) {
	run(t, func() {
		client, server := shaken(t, tls.VersionTLS13)
		over := make(chan error, 1)
		runtime.Current().CallSoon(func() {
			defer func() {
				if recover() == nil {
					t.Error("Read in a callback: no panic")
				}
				over <- client.Close()
			}()
			_, _ = client.Read(make([]byte, 1))
		})
		if _, err := server.Read(make([]byte, 1)); err == nil {
			t.Error("the peer read on")
		}
		must(t, <-over)
		must(t, server.Close())
	})
}

// What was interrupted by a deadline goes on when it is moved: in both directions,
// with no byte lost or sent twice. (crypto/tls cannot write any more then.)
//
// holds: 87
func TestGoOnAfterADeadline(t *testing.T) {
	const size = 4 << 20
	run(t, func() {
		loop := runtime.Current()
		client, server := shaken(t, tls.VersionTLS13)
		must(t, client.NetConn().(*net.TCPConn).SetWriteBuffer(32<<10))
		sent := noise(size)
		writer := task.Go(func() {
			timeouts := 0
			for p := sent; len(p) > 0; {
				must(t, client.SetWriteDeadline(loop.Now().Add(time.Second)))
				n, err := client.Write(p)
				if p = p[n:]; errors.Is(err, os.ErrDeadlineExceeded) {
					timeouts++
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if timeouts == 0 {
				t.Error("no write has timed out")
			}
			must(t, client.SetWriteDeadline(time.Time{}))
			must(t, client.CloseWrite())
		})
		var got bytes.Buffer
		for timeouts := 0; ; {
			must(t, server.SetReadDeadline(loop.Now().Add(time.Second)))
			_, err := io.CopyN(&got, server, 1<<18)
			if err == io.EOF {
				break
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				timeouts++
			} else if err != nil {
				t.Fatal(err)
			}
			task.Sleep(2500 * time.Millisecond)
		}
		writer.Join()
		if !bytes.Equal(got.Bytes(), sent) {
			t.Errorf("%d bytes have come, want the %d that were sent", got.Len(), len(sent))
		}
		must(t, client.Close())
		must(t, server.Close())
	}, runtime.WithVirtualClock())
}

// A peer that never reads bounds what we keep.
//
// holds: 86
func TestWriteDoesNotRunAhead(t *testing.T) {
	run(t, func() {
		client, server := shaken(t, tls.VersionTLS13)
		err := timeout.Run(time.Second, func() error {
			_, err := client.Write(make([]byte, 16<<20))
			return err
		})
		var late *timeout.Error
		if !errors.As(err, &late) {
			t.Fatal(err)
		}
		for range 10 { // each would add to it
			_ = client.SetWriteDeadline(runtime.Current().Now().Add(time.Second))
			if n, err := client.Write(make([]byte, 1<<20)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Write returned %d, %v, want 0 bytes and a timeout", n, err)
			}
		}
		must(t, client.NetConn().Close())
		must(t, server.NetConn().Close())
	}, runtime.WithVirtualClock())
}

// The end of a stream without a goodbye is told apart where that is possible: within a
// record, as by crypto/tls.
func TestTruncatedStream(t *testing.T) {
	for _, c := range []struct {
		tail []byte
		want error
	}{
		{nil, io.EOF},
		{[]byte{23, 3, 3}, io.ErrUnexpectedEOF},
		{[]byte{23, 3, 3, 0, 100, 1, 2, 3}, io.ErrUnexpectedEOF},
	} {
		run(t, func() {
			client, server := shaken(t, tls.VersionTLS12)
			_, err := client.Write([]byte("hello"))
			must(t, err)
			_, err = client.NetConn().Write(c.tail)
			must(t, err)
			must(t, client.NetConn().Close())
			got := make([]byte, 10)
			n, err := server.Read(got)
			if string(got[:n]) != "hello" || err != nil {
				t.Errorf("read %q, %v", got[:n], err)
			}
			for range 2 { // it stays so
				if _, err := server.Read(got); err != c.want {
					t.Errorf("after %v: %v, want %v", c.tail, err, c.want)
				}
			}
			_ = server.Close()
		})
	}
}

// dribble delivers one byte at a time.
type dribble struct{ net.Conn }

func (d dribble) Read(p []byte) (int, error) { return d.Conn.Read(p[:min(1, len(p))]) }

// crypto/tls can be interrupted between any two bytes: all that is here hangs on it.
func TestBytesOneAtATime(t *testing.T) {
	for _, v := range versions {
		run(t, func() {
			a, b := plain(t)
			serverConfig, clientConfig := configs(t, v.number)
			client, server := tls.Client(dribble{a}, clientConfig), tls.Server(dribble{b}, serverConfig)
			sent := noise(20_000)
			tasks(func() {
				if _, err := client.Write(sent); err != nil {
					t.Error(err)
				}
				if got, err := io.ReadAll(client); !bytes.Equal(got, sent) || err != nil {
					t.Errorf("%s: %d bytes have come back, want %d (%v)", v.name, len(got), len(sent), err)
				}
			}, func() {
				if _, err := io.CopyN(server, server, int64(len(sent))); err != nil {
					t.Error(err)
				}
				if err := server.Close(); err != nil {
					t.Error(err)
				}
			})
			must(t, client.Close())
		})
	}
}

// Who reads from memory only gives way as well.
func TestReadIsACheckpoint(t *testing.T) {
	run(t, func() {
		client, server := shaken(t, tls.VersionTLS13)
		_, err := client.Write(make([]byte, 10_000))
		must(t, err)
		turns := 0
		other := task.Go(func() {
			for {
				turns++
				task.Yield()
			}
		})
		p := make([]byte, 1)
		for range 10_000 {
			_, err := server.Read(p)
			must(t, err)
		}
		if turns < 10 {
			t.Errorf("the other task had %d turns during 10,000 reads", turns)
		}
		other.Kill()
		other.Join()
		must(t, client.Close())
		must(t, server.Close())
	})
}
