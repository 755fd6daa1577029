//go:build unix

package io

// ExcerptSize is how much an excerpt keeps of either end.
const ExcerptSize = excerptSize

// NewExcerpt makes what keeps the standard error for an ExitError.
func NewExcerpt() *procExcerpt { return new(procExcerpt) }

// WithoutPidfd has f's programs be waited for as on systems that have no descriptor for
// a process.
func WithoutPidfd(f func()) {
	usePidfd = false
	defer func() { usePidfd = true }()
	f()
}
