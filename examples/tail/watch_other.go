//go:build !linux

package main

import "time"

// everySo is how often files are looked at where the system does not tell of changes.
const everySo = 250 * time.Millisecond

// systemWatch looks again and again: only Linux is asked to tell.
func systemWatch() (watch, error) { return ticks(everySo), nil }
