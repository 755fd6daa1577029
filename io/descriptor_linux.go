package io

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// packets is the flag of a pipe that keeps the borders between writes.
const packets = unix.O_DIRECT

const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
)

// openAnew opens what a number stands for once more, non-blocking.
func openAnew(fd, mode int) (int, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return -1, err
	}
	master := unix.Major(uint64(st.Rdev)) == 5 && unix.Minor(uint64(st.Rdev)) == 2 // ptmx
	if st.Mode&unix.S_IFMT == unix.S_IFCHR && (master || !IsTerminal(fd)) {
		return -1, unix.ENODEV
	}
	return unix.Open("/proc/self/fd/"+strconv.Itoa(fd), mode|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
}

func openPipe(fds []int) error {
	return unix.Pipe2(fds, unix.O_CLOEXEC|unix.O_NONBLOCK)
}
