package tls

import (
	"sync"
	"time"

	"github.com/evergreen-go/evergreen/net"
)

// transport is the connection that crypto/tls believes it is working on: two buffers.
// What it writes is kept until a writer of ours sends it, so writing never waits. What
// it reads has arrived already; where nothing has, it is told to come again, or, when
// it works on a goroutine of its own, the goroutine waits for the pump.
//
// crypto/tls forgives a read that failed with a temporary error: half a record stays
// where it is, and the next read goes on there. (That is what read deadlines of the
// standard library hang on.)
type transport struct {
	conn net.Conn // the real one, for its addresses

	// mu guards the rest. It is held while bytes are copied and never across a wait,
	// other than that of the goroutine that is pumped.
	mu sync.Mutex
	// arrived is what crypto/tls has not read yet, in the reader's buffer.
	arrived []byte
	// ended is how the stream from the peer ended; told when arrived has been read.
	ended error
	// written is what crypto/tls has written and nobody has sent yet.
	written []byte

	// pumped tells that crypto/tls works on a goroutine of its own and may wait there.
	pumped bool
	// hungry tells that it does wait; fed ends that.
	hungry bool
	fed    sync.Cond
	// finished tells that its work is done, or was given up by it.
	finished bool
	// aborted is why it is to give up, nil while it is not.
	aborted error
	// tell, if set, is to be called when it waits or is done.
	tell func()
}

// emptyError says that nothing has arrived. crypto/tls must take it for something
// that passes, and so it has to be a timeout.
type emptyError struct{}

func (emptyError) Error() string   { return "evergreen: nothing has arrived yet" }
func (emptyError) Timeout() bool   { return true }
func (emptyError) Temporary() bool { return true }

var errEmpty net.Error = emptyError{}

// Read is called by crypto/tls.
func (tr *transport) Read(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for {
		switch {
		case tr.aborted != nil:
			return 0, tr.aborted
		case len(tr.arrived) > 0:
			n := copy(p, tr.arrived)
			tr.arrived = tr.arrived[n:]
			return n, nil
		case tr.ended != nil:
			return 0, tr.ended
		case !tr.pumped:
			return 0, errEmpty
		}
		tr.hungry = true
		tr.report()
		tr.fed.Wait()
	}
}

// Write is called by crypto/tls. It never waits.
func (tr *transport) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.written = append(tr.written, p...)
	return len(p), nil
}

// Close is called by crypto/tls when the context of a handshake is over.
func (tr *transport) Close() error {
	tr.abort(net.ErrClosed)
	return nil
}

func (tr *transport) LocalAddr() net.Addr  { return tr.conn.LocalAddr() }
func (tr *transport) RemoteAddr() net.Addr { return tr.conn.RemoteAddr() }

// NetConn is for callbacks of a handshake, which are given this for the connection.
func (tr *transport) NetConn() net.Conn { return tr.conn }

// Deadlines are kept where the waiting is.

func (tr *transport) SetDeadline(time.Time) error      { return nil }
func (tr *transport) SetReadDeadline(time.Time) error  { return nil }
func (tr *transport) SetWriteDeadline(time.Time) error { return nil }

// feed gives crypto/tls what came from the peer; ended, if not nil, is what comes
// after it.
func (tr *transport) feed(p []byte, ended error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.arrived, tr.ended = p, ended
	tr.hungry = false
	tr.fed.Signal()
}

// owes tells how much there is to be sent.
func (tr *transport) owes() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return len(tr.written)
}

// take returns what is to be sent. Next is where crypto/tls may write from now on.
func (tr *transport) take(next []byte) []byte {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if len(tr.written) == 0 {
		return nil
	}
	all := tr.written
	tr.written = next
	return all
}

// begin says that crypto/tls goes to work on a goroutine of its own.
func (tr *transport) begin() {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.pumped, tr.hungry, tr.finished, tr.aborted, tr.tell = true, false, false, nil, nil
}

// finish is called by that goroutine as its last.
func (tr *transport) finish() {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.pumped, tr.hungry, tr.finished = false, false, true
	tr.report()
}

// abort has the goroutine give up with an error when it next reads, or in the read
// where it waits.
func (tr *transport) abort(err error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.aborted == nil {
		tr.aborted = err
	}
	tr.hungry = false
	tr.fed.Signal()
}

// report calls whoever asked. Called with mu held.
func (tr *transport) report() {
	if tr.tell != nil {
		tr.tell()
		tr.tell = nil
	}
}

// whenIdle has told called, once, when the goroutine waits or is done.
func (tr *transport) whenIdle(told func()) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.tell = told
	if tr.hungry || tr.finished {
		tr.report()
	}
}

// whenFinished has told called, once, when the goroutine is done. It is to be used
// after abort only, when the goroutine waits for nothing any more.
func (tr *transport) whenFinished(told func()) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.tell = told
	if tr.finished {
		tr.report()
	}
}

// idle tells whether the goroutine waits, and whether it is done.
func (tr *transport) idle() (hungry, finished bool) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.hungry, tr.finished
}
