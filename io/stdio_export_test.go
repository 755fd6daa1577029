//go:build unix

package io

// NewStandard makes a Standard of another file than the three, for tests.
var NewStandard = newStandard
