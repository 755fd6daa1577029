package net_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	stdnet "net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// theory is what name servers are in theory: they live in the loop, and so on its
// clock. The address of a server is what its answers may hang on.
type theory struct {
	answer func(network, server string, m *dnsmessage.Message) [][]byte
	// delay is how long answers take.
	delay time.Duration
	// questions lists what was asked, like "udp 192.0.2.1:53 A www.test."
	questions []string
	// open counts the connections that are not closed.
	open int
}

func (s *theory) dial(_ context.Context, network, address string) (net.Conn, error) {
	s.open++
	end := theoryEnd{server: s, network: network, address: address, replies: channel.New[[]byte](100), closed: new(bool)}
	if network == "udp" {
		return theoryPackets{nil, end}, nil
	}
	return &theoryStream{theoryEnd: end}, nil
}

// theoryEnd is a connection to a server.
type theoryEnd struct {
	server           *theory
	network, address string
	replies          *channel.Channel[[]byte]
	closed           *bool
}

func (c theoryEnd) ask(packet []byte) {
	m := asReply(packet)
	q := m.Questions[0]
	c.server.questions = append(c.server.questions, fmt.Sprintf("%s %s %s %s", c.network, c.address, strings.TrimPrefix(q.Type.String(), "Type"), askedName(m)))
	for _, reply := range c.server.answer(c.network, c.address, m) {
		c.replies.TrySend(reply)
	}
}

func (c theoryEnd) receive() ([]byte, error) {
	task.Sleep(c.server.delay)
	return c.replies.Receive()
}

func (c theoryEnd) Close() error {
	if !*c.closed {
		*c.closed = true
		c.server.open--
	}
	return nil
}

func (theoryEnd) SetDeadline(time.Time) error { return nil } // it heeds blocks

// theoryPackets is one over UDP. Without a UDPConn it is a PacketConn all the same.
type theoryPackets struct {
	*stdnet.UDPConn
	theoryEnd
}

func (c theoryPackets) Close() error                  { return c.theoryEnd.Close() }
func (c theoryPackets) SetDeadline(d time.Time) error { return nil }
func (c theoryPackets) Write(b []byte) (int, error)   { c.ask(b); return len(b), nil }
func (c theoryPackets) Read(b []byte) (int, error) {
	reply, err := c.receive()
	return copy(b, reply), err
}

// theoryStream is one over TCP.
type theoryStream struct {
	stdnet.Conn
	theoryEnd
	unread bytes.Buffer
}

func (c *theoryStream) Close() error                  { return c.theoryEnd.Close() }
func (c *theoryStream) SetDeadline(d time.Time) error { return nil }
func (c *theoryStream) Write(b []byte) (int, error)   { c.ask(b[2:]); return len(b), nil }
func (c *theoryStream) Read(b []byte) (int, error) {
	if c.unread.Len() == 0 {
		reply, err := c.receive()
		if err != nil {
			return 0, err
		}
		c.unread.Write(binary.BigEndian.AppendUint16(nil, uint16(len(reply))))
		c.unread.Write(reply)
	}
	return c.unread.Read(b)
}

// silence never answers.
func silence(_, _ string, _ *dnsmessage.Message) [][]byte { return nil }

// addresses knows one IPv4 and one IPv6 address for all names.
func addresses(_, _ string, m *dnsmessage.Message) [][]byte {
	addRecord(m, "", "127.0.0.1")
	addRecord(m, "", "::1")
	return [][]byte{packMessage(m)}
}

// only knows addresses of one name.
func only(name string) func(_, _ string, m *dnsmessage.Message) [][]byte {
	return func(network, server string, m *dnsmessage.Message) [][]byte {
		if askedName(m) == name {
			return addresses(network, server, m)
		}
		m.RCode = dnsmessage.RCodeNameError
		return [][]byte{packMessage(m)}
	}
}

// nameFiles are files that a resolver reads, and the time that it reads from a
// clock.
type nameFiles struct {
	resolvConf, hosts string
	now               time.Time
}

// resolver makes one that asks s and reads files with the texts given.
func (s *theory) resolver(t testing.TB, resolvConf, hosts string) (*net.Resolver, *nameFiles) {
	t.Helper()
	f := &nameFiles{filepath.Join(t.TempDir(), "resolv.conf"), filepath.Join(t.TempDir(), "hosts"), time.Now()}
	must(t, os.WriteFile(f.resolvConf, []byte(resolvConf), 0o600))
	must(t, os.WriteFile(f.hosts, []byte(hosts), 0o600))
	r := &net.Resolver{PreferGo: true, Dial: s.dial}
	r.UseFiles(f.resolvConf, f.hosts, func() time.Time { return f.now })
	return r, f
}

