package tls

import "github.com/evergreen-go/evergreen/internal/kernel"

// Sending. What crypto/tls writes, in a Write or a Read or a handshake, gathers in the
// transport in the order in which it has to go out. Whoever holds the gate of the
// writers sends it. A reader that has something to answer (an alert, an update of the
// keys) does not wait for the gate: if it is taken, its holder looks once more when it
// has let go of it.

// answer sends what is there, unless somebody else is at it.
func (c *Conn) answer() {
	for c.transport.owes() > 0 && c.out.tryLock() {
		if c.flushAndUnlock() != nil {
			return // the next Write will hear of it
		}
	}
}

// settle is for a reader before it reads on: where much is to be answered and nobody
// sends it, since the peer does not read, it waits. Else a peer that asks for new keys
// all the time would fill our memory.
func (c *Conn) settle() error {
	if c.transport.owes() <= maxOwed {
		return nil
	}
	err := c.flushAll()
	if err != nil && !passes(err) {
		return nil // nothing can be sent any more, but there may be more to read
	}
	return err
}

func (c *Conn) flushAndUnlock() error {
	defer c.out.unlock() // a kill may end flush
	return c.flush()
}

// flushAll waits for the gate and sends what is there.
func (c *Conn) flushAll() error {
	if err := c.out.lock("tls.Conn.Handshake"); err != nil {
		return err
	}
	return c.flushAndUnlock()
}

// flush sends everything that crypto/tls has written. When it is interrupted the rest
// stays where it is. The caller holds out.
func (c *Conn) flush() error {
	if c.torn != nil {
		_ = c.transport.take(nil)
		return c.torn
	}
	for {
		if len(c.sending) == 0 {
			if c.sending = c.transport.take(c.spare); len(c.sending) == 0 {
				return nil
			}
			c.spare = nil
		}
		whole := c.sending
		n, err := c.send(whole)
		c.sending = whole[n:]
		if err != nil {
			if !passes(err) {
				c.torn = err
			} else if t := kernel.Running(); t != nil {
				_ = t.Interrupted() // a killed task goes, now that n is noted
			}
			return err
		}
		if cap(whole) <= maxKept {
			c.spare = whole[:0]
		}
	}
}

// send writes p to the connection below. A kill must not end that write as it ends
// others: how much of a record went out would not be known, and nobody could write to
// the connection again. So the task is shielded, and what would have hit it cancels the
// shield, whose error the write returns.
func (c *Conn) send(p []byte) (int, error) {
	t := kernel.Running()
	if t == nil {
		return c.conn.Write(p)
	}
	if t.Interruptible() {
		return 0, c.fail("write", t.Interrupted())
	}
	b := &breaker{loop: t.Loop()}
	t.WatchBlock(&c.watch, b)
	b.shield = t.EnterShield(0)
	defer b.shield.Leave()
	defer c.watch.Stop()
	return c.conn.Write(p)
}

// breaker cancels a shield when what it keeps away has come.
type breaker struct {
	loop   *kernel.Loop
	shield *kernel.Scope
}

// Over implements kernel.Watcher. The shield is cancelled in the next turn: the kernel
// is in the middle of working out who feels what.
func (b *breaker) Over(err error) {
	if b.shield != nil && err != nil {
		b.loop.CallSoon(func() { b.shield.Cancel(err) })
	}
}
