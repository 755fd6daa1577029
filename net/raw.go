//go:build unix

package net

import "errors"

// rawFD is a socket that is not registered yet, as Dialer.Control sees it.
type rawFD int

func (fd rawFD) Control(f func(fd uintptr)) error {
	f(uintptr(fd))
	return nil
}

var errNotYet = errors.New("evergreen: the socket is not connected yet: only Control works here")

func (fd rawFD) Read(func(fd uintptr) bool) error  { return errNotYet }
func (fd rawFD) Write(func(fd uintptr) bool) error { return errNotYet }
