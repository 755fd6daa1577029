//go:build (!amd64 && !arm64) || evergreen_portable

package goroutine

import "runtime"

// Portable tells whether ID takes the slow way round.
const Portable = true

// ID returns a number that no other living goroutine has: the one that stands in
// the first line of the goroutine's stack trace, "goroutine 18 [running]:". It is
// never zero. It costs about a microsecond.
func ID() uint64 {
	var buf [32]byte
	head := buf[:runtime.Stack(buf[:], false)]
	var id uint64
	for _, c := range head[len("goroutine "):] {
		if c < '0' || c > '9' {
			break
		}
		id = id*10 + uint64(c-'0')
	}
	return id
}

// CallerPC returns the return address of the function that called CallerPC: the
// place from which that function was called. The answer is meant for
// runtime.CallersFrames, in reports only.
func CallerPC() uintptr {
	var pc [1]uintptr
	runtime.Callers(3, pc[:]) // skip Callers, CallerPC and the one that asks
	return pc[0]
}
