package accept

import "time"

const (
	// first is the pause after the first failure: about as long as a busy server
	// needs to end a request and give a descriptor back.
	first = 5 * time.Millisecond
	// longest bounds the pause: a server that could accept again should not let its
	// clients wait for more than that.
	longest = time.Second
)

// Backoff is the pause between two attempts to accept: 5 ms, doubled after each
// failure up to 1 s, and back to the beginning after a success. (The numbers are
// those of the accept loop of the standard library's net/http.) The zero Backoff is
// ready.
type Backoff struct {
	// pause is the one that was given last, 0 after a success.
	pause time.Duration
}

// Failed returns how long to wait before the next attempt. It is not a checkpoint.
func (b *Backoff) Failed() time.Duration {
	b.pause = min(max(2*b.pause, first), longest)
	return b.pause
}

// Succeeded has the next failure begin with the shortest pause again. It is not a
// checkpoint.
func (b *Backoff) Succeeded() { b.pause = 0 }
