package net

import "io"

// Buffers is several pieces of data that are written one after the other. Over our
// connections many go with one system call (writev).
type Buffers [][]byte

var (
	_ io.WriterTo = (*Buffers)(nil)
	_ io.Reader   = (*Buffers)(nil)
)

// buffersWriter is a connection that can write several pieces at once.
type buffersWriter interface {
	writeBuffers(v *Buffers) (int64, error)
}

// WriteTo writes the pieces to w and takes from v what was written. It is a
// checkpoint if w's Write is one.
func (v *Buffers) WriteTo(w io.Writer) (n int64, err error) {
	if w, ok := w.(buffersWriter); ok {
		return w.writeBuffers(v)
	}
	for _, b := range *v {
		written, err := w.Write(b)
		n += int64(written)
		if err != nil {
			v.consume(n)
			return n, err
		}
	}
	v.consume(n)
	return n, nil
}

// Read takes data off the front of the pieces, and returns io.EOF when there are
// none. It is not a checkpoint.
func (v *Buffers) Read(p []byte) (n int, err error) {
	for len(p) > 0 && len(*v) > 0 {
		one := copy(p, (*v)[0])
		v.consume(int64(one))
		p = p[one:]
		n += one
	}
	if len(*v) == 0 {
		err = io.EOF
	}
	return n, err
}

// consume takes n bytes off the front, and pieces that are empty.
func (v *Buffers) consume(n int64) {
	for len(*v) > 0 && int64(len((*v)[0])) <= n {
		n -= int64(len((*v)[0]))
		(*v)[0] = nil
		*v = (*v)[1:]
	}
	if len(*v) > 0 {
		(*v)[0] = (*v)[0][n:]
	}
}
