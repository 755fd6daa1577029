package tls

import (
	stdtls "crypto/tls"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/net"
)

const (
	// maxPlain is how much crypto/tls puts into one record (RFC 8446, section 5.1). So
	// much is enciphered at a time, and sent before there is more.
	maxPlain = 16 << 10
	// minArrived and maxArrived bound the buffer for what the peer sends. An idle
	// connection that has never seen more keeps the small one.
	minArrived, maxArrived = 4 << 10, 32 << 10
	// maxOwed is how much a reader may leave to be sent by others. It is more than a
	// Write adds at a time: were a reader to wait for what its own side writes, two ends
	// that both do nothing but write would stop each other.
	maxOwed = 64 << 10
	// maxKept bounds the buffers for what is to be sent that are used again.
	maxKept = 64 << 10
)

// Conn is a TLS connection. It implements [net.Conn]; its methods may be called from
// any goroutine, and at the same time.
type Conn struct {
	// conn is the connection below; all waiting is done there.
	conn net.Conn
	// tls does the protocol. It works on transport and never waits. After the handshake
	// Read is called by the holder of in, Write and CloseWrite by the holder of out.
	tls       *stdtls.Conn
	transport transport
	client    bool
	// apart tells that a read may turn into another handshake, so that crypto/tls has
	// to be called on goroutines of its own throughout.
	apart bool

	// in is held by whoever reads or shakes hands.
	in gate
	// room is the buffer for what the peer sends; belongs to in.
	room []byte
	// broken is why the connection cannot be read from any more, as far as crypto/tls
	// does not know it; belongs to in.
	broken error
	// plain is what a Read that was made apart has not handed out yet; belongs to in.
	plain []byte

	// shaken tells that the handshake was completed.
	shaken atomic.Bool
	// state is the connection's state after the last handshake, nil before the first.
	state atomic.Pointer[ConnectionState]

	// out is held by whoever enciphers or sends.
	out gate
	// sending is what has been taken from transport and not been sent; belongs to out.
	// It stays when a write is interrupted, and goes out before anything else.
	sending []byte
	// spare is the buffer that transport does not use; belongs to out.
	spare []byte
	// torn is why nothing can be sent any more; belongs to out.
	torn error
	// watch tells the writer of a kill, see send; belongs to out.
	watch kernel.Watch

	// closed tells that Close was called.
	closed atomic.Bool
	// writeBy is the deadline for writes, nil or zero for none; the connection below has
	// it too.
	writeBy atomic.Pointer[time.Time]
}

var _ net.Conn = (*Conn)(nil)

// Client makes a connection whose handshake is that of a client: config must have a
// ServerName or set InsecureSkipVerify. Nothing is sent yet. It is not a checkpoint.
func Client(conn net.Conn, config *Config) *Conn {
	c := newConn(conn)
	c.client = true
	c.apart = config != nil && config.Renegotiation != RenegotiateNever
	c.tls = stdtls.Client(&c.transport, config)
	return c
}

// Server makes a connection whose handshake is that of a server: config must have a
// certificate, or a GetCertificate or GetConfigForClient. It is not a checkpoint.
func Server(conn net.Conn, config *Config) *Conn {
	c := newConn(conn)
	c.tls = stdtls.Server(&c.transport, config)
	return c
}

func newConn(conn net.Conn) *Conn {
	c := &Conn{conn: conn}
	c.transport.conn = conn
	c.transport.fed.L = &c.transport.mu
	c.in.what = "its turn to read from a TLS connection"
	c.out.what = "its turn to write to a TLS connection"
	return c
}