// done holds when a resolver has let go of everything.
func (s *theory) done(t testing.TB, r *net.Resolver) {
	t.Helper()
	if underWay, _ := r.Pending(); underWay != 0 || s.open != 0 {
		t.Errorf("%d questions are under way, %d connections are open", underWay, s.open)
	}
}

func (s *theory) wantQuestions(t testing.TB, want ...string) {
	t.Helper()
	if !slices.Equal(s.questions, want) {
		t.Errorf("the questions were\n%s, want\n%s", strings.Join(s.questions, "\n"), strings.Join(want, "\n"))
	}
	s.questions = nil
}

var background = context.Background()

const one = "nameserver 192.0.2.1\n"

func TestSilentServersAreAskedInTurn(t *testing.T) {
	s := &theory{answer: silence}
	r, _ := s.resolver(t, one+"nameserver 192.0.2.2\noptions timeout:3 attempts:2", "")
	tasktest.Run(t, func() {
		begin := runtime.Current().Now()
		_, err := r.LookupTXT(background, "www.test")
		var e *net.DNSError
		if !errors.As(err, &e) || !e.IsTimeout || !e.IsTemporary || e.IsNotFound || e.Name != "www.test" || e.Server != "192.0.2.2:53" {
			t.Errorf("%+v", err)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			t.Error("the servers' time was up, not that of a block or context of the caller's")
		}
		if took := runtime.Current().Now().Sub(begin); took != 12*time.Second {
			t.Errorf("it took %v, want 12 s", took)
		}
		s.done(t, r)
	})
	s.wantQuestions(
		t, "udp 192.0.2.1:53 TXT www.test.", "udp 192.0.2.2:53 TXT www.test.",
		"udp 192.0.2.1:53 TXT www.test.", "udp 192.0.2.2:53 TXT www.test.",
	)
}

func TestLaterAttemptAnswers(t *testing.T) {
	s := &theory{}
	s.answer = func(network, server string, m *dnsmessage.Message) [][]byte {
		if len(s.questions) < 3 {
			return nil
		}
		return addresses(network, server, m)
	}
	r, _ := s.resolver(t, one, "")
	tasktest.Run(t, func() {
		begin := runtime.Current().Now()
		addrs, err := r.LookupHost(background, "www.test")
		if took := runtime.Current().Now().Sub(begin); err != nil || len(addrs) != 2 || took != 5*time.Second {
			t.Errorf("%v, %v after %v", addrs, err, took)
		}
	})
}

func TestServersTakeTurns(t *testing.T) {
	s := &theory{answer: addresses}
	r, _ := s.resolver(t, one+"nameserver 192.0.2.2\noptions rotate", "")
	tasktest.Run(t, func() {
		for range 3 {
			_, err := r.LookupIP(background, "ip4", "www.test")
			must(t, err)
		}
	})
	s.wantQuestions(t, "udp 192.0.2.1:53 A www.test.", "udp 192.0.2.2:53 A www.test.", "udp 192.0.2.1:53 A www.test.")
}

func TestSearchList(t *testing.T) {
	for _, c := range []struct {
		name, exists string
		want         []string
	}{
		{"www", "www.two.", []string{"www.one.", "www.two."}},
		{"www", "www.", []string{"www.one.", "www.two.", "www."}},
		{"www.a", "www.a.", []string{"www.a.one.", "www.a.two.", "www.a."}},
		{"www.a.b", "www.a.b.one.", []string{"www.a.b.", "www.a.b.one."}},
		{"www.", "www.one.", []string{"www."}},
	} {
		s := &theory{answer: only(c.exists)}
		r, _ := s.resolver(t, one+"search one two\noptions ndots:2", "")
		tasktest.Run(t, func() {
			ips, err := r.LookupIP(background, "ip4", c.name)
			found := c.want[len(c.want)-1] == c.exists
			var e *net.DNSError
			if found && (err != nil || len(ips) != 1) || !found && (!errors.As(err, &e) || !e.IsNotFound || e.Name != c.name) {
				t.Errorf("%s: %v, %v", c.name, ips, err)
			}
		})
		var want []string
		for _, name := range c.want {
			want = append(want, "udp 192.0.2.1:53 A "+name)
		}
		s.wantQuestions(t, want...)
	}
}

