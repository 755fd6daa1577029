//go:build dragonfly || freebsd || linux || netbsd || openbsd

package io

import "golang.org/x/sys/unix"

// pipeCloexec makes a pipe that no program inherits by chance.
func pipeCloexec(both *[2]int) error { return unix.Pipe2(both[:], unix.O_CLOEXEC) }
