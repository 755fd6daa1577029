//go:build linux

package main

import (
	"fmt"
	"slices"
)

// spread is a set of measurements of one thing.
type spread []float64

func (s spread) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// vague tells whether a set of ratios leaves open which of the two is larger.
func (s spread) vague() bool { return slices.Min(s) <= 1 && 1 <= slices.Max(s) }

// String gives the median with the smallest and the largest.
func (s spread) String() string {
	star := ""
	if s.vague() {
		star = "*"
	}
	return fmt.Sprintf("%.2f%s (%.2f to %.2f)", s.median(), star, slices.Min(s), slices.Max(s))
}

// values collects one metric.
func values(samples []sample, m *metric) (s spread) {
	for _, one := range samples {
		s = append(s, one[m])
	}
	return s
}

// ratios divides one peer's measurements by those that another had in the same
// round. Where the other measured nothing, both are equal if this one did not either.
func ratios(of, to []sample, m *metric) (s spread) {
	for i := range of {
		a, b := of[i][m], to[i][m]
		if a == b {
			a, b = 1, 1
		}
		s = append(s, a/b)
	}
	return s
}
