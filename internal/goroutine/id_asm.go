//go:build (amd64 || arm64) && !evergreen_portable

package goroutine

// Portable tells whether ID takes the slow way round.
const Portable = false

// ID returns a number that no other living goroutine has. It is never zero. It
// costs about a nanosecond and allocates nothing.
func ID() uint64

// CallerPC returns the return address of the function that called CallerPC: the
// place from which that function was called. It follows one frame pointer, which
// the Go toolchain maintains on amd64 and arm64, and so costs a nanosecond where
// runtime.Callers costs hundreds. The function that calls it must not be inlined
// (it is marked noinline). The answer is meant for runtime.CallersFrames, in
// reports only.
func CallerPC() uintptr
