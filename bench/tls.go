//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	stdtls "crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	stdnet "net"
	stdsync "sync"
	"sync/atomic"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/tls"
)

var tlsArea = &area{
	name: "tls", title: "TLS",
	about: "`net/tls` over our connections, and `crypto/tls` over net's. The clients are goroutines with `crypto/tls`. A handshake " +
		"is a connection made, used for one byte and ended; they cost the clients more than the server, so that the processor " +
		"time per request counts here, not the rate.",
	metrics:  []*metric{rate, cpu, system, p50, p99, p999, peak},
	pictures: []picture{bars(cpu, "TLS, server on one processor")},
	peers: []peer{
		{name: "crypto/tls", serve: func(j job, ready func(string)) error {
			config, err := certified()
			if err != nil {
				return err
			}
			return stdStream(ready, func(c stdnet.Conn) { echoConn(stdtls.Server(c, config), j.buffer()) })
		}},
		{name: us, serve: func(j job, ready func(string)) error {
			config, err := certified()
			if err != nil {
				return err
			}
			return ourStream(ready, func(c net.Conn) { echoConn(tls.Server(c, config), j.buffer()) })
		}},
	},
	scenes: []scene{
		secret("handshake, 16 at a time", secrets{conns: 16, size: 1, churn: true}),
		secret("64 B x 100", secrets{conns: 100, size: 64}),
		secret("64 KiB x 16", secrets{conns: 16, size: 64 << 10}),
	},
}

// certified is a server's configuration with a certificate made for it.
func certified() (*stdtls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []stdnet.IP{stdnet.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &stdtls.Config{Certificates: []stdtls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, nil
}

// secrets is a load over TLS: so many connections, each with one message under way;
// or each for one message only.
type secrets struct {
	conns, size int
	churn       bool
}

func secret(name string, s secrets) scene {
	return scene{name: name, measure: func(a *area, p peer, o options) (sample, error) {
		s := s
		s.conns = o.limit(s.conns)
		c, err := start(a, p, job{Size: s.size}, o)
		if err != nil {
			return nil, err
		}
		defer c.stop()
		return s.measure(c, o)
	}}
}

// measure loads a server until the time is up. What was under way before the
// measurement began is not counted.
func (s secrets) measure(c *child, o options) (sample, error) {
	var begun, over atomic.Bool
	var lock stdsync.Mutex
	var all histogram
	var failed error
	var wg stdsync.WaitGroup
	for range s.conns {
		wg.Go(func() {
			err := s.drive(c.addr.String(), &over, func(took int64) {
				if begun.Load() && !over.Load() {
					lock.Lock()
					defer lock.Unlock()
					all.add(took)
				}
			})
			if err != nil {
				lock.Lock()
				defer lock.Unlock()
				failed = errors.Join(failed, err)
			}
		})
	}
	time.Sleep(o.length / 5)
	before, err := c.use()
	at := now()
	begun.Store(true)
	for tries := 0; tries < 100; tries++ {
		time.Sleep(o.length)
		lock.Lock()
		n := all.total
		lock.Unlock()
		if n > 0 {
			break
		}
	}
	over.Store(true)
	took := now() - at
	after, err2 := c.use()
	wg.Wait()
	if err := errors.Join(err, err2, failed); err != nil {
		return nil, err
	}
	return summary(c, before, after, &all, took)
}

// drive keeps one connection busy.
func (s secrets) drive(to string, over *atomic.Bool, done func(ns int64)) error {
	config := &stdtls.Config{InsecureSkipVerify: true}
	message, got := make([]byte, s.size), make([]byte, s.size)
	var c *stdtls.Conn
	defer func() {
		if c != nil {
			_ = c.NetConn().Close()
		}
	}()
	for !over.Load() {
		begin := now()
		if c == nil {
			raw, err := stdnet.Dial("tcp", to)
			if err != nil {
				return err
			}
			_ = raw.(*stdnet.TCPConn).SetLinger(0) // see hangUp
			c = stdtls.Client(raw, config)
		}
		sent := make(chan error, 1)
		if s.size > 4096 { // the server sends back before all has come
			go func() { _, err := c.Write(message); sent <- err }()
		} else {
			_, err := c.Write(message)
			sent <- err
		}
		_, err := io.ReadFull(c, got)
		if err := errors.Join(<-sent, err); err != nil {
			return err
		}
		done(now() - begin)
		if s.churn {
			_ = c.NetConn().Close()
			c = nil
		}
	}
	return nil
}