// Read reads what there is, at most len(p) bytes, waiting until there is something.
// It makes the handshake if that was not done. When the peer has said goodbye it
// returns io.EOF; when the stream ends without that, io.ErrUnexpectedEOF, unless it
// was between two records. It is a checkpoint; nothing is lost when the deadline
// passes or the task is cancelled.
func (c *Conn) Read(p []byte) (int, error) {
	if err := c.Handshake(); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if err := checkpoint(); err != nil {
		return 0, c.fail("read", err)
	}
	if err := c.in.lock("tls.Conn.Read"); err != nil {
		return 0, c.fail("read", err)
	}
	defer c.in.unlock()
	if c.apart {
		return c.readApart(p)
	}
	for {
		if err := c.settle(); err != nil {
			return 0, err
		}
		n, err := c.tls.Read(p)
		c.answer() // alerts and key updates
		if n > 0 && errors.Is(err, errEmpty) {
			err = nil
		}
		if n > 0 || !errors.Is(err, errEmpty) {
			return n, err
		}
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
}

// readApart is Read where the server may ask for another handshake. crypto/tls reads
// into a buffer of ours, since it may be left behind.
func (c *Conn) readApart(p []byte) (int, error) {
	if len(c.plain) == 0 {
		if c.broken != nil {
			return 0, c.broken
		}
		var n int
		var err error
		into := make([]byte, maxPlain)
		if given := c.pumpRead(func() { n, err = c.tls.Read(into) }); given != nil {
			return 0, given
		}
		c.remember()
		c.answer()
		if n == 0 {
			return 0, err
		}
		c.plain = into[:n]
	}
	n := copy(p, c.plain)
	c.plain = c.plain[n:]
	return n, nil
}

// pumpRead is pump for a read. Where that was left behind the connection is of no use.
func (c *Conn) pumpRead(read func()) error {
	c.broken = errAbandoned
	defer func() { // a kill too
		if _, finished := c.transport.idle(); finished {
			c.broken = nil
		}
	}()
	return c.pump(true, read)
}

// fill waits for bytes from the peer and gives them to crypto/tls, which has none left.
// What ends the stream goes the same way, so that it is told after the bytes and is
// remembered. What passes (a deadline, a cancellation) is returned, and crypto/tls
// does not hear of it. The caller holds in.
func (c *Conn) fill() error {
	if c.room == nil {
		c.room = make([]byte, minArrived)
	}
	n, err := c.conn.Read(c.room)
	if n == 0 && err != nil && passes(err) {
		return err
	}
	if err != nil && passes(err) {
		err = nil // it will come again
	}
	c.transport.feed(c.room[:n], err)
	if n == len(c.room) && n < maxArrived {
		c.room = make([]byte, 2*n)
	}
	return nil
}

// passes tells whether the operation that failed can be made again.
func passes(err error) bool {
	if t := kernel.Running(); t != nil && t.Interruptible() {
		return true
	}
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Write enciphers p and sends it. It makes the handshake if that was not done. It is a
// checkpoint. When the deadline passes or the task is cancelled meanwhile, it returns
// how many bytes of p were enciphered: they are kept, at most one record of them, and
// go out with the next Write, CloseWrite or Close, so that the connection can be used
// further. (With crypto/tls it could not.)
func (c *Conn) Write(p []byte) (int, error) {
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	if err := c.Handshake(); err != nil {
		return 0, err
	}
	n, err := c.write(p)
	if err == nil {
		c.answer() // what came in while the gate was ours
	}
	return n, err
}

func (c *Conn) write(p []byte) (total int, err error) {
	if err := checkpoint(); err != nil {
		return 0, c.fail("write", err)
	}
	if err := c.out.lock("tls.Conn.Write"); err != nil {
		return 0, c.fail("write", err)
	}
	defer c.out.unlock()
	for {
		if c.closed.Load() {
			return total, net.ErrClosed
		}
		if err := c.flush(); err != nil {
			return total, err
		}
		if total > 0 && total == len(p) {
			return total, nil
		}
		if c.late() {
			return total, c.fail("write", os.ErrDeadlineExceeded)
		}
		n, err := c.encipher(p[total:min(len(p), total+maxPlain)])
		total += n
		if err != nil {
			_ = c.flush() // the alert that may be in it
			return total, err
		}
		if len(p) == 0 {
			return 0, c.flush()
		}
	}
}

// checkpoint is for a call that may find all it needs in memory.
func checkpoint() error {
	if t := kernel.Running(); t != nil && !t.Checkpoint() {
		return t.Interrupted()
	}
	return nil
}

// late tells whether the deadline for writes has passed, on the caller's clock.
func (c *Conn) late() bool {
	by := c.deadline()
	return !by.IsZero() && !clock().Before(by)
}

// clock is the time on the caller's clock, which may be a virtual one.
func clock() time.Time {
	if t := kernel.Running(); t != nil {
		return t.Loop().Time()
	}
	return time.Now()
}

// deadline returns what SetWriteDeadline said.
func (c *Conn) deadline() time.Time {
	if by := c.writeBy.Load(); by != nil {
		return *by
	}
	return time.Time{}
}

// encipher has crypto/tls make records of p. The caller holds out.
func (c *Conn) encipher(p []byte) (n int, err error) {
	if !c.apart {
		return c.tls.Write(p)
	}
	p = append([]byte(nil), p...) // may be left behind
	o, failed := apart(func() { n, err = c.tls.Write(p) })
	switch {
	case o == kernel.Canceled:
		c.torn = errAbandoned
		return 0, c.fail("write", kernel.Running().Interrupted())
	case failed != nil:
		c.torn = failed
		return 0, failed
	}
	return n, err
}

// fail says which operation failed, as the standard library does.
func (c *Conn) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	e := &net.OpError{Op: op, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
	if e.Addr != nil {
		e.Net = e.Addr.Network()
	}
	return e
}
