package net_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// patience is how long another program is waited for before it is ended, and the test
// fails. It is no measure of anything.
const patience = 30 * time.Second

// needs skips a test whose program is not there. Not to be called in a task.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip("skipped: needs " + program)
	}
}

// ask runs a program to its end, on a goroutine of its own, and returns what it writes.
func ask(t *testing.T, input, program string, args ...string) string {
	t.Helper()
	out, err := task.Offload(func() (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Stdin = strings.NewReader(input)
		var complaints bytes.Buffer
		cmd.Stderr = &complaints
		out, err := cmd.Output()
		if err != nil {
			err = fmt.Errorf("%s: %w\n%s", cmd, err, &complaints)
		}
		return string(out), err
	})
	if err != nil {
		t.Error(err)
	}
	return out
}

// notes is what a program has written so far. It is written by a goroutine.
type notes struct {
	mu   sync.Mutex
	text []byte
	// sign is looked for; seen is sent the rest of the line that has it.
	sign string
	seen chan string
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.text = append(n.text, p...)
	if _, rest, ok := strings.Cut(string(n.text), n.sign); n.sign != "" && ok {
		if line, _, ok := strings.Cut(rest, "\n"); ok {
			n.sign = ""
			n.seen <- strings.TrimSpace(line)
		}
	}
	return len(p), nil
}

