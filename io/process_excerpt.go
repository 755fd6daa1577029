package io

import (
	"fmt"
	"slices"
)

// excerptSize is how much an excerpt keeps of either end: as much as os/exec does.
const excerptSize = 32 << 10

// procExcerpt keeps the beginning and the end of what is written to it, for error
// messages. Its memory is bounded, however much a program has to say.
type procExcerpt struct {
	head []byte
	// tail is a ring: once it is full its oldest byte is at next.
	tail    []byte
	next    int
	skipped int
}

// Write implements io.Writer. It is not a checkpoint.
func (e *procExcerpt) Write(p []byte) (int, error) {
	n := len(p)
	fits := min(n, excerptSize-len(e.head))
	e.head = append(e.head, p[:fits]...)
	p = p[fits:]
	if over := len(p) - excerptSize; over > 0 {
		e.skipped += over
		p = p[over:]
	}
	fits = min(len(p), excerptSize-len(e.tail))
	e.tail = append(e.tail, p[:fits]...)
	for p = p[fits:]; len(p) > 0; {
		k := copy(e.tail[e.next:], p)
		e.skipped += k
		e.next = (e.next + k) % excerptSize
		p = p[k:]
	}
	return n, nil
}

// Bytes returns what was kept, with a line in the place of what was not. It is not a
// checkpoint.
func (e *procExcerpt) Bytes() []byte {
	if e.skipped == 0 {
		return append(e.head, e.tail...)
	}
	gap := fmt.Sprintf("\n... omitting %d bytes ...\n", e.skipped)
	return slices.Concat(e.head, []byte(gap), e.tail[e.next:], e.tail[:e.next])
}
