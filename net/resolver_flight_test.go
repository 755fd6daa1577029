package net_test

import (
	"context"
	"errors"
	"fmt"
	stdnet "net"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestOneQuestionForAllWhoAskTheSame(t *testing.T) {
	s := &theory{answer: addresses, delay: time.Second}
	r, _ := s.resolver(t, one, "")
	tasktest.Run(t, func() {
		var askers []*task.Task
		for range 10 {
			askers = append(askers, task.Go(func() {
				ips, err := r.LookupIP(background, "ip4", "www.test")
				if err != nil || len(ips) != 1 || !ips[0].Equal(net.IPv4(127, 0, 0, 1)) {
					t.Errorf("%v, %v", ips, err)
				}
				clear(ips[0]) // is not the others' answer
			}))
		}
		tasktest.WaitAllParked()
		if underWay, _ := r.Pending(); underWay != 1 {
			t.Errorf("%d questions are under way", underWay)
		}
		for _, a := range askers {
			must(t, a.Join())
		}
		s.done(t, r)
	})
	s.wantQuestions(t, "udp 192.0.2.1:53 A www.test.")
}

func TestOtherQuestionsAreOtherQuestions(t *testing.T) {
	s := &theory{answer: silence}
	r, _ := s.resolver(t, one, "")
	tasktest.Run(t, func() {
		askers := []*task.Task{
			task.Go(func() { _, _ = r.LookupTXT(background, "www.test") }),
			task.Go(func() { _, _ = r.LookupTXT(background, "web.test") }),
			task.Go(func() { _, _ = r.LookupMX(background, "www.test") }),
		}
		tasktest.WaitAllParked()
		if underWay, _ := r.Pending(); underWay != 3 || len(s.questions) != 3 {
			t.Errorf("%d questions are under way: %v", underWay, s.questions)
		}
		for _, a := range askers {
			a.Kill()
			_ = a.Join()
		}
		tasktest.WaitAllParked()
		s.done(t, r)
	})
}

// Whoever is cancelled leaves; the others get the answer to the one question.
func TestAskersLeaveAndOthersStay(t *testing.T) {
	s := &theory{answer: addresses, delay: 2 * time.Second}
	r, _ := s.resolver(t, one, "")
	tasktest.Run(t, func() {
		ctx, cancel := context.WithCancelCause(background)
		ask := func(ctx context.Context) error {
			_, err := r.LookupIP(ctx, "ip4", "www.test")
			return err
		}
		killed := task.Go(func() { t.Errorf("the killed task went on with %v", ask(background)) })
		late := task.Go(func() {
			err := timeout.Run(time.Second, func() error { return ask(background) })
			var of *timeout.Error
			var e *net.DNSError
			if !errors.As(err, &of) || !errors.As(err, &e) || !e.IsTimeout || e.Name != "www.test" {
				t.Errorf("the one under a limit got %+v", err)
			}
		})
		canceled := task.Go(func() {
			err := ask(ctx)
			var e *net.DNSError
			if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.IsTimeout || e.Err != "operation was canceled" {
				t.Errorf("the one with a context got %+v", err)
			}
		})
		stays := task.Go(func() {
			if err := ask(background); err != nil {
				t.Errorf("the one who stayed got %v", err)
			}
		})
		tasktest.WaitAllParked()
		killed.Kill()
		cancel(errors.New("changed my mind"))
		for _, a := range []*task.Task{killed, late, canceled, stays} {
			_ = a.Join()
		}
		s.done(t, r)
	})
	s.wantQuestions(t, "udp 192.0.2.1:53 A www.test.")
}

func TestLastAskerCallsTheQuestionOff(t *testing.T) {
	s := &theory{answer: silence}
	r, _ := s.resolver(t, one, "")
	tasktest.Run(t, func() {
		ask := func() { _, _ = r.LookupHost(background, "www.test") }
		a, b := task.Go(ask), task.Go(ask)
		tasktest.WaitAllParked()
		a.Kill()
		tasktest.WaitAllParked()
		if underWay, _ := r.Pending(); underWay != 1 || s.open != 2 {
			t.Errorf("one asker is left: %d questions, %d connections", underWay, s.open)
		}
		b.Kill()
		_ = b.Join()
		if underWay, _ := r.Pending(); underWay != 0 {
			t.Error("the question can still be joined")
		}
		c := task.Go(ask) // comes while the old question is on its way out
		tasktest.WaitAllParked()
		if len(s.questions) != 4 || s.open != 2 {
			t.Errorf("%d connections are open for the questions %v", s.open, s.questions)
		}
		c.Kill()
		_ = c.Join()
		tasktest.WaitAllParked()
		s.done(t, r)
	})
}

func TestDoneContextAsksNothing(t *testing.T) {
	s := &theory{answer: addresses}
	r, _ := s.resolver(t, one, "")
	tasktest.Run(t, func() {
		ctx, cancel := context.WithDeadline(background, time.Unix(0, 0))
		defer cancel()
		_, err := r.LookupHost(ctx, "www.test")
		var e *net.DNSError
		if !errors.As(err, &e) || !e.IsTimeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%+v", err)
		}
	})
	s.wantQuestions(t)
}