// servedBy has another program serve: it is started, use is called in a task with what follows
// the sign in the line that says that it is ready, and the program ends by itself or, if
// it has not, is ended. What it has written is returned.
func servedBy(t *testing.T, input, sign string, use func(line string), ends bool, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	n := &notes{sign: sign, seen: make(chan string, 1)}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), n, n
	must(t, cmd.Start())
	line, err := task.Offload(func() (string, error) {
		select {
		case line := <-n.seen:
			return line, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	if err == nil {
		err = timeout.Run(patience, func() error { use(line); return nil })
	}
	if err != nil || !ends {
		cancel()
	}
	_, over := task.Offload(func() (struct{}, error) { return struct{}{}, cmd.Wait() })
	if err != nil || ends && over != nil {
		t.Errorf("%s: %v, %v\n%s", cmd, err, over, n.text)
	}
	return string(n.text)
}

// answerOne takes one connection, in a task, and answers.
func answerOne(t *testing.T, l net.Listener, answer func(c net.Conn)) *task.Task {
	return task.Go(func() {
		must(t, timeout.Run(patience, func() error {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			defer c.Close()
			answer(c)
			return nil
		}))
	})
}

// shout reads to the end and answers in capitals.
func shout(t *testing.T) func(net.Conn) {
	return func(c net.Conn) {
		heard, err := io.ReadAll(c)
		must(t, err)
		_, err = c.Write(bytes.ToUpper(heard))
		must(t, err)
	}
}

// needsNetcat skips a test where there is no nc of OpenBSD's. Others of that name have
// other flags, and no Unix sockets.
func needsNetcat(t *testing.T) {
	t.Helper()
	needs(t, "nc")
	if help, _ := exec.Command("nc", "-h").CombinedOutput(); !bytes.Contains(help, []byte("OpenBSD")) {
		t.Skip("skipped: needs nc of OpenBSD")
	}
}

func TestNetcatTalksToUs(t *testing.T) {
	needsNetcat(t)
	run(t, func() {
		tcp := listen(t)
		defer tcp.Close()
		host, port, err := net.SplitHostPort(tcp.Addr().String())
		must(t, err)
		path := socketFile(t)
		stream, err := net.Listen("unix", path)
		must(t, err)
		defer stream.Close()
		for _, one := range []struct {
			l    net.Listener
			args []string
		}{
			{tcp, []string{"-N", host, port}},
			{stream, []string{"-N", "-U", path}},
		} {
			server := answerOne(t, one.l, shout(t))
			if got := ask(t, "hello\n", "nc", one.args...); got != "HELLO\n" {
				t.Errorf("nc %v wrote %q", one.args, got)
			}
			must(t, server.Join())
		}
	})
}

func TestNetcatSendsUsDatagrams(t *testing.T) {
	needsNetcat(t)
	run(t, func() {
		udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
		must(t, err)
		defer udp.Close()
		host, port, err := net.SplitHostPort(udp.LocalAddr().String())
		must(t, err)
		path := socketFile(t)
		unixgram, err := net.ListenPacket("unixgram", path)
		must(t, err)
		defer unixgram.Close()
		for _, one := range []struct {
			c    net.PacketConn
			args []string
		}{
			{udp, []string{"-u", "-W", "1", host, port}}, // one packet, and it ends
			{unixgram, []string{"-uU", "-W", "1", "-s", path + ".nc", path}},
		} {
			must(t, one.c.SetDeadline(in(patience)))
			server := task.Go(func() {
				buf := make([]byte, 100)
				n, from, err := one.c.ReadFrom(buf)
				must(t, err)
				_, err = one.c.WriteTo(bytes.ToUpper(buf[:n]), from)
				must(t, err)
			})
			if got := ask(t, "hello\n", "nc", one.args...); got != "HELLO\n" {
				t.Errorf("nc %v wrote %q", one.args, got)
			}
			must(t, server.Join())
		}
	})
}

// converse says hello and hears an answer of the length given.
func converse(t *testing.T, c net.Conn, want string) {
	t.Helper()
	defer c.Close()
	_, err := c.Write([]byte("hello\n"))
	must(t, err)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Errorf("there came %q, %v; want %q", got, err, want)
	}
}

func TestWeTalkToNetcat(t *testing.T) {
	needsNetcat(t)
	local, remote := socketFile(t), socketFile(t)
	for _, one := range []struct {
		name, sign string
		ends       bool // by itself when we close
		args       []string
		dial       func(line string) (net.Conn, error)
	}{
		{"tcp", "Listening on 127.0.0.1 ", true, []string{"-lvnN", "127.0.0.1", "0"}, func(port string) (net.Conn, error) {
			return net.Dial("tcp", "127.0.0.1:"+port)
		}},
		{"unix", "Listening on ", true, []string{"-lvNU", remote}, func(path string) (net.Conn, error) {
			return net.Dial("unix", path)
		}},
		{"udp", "Bound on 127.0.0.1 ", false, []string{"-luvn", "127.0.0.1", "0"}, func(port string) (net.Conn, error) {
			return net.Dial("udp", "127.0.0.1:"+port)
		}},
		{"unixgram", "Bound on ", false, []string{"-luvU", remote + "g"}, func(path string) (net.Conn, error) {
			return net.DialUnix("unixgram", &net.UnixAddr{Name: local, Net: "unixgram"}, &net.UnixAddr{Name: path, Net: "unixgram"})
		}},
	} {
		t.Run(one.name, func(t *testing.T) {
			run(t, func() {
				got := servedBy(t, "answer", one.sign, func(line string) {
					c, err := one.dial(line)
					must(t, err)
					converse(t, c, "answer")
				}, one.ends, "nc", one.args...)
				if one.ends && !strings.Contains(got, "hello\n") {
					t.Errorf("nc wrote %q, want hello among it", got)
				}
			})
		})
	}
}

func TestCurlTalksToUs(t *testing.T) {
	needs(t, "curl")
	run(t, func() {
		tcp := listen(t)
		defer tcp.Close()
		path := socketFile(t)
		stream, err := net.Listen("unix", path)
		must(t, err)
		defer stream.Close()
		for _, one := range []struct {
			l    net.Listener
			args []string
		}{
			{tcp, []string{"http://" + tcp.Addr().String() + "/some/path"}},
			{stream, []string{"--unix-socket", path, "http://localhost/some/path"}},
		} {
			server := answerOne(t, one.l, func(c net.Conn) {
				text := bufio.NewReader(c)
				first, err := text.ReadString('\n')
				must(t, err)
				for line := first; line != "\r\n"; {
					line, err = text.ReadString('\n')
					must(t, err)
				}
				_, err = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nyou asked: %s", first)
				must(t, err)
			})
			args := append([]string{"--silent", "--show-error", "--noproxy", "*"}, one.args...)
			if got := ask(t, "", "curl", args...); got != "you asked: GET /some/path HTTP/1.1\r\n" {
				t.Errorf("curl %v wrote %q", args, got)
			}
			must(t, server.Join())
		}
	})
}

// pemFiles writes a configuration's certificate and key down for another program.
func pemFiles(t *testing.T, c *tls.Config) (cert, key string) {
	t.Helper()
	dir := filepath.Dir(socketFile(t))
	cert, key = filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	must(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificates[0].Certificate[0]}), 0o600))
	der, err := x509.MarshalPKCS8PrivateKey(c.Certificates[0].PrivateKey)
	must(t, err)
	must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return cert, key
}

func TestOpenSSLTalksToUs(t *testing.T) {
	needs(t, "openssl")
	config, _ := certificates(t)
	cert, _ := pemFiles(t, config)
	run(t, func() {
		l := listen(t)
		defer l.Close()
		server := answerOne(t, tls.NewListener(l, config), func(c net.Conn) {
			line, err := bufio.NewReader(c).ReadString('\n')
			must(t, err)
			_, err = c.Write([]byte(strings.ToUpper(line)))
			must(t, err)
		})
		got := ask(t, "hello\n", "openssl", "s_client", "-quiet", "-verify_return_error", "-verify_quiet",
			"-CAfile", cert, "-connect", l.Addr().String())
		if got != "HELLO\n" {
			t.Errorf("s_client wrote %q", got)
		}
		must(t, server.Join())
	})
}

func TestWeTalkToOpenSSL(t *testing.T) {
	needs(t, "openssl")
	config, trusting := certificates(t)
	cert, key := pemFiles(t, config)
	run(t, func() {
		servedBy(t, "", "ACCEPT ", func(address string) {
			c, err := net.Dial("tcp", address)
			must(t, err)
			converse(t, tls.Client(c, trusting), "olleh\n")
		}, true, "openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-rev", "-cert", cert, "-key", key)
	})
}
