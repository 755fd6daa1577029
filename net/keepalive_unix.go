//go:build unix && !darwin

package net

import "golang.org/x/sys/unix"

// keepIdle is the option for the time before the first probe.
const keepIdle = unix.TCP_KEEPIDLE
