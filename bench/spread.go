//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
)

// spread is a set of measurements of one thing.
type spread []float64

// median is the middle one; 0 if there is none.
func (s spread) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// vague tells whether a set of ratios is further apart than its median is from 1.
func (s spread) vague() bool { return slices.Max(s)-slices.Min(s) > math.Abs(s.median()-1) }

// String gives the median with the smallest and the largest of a set of ratios.
func (s spread) String() string {
	if len(s) == 0 {
		return ""
	}
	star := ""
	if s.vague() {
		star = "*"
	}
	return fmt.Sprintf("%.2f%s (%.2f to %.2f)", s.median(), star, slices.Min(s), slices.Max(s))
}

// ratios divides one peer's measurements by those that another had in the same
// round. Where the other measured nothing, both are equal if this one did not either.
func ratios(of, to spread) (s spread) {
	for i := range min(len(of), len(to)) {
		a, b := of[i], to[i]
		if a == b {
			a, b = 1, 1
		}
		s = append(s, a/b)
	}
	return s
}
