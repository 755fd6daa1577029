//go:build unix

package io

import (
	stdio "io"
	"math"

	"github.com/evergreen-go/evergreen/internal/socket"
)

func init() { socket.RecogniseEnds(end) }

// end finds the descriptor of what the system may copy from or to.
func end(v any) *socket.FD {
	switch d := v.(type) {
	case *Descriptor:
		return d.fd
	case withoutWriteTo:
		return d.fd
	case withoutReadFrom:
		return d.fd
	case *Standard:
		return d.splicable()
	}
	return nil
}

// ReadFrom writes all that r has, as Copy does, which calls it. On Linux what comes from
// a pipe or a connection (TCP, or a Unix stream) of the same loop, or from a regular
// file, does not pass through this process: see splice(2). While the disk is read for a
// file the loop stands still, for as long as it takes to fill a pipe; where that is too
// long open the file by [Open]. It is a checkpoint; when it fails or the task is
// cancelled it returns how much was written.
func (d *Descriptor) ReadFrom(r stdio.Reader) (int64, error) {
	n, done, err := d.fd.CopyFrom(r)
	if !done {
		return stdio.Copy(withoutReadFrom{Descriptor: d}, r)
	}
	return n, describe("readfrom", d.name, err)
}

// WriteTo writes all that there is to read to w, until the end, as Copy does, which
// calls it. To a pipe or a connection of the same loop it does not pass through this
// process, see [Descriptor.ReadFrom]. It is a checkpoint; when it fails or the task is
// cancelled it returns how much w has got.
func (d *Descriptor) WriteTo(w stdio.Writer) (int64, error) {
	if to := socket.EndOf(w); to != nil {
		if n, done, err := to.Splice(d.fd, math.MaxInt64); done {
			return n, describe("writeto", d.name, err)
		}
	}
	return stdio.Copy(w, withoutWriteTo{Descriptor: d})
}

// withoutReadFrom and withoutWriteTo hide the method: that of the field beside it has
// the same depth, and so there is none.
type (
	withoutReadFrom struct {
		noReadFrom //lint:ignore U1000 it hides a method by being there
		*Descriptor
	}
	withoutWriteTo struct {
		noWriteTo //lint:ignore U1000 it hides a method by being there
		*Descriptor
	}
	noReadFrom struct{}
	noWriteTo  struct{}
)

func (noReadFrom) ReadFrom(stdio.Reader) (int64, error) { panic("io: hidden") }
func (noWriteTo) WriteTo(stdio.Writer) (int64, error)   { panic("io: hidden") }
