//go:build linux

package main

import "math/bits"

// histogram counts durations in buckets that are at most 1/64 of their value wide,
// so that noting one costs no allocation: powers of two, each cut into 64 (the
// layout of HdrHistogram).
type histogram struct {
	counts [(64 - fine + 1) << fine]uint32
	total  int
}

const fine = 6

func (h *histogram) add(ns int64) {
	h.counts[bucket(uint64(max(0, ns)))]++
	h.total++
}

func bucket(v uint64) int {
	shift := max(0, bits.Len64(v)-fine-1)
	return shift<<fine + int(v>>shift)
}

// lowest is the smallest value of a bucket.
func lowest(b int) uint64 {
	if b < 2<<fine {
		return uint64(b)
	}
	shift := b>>fine - 1
	return uint64(b-shift<<fine) << shift
}

// at returns the value below which a share q of the durations lies, in microseconds.
func (h *histogram) at(q float64) float64 {
	rank, seen := int(q*float64(h.total-1)), 0
	for b, n := range h.counts {
		if seen += int(n); seen > rank {
			return float64(lowest(b)+lowest(b+1)) / 2 / 1e3
		}
	}
	return 0
}

func (h *histogram) reset() { *h = histogram{} }
