package tls_test

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/tls"
	"github.com/evergreen-go/evergreen/task"
)

// program is an openssl that runs.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Scanner
}

// openssl starts the program until the test ends. To be called outside of a task.
func openssl(t *testing.T, args ...string) *program {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("skipped: needs openssl")
	}
	p := &program{t: t, cmd: exec.Command(path, args...)}
	p.stdin, err = p.cmd.StdinPipe()
	must(t, err)
	out, err := p.cmd.StdoutPipe()
	must(t, err)
	p.cmd.Stderr = p.cmd.Stdout
	must(t, p.cmd.Start())
	p.out = bufio.NewScanner(out)
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return p
}

// until reads what the program prints to a line that begins so, and returns the rest of
// that line, or "no such line".
func (p *program) until(prefix string) string {
	for p.out.Scan() {
		if rest, ok := strings.CutPrefix(p.out.Text(), prefix); ok {
			return rest
		}
	}
	return "no such line"
}

// awaits is until for a task.
func (p *program) awaits(prefix string) string {
	rest, err := task.Offload(func() (string, error) { return p.until(prefix), nil })
	must(p.t, err)
	return rest
}

func (p *program) say(text string) {
	if _, err := io.WriteString(p.stdin, text); err != nil {
		p.t.Error(err)
	}
}

var flags = map[uint16]string{tls.VersionTLS12: "-tls1_2", tls.VersionTLS13: "-tls1_3"}

// told is a writer that passes on that it was written to.
type told chan struct{}

func (c told) Write(p []byte) (int, error) {
	select {
	case c <- struct{}{}:
	default:
	}
	return len(p), nil
}

// Our client against the server of openssl, which sends new keys with TLS 1.3 and asks
// for another handshake with TLS 1.2.
func TestClientWithOpenSSL(t *testing.T) {
	for _, v := range versions {
		t.Run(v.name, func(t *testing.T) {
			cert, key := files(t)
			_, config := configs(t, v.number)
			config.Renegotiation = tls.RenegotiateFreelyAsClient
			shaken := make(chan struct{}, 10)
			config.KeyLogWriter = told(shaken) // which hears of every handshake
			server := openssl(t, "s_server", "-accept", "127.0.0.1:0", "-cert", cert, "-key", key, "-naccept", "1", flags[v.number])
			address := server.until("ACCEPT ")
			run(t, func() {
				c, err := tls.Dial("tcp", address, config)
				must(t, err)
				if v.number == tls.VersionTLS12 {
					wait(t, shaken)
				}
				lines := bufio.NewReader(c)
				for _, word := range []string{"one", "two", "three"} {
					_, err = io.WriteString(c, word+"\n")
					must(t, err)
					if rest := server.awaits(word); rest != "" {
						t.Errorf("the server did not print %q: %s", word, rest)
					}
					reader := task.Go(func() {
						line, err := lines.ReadString('\n')
						if line != word+" back\n" || err != nil {
							t.Errorf("the client received %q, %v", line, err)
						}
					})
					// A command has to be alone in what the server finds on its input.
					if v.number == tls.VersionTLS12 {
						server.say("r\n") // another handshake
						wait(t, shaken)
					} else {
						server.say("K\n") // new keys, and a request for some
						_, err = io.WriteString(c, "ping\n")
						must(t, err)
						if rest := server.awaits("ping"); rest != "" {
							t.Errorf("the server did not print a ping: %s", rest)
						}
					}
					server.say(word + " back\n")
					reader.Join()
				}
				must(t, c.Close())
			})
		})
	}
}

// heard tells of everything that comes from the peer.
type heard struct {
	net.Conn
	told
}

func (h heard) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	_, _ = h.told.Write(nil)
	return n, err
}

func (h heard) Write(p []byte) (int, error) { return h.Conn.Write(p) }

// Our server against the client of openssl, which sends new keys with TLS 1.3.
func TestServerWithOpenSSL(t *testing.T) {
	for _, v := range versions {
		t.Run(v.name, func(t *testing.T) {
			cert, _ := files(t)
			config, _ := configs(t, v.number)
			loop := start(t)
			var l net.Listener
			must(t, loop.Do(func() (err error) {
				l, err = net.Listen("tcp", "127.0.0.1:0")
				return err
			}))
			defer l.Close()
			some := make(told, 1)
			echoed := make(chan error, 1)
			go func() {
				c, err := l.Accept()
				if err == nil {
					server := tls.Server(heard{c, some}, config)
					_, err = io.Copy(server, server)
					_ = server.Close()
				}
				echoed <- err
			}()
			client := openssl(t, "s_client", "-connect", l.Addr().String(), "-CAfile", cert, "-verify_return_error", flags[v.number])
			for _, word := range []string{"one", "two", "three"} {
				client.say(word + "\n")
				if rest := client.until(word); rest != "" {
					t.Errorf("the client did not hear %q again: %s", word, rest)
				}
				if v.number == tls.VersionTLS13 {
					select { // all that has come until now
					case <-some:
					default:
					}
					client.say("K\n")
					<-some
				}
			}
			client.say("Q\n")
			must(t, <-echoed)
		})
	}
}
