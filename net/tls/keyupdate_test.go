package tls_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	stdtls "crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	stdnet "net"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/tls"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// sealer writes the records of a TLS 1.3 client in the place of crypto/tls, which has
// no call that updates keys (RFC 8446, sections 5.2, 7.1 and 7.2).
type sealer struct {
	to     io.Writer
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

func expand(secret []byte, label string, length int) []byte {
	label = "tls13 " + label
	info := binary.BigEndian.AppendUint16(nil, uint16(length))
	info = append(info, byte(len(label)))
	info = append(append(info, label...), 0)
	key, err := hkdf.Expand(sha256.New, secret, string(info), length)
	if err != nil {
		panic(err)
	}
	return key
}

func (s *sealer) use(secret []byte) {
	block, err := aes.NewCipher(expand(secret, "key", 16))
	if err != nil {
		panic(err)
	}
	if s.aead, err = cipher.NewGCM(block); err != nil {
		panic(err)
	}
	s.secret, s.iv, s.seq = secret, expand(secret, "iv", 12), 0
}

func (s *sealer) send(kind byte, content []byte) error {
	plain := append(bytes.Clone(content), kind)
	header := binary.BigEndian.AppendUint16([]byte{23, 3, 3}, uint16(len(plain)+s.aead.Overhead()))
	nonce := bytes.Clone(s.iv)
	for i, b := range binary.BigEndian.AppendUint64(nil, s.seq) {
		nonce[4+i] ^= b
	}
	s.seq++
	_, err := s.to.Write(s.aead.Seal(header, nonce, plain, header))
	return err
}

// update changes the key and asks the peer to change its own.
func (s *sealer) update() error {
	const keyUpdate, requested = 24, 1
	err := s.send(22, []byte{keyUpdate, 0, 0, 1, requested})
	s.use(expand(s.secret, "traffic upd", 32))
	return err
}

// keyLog finds the secret that a client's records are made with.
type keyLog struct{ secret []byte }

func (k *keyLog) Write(line []byte) (int, error) {
	var label, random, secret string
	if _, err := fmt.Sscanf(string(line), "%s %s %s", &label, &random, &secret); err == nil && label == "CLIENT_TRAFFIC_SECRET_0" {
		k.secret, _ = hex.DecodeString(secret)
	}
	return len(line), nil
}

// The peer asks for new keys again and again, while both directions are busy. A read
// has to send the answer then, between the records of a writer who waits for the peer.
func TestKeyUpdates(t *testing.T) {
	const rounds = 15 // crypto/tls does not take many more without data in between
	serverConfig, clientConfig := configs(t, tls.VersionTLS13)
	log := new(keyLog)
	clientConfig.KeyLogWriter = log
	for _, busy := range []bool{false, true} {
		run(t, func() {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			type side struct {
				client *stdtls.Conn
				below  stdnet.Conn
			}
			peer := make(chan side, 1)
			failed := make(chan error, 1)
			down := noise(3 << 20)
			go func() {
				failed <- func() error {
					below, err := stdnet.Dial("tcp", l.Addr().String())
					if err != nil {
						return err
					}
					client := stdtls.Client(below, clientConfig)
					peer <- side{client, below}
					return client.Handshake()
				}()
			}()
			c, err := l.Accept()
			must(t, err)
			server := tls.Server(c, serverConfig)
			must(t, server.Handshake())
			must(t, l.Close())
			must(t, <-failed)
			p := <-peer
			if p.client.ConnectionState().CipherSuite != tls.TLS_AES_128_GCM_SHA256 {
				_ = p.below.Close()
				_ = server.Close()
				t.Skip("skipped: needs a processor with AES")
			}
			s := &sealer{to: p.below}
			s.use(log.secret)
			go func() {
				failed <- func() error {
					for i := range rounds {
						if err := s.update(); err != nil {
							return err
						}
						if err := s.send(23, fmt.Appendf(nil, "%08d", i)); err != nil {
							return err
						}
					}
					return nil
				}()
			}()
			var writer *task.Task
			if busy {
				writer = task.Go(func() {
					if _, err := server.Write(down); err != nil {
						t.Error(err)
					}
				})
			}
			received := make(chan error, 1)
			go func() {
				got := make([]byte, len(down))
				_, err := io.ReadFull(p.client, got)
				if err == nil && !bytes.Equal(got, down) {
					err = fmt.Errorf("what the client received is not what was sent")
				}
				received <- err
			}()
			word := make([]byte, 8)
			for i := range rounds {
				if _, err := io.ReadFull(server, word); err != nil || string(word) != fmt.Sprintf("%08d", i) {
					t.Fatalf("round %d: %q, %v", i, word, err)
				}
			}
			if writer == nil {
				_, err = server.Write(down)
				must(t, err)
			} else {
				writer.Join()
			}
			for _, c := range []chan error{failed, received} {
				outcome, err := task.Offload(func() (error, error) { return <-c, nil })
				must(t, err)
				must(t, outcome)
			}
			_ = p.below.Close()
			_ = server.Close()
		})
	}
}

// A peer that asks for new keys all the time and reads nothing bounds what we keep: at
// some point nothing is read from it any more.
//
// holds: 86
func TestAnswersAreBounded(t *testing.T) {
	const rounds = 10_000
	serverConfig, clientConfig := configs(t, tls.VersionTLS13)
	log := new(keyLog)
	clientConfig.KeyLogWriter = log
	run(t, func() {
		a, b := plain(t)
		client, server := stdtls.Client(a, clientConfig), tls.Server(b, serverConfig)
		shaking := task.Go(func() {
			_, err := task.Offload(func() (none struct{}, err error) { return none, client.Handshake() })
			must(t, err)
		})
		must(t, server.Handshake())
		shaking.Join()
		if client.ConnectionState().CipherSuite != tls.TLS_AES_128_GCM_SHA256 {
			_ = a.Close()
			_ = server.Close()
			t.Skip("skipped: needs a processor with AES")
		}
		writer := task.Go(func() { _, _ = server.Write(make([]byte, 16<<20)) })
		tasktest.WaitAllParked() // it is stuck
		asking := task.Go(func() {
			s := &sealer{to: a}
			s.use(log.secret)
			for range rounds {
				if s.update() != nil || s.send(23, []byte("x")) != nil {
					return
				}
			}
		})
		read := 0
		reader := task.Go(func() {
			for p := make([]byte, 1); read < rounds; read++ {
				if _, err := server.Read(p); err != nil {
					return
				}
			}
		})
		tasktest.WaitAllParked()
		if read < 1000 || read == rounds {
			t.Errorf("%d of %d requests for new keys were taken", read, rounds)
		}
		must(t, server.Close())
		must(t, a.Close())
		for _, one := range []*task.Task{writer, asking, reader} {
			one.Join()
		}
	})
}
