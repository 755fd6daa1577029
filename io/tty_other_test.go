//go:build unix && !linux

package io_test

import "testing"

// Terminals are driven by a pseudo-terminal, which each system makes in its own way.
func TestTerminals(t *testing.T) { t.Skip("skipped: needs a pty") }