func TestBothFamiliesAreAskedForAtOnce(t *testing.T) {
	for options, want := range map[string]time.Duration{"": time.Second, "options single-request": 2 * time.Second} {
		s := &theory{answer: addresses, delay: time.Second}
		r, _ := s.resolver(t, one+options, "")
		tasktest.Run(t, func() {
			begin := runtime.Current().Now()
			ips, err := r.LookupIPAddr(background, "www.test")
			if took := runtime.Current().Now().Sub(begin); err != nil || len(ips) != 2 || took != want {
				t.Errorf("%q: %v, %v after %v, want %v", options, ips, err, took, want)
			}
		})
	}
}

func TestOptionsOfTheQuestion(t *testing.T) {
	trusted := 0
	s := &theory{}
	s.answer = func(network, server string, m *dnsmessage.Message) [][]byte {
		if m.AuthenticData {
			trusted++
		}
		return addresses(network, server, m)
	}
	r, _ := s.resolver(t, one+"options use-vc trust-ad", "")
	tasktest.Run(t, func() {
		_, err := r.LookupIP(background, "ip6", "www.test")
		must(t, err)
	})
	s.wantQuestions(t, "tcp 192.0.2.1:53 AAAA www.test.")
	if trusted != 1 {
		t.Error("the question did not ask for verified data")
	}
}

func TestTruncatedAnswerIsFetchedOverTCP(t *testing.T) {
	s := &theory{}
	s.answer = func(network, server string, m *dnsmessage.Message) [][]byte {
		m.Truncated = network == "udp"
		return addresses(network, server, m)
	}
	r, _ := s.resolver(t, one, "")
	tasktest.Run(t, func() {
		_, err := r.LookupIP(background, "ip4", "www.test")
		must(t, err)
		s.done(t, r)
	})
	s.wantQuestions(t, "udp 192.0.2.1:53 A www.test.", "tcp 192.0.2.1:53 A www.test.")
}

