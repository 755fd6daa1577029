//go:build unix && !linux

package socket

import "syscall"

// Splice tells that this system cannot copy between sockets by itself. It is not a
// checkpoint.
func (f *FD) Splice(*FD, int64) (n int64, done bool, err error) { return 0, false, nil }

// Sendfile tells that files are sent through a buffer here. It is not a checkpoint.
func (f *FD) Sendfile(syscall.RawConn, int64) (n int64, done bool, err error) {
	return 0, false, nil
}
