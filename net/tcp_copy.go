//go:build unix

package net

import (
	"io"
	"io/fs"
	"math"
	"syscall"
)

// ReadFrom sends all that r has, as io.Copy does, which calls it. On Linux what comes
// from another connection of the loop (TCP, or a Unix stream) or from a regular file
// does not pass through this process: see splice(2) and sendfile(2). While the disk is
// read for a file the loop stands still, for a mebibyte at most at a time; where that
// is too long read the file by package io. It is a checkpoint; when it fails or the
// task is cancelled it returns how much was sent.
func (c *TCPConn) ReadFrom(r io.Reader) (int64, error) {
	if c.fd == nil {
		return 0, syscall.EINVAL
	}
	n, done, err := c.inside(r)
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

// inside has the system do the copy, if it can.
func (c *TCPConn) inside(r io.Reader) (n int64, done bool, err error) {
	remain := int64(math.MaxInt64)
	limited, ok := r.(*io.LimitedReader)
	if ok {
		if remain = limited.N; remain <= 0 {
			return 0, true, nil
		}
		r = limited.R
		defer func() { limited.N -= n }()
	}
	switch from := r.(type) {
	case *TCPConn:
		return c.splice(&from.conn, remain)
	case withoutWriteTo:
		return c.splice(&from.conn, remain)
	case *UnixConn:
		if from.network == "unix" {
			return c.splice(&from.conn, remain)
		}
	case file:
		info, err := from.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return 0, false, nil
		}
		raw, err := from.SyscallConn()
		if err != nil {
			return 0, false, nil
		}
		return c.fd.Sendfile(raw, remain)
	}
	return 0, false, nil
}

func (c *TCPConn) splice(from *conn, remain int64) (n int64, done bool, err error) {
	if from.fd == nil {
		return 0, false, nil
	}
	return c.fd.Splice(from.fd, remain)
}

// file is an *os.File, or what it hides behind in its WriteTo.
type file interface {
	syscall.Conn
	Stat() (fs.FileInfo, error)
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