// Replies that are none are passed over, and do not lengthen the wait.
func TestForgeriesAreIgnored(t *testing.T) {
	s := &theory{}
	s.answer = func(_, _ string, m *dnsmessage.Message) [][]byte {
		m.ID++
		return slices.Repeat([][]byte{packMessage(m), {}}, 30)
	}
	r, _ := s.resolver(t, one+"options attempts:1 timeout:2", "")
	tasktest.Run(t, func() {
		begin := runtime.Current().Now()
		_, err := r.LookupMX(background, "www.test")
		var e *net.DNSError
		if took := runtime.Current().Now().Sub(begin); !errors.As(err, &e) || !e.IsTimeout || took != 2*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestStrictErrors(t *testing.T) {
	s := &theory{}
	s.answer = func(network, server string, m *dnsmessage.Message) [][]byte {
		if m.Questions[0].Type == dnsmessage.TypeAAAA || strings.HasSuffix(askedName(m), ".one.") {
			m.RCode = dnsmessage.RCodeServerFailure
		}
		return addresses(network, server, m)
	}
	for _, strict := range []bool{false, true} {
		r, _ := s.resolver(t, one+"search one\noptions attempts:1", "")
		r.StrictErrors = strict
		tasktest.Run(t, func() {
			var e *net.DNSError
			for what, err := range map[string]error{
				"IPv6 fails":     second(r.LookupHost(background, "www.test.")),
				"a suffix fails": second(r.LookupIP(background, "ip4", "www")),
			} {
				if strict && (!errors.As(err, &e) || !e.IsTemporary || e.IsNotFound) || !strict && err != nil {
					t.Errorf("strict %v, %s: %v", strict, what, err)
				}
			}
		})
	}
}

// The error that is told is the one for the name as it is.
func TestErrorOfTheNameItselfIsTold(t *testing.T) {
	s := &theory{answer: func(_, _ string, m *dnsmessage.Message) [][]byte {
		m.RCode = dnsmessage.RCodeNameError
		if askedName(m) == "www.one." {
			m.RCode = dnsmessage.RCodeServerFailure
		}
		return [][]byte{packMessage(m)}
	}}
	r, _ := s.resolver(t, one+"search one", "")
	tasktest.Run(t, func() {
		_, err := r.LookupHost(background, "www")
		var e *net.DNSError
		if !errors.As(err, &e) || !e.IsNotFound || e.IsTemporary || e.Name != "www" {
			t.Errorf("%+v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestHostsFileComesFirst(t *testing.T) {
	s := &theory{answer: silence}
	r, _ := s.resolver(t, one, "127.0.0.3 web.test web\n127.0.0.2 web.test\nfe80::1%eth0 router\n")
	tasktest.Run(t, func() {
		hosts, err := r.LookupHost(background, "WEB.test")
		if want := []string{"127.0.0.3", "127.0.0.2"}; err != nil || !slices.Equal(hosts, want) {
			t.Errorf("%v, %v", hosts, err)
		}
		if cname, err := r.LookupCNAME(background, "web"); err != nil || cname != "web.test." {
			t.Errorf("%v, %v", cname, err)
		}
		if names, err := r.LookupAddr(background, "127.0.0.3"); err != nil || !slices.Equal(names, []string{"web.test.", "web"}) {
			t.Errorf("%v, %v", names, err)
		}
		if addrs, err := r.LookupIPAddr(background, "router"); err != nil || len(addrs) != 1 || addrs[0].Zone != "eth0" {
			t.Errorf("%v, %v", addrs, err)
		}
		var e *net.AddrError
		if ips, err := r.LookupIP(background, "ip6", "web"); !errors.As(err, &e) {
			t.Errorf("%v, %v", ips, err)
		}
	})
	s.wantQuestions(t)
}

func TestFilesAreReadAgain(t *testing.T) {
	s := &theory{answer: addresses}
	r, f := s.resolver(t, one, "127.0.0.3 web.test\n")
	ask := func() string {
		s.questions = nil
		hosts, err := r.LookupHost(background, "web.test")
		must(t, err)
		_, err = r.LookupIP(background, "ip4", "other.test")
		must(t, err)
		return fmt.Sprint(hosts[0], " ", s.questions[0])
	}
	const before, after = "127.0.0.3 udp 192.0.2.1:53 A other.test.", "127.0.0.44 udp 192.0.2.22:53 A other.test."
	tasktest.Run(t, func() {
		for _, c := range []struct {
			why   string
			later time.Duration
			conf  string
			hosts string
			want  string
		}{
			{"first", 0, "", "", before},
			{"too early", 4 * time.Second, "nameserver 192.0.2.22", "127.0.0.44 web.test", before},
			{"time has passed", time.Second, "", "", after},
			{"nothing has changed", time.Minute, "", "", after},
			{"not any more", time.Minute, "nameserver 192.0.2.1\noptions no-reload", "127.0.0.3 web.test\n", before},
			{"no-reload", time.Minute, "nameserver 192.0.2.2", "", before},
		} {
			if c.conf != "" {
				must(t, os.WriteFile(f.resolvConf, []byte(c.conf), 0o600))
			}
			if c.hosts != "" {
				must(t, os.WriteFile(f.hosts, []byte(c.hosts), 0o600))
			}
			f.now = f.now.Add(c.later)
			if got := ask(); got != c.want {
				t.Errorf("%s: %s, want %s", c.why, got, c.want)
			}
		}
		must(t, os.Remove(f.hosts))
		f.now = f.now.Add(time.Minute)
		if got := ask(); !strings.HasSuffix(got, " web.test.") {
			t.Errorf("without a hosts file: %s", got)
		}
	})
}

func TestSpecialNamesAreNotAskedFor(t *testing.T) {
	s := &theory{answer: addresses}
	r, _ := s.resolver(t, one, "")
	tasktest.Run(t, func() {
		for _, name := range []string{"shop.onion.", "a.invalid.", "A.INVALID"} {
			var e *net.DNSError
			for what, err := range map[string]error{
				"Host": second(r.LookupHost(background, name)), "MX": second(r.LookupMX(background, name)), "CNAME": second(r.LookupCNAME(background, name)),
			} {
				if !errors.As(err, &e) || !e.IsNotFound || e.Name != name {
					t.Errorf("%s of %s: %v", what, name, err)
				}
			}
		}
	})
	s.wantQuestions(t)
}

func TestDialOfNothingIsAnError(t *testing.T) {
	r := &net.Resolver{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, nil }}
	tasktest.Run(t, func() {
		if _, err := r.LookupHost(background, "www.test."); err == nil || !strings.Contains(err.Error(), "neither a connection nor an error") {
			t.Errorf("%v", err)
		}
	})
}

func TestFailedDialIsTemporary(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "udp", Err: errors.New("refused")}
	for _, c := range []struct {
		err       error
		temporary bool
	}{{refused, true}, {errors.New("no way"), false}} {
		r := &net.Resolver{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, c.err }}
		tasktest.Run(t, func() {
			_, err := r.LookupHost(background, "www.test.")
			var e *net.DNSError
			if !errors.As(err, &e) || e.IsTemporary != c.temporary || e.Err != c.err.Error() {
				t.Errorf("%+v", err)
			}
		})
	}
}
