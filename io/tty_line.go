//go:build unix

package io

import (
	"bytes"
	stdio "io"
	"strings"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

var otherLine = kernel.Plain("another task to have read from the terminal")

// linePart is how much is asked for at a time: a terminal gives no longer line.
const linePart = 4096

// here returns the task that calls if it is one of the terminal's loop.
func (t *TTY) here() *kernel.Task {
	if me := kernel.Running(); me != nil && me.Loop() == t.fd.Loop() {
		return me
	}
	return nil
}

// Read reads what there is, at most len(p) bytes, waiting until there is something: a
// line at most, or in raw mode what has been typed. At Ctrl-D it returns io.EOF. It is a
// checkpoint; nothing is lost when the task is cancelled.
func (t *TTY) Read(p []byte) (int, error) {
	me := t.here()
	if me == nil {
		return socket.Carry(t.fd.Loop(), func() (int, error) { return t.Read(p) })
	}
	if !t.lines.take(me, otherLine) {
		return 0, describe("read", t.name, me.Interrupted())
	}
	defer t.lines.pass()
	if len(t.rest) > 0 {
		n := copy(p, t.rest)
		t.rest = t.rest[n:]
		return n, nil
	}
	return t.Descriptor.Read(p)
}

// WriteTo writes all that there is to read to w, until the end of input, as Copy does,
// which calls it. It is a checkpoint.
func (t *TTY) WriteTo(w stdio.Writer) (int64, error) { return stdio.Copy(w, onlyReader{t}) }

// ReadLine reads a line and returns it without its end. At the end of input it returns
// what there is of a line, with io.EOF. It is a checkpoint; nothing is lost when the task
// is cancelled.
func (t *TTY) ReadLine() (string, error) {
	me := t.here()
	if me == nil {
		return socket.Carry(t.fd.Loop(), t.ReadLine)
	}
	if !t.lines.take(me, otherLine) {
		return "", describe("read", t.name, me.Interrupted())
	}
	defer t.lines.pass()
	for seen := 0; ; {
		if i := bytes.IndexByte(t.rest[seen:], '\n'); i >= 0 {
			line := string(t.rest[:seen+i])
			t.rest = t.rest[seen+i+1:]
			return strings.TrimSuffix(line, "\r"), nil
		}
		seen = len(t.rest)
		part := make([]byte, linePart)
		n, err := t.Descriptor.Read(part)
		t.rest = append(t.rest, part[:n]...)
		if err != nil {
			if err != stdio.EOF {
				return "", err // what there is stays for the next
			}
			line := string(t.rest)
			t.rest = nil
			return line, err
		}
	}
}

// Prompt writes text and reads a line, as [TTY.ReadLine] does. It is a checkpoint.
func (t *TTY) Prompt(text string) (string, error) {
	if _, err := t.WriteString(text); err != nil {
		return "", err
	}
	return t.ReadLine()
}

// Password writes text and reads a line that is not shown while it is typed. The mode of
// the terminal is changed as by [TTY.Raw], and put back as surely; Ctrl-C still sends
// SIGINT. It is a checkpoint; when the task is cancelled what was typed so far is left
// to the next reader.
func (t *TTY) Password(text string) (line string, err error) {
	if t.here() == nil {
		return socket.Carry(t.fd.Loop(), func() (string, error) { return t.Password(text) })
	}
	restore, err := t.change("Password", silent)
	if err != nil {
		return "", err
	}
	defer func() {
		if failed := restore(); err == nil {
			err = failed
		}
	}()
	if line, err = t.Prompt(text); err == nil {
		_, err = t.WriteString("\n") // that of the Enter key was not shown
	}
	return line, err
}
