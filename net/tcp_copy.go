//go:build unix

package net

import (
	"io"
	"math"
	"syscall"

	"github.com/evergreen-go/evergreen/internal/socket"
)

func init() { socket.RecogniseEnds(end) }

// end finds the descriptor of a connection whose bytes the system can copy.
func end(v any) *socket.FD {
	switch c := v.(type) {
	case *TCPConn:
		return c.fd
	case withoutWriteTo:
		return c.fd
	case *UnixConn:
		if c.network == "unix" {
			return c.fd
		}
	}
	return nil
}

// ReadFrom sends all that r has, as io.Copy does, which calls it. On Linux what comes
// from another connection of the loop (TCP, or a Unix stream), from a pipe of package
// io or from a regular file does not pass through this process: see splice(2) and sendfile(2). While the disk is
// read for a file the loop stands still, for a mebibyte at most at a time; where that
// is too long read the file by package io. It is a checkpoint; when it fails or the
// task is cancelled it returns how much was sent.
func (c *TCPConn) ReadFrom(r io.Reader) (int64, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	n, done, err := c.fd.CopyFrom(r)
	if !done {
		n, err = io.Copy(withoutReadFrom{TCPConn: c}, r)
	}
	return n, c.fail("readfrom", err)
}

// WriteTo sends all that arrives to w until the peer closes its side, as io.Copy
// does, which calls it. To another connection of the loop it does not pass through
// this process, see [TCPConn.ReadFrom]. It is a checkpoint.
func (c *TCPConn) WriteTo(w io.Writer) (int64, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	if to, ok := w.(*UnixConn); ok && to.fd != nil && to.network == "unix" {
		if n, done, err := to.fd.Splice(c.fd, math.MaxInt64); done {
			return n, c.fail("writeto", err)
		}
	}
	n, err := io.Copy(w, withoutWriteTo{TCPConn: c})
	return n, c.fail("writeto", err)
}

// withoutReadFrom and withoutWriteTo hide the method: that of the field beside it has
// the same depth, and so there is none.
type (
	withoutReadFrom struct {
		noReadFrom //lint:ignore U1000 it hides a method by being there
		*TCPConn
	}
	withoutWriteTo struct {
		noWriteTo //lint:ignore U1000 it hides a method by being there
		*TCPConn
	}
	noReadFrom struct{}
	noWriteTo  struct{}
)

func (noReadFrom) ReadFrom(io.Reader) (int64, error) { panic("net: hidden") }
func (noWriteTo) WriteTo(io.Writer) (int64, error)   { panic("net: hidden") }