func TestDialSeesTheValuesOfTheContext(t *testing.T) {
	type key struct{}
	s := &theory{answer: addresses}
	r, _ := s.resolver(t, one, "")
	r.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if ctx.Value(key{}) != "value" || ctx.Err() != nil {
			t.Error("this is not the context of who asked")
		}
		return s.dial(ctx, network, address)
	}
	tasktest.Run(t, func() {
		_, err := r.LookupHost(context.WithValue(background, key{}, "value"), "www.test")
		must(t, err)
	})
}

func TestPanicInDialIsTheAskersError(t *testing.T) {
	r := &net.Resolver{Dial: func(context.Context, string, string) (net.Conn, error) { panic("bang") }}
	tasktest.Run(t, func() {
		for range 2 {
			_, err := r.LookupIP(background, "ip4", "www.test.")
			var p *task.PanicError
			if !errors.As(err, &p) || p.Value != "bang" {
				t.Errorf("%v", err)
			}
			if _, err = r.LookupTXT(background, "www.test."); !errors.As(err, &p) {
				t.Errorf("%v", err)
			}
			p = nil // asks for both kinds of addresses at once
			if _, err = r.LookupHost(background, "www.test."); !errors.As(err, &p) || p.Value != "bang" {
				t.Errorf("%v", err)
			}
		}
		if underWay, _ := r.Pending(); underWay != 0 {
			t.Errorf("%d questions are under way", underWay)
		}
	})
}

func TestAnswersAreKept(t *testing.T) {
	s := &theory{answer: addresses}
	r, _ := s.resolver(t, one, "")
	r.CacheFor = time.Minute
	tasktest.Run(t, func() {
		ask := func(name string) {
			ips, err := r.LookupIP(background, "ip4", name)
			if err != nil || !ips[0].Equal(net.IPv4(127, 0, 0, 1)) {
				t.Errorf("%v, %v", ips, err)
				return
			}
			clear(ips[0]) // is not the answer that is kept
		}
		ask("www.test")
		ask("www.test")
		task.Sleep(time.Minute - 1)
		ask("www.test")
		s.wantQuestions(t, "udp 192.0.2.1:53 A www.test.")
		task.Sleep(1)
		ask("www.test")
		ask("web.test")
		s.wantQuestions(t, "udp 192.0.2.1:53 A www.test.", "udp 192.0.2.1:53 A web.test.")
	})
	tasktest.Run(t, func() { // the clock of another loop says nothing about these
		_, err := r.LookupIP(background, "ip4", "web.test")
		must(t, err)
		s.wantQuestions(t, "udp 192.0.2.1:53 A web.test.")
	})
}

func TestFailuresAreNotKept(t *testing.T) {
	s := &theory{answer: only("other.")}
	r, _ := s.resolver(t, one, "")
	r.CacheFor = time.Minute
	tasktest.Run(t, func() {
		for range 2 {
			if _, err := r.LookupTXT(background, "www.test."); err == nil {
				t.Error("there is an answer")
			}
		}
	})
	s.wantQuestions(t, "udp 192.0.2.1:53 TXT www.test.", "udp 192.0.2.1:53 TXT www.test.")
}

