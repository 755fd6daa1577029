// Package prefetch asks the processor to bring memory into its caches before
// somebody needs it.
//
// A loop with a thousand connections touches so much memory from one turn of a
// connection to its next, most of it in the kernel, that what belongs to the
// connection has left the caches when it is its turn again. What is needed then hangs
// together by pointers, so it would be fetched one line after the other, a hundred
// nanoseconds each. But the loop knows its next tasks well in advance.
//
// # Rules
//
// A prefetch is a hint. It cannot fault and changes nothing: the address may be that
// of memory that has been freed, moved or never was. That is why addresses are plain
// numbers here, which keep nothing alive and which the collector does not look at.
//
// # Edges
//
// Where there is no assembly (other processors than amd64 and arm64, or the build tag
// evergreen_portable) nothing is fetched.
package prefetch

// Stretch is some consecutive memory.
type Stretch struct {
	At    uintptr // where it begins
	Lines uintptr // how many lines of 64 bytes it has; 0 for none
}
