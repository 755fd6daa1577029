//go:build unix

package socket

import "syscall"

// maxParts is how many buffers make one message at most, as in the standard library:
// the system takes no longer list.
const maxParts = 1024

// Writev writes all of the buffers, many with one system call where the system can,
// and takes from v what was written. It returns how much that was. Where messages have
// borders, all buffers together are one message, or as many of them as maxParts. It is
// a checkpoint.
func (f *FD) Writev(v *[][]byte) (int64, error) {
	t := f.task()
	if t == nil {
		return Carry(f.Loop(), func() (int64, error) { return f.Writev(v) })
	}
	total := int64(0)
	err := f.parts(t, "writev", func() (bool, syscall.Errno) {
		n, e := writev(f.desc.FD(), *v, !f.stream)
		if e == 0 {
			total += int64(n)
			*v = consume(*v, n)
		}
		return len(*v) > 0, e
	})
	return total, err
}

// consume takes n bytes off the front, and buffers that are empty.
func consume(v [][]byte, n int) [][]byte {
	for len(v) > 0 && len(v[0]) <= n {
		n -= len(v[0])
		v[0] = nil // let the collector have it
		v = v[1:]
	}
	if len(v) > 0 {
		v[0] = v[0][n:]
	}
	return v
}