func TestCacheIsBounded(t *testing.T) {
	s := &theory{answer: addresses}
	r, _ := s.resolver(t, one, "")
	r.CacheFor = time.Hour
	tasktest.Run(t, func() {
		for i := range 1030 {
			_, err := r.LookupIP(background, "ip4", fmt.Sprintf("n%d.test", i))
			must(t, err)
		}
		if _, kept := r.Pending(); kept != 1024 {
			t.Errorf("%d answers are kept, want 1024", kept)
		}
		s.questions = nil
		for _, name := range []string{"n1029.test", "n6.test", "n5.test"} { // the oldest six are gone
			_, err := r.LookupIP(background, "ip4", name)
			must(t, err)
		}
	})
	s.wantQuestions(t, "udp 192.0.2.1:53 A n5.test.")
}

// Records are copied as deep as a caller can reach.
func TestAskersShareNoRecords(t *testing.T) {
	s := &theory{answer: func(_, _ string, m *dnsmessage.Message) [][]byte {
		addRecord(m, "", &dnsmessage.MXResource{MX: dnsName("mx.test."), Pref: 1})
		addRecord(m, "", &dnsmessage.SRVResource{Target: dnsName("srv.test."), Port: 1})
		addRecord(m, "", &dnsmessage.NSResource{NS: dnsName("ns.test.")})
		return [][]byte{packMessage(m)}
	}}
	r, _ := s.resolver(t, one, "")
	r.CacheFor = time.Hour
	tasktest.Run(t, func() {
		for range 2 {
			mx, err := r.LookupMX(background, "www.test")
			must(t, err)
			_, srv, err := r.LookupSRV(background, "", "", "www.test")
			must(t, err)
			ns, err := r.LookupNS(background, "www.test")
			must(t, err)
			if mx[0].Host != "mx.test." || srv[0].Target != "srv.test." || ns[0].Host != "ns.test." {
				t.Error("somebody has changed the answer that was kept")
			}
			mx[0].Host, srv[0].Target, ns[0].Host = "", "", ""
		}
	})
}

// A shielded task of a loop that ends, whose question was killed with all others,
// asks itself.
func TestShieldedAskerOutlivesTheQuestion(t *testing.T) {
	s := &theory{answer: addresses, delay: time.Millisecond}
	r, _ := s.resolver(t, one, "")
	var hosts []string
	var err error
	must(t, runtime.Run(func() {
		loop := runtime.Current()
		task.Go(func() {
			timeout.Shield(func() { hosts, err = r.LookupHost(background, "www.test") })
		})
		tasktest.WaitAllParked()
		loop.Stop()
	}, runtime.WithVirtualClock()))
	if err != nil || len(hosts) != 2 {
		t.Errorf("%v, %v", hosts, err)
	}
	if s.open != 0 {
		t.Errorf("%d connections are open", s.open)
	}
}

// holds: 46
func TestLookupsUnderCancelEverywhere(t *testing.T) {
	for name, options := range map[string]string{"at once": "", "in turn": "options single-request", "stream": "options use-vc"} {
		t.Run(name, func(t *testing.T) {
			tasktest.CancelEverywhere(t, func(scene *tasktest.Scene) {
				s := &theory{delay: time.Second}
				s.answer = func(network, server string, m *dnsmessage.Message) [][]byte {
					if m.Truncated = network == "udp" && m.Questions[0].Type == dnsmessage.TypeAAAA; len(s.questions) == 1 {
						return nil // the first question of all is lost
					}
					return addresses(network, server, m)
				}
				r, _ := s.resolver(t, one+options, "")
				for range 3 {
					scene.Go(func() {
						hosts, err := r.LookupHost(background, "www.test")
						if err == nil && len(hosts) != 2 {
							t.Errorf("half an answer: %v", hosts)
						}
					})
				}
				scene.After(func() {
					if underWay, _ := r.Pending(); underWay != 0 || s.open != 0 {
						t.Errorf("%d questions are under way, %d connections are open", underWay, s.open)
					}
				})
			})
		})
	}
}

