//go:build linux

package main

import (
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   spread
		want float64
	}{{nil, 0}, {spread{7}, 7}, {spread{3, 1, 2}, 2}, {spread{4, 1, 2, 3}, 2.5}} {
		if m := c.of.median(); m != c.want {
			t.Errorf("the median of %v is %v, want %v", []float64(c.of), m, c.want)
		}
	}
}

func TestSpread(t *testing.T) {
	for want, s := range map[string]spread{
		"":                     nil,
		"1.20* (0.90 to 1.30)": {0.9, 1.2, 1.3},    // across 1
		"1.05* (1.02 to 1.09)": {1.02, 1.05, 1.09}, // all above, but further apart than above
		"1.20 (1.15 to 1.25)":  {1.15, 1.2, 1.25},
		"0.50 (0.40 to 0.60)":  {0.4, 0.5, 0.6},
	} {
		if got := s.String(); got != want {
			t.Errorf("%v is written %q, want %q", []float64(s), got, want)
		}
	}
}

func TestRatios(t *testing.T) {
	if r := ratios(spread{4, 9, 0}, spread{2, 3, 0}); !slices.Equal(r, spread{2, 3, 1}) {
		t.Errorf("the ratios of the rounds are %v, want 2, 3, 1", r)
	}
	if r := ratios(spread{4, 9}, spread{2}); !slices.Equal(r, spread{2}) {
		t.Errorf("the ratios are %v, want those of the round that both have", r)
	}
}