func TestOneOffloadForAllWhoAskTheSystem(t *testing.T) {
	asked := names(t, map[string][]string{"two.test.": {"127.0.0.2", "::1"}})
	run(t, func() {
		before := runtime.Current().Stats().Offloads
		var askers []*task.Task
		for range 10 {
			askers = append(askers, task.Go(func() {
				hosts, err := net.LookupHost("two.test.")
				slices.Sort(hosts)
				if err != nil || !slices.Equal(hosts, []string{"127.0.0.2", "::1"}) {
					t.Errorf("%v, %v", hosts, err)
				}
			}))
		}
		for _, a := range askers {
			must(t, a.Join())
		}
		if n := runtime.Current().Stats().Offloads - before; n != 1 || len(asked) != 2 {
			t.Errorf("%d offloads and %d questions, want 1 and 2", n, len(asked))
		}
	})
}

// The last one who leaves takes the system's question with him: TestMain finds
// nothing left of it, though the server never answers.
func TestSystemsQuestionIsCalledOff(t *testing.T) {
	asked := names(t, nil)
	name := slowName()
	run(t, func() {
		ask := func() { _, _ = net.LookupHost(name) }
		a, b := task.Go(ask), task.Go(ask)
		settle()
		<-asked
		a.Kill()
		b.Kill()
		_, _ = a.Join(), b.Join()
		if underWay, _ := net.DefaultResolver.Pending(); underWay != 0 {
			t.Errorf("%d questions are under way", underWay)
		}
	})
}

// holds: 93
func TestSlowNamesHoldNothingElseUp(t *testing.T) {
	names(t, nil)
	s := &theory{answer: silence}
	r, _ := s.resolver(t, one, "127.0.0.1 near.test\n")
	run(t, func() {
		var stuck []*task.Task
		for i := range 200 {
			stuck = append(stuck, task.Go(func() {
				if i%2 == 0 {
					_, _ = net.LookupHost(slowName())
				} else {
					_, _ = r.LookupHost(background, slowName())
				}
			}))
		}
		settle()
		if n, err := task.Offload(func() (int, error) { return 42, nil }); n != 42 || err != nil {
			t.Errorf("an offload: %d, %v; want 42, nil", n, err)
		}
		if n, err := net.LookupPort("tcp", "http"); n != 80 || err != nil {
			t.Errorf("a service: %d, %v; want 80, nil", n, err)
		}
		if hosts, err := r.LookupHost(background, "near.test"); err != nil || len(hosts) != 1 {
			t.Errorf("a name in a file: %v, %v", hosts, err)
		}
		for _, task := range stuck {
			task.Kill()
		}
	})
}

func TestNilResolverIsTheDefault(t *testing.T) {
	names(t, map[string][]string{"one.test.": {"127.0.0.2"}})
	run(t, func() {
		var r *net.Resolver
		hosts, err := r.LookupHost(background, "one.test.")
		if err != nil || !slices.Equal(hosts, []string{"127.0.0.2"}) {
			t.Errorf("%v, %v", hosts, err)
		}
		if n, err := r.LookupPort(background, "tcp", "80"); n != 80 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	})
}

func TestStrictErrorsOfTheSystem(t *testing.T) {
	address := serveNames(t, func(_ string, m *dnsmessage.Message) [][]byte {
		if m.Questions[0].Type == dnsmessage.TypeAAAA {
			m.RCode = dnsmessage.RCodeServerFailure
		}
		addRecord(m, "", "127.0.0.1")
		return [][]byte{packMessage(m)}
	})
	before := stdnet.DefaultResolver
	t.Cleanup(func() { stdnet.DefaultResolver = before })
	stdnet.DefaultResolver = &stdnet.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (stdnet.Conn, error) {
		var d stdnet.Dialer
		return d.DialContext(ctx, network, address)
	}}
	run(t, func() {
		for _, strict := range []bool{false, true} {
			r := &net.Resolver{StrictErrors: strict}
			if ips, err := r.LookupIPAddr(background, "half.test."); (err != nil) != strict {
				t.Errorf("strict %v: %v, %v", strict, ips, err)
			}
		}
	})
}
